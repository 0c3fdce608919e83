"""How a disclosure policy is read, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from anonymize.conditions import Contributors
from anonymize.policy import POLICY_FILE, SEPARATOR, load_policy
from schemas.errors import SpecificationError


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.yml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SpecificationError) as caught:
        load_policy(written(folder, text))
    return caught.value.faults


def test_the_shipped_policy() -> None:
    policy = load_policy()
    assert (policy.k.value, policy.l.value, policy.largest_homogeneous_share.value, policy.smallest_pool.value) == (11, 2, 0.0, 2000)
    assert (policy.flag_group.value, policy.flag_width.value, policy.longest_wait.value) == (500, 2, 6)
    assert policy.missing.value == "a_value_of_its_own"
    assert policy.column_weights() == {"registration_year": 8.0}


def test_every_number_has_its_source(tmp_path: Path) -> None:
    content = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))
    for field in content.values():
        field.pop("source", None)
    content["weights"] = {"age": {"value": 2.0}}
    assert faults_of(tmp_path, yaml.safe_dump(content)) == tuple(
        f"{field}.source: Field required" for field in (*list(content)[:-2], "weights.age", "missing")
    )


def test_all_faults_at_once(tmp_path: Path) -> None:
    content = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))
    content["k"]["value"] = 1
    content["l"]["value"] = "2"
    content["largest_homogeneous_share"]["value"] = 1.5
    content["weights"] = {"age": {"value": 0, "source": "our choice, in words"}}
    content["missing"]["value"] = "ignore"
    content["epsilon"] = 3
    faults = faults_of(tmp_path, yaml.safe_dump(content))
    assert [fault.split(":")[0] for fault in faults] == [
        "k.value", "l.value", "largest_homogeneous_share.value", "weights.age.value", "missing.value", "epsilon",
    ]  # fmt: skip


def test_a_limit_given_twice_is_refused(tmp_path: Path) -> None:
    text = POLICY_FILE.read_text(encoding="utf-8")
    (fault,) = faults_of(tmp_path, text + "\nk: {value: 2, source: a second opinion}\n")
    assert fault == f"the key k is given twice, line {len(text.splitlines()) + 2}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("k: [1", "expected ',' or ']', but got '<stream end>', line 1"),
        ("- 1", "the file: Input should be a valid dictionary or instance of Policy"),
        ("\x00", "the file is not readable YAML"),
    ],
)
def test_what_is_no_policy_at_all(tmp_path: Path, text: str, fault: str) -> None:
    assert faults_of(tmp_path, text) == (fault,)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError) as caught:
        load_policy(tmp_path / "absent.yml")
    assert caught.value.faults == ("there is no such file",)
    (tmp_path / "latin.yml").write_bytes(b"k: \xe9")
    with pytest.raises(SpecificationError) as caught:
        load_policy(tmp_path / "latin.yml")
    assert caught.value.faults == ("the file is not readable YAML",)


def test_the_digest_changes_with_the_meaning_and_not_with_the_layout(tmp_path: Path) -> None:
    content = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))
    relaid = load_policy(written(tmp_path, yaml.safe_dump(content, sort_keys=True, default_flow_style=True)))
    assert relaid.digest() == load_policy().digest()
    content["k"]["value"] = 12
    content["weights"] = {"age": {"value": 2.0, "source": "our choice, in words"}}
    changed = load_policy(written(tmp_path, yaml.safe_dump(content)))
    assert changed.digest() != load_policy().digest()
    assert changed.column_weights() == {"age": 2.0}


def test_the_conditions_that_a_policy_asks_of_a_class() -> None:
    policy = load_policy()
    alone = policy.conditions(["form", "means"])
    assert (alone.k, [each.field for each in alone.sensitive], alone.contributors) == (11, ["form", "means"], None)
    assert {(each.distinct, each.entropy, each.closeness) for each in alone.sensitive} == {
        (policy.l.value, policy.entropy.value, policy.closeness.value)
    }
    partners = policy.conditions([], "partners").contributors
    assert partners == Contributors("partners", policy.strangers.value, SEPARATOR)
