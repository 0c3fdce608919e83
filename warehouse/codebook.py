"""Describe a release for people: the codebook page and the short text beside it.

Here: what each column and code means, how to count, what is guaranteed, how to query. The page needs no network and no
script. Never here: a number that is not in the proof or counted from the published rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from schemas.fields import Kind
from schemas.flags import FLAG_GROUP, published_field
from schemas.missing import NOT_STATED
from schemas.release import CohortProof, Erratum, FlagProof, FlagTotal, ProductProof, ReleaseProof
from schemas.vocabulary import LANGUAGES, Labels, vocabulary
from warehouse.description import LICENCE, describe_column, title_of
from warehouse.examples import example_texts
from warehouse.flag_totals import ALL
from warehouse.labels import NOT_VALUES, occurring_codes
from warehouse.persons_found import found_section, found_sentence
from warehouse.published import PublishedTable

_TEMPLATE = Path(__file__).parent / "templates" / "codebook.html"
_MEANINGS = {
    "unknown": "The partner asked; nobody knows. Rows with it are persons like others.",
    "not_collected": "The partner does not ask. A share among those asked leaves these rows out.",
    "not_applicable": "The question makes no sense for the person.",
    "suppressed": "Withheld to protect persons; it may stand for any value, also for a missing one. Not missing at random.",
    "not_stated": "In tables of flags alone. No report states the means: it was said to be absent, nobody knows, or nobody asked. The rows "
    "do not tell which, so a share of yes is a least share.",
}
_LANGUAGE_NAMES = {"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}
_INVENTED = "Invented sample data: no real person is in it. Nothing can be learnt of trafficking from it."
_README = """Casehouse release $version: $persons persons reported as victims of trafficking, anonymized, one row a person.
$origin

Start with codebook.html: what each column and code means, how a row is made, how to count, what is guaranteed and what is not.

$files
  flag-totals.csv    of how many persons each flag was stated, in all and by one column; counted before any flag was suppressed
  errata.csv         how many published labels are known to be wrong by now; only a header where none may be told
  labels.csv         every label, the coarser one above it, and its text in four languages
  codebook.html      for people; opens in any browser, without network
  datapackage.json   for machines (Data Package v2)
  proof.json         what this release promises, with the measures
  SHA256SUMS         check the files with: sha256sum -c SHA256SUMS

A cell that says suppressed is withheld to protect persons; it may stand for any value, also for a missing one.
CSV files begin with a byte order mark (encoding utf-8-sig), and NA in them is Namibia, not a missing value.

Measure every promise again from these files alone with: casehouse verify FOLDER
It proves that the release keeps the promises it makes, not who made it; there is no signature yet. Compare the fingerprint
that it prints (the SHA-256 of the file SHA256SUMS) with the one that the publisher tells you by another way.
Licence: $licence
"""


@dataclass(frozen=True)
class _Code:
    """A code of a column: its texts, and in how many rows of each table it stands."""

    code: str
    texts: Mapping[str, str]
    rows: Mapping[str, int]


def codebook_text(tables: Sequence[PublishedTable], proof: ReleaseProof) -> str:
    """The codebook of a release as one HTML page; the same tables and proof give the same text."""
    blocks = {
        "banner": f'<p class="banner" role="note"><strong>{_INVENTED}</strong></p>' if proof.is_simulated else "",
        "languages": _language_heads(),
        "missing": "\n".join(_missing_row(code) for code in _absences(tables)),
        "guaranteed": "\n".join(_guarantee(table) for table in tables),
        "tables": "\n".join(_table_section(table) for table in tables),
        "codes": "\n".join(_code_section(column, tables) for column in _columns_of_codes(tables)),
        "found": found_section(proof),
        "cohorts": "\n".join(_cohort_row(cohort) for cohort in proof.cohorts),
        "errata": "\n".join(_erratum_row(erratum) for erratum in proof.errata) or '<tr><td colspan="4">none so far</td></tr>',
        "totals": "\n".join(_total_row(total) for total in proof.flag_totals if total.column == ALL)
        or '<tr><td colspan="7">none may be told</td></tr>',
    }
    texts = {
        "version": proof.version,
        "persons": f"{proof.published_persons:,}",
        "product_count": f"{len(tables)} table{'s' if len(tables) > 1 else ''}",
        "title": title_of(proof),
        "origin": _origin(proof),
        "found_sentence": found_sentence(proof),
        "policy": proof.policy_digest,
        "inputs": proof.inputs_digest,
        "software": ", ".join(f"{name} {version}" for name, version in sorted(proof.software.items())),
        "licence_path": LICENCE["path"],
        "licence_title": LICENCE["title"],
        **example_texts(tables),
    }
    page = Template(_TEMPLATE.read_text(encoding="utf-8"))
    return page.substitute(blocks, **{key: escape(text, quote=False) for key, text in texts.items()})


def readme_text(tables: Sequence[PublishedTable], proof: ReleaseProof) -> str:
    """The short text that someone sees first in the folder."""
    files = "\n".join(f"  {table.product.name}.parquet, .csv   {table.proof.rows:,} rows: {table.product.title.en}" for table in tables)
    origin = "\n".join([*([_INVENTED] if proof.is_simulated else []), _origin(proof), found_sentence(proof)])
    texts = {"version": proof.version, "persons": f"{proof.published_persons:,}", "files": files, "origin": origin}
    return Template(_README).substitute(texts, licence=f"{LICENCE['title']}, {LICENCE['path']}")


def _origin(proof: ReleaseProof) -> str:
    """Where the data come from, in one sentence."""
    label = vocabulary("source_type").label
    names = {kind: "kind not given" if kind in NOT_VALUES else label(kind, "en").lower() for kind in proof.reported_by}
    kinds = ", ".join(f"{names[kind]} {partners:,}" for kind, partners in sorted(proof.reported_by.items()))
    by_kind = f" (partners by kind of source: {kinds})" if kinds else ""
    reports = f"at least {proof.reports:,}" if proof.reports else "few"
    return f"Made from {reports} reports about victims by {proof.partners:,} partners{by_kind}, as of the day of publication."


def _columns_of_codes(tables: Sequence[PublishedTable]) -> list[str]:
    """Every column that holds codes, once, in the order of the tables."""
    columns = dict.fromkeys(column for table in tables for column in table.proof.columns)
    return [column for column in columns if published_field(column).kind is not Kind.INTEGER]


def _codes_of(column: str, tables: Sequence[PublishedTable]) -> list[_Code]:
    """The codes of a column in all tables that have it, fine before coarse, reasons for a missing value last."""
    found = [(table.product.name, each) for table in tables for each in occurring_codes(table, column)]
    order = sorted({(each.code in NOT_VALUES, each.level, each.code): each for _, each in found}.items())
    return [_Code(code, first.texts, {name: each.rows for name, each in found if each.code == code}) for (_, _, code), first in order]


def _language_heads() -> str:
    """One column head a language, each in its own language."""
    return "".join(f'<th scope="col" {_language(language)}>{_LANGUAGE_NAMES[language]}</th>' for language in LANGUAGES)


def _in_languages(texts: Mapping[str, str]) -> str:
    """One cell a language."""
    return "".join(f"<td {_language(language)}>{escape(texts.get(language, ''))}</td>" for language in LANGUAGES)


def _language(language: str) -> str:
    """The attributes of a text; Arabic runs from right to left."""
    return f'lang="{language}" dir="rtl"' if language == "ar" else f'lang="{language}"'


def _texts(labels: Labels) -> Mapping[str, str]:
    return {str(language): labels.of(language) for language in LANGUAGES}


def _absences(tables: Sequence[PublishedTable]) -> tuple[str, ...]:
    """Every code for what is not known that these tables may hold; that of flags only where flags are published."""
    return (*NOT_VALUES, NOT_STATED) if any(table.proof.flags for table in tables) else NOT_VALUES


def _missing_row(code: str) -> str:
    terms = vocabulary("stated" if code == NOT_STATED else "missing")
    texts = {str(language): terms.label(code, language) for language in LANGUAGES}
    return f"<tr><td><code>{code}</code></td>{_in_languages(texts)}<td>{escape(_MEANINGS[code])}</td></tr>"


def _guarantee(table: PublishedTable) -> str:
    proof = table.proof
    if proof.flags is not None:
        return _guarantee_of_flags(proof, proof.flags)
    columns = ", ".join(f"<code>{name}</code>" for name in proof.quasi_identifiers)
    return (
        f"<li><code>{proof.name}</code>: {proof.k}-anonymity. Each combination of {columns} that occurs covers at least {proof.k} "
        f"persons; the smallest of the {proof.classes:,} classes covers {proof.smallest_class:,}. In {proof.homogeneous_share:.1%} of the "
        f"classes only one known value of a sensitive field occurs (limit {proof.largest_homogeneous_share:.1%}). "
        f"{proof.suppressed_cells:,} of {proof.cells:,} cells are suppressed.</li>"
    )


def _guarantee_of_flags(proof: ProductProof, promised: FlagProof) -> str:
    return (
        f"<li><code>{proof.name}</code>: k^m-anonymity in groups. Its rows stand in another order than those of the other tables, and "
        f"<code>{FLAG_GROUP}</code> is all that joins them: each of the {proof.classes:,} groups covers at least {promised.group:,} "
        f"persons (the smallest {proof.smallest_class:,}), in whole classes of one cohort. Who knows {promised.width} flags of a person "
        f"finds that none or at least {proof.k} rows of its group show them, and that none or at least {proof.k} may hold them under "
        f"<code>suppressed</code>; who knows more may find a single row. <code>{FLAG_GROUP}</code> 0, or a group that this table lacks: "
        f"no flags are published of those persons. {proof.suppressed_cells:,} of {proof.cells:,} cells are suppressed. What a group "
        f"shows is a least figure: the cohorts say which share of what was stated is suppressed.</li>"
    )


def _table_section(table: PublishedTable) -> str:
    product = table.product
    texts = "\n".join(
        f"<p {_language(language)}><strong>{escape(product.title.of(language))}.</strong> {escape(product.description.of(language))}</p>"
        for language in LANGUAGES
    )
    fields = [published_field(name) for name in table.proof.columns]
    rows = "\n".join(
        f"<tr><td><code>{field.name}</code></td>{_in_languages(_texts(field.declared.labels))}<td>{escape(describe_column(field))}</td></tr>"
        for field in fields
    )
    return f"""<h3 id="table-{product.name}"><code>{product.name}</code></h3>
{texts}
<div class="wide" tabindex="0"><table><caption>{table.proof.rows:,} rows, {len(fields)} columns{_choices(table)}</caption>
<thead><tr><th scope="col">Column</th>{_language_heads()}<th scope="col">What it is</th></tr></thead>
<tbody>
{rows}
</tbody></table></div>"""


def _choices(table: PublishedTable) -> str:
    """What the product shows coarser than it could, and which persons it leaves out."""
    coarser = [f"{column} from level {level} up" for column, level in table.product.coarsen.items()]
    only = [f"only {column} in {', '.join(labels)}" for column, labels in table.product.filters.items()]
    return escape("".join(f"; {choice}" for choice in (*coarser, *only)))


def _code_section(column: str, tables: Sequence[PublishedTable]) -> str:
    having = [table for table in tables if column in table.proof.columns]
    names = [table.product.name for table in having]
    heads = "".join(f'<th scope="col" class="number">Rows in <code>{name}</code></th>' for name in names)
    rows = "\n".join(
        f"<tr><td><code>{escape(each.code)}</code></td>"
        + "".join(f'<td class="number">{each.rows.get(name, 0):,}</td>' for name in names)
        + f"{_in_languages(each.texts)}</tr>"
        for each in _codes_of(column, having)
    )
    return f"""<h3 id="codes-{column}"><code>{column}</code></h3>
<div class="wide" tabindex="0"><table>
<thead><tr><th scope="col">Code</th>{heads}{_language_heads()}</tr></thead>
<tbody>
{rows}
</tbody></table></div>"""


def _erratum_row(erratum: Erratum) -> str:
    place = f"<td>{erratum.cohort}</td><td><code>{erratum.column}</code></td><td><code>{erratum.label}</code></td>"
    return f'<tr>{place}<td class="number">{erratum.persons:,}</td></tr>'


def _total_row(total: FlagTotal) -> str:
    texts = _in_languages(_texts(published_field(total.flag).declared.labels))
    return f'<tr><td>{total.cohort}</td><td><code>{total.flag}</code></td>{texts}<td class="number">{total.persons:,}</td></tr>'


def _cohort_row(cohort: CohortProof) -> str:
    by_column = ", ".join(f"<code>{column}</code> {loss:.3f}" for column, loss in sorted(cohort.loss_by_column.items()))
    waived = ", ".join(f"<code>{column}</code>" for column in cohort.waived_diversity) or "none"
    counts = "".join(f'<td class="number">{count:,}</td>' for count in (cohort.persons, cohort.retired))
    numbers = f'{counts}<td class="number">{cohort.loss:.3f}</td>'
    flags = f'<td class="number">{cohort.flags_lost:.2f}</td>'
    return f"<tr><td>{cohort.cohort}</td>{numbers}<td>{by_column}</td><td>{waived}</td>{flags}</tr>"
