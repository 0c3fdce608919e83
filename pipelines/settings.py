"""Where an instance lives and where its keys are, from the environment.

Here: every setting there is. Never here: a number of the anonymization; those stand in `anonymize/policy.yml`.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """Each field is read from `CASEHOUSE_<FIELD>`; nothing is read when this module is imported."""

    model_config = SettingsConfigDict(env_prefix="CASEHOUSE_", frozen=True, extra="ignore")

    home: Path = Field(Path("var"), description="The instance's folder")
    partners: Path = Field(ROOT / "partners", description="The folder of partner files")
    products: Path = Field(ROOT / "products", description="The folder of product files")
    key_file: Path | None = Field(None, description="The vault's key; by default keys/vault.key in the instance's folder")
    pseudonym_key_file: Path | None = Field(None, description="The secret behind record and case keys; by default keys/pseudonym.key")
    linkage_key_file: Path | None = Field(None, description="The secret behind person tokens; by default keys/linkage.key")
    linkage_model: Path | None = Field(None, description="The frozen linkage model; by default the one of this version")
