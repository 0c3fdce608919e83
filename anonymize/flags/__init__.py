"""Many flags beside few quasi-identifiers: two nested tables, the core at k and the flags in larger groups, and checked totals.

Here: the groups, what is suppressed in them, the totals that may stand beside them. Never here: files, numbers of a policy,
or the measures a release is judged by (`anonymize.risk`).

    nest_flags(core, flags, spec) -> NestedFlags
    count_totals(original, core, flags, nested, hierarchies, spec) -> tuple[TotalsTable, ...]
"""
