"""Invented partner batches: a seeded world of persons and the files partners would send about them.

Here: the generator of an inbox, the truth about it, its canaries and its broken rows. Never here: real data, or anything a pipeline needs.
"""
