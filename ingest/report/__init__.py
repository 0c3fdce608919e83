"""The report on a batch: what became of each row, what to mend and how, in the reader's language.

Here: counts, codes, columns and row numbers as a document (`document`), made of a check (`build`), told as text (`text`) and
as a page (`page`); and the partner's own file given back with the problems beside each row (`annotated`).
Never here: a rule, or a cell in anything but the partner's own file.
"""
