"""The report's own words: outcomes, severities and headings, each one text in the code and in the catalogues of other languages.

Here: the words that text and page share. Never here: the texts of problems (`schemas/problems.yml`), or layout.
"""

from __future__ import annotations

from schemas.ledger import Outcome
from schemas.messages import Message, list_text, say, say_count, spoken
from schemas.problems import Severity
from schemas.vocabulary import Language


def outcome_word(outcome: Outcome) -> Message:
    """What a row's outcome is called; the same word wherever it is said."""
    return {
        Outcome.ACCEPTED: say("accepted"),
        Outcome.QUARANTINED: say("quarantined"),
        Outcome.REJECTED: say("rejected"),
        Outcome.NON_DATA: say("no data"),
    }[outcome]


def outcome_meaning(outcome: Outcome) -> Message:
    """What the outcome means to the partner."""
    return {
        Outcome.ACCEPTED: say("can be taken in as they are"),
        Outcome.QUARANTINED: say("held until you mend or confirm them"),
        Outcome.REJECTED: say("can never become a record as they are"),
        Outcome.NON_DATA: say("blank lines, titles, totals"),
    }[outcome]


def withdrawals_text(count: int) -> Message:
    """How many of the accepted rows withdraw a record."""
    return say_count(
        "{count} of the accepted rows withdraws the record that it names, for good.",
        "{count} of the accepted rows withdraw the records that they name, for good.",
        count=count,
    )


def replacements_text(count: int) -> Message:
    """How many of the accepted rows replace a record."""
    return say_count(
        "{count} of the accepted rows replaces a record that was sent before.",
        "{count} of the accepted rows replace records that were sent before.",
        count=count,
    )


def severity_word(severity: Severity) -> Message:
    """What a problem does, in a word; a problem that decides about a row is called as the row's outcome is."""
    return {
        Severity.BLOCK: say("refused"),
        Severity.REJECT: say("rejected"),
        Severity.QUARANTINE: say("quarantined"),
        Severity.NON_DATA: say("no data"),
        Severity.WARN: say("look"),
        Severity.NOTE: say("note"),
    }[severity]


def labelled(label: str, text: str) -> Message:
    """A text with its name before it."""
    return say("{label}: {text}", label=label, text=text)


def rows_text(count: int) -> Message:
    """So many rows."""
    return say_count("{count} row", "{count} rows", count=count)


def rows_listed(rows: tuple[int, ...], count: int, shown: int, language: Language) -> str:
    """The first row numbers and how many more rows there are; the numbers as a spreadsheet shows them, without separators."""
    numbers, more = [str(row) for row in rows[:shown]], count - len(rows[:shown])
    if more <= 0:
        return list_text(numbers, language)
    return spoken(say_count("{numbers} and {count} more", "{numbers} and {count} more", count=more, numbers=numbers), language)


def headings() -> dict[str, Message]:
    """What stands above the parts of a report, by a short name."""
    return {
        "title": say("Check of a batch"),
        "refused": say("This file is refused"),
        "received": say("received"),
        "account": say("What became of the rows"),
        "files": say("The files"),
        "findings": say("What was found"),
        "no_findings": say("no problems"),
        "file": say("file"),
        "column": say("column"),
        "rows": say("rows"),
        "share": say("share"),
        "where": say("where"),
        "allowed": say("allowed"),
        "remedy": say("do next"),
        "next": say("Next"),
        "fits": say("Fits, of all partners known"),
        "privacy": say("Rows are numbered as a spreadsheet numbers them. No cell of the file is shown here."),
        "partner": say("partner"),
        "share_of_columns": say("share of its columns found"),
        "outcome": say("outcome"),
        "meaning": say("what it means"),
    }
