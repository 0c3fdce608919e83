"""Attacks on a release, run as code: what an attacker holds goes in, counts of persons, cells and classes come out, never a value.

Here: one module an attack, what an attacker may hold (`holdings`), how an attack answers (`outcome`), and all of them in one
call (`running`). Never here: code of the search or of the measures, with which an attack could share a fault; who knows the
method is given it as a function.

    from anonymize.attacks.holdings import Earlier, FlagRows, Reenactment, Shown, Truth
    from anonymize.attacks.outcome import ControlFailed, Limits, Outcome
    from anonymize.attacks.running import Verdict, run_attacks

    run_attacks(shown: Sequence[Shown], truth: Truth, hierarchies: Mapping[str, Hierarchy], limits: Limits, *,
                earlier: Sequence[Earlier] = (), flags: FlagRows | None = None, reenactment: Reenactment | None = None) -> Verdict

    Shown(name, table, quasi, sensitive)
        a product as everyone reads it; quasi with the cohort, where it has one
    Truth(original, labels, contributors=None, is_new=None, separator="+")
        the persons behind the release, one row each: true quasi-identifiers (and the cohort, if published); how the finest
        table shows the same persons in the same order (quasi and sensitive columns); who sent them in; who is of the newest cohort
    Earlier(name, shown)
        an earlier release and its products
    FlagRows(table, group, flags, true, core_person, core_group, flags_person, hidden=, absent=)
        the second table of flags, and what is true of its persons
    Reenactment(original, labels, quasi, sensitive, method)
        the newest cohort before and after the method, row by row, and the method itself
    Limits(k, strangers, flag_width, likelihood, likely_share, minimality_gain)
    Verdict.outcomes, Verdict.broken
        every outcome, in counts; a reason for each that is over its limit, in names and counts

Every attack is first made on a table that it must break, the raw one or a naively anonymized one. `ControlFailed` when it
finds nothing there: an attack that cannot find anything proves nothing.
"""
