"""Describe a release for people: the codebook page and the short text beside it.

Here: what each column and code means, how to count, what is guaranteed, how to query. The page needs no network and no
script. Never here: a number that is not in the proof or counted from the published rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

from schemas.case import PublishedPerson
from schemas.fields import Kind, field_of
from schemas.release import CohortProof, ReleaseProof
from schemas.vocabulary import LANGUAGES, Labels, vocabulary
from warehouse.description import LICENCE, NOT_VALUES, OccurringCode, Table, describe_column, occurring_codes

_TEMPLATE = Path(__file__).parent / "templates" / "codebook.html"
_MEANINGS = {
    "unknown": "The partner asked; nobody knows. Rows with it are persons like others.",
    "not_collected": "The partner does not ask. A share among those asked leaves these rows out.",
    "not_applicable": "The question makes no sense for the person.",
    "suppressed": "A value is known and withheld, since it would set too few persons apart. Rows with it are not missing at random.",
}
_README = """Casehouse release $version: $persons persons reported as victims of trafficking, anonymized, one row a person.

Start with codebook.html: what each column and code means, how to count, what is guaranteed and what is not.

$files
  codebook.html      for people; opens in any browser, without network
  datapackage.json   for machines (Data Package v2)
  proof.json         what this release promises, with the measures
  SHA256SUMS         check the files with: sha256sum -c SHA256SUMS

Measure every promise again from these files alone with: casehouse verify FOLDER
Licence: $licence
"""


def codebook_text(tables: Sequence[Table], proof: ReleaseProof) -> str:
    """The codebook of a release as one HTML page; the same tables and proof give the same text."""
    example = max(tables, key=lambda table: len(table.proof.columns))
    name = example.product.name
    column = next((column for column in example.proof.columns if column != "cohort"), example.proof.columns[0])
    blocks = {
        "missing": "\n".join(_missing_row(code) for code in NOT_VALUES),
        "guaranteed": "\n".join(_guarantee(table) for table in tables),
        "tables": "\n".join(_table_section(table) for table in tables),
        "codes": "\n".join(_code_section(name, codes) for name, codes in _codes_by_column(tables).items()),
        "cohorts": "\n".join(_cohort_row(cohort) for cohort in proof.cohorts),
    }
    duckdb = f"select {column}, count(*) as persons\nfrom '{name}.parquet'\ngroup by all order by persons desc;"
    texts = {
        "version": proof.version,
        "persons": f"{proof.published_persons:,}",
        "product_count": f"{len(tables)} table{'s' if len(tables) > 1 else ''}",
        "example_name": name,
        "example_column": column,
        "example_duckdb": duckdb,
        "policy": proof.policy_digest,
        "inputs": proof.inputs_digest,
        "software": ", ".join(f"{name} {version}" for name, version in sorted(proof.software.items())),
        "licence_path": LICENCE["path"],
        "licence_title": LICENCE["title"],
    }
    page = Template(_TEMPLATE.read_text(encoding="utf-8"))
    return page.substitute(blocks, **{key: escape(text, quote=False) for key, text in texts.items()})


def readme_text(tables: Sequence[Table], proof: ReleaseProof) -> str:
    """The short text that someone sees first in the folder."""
    files = "\n".join(f"  {table.product.name}.parquet, .csv   {table.proof.rows:,} rows: {table.product.title.en}" for table in tables)
    return Template(_README).substitute(
        version=proof.version, persons=f"{proof.published_persons:,}", files=files, licence=f"{LICENCE['title']}, {LICENCE['path']}"
    )


def _codes_by_column(tables: Sequence[Table]) -> dict[str, tuple[OccurringCode, ...]]:
    """Each column once, with the codes of every table that has it; counts are those of the first such table."""
    found: dict[str, dict[str, OccurringCode]] = {}
    for table in tables:
        for column in table.proof.columns:
            if field_of(PublishedPerson, column).kind is Kind.INTEGER:
                continue
            is_first = column not in found
            known = found.setdefault(column, {})
            for each in occurring_codes(table, column):
                known.setdefault(each.code, each if is_first else OccurringCode(each.code, 0, each.level, each.texts))
    order = {
        column: sorted(codes.values(), key=lambda each: (each.code in NOT_VALUES, each.level, each.code)) for column, codes in found.items()
    }
    return {column: tuple(codes) for column, codes in order.items()}


def _in_languages(texts: Mapping[str, str]) -> str:
    """One cell a language."""
    return "".join(f"<td {_language(language)}>{escape(texts.get(language, ''))}</td>" for language in LANGUAGES)


def _language(language: str) -> str:
    """The attributes of a text; Arabic runs from right to left."""
    return f'lang="{language}" dir="rtl"' if language == "ar" else f'lang="{language}"'


def _texts(labels: Labels) -> Mapping[str, str]:
    return {str(language): labels.of(language) for language in LANGUAGES}


def _missing_row(code: str) -> str:
    texts = {str(language): vocabulary("missing").label(code, language) for language in LANGUAGES}
    return f"<tr><td><code>{code}</code></td>{_in_languages(texts)}<td>{escape(_MEANINGS[code])}</td></tr>"


def _guarantee(table: Table) -> str:
    proof = table.proof
    columns = ", ".join(f"<code>{name}</code>" for name in proof.quasi_identifiers)
    return (
        f"<li><code>{proof.name}</code>: {proof.k}-anonymity. Each combination of {columns} that occurs covers at least {proof.k} "
        f"persons; the smallest of the {proof.classes:,} classes covers {proof.smallest_class:,}. In {proof.homogeneous_share:.1%} of the "
        f"classes all persons share one known value of a sensitive field (limit {proof.largest_homogeneous_share:.1%}). "
        f"{proof.suppressed_cells:,} of {proof.cells:,} cells are suppressed.</li>"
    )


def _table_section(table: Table) -> str:
    product = table.product
    texts = "\n".join(
        f"<p {_language(language)}><strong>{escape(product.title.of(language))}.</strong> {escape(product.description.of(language))}</p>"
        for language in LANGUAGES
    )
    fields = [field_of(PublishedPerson, name) for name in table.proof.columns]
    rows = "\n".join(
        f"<tr><td><code>{field.name}</code></td>{_in_languages(_texts(field.declared.labels))}<td>{escape(describe_column(field))}</td></tr>"
        for field in fields
    )
    return f"""<h3 id="table-{product.name}"><code>{product.name}</code></h3>
{texts}
<div class="wide"><table><caption>{table.proof.rows:,} rows, {len(fields)} columns{_choices(table)}</caption>
<thead><tr><th>Column</th><th>English</th><th>Français</th><th>Español</th><th>العربية</th><th>What it is</th></tr></thead>
<tbody>
{rows}
</tbody></table></div>"""


def _choices(table: Table) -> str:
    """What the product shows coarser than it could, and which persons it leaves out."""
    coarser = [f"{column} from level {level} up" for column, level in table.product.coarsen.items()]
    only = [f"only {column} in {', '.join(labels)}" for column, labels in table.product.filters.items()]
    return escape("".join(f"; {choice}" for choice in (*coarser, *only)))


def _code_section(column: str, codes: Sequence[OccurringCode]) -> str:
    rows = "\n".join(
        f'<tr><td><code>{escape(each.code)}</code></td><td class="number">{f"{each.rows:,}" if each.rows else ""}</td>'
        f"{_in_languages(each.texts)}</tr>"
        for each in codes
    )
    return f"""<h3 id="codes-{column}"><code>{column}</code></h3>
<div class="wide"><table>
<thead><tr><th>Code</th><th class="number">Rows</th><th>English</th><th>Français</th><th>Español</th><th>العربية</th></tr></thead>
<tbody>
{rows}
</tbody></table></div>"""


def _cohort_row(cohort: CohortProof) -> str:
    by_column = ", ".join(f"<code>{column}</code> {loss:.3f}" for column, loss in sorted(cohort.loss_by_column.items()))
    waived = ", ".join(f"<code>{column}</code>" for column in cohort.waived_diversity) or "none"
    numbers = f'<td class="number">{cohort.persons:,}</td><td class="number">{cohort.loss:.3f}</td>'
    return f"<tr><td>{cohort.cohort}</td>{numbers}<td>{by_column}</td><td>{waived}</td></tr>"
