"""Tables of text into reports, as a partner's file says: the specification compiled, then applied to each chunk.

Here: what cells and rows mean, and what can be wrong with them. Never here: bytes, or what only a whole file can tell.
"""
