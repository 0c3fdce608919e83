"""The search for classes that lose little: from the collapsed table to who is published with whom.

Here: numbers alone, on distinct tuples and how many persons each stands for. Never here: tables, files, labels as text, or a
measure that a release is judged by.

    forest, leaves = plant(paths, weights)                   the hierarchies as numbers                 `search.encoding`
    order = arrange(codes, quasi)                            the canonical order of distinct tuples     `search.encoding`
    found = find_classes(people, forest, conditions, ...)    who is published with whom                 `search.finding`

The steps themselves are plain functions on arrays (`search.cutting` calls `search.donation`, `search.weighing`, `search.judging`);
`anonymize.compiling` makes machine code of them. With NUMBA_DISABLE_JIT=1 the same functions run as they stand, with the same result.
"""
