"""Propose the file of a new partner from what it sends; what is in doubt is asked, not guessed.

Here: headers, values, flags and layout judged, and the text of the draft. Never here: a cell, or a partner file that is applied.
"""
