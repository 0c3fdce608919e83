"""What becomes of each standard's fields and codes: every one covered, merged or left, none forgotten."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from schemas.crosswalk import CodeRow, Crosswalk, crosswalks, load_crosswalk
from schemas.errors import SpecificationError
from schemas.fields import fields_of
from schemas.partner import load_partner
from schemas.units import MODELS, Unit
from schemas.vocabulary import vocabulary
from tests.conftest import ROOT

DOMAIN = ROOT.parent / "shared" / "domain"
HTCDS_FIELDS = (93, "d8827987ccc28ebf45a108c3410c94ffc0bc30d95abf1366b52801ad8fa090fc")
HTCDS_CODES = (182, "562b2cd393485d1a4a642f7a11400994143dd21697a8028233e00b5893c95ad6")
"""How many there are in the standard, and the SHA-256 of their sorted names: kept here, since the standard's own tables may be absent."""


def words(text: str) -> list[str]:
    return text.split()


MEANS_G1 = words(
    "DebtBondage TakesEarnings RestrictsFinancialAccess Threats PsychologicalAbuse PhysicalAbuse SexualAbuse FalsePromises "
    "PsychoactiveSubstances RestrictsMovement RestrictsMedicalCare ExcessiveWorkingHours UsesChildren ThreatOfLawEnforcement "
    "WithholdsNecessities WithholdsDocuments Other NotSpecified Concatenated"
)
LABOUR_G1 = words(
    "Agriculture Aquafarming Begging Construction DomesticWork Hospitality IllicitActivities Manufacturing MiningOrDrilling Peddling "
    "Transportation Other NotSpecified Concatenated"
)
SEX_G1 = words("Prostitution Pornography RemoteInteractiveServices PrivateSexualServices Concatenated")
G1 = [
    *words("yearOfRegistration Datasource gender ageBroad majorityStatus majorityStatusAtExploit majorityEntry citizenship"),
    *(f"meansOfControl{name}" for name in MEANS_G1),
    *words("isForcedLabour isSexualExploit isOtherExploit isSexAndLabour isForcedMarriage isForcedMilitary isOrganRemoval"),
    *words("isSlaveryAndPractices typeOfExploitConcatenated"),
    *(f"typeOfLabour{name}" for name in LABOUR_G1),
    *(f"typeOfSex{name}" for name in SEX_G1),
    *words("isAbduction RecruiterRelationship CountryOfExploitation"),
    *(f"recruiterRelation{name}" for name in words("IntimatePartner Friend Family Other Unknown")),
]
G4 = words(
    "yearOfRegistration gender ageBroad citizenship CountryOfExploitation traffickMonths meansDebtBondageEarnings meansThreats "
    "meansAbusePsyPhySex meansFalsePromises meansDrugsAlcohol meansDenyBasicNeeds meansExcessiveWorkHours meansWithholdDocs "
    "isForcedLabour isSexualExploit isOtherExploit typeOfLabourAgriculture typeOfLabourConstruction typeOfLabourDomesticWork "
    "typeOfLabourHospitality typeOfSexProstitution typeOfSexPornography recruiterRelationIntimatePartner recruiterRelationFriend "
    "recruiterRelationFamily recruiterRelationOther"
)
VP = words(
    "yearRegister gender majorityStatus isForcedLabour isSexualExploit UN_COO_Region UN_COE_Region IP_Exploiter IP_Gender IP_ageBroad "
    "IP_citizen_UNRegion IP_Relation IP_PayMoney IP_RecruiterBroker IP_TransactionProcess IP_ControlAbuseKidnap"
)
MERGED_MEANS = {  # codebook of 2024, appendix II, in the names of 2020
    "meansDebtBondageEarnings": {"DebtBondage", "TakesEarnings"},
    "meansThreats": {"Threats", "UsesChildren", "ThreatOfLawEnforcement"},
    "meansAbusePsyPhySex": {"PsychologicalAbuse", "PhysicalAbuse", "SexualAbuse"},
    "meansDenyBasicNeeds": {"RestrictsFinancialAccess", "RestrictsMovement", "RestrictsMedicalCare", "WithholdsNecessities"},
}
VALUES = {
    ("ctdc_g1", "Datasource"): {"Case Management", "Hotline"},
    ("ctdc_g1", "gender"): {"Female", "Male"},
    ("ctdc_g1", "ageBroad"): {"0--8", "9--17", "18--20", "21--23", "24--26", "27--29", "30--38", "39--47", "48+"},
    ("ctdc_g1", "majorityStatus"): {"Minor", "Adult"},
    ("ctdc_g4", "gender"): {"Man", "Woman", "Trans/Transgender/NonConforming"},
    ("ctdc_g4", "ageBroad"): {"0--8", "09--17", "18--20", "21--23", "24--26", "27--29", "30--38", "39--47", "48+"},
    ("ctdc_g4", "traffickMonths"): {"0--12 (0-1 yr)", "13--24 (1-2 yrs)", "25+ (2+ yrs)"},
    ("ctdc_vp", "gender"): {"Female", "Male"},
    ("ctdc_vp", "majorityStatus"): {"Minor", "Adult"},
    ("ctdc_vp", "UN_COO_Region"): {"Africa", "Americas/Oceania", "Asia", "Europe"},
    ("ctdc_vp", "IP_ageBroad"): {"0--29", "30--38", "39--47", "48+"},
    ("ctdc_vp", "IP_Relation"): {"StrangerUnknownOther", "FriendAcquaintance", "FamilyIntimatePartner"},
}
ILO = {
    "Abuse of vulnerability", "Deception", "Restriction of movement", "Isolation", "Physical and sexual violence",
    "Intimidation and threats", "Retention of identity documents", "Withholding of wages", "Debt bondage",
    "Abusive working and living conditions", "Excessive overtime",
}  # fmt: skip
POLARIS = {
    "Escort Services", "Illicit Massage, Health & Beauty", "Outdoor Solicitation", "Residential", "Domestic Work",
    "Bars, Strip Clubs & Cantinas", "Pornography", "Traveling Sales Crews", "Restaurants & Food Service", "Peddling & Begging",
    "Agriculture & Animal Husbandry", "Personal Sexual Servitude", "Health & Beauty Services", "Construction",
    "Hotels & Hospitality", "Landscaping", "Illicit Activities", "Arts & Entertainment", "Commercial Cleaning Services",
    "Factories & Manufacturing", "Remote Interactive Sexual Acts", "Carnivals", "Forestry & Logging", "Health Care",
    "Recreational Facilities",
}  # fmt: skip
PARTNERS = {"ctdc_g1": "ctdc-flat-2020", "ctdc_g2": "ctdc-flat-2021", "ctdc_g4": "ctdc-flat-2024", "ctdc_vp": "ctdc-vp-2022"}


def digest(names: list[str]) -> tuple[int, str]:
    return len(names), hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def codes_of(name: str) -> list[str]:
    return [f"{field}={code}" for field, row in crosswalks()[name].fields.items() for code in row.codes]


def table(name: str) -> list[dict[str, str]]:
    if not DOMAIN.is_dir():
        pytest.skip("the standard's own tables are not beside this checkout")
    with (DOMAIN / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class TestHtcds:
    def test_every_field_is_there(self) -> None:
        assert digest(list(crosswalks()["htcds_2_0"].fields)) == HTCDS_FIELDS

    def test_every_code_is_there(self) -> None:
        assert digest(codes_of("htcds_2_0")) == HTCDS_CODES

    def test_the_fields_are_those_of_the_standards_own_table(self) -> None:
        rows = table("htcds_2_0_fields.csv")
        names = [row["field"].strip() or row["label"].replace("EXAMPLE QUESTION\n", "").strip() for row in rows]
        assert list(crosswalks()["htcds_2_0"].fields) == names

    def test_the_codes_are_those_of_the_standards_own_table(self) -> None:
        assert sorted(codes_of("htcds_2_0")) == sorted(f"{row['field']}={row['code'].strip()}" for row in table("htcds_2_0_codes.csv"))

    def test_every_core_field_is_covered_or_merged_or_has_a_reason_of_protection(self) -> None:
        core = {row["field"] for row in table("htcds_2_0_fields.csv") if row["core"] == "Core"}
        left = {name for name in core if crosswalks()["htcds_2_0"].fields[name].status == "left"}
        assert left == {
            "prs_Salutation", "prs_Title", "prs_MailingCity", "prs_MailingState", "prs_MailingPostalCode", "vic_DetailsOfVulnerabilities",
            "cas_ReasonForCaseClosure", "cas_CaseOwner", "cas_ReferringPrimaryCaseWorker", "cas_IncomingReferralDetails",
            "cas_ReferredPrimaryCaseWorker", "cas_OutgoingReferralDetails",
        }  # fmt: skip

    def test_a_field_that_names_its_place_in_the_standard_is_what_the_crosswalk_says(self) -> None:
        """The models name a field of HTCDS beside theirs: both tell the same story."""
        fields = crosswalks()["htcds_2_0"].fields
        for unit in Unit:
            for field in fields_of(MODELS[unit].report):
                if field.declared.htcds is not None:
                    assert field.name in {target.partition(".")[2] for target in fields[field.declared.htcds].targets}, field.name

    def test_what_the_standard_lacks_is_named(self) -> None:
        ours = {target for lack in crosswalks()["htcds_2_0"].lacks for target in lack.ours.split()}
        assert {"victim.source_record_id", "victim.registration_date", "reporting_entity.organisation_name"} <= ours
        assert any("absent" in lack.what for lack in crosswalks()["htcds_2_0"].lacks)


class TestCtdc:
    @pytest.mark.parametrize(("name", "columns"), [("ctdc_g1", G1), ("ctdc_g2", ["(banner)", *G1]), ("ctdc_g4", G4), ("ctdc_vp", VP)])
    def test_every_column_of_a_generation_is_there_in_its_order(self, name: str, columns: list[str]) -> None:
        assert list(crosswalks()[name].fields) == columns

    def test_the_generations_have_as_many_columns_as_their_files(self) -> None:
        assert [len(crosswalks()[name].fields) for name in PARTNERS] == [63, 64, 27, 16]

    @pytest.mark.parametrize(("name", "field"), VALUES)
    def test_every_value_of_a_column_is_there(self, name: str, field: str) -> None:
        assert set(crosswalks()[name].fields[field].codes) == VALUES[name, field]

    @pytest.mark.parametrize("merged", MERGED_MEANS)
    def test_a_merged_flag_is_the_group_of_the_flags_it_was_merged_from(self, merged: str) -> None:
        before, after = crosswalks()["ctdc_g1"].fields, crosswalks()["ctdc_g4"].fields
        group = after[merged].code
        assert group is not None
        singles = {str(before[f"meansOfControl{name}"].code) for name in MERGED_MEANS[merged]}
        assert set(vocabulary("means_of_control").under(group)) - {group} == singles
        assert after[merged].status == "merged"

    @pytest.mark.parametrize("name", PARTNERS)
    def test_the_partner_file_does_what_the_crosswalk_says(self, name: str) -> None:
        file = load_partner(ROOT / "partners" / f"{PARTNERS[name]}.yml").files[0]
        flags = {column: (f"victim.{field}", code) for field, flag in file.flags.items() for column, code in flag.columns.items()}
        for column, row in crosswalks()[name].fields.items():
            if column in {"(banner)", "isSexAndLabour"}:  # a banner has no name; the third follows from two others
                continue
            if row.status == "left":
                assert column in file.ignored
            elif column in flags:
                assert flags[column] == (row.targets[0], row.code)
            else:
                assert f"victim.{file.columns[column].field}" in row.targets


@pytest.mark.parametrize(
    ("name", "field", "codes"),
    [("ilo_indicators", "indicator", ILO), ("polaris_types", "type", POLARIS), ("isic_rev_4", "section", set("ABCDEFGHIJKLMNOPQRSTU"))],
)
def test_every_entry_of_a_list_is_covered_by_a_code_of_its_own(name: str, field: str, codes: set[str]) -> None:
    row = crosswalks()[name].fields[field]
    assert set(row.codes) == codes
    assert {each.status for each in row.codes.values()} == {"covered"}
    assert len({each.covered for each in row.codes.values()}) == len(codes) in (11, 25, 21)


def test_an_isic_letter_and_the_code_of_htcds_mean_the_same_section() -> None:
    sections = crosswalks()["isic_rev_4"].fields["section"].codes
    for text, row in crosswalks()["htcds_2_0"].fields["vic_ForcedLabourIndustry"].codes.items():
        assert sections[text.partition("_")[0]].covered == row.covered


def test_whatever_is_left_or_merged_says_why() -> None:
    rows = [row for walk in crosswalks().values() for row in walk.fields.values()]
    codes: list[CodeRow] = [code for row in rows for code in row.codes.values()]
    assert all((each.left or each.rule or "").strip() for each in (*rows, *codes) if each.status != "covered")


class TestFaults:
    def faults(self, tmp_path: Path, field: str, name: str = "walk.yml") -> str:
        (tmp_path / name).write_text(f"standard: S\ntitle: T\nsource: here\nfields:\n  one: {field}\n", encoding="utf-8")
        with pytest.raises(SpecificationError) as refused:
            load_crosswalk(tmp_path / name)
        return str(refused.value)

    @pytest.mark.parametrize(
        ("field", "said"),
        [
            ("{covered: victim.shoe_size}", "no victim.shoe_size in our models"),
            ("{covered: nobody.gender_code}", "no nobody.gender_code in our models"),
            ("{covered: victim.means_codes, code: tickling}", "tickling, which is no code of it"),
            ("{covered: victim.gender_code, codes: {F: {covered: female}}}", "female, which is no code of it"),
            ("{covered: victim.gender_code, codes: {F: {covered: woman}, W: {covered: woman}}}", "2 codes are covered by woman"),
            ("{merged: victim.gender_code}", "needs its rule"),
            ("{covered: victim.gender_code, left: no use}", "one of covered, merged and left"),
            ("{rule: none}", "one of covered, merged and left"),
        ],
    )
    def test_a_crosswalk_that_says_too_little_or_names_what_is_not_there_is_refused(self, tmp_path: Path, field: str, said: str) -> None:
        assert said in self.faults(tmp_path, field)

    def test_a_code_of_a_group_is_no_code_where_the_list_stores_no_groups(self, tmp_path: Path) -> None:
        assert "no code of it" in self.faults(tmp_path, "{covered: victim.citizenship_code, codes: {Africa: {covered: africa}}}")

    def test_a_sound_one_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "walk.yml"
        path.write_text("standard: S\ntitle: T\nsource: here\nfields: {one: {covered: victim.gender_code}}\n", encoding="utf-8")
        assert load_crosswalk(path) == Crosswalk.model_validate(
            {"standard": "S", "title": "T", "source": "here", "fields": {"one": {"covered": "victim.gender_code"}}}
        )
