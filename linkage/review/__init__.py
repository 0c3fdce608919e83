"""What a person is asked about linkage, in which order, and why: questions, explanations, pictures.

Here: the order of questions, what speaks for and against a pair, its words and its waterfall. Never here: a terminal's keys, the
vault, a cell of a report.
"""
