"""Partners that may not send names take part in linkage with keyed tokens.

Here: the pinned normaliser, keys of linkage rounds, tokens, their lint, record-level Bloom filters.
Never here: a score of a pair, a key or a token in anything that leaves the restricted zone.
"""
