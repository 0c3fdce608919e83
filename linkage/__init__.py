"""Which records are about the same person, and the key that person keeps.

Here: features, candidate pairs, scores, guarded clusters, the registry of person keys.
Never here: training in a run, publication, a decision that depends on the order of rows.
"""
