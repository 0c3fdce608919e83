"""Partners' files with one fault each, made from a clean table, and the truth about each of them.

Here: the clean table, the partners, the fault families, the judge. Never here: code of `ingest`; the truth is computed
from the clean table in plain Python, so that reading is compared with something it had no part in.
"""
