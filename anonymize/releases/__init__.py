"""Releases that follow each other: who enters, who waits, who is retired, what is told of errors, and what all of them together give away.

Here: decisions over tables of persons, each a function of its arguments, and the release ledger. Never here: the
warehouse that remembers, the files of a release, or a number of the policy.

A person is published once. Newcomers are anonymized among themselves, as a cohort; published rows are never edited, only
retired, each with at least k others of its class. So whatever two releases are subtracted, every difference is of whole groups of
at least k persons, and `broken_differences` counts that it is so.
"""
