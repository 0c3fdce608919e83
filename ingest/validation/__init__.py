"""A batch as a whole: every row accounted for, what only the whole file tells, and the findings.

Here: the one pass that the pipeline and a check share. Never here: the meaning of a cell, or words for a person.
"""
