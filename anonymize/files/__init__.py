"""A table in a file, published under coarser labels as another file, however many rows it has.

Here: reading the table twice, collapsing it, handing the classes out to its rows, writing it. Never here: the search for the
classes (`anonymize.search`), a measure of what was written, or what a person types.

    request     what is asked for, and what is wrong with it
    source      the table, opened for reading alone
    text_faults why a file of text is no table
    checking    what only the rows show to be wrong
    coding      the first pass: equal persons collapsed into tuples of numbers
    searching   the tuples as the search wants them, and its answer as labels
    handing     the second pass, first half: the class of each row
    writing     the second pass, second half: the rows under their labels
    staging     all of these in turn, into files that nobody sees before they were measured

DuckDB scans, counts and sorts, on disk where memory ends; numpy holds the tuples, and a few numbers a row.
"""
