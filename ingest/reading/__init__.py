"""Bytes into tables of text: how a file was saved, where its header stands, which rows are no records.

Here: everything that looks at bytes, texts and headers. Never here: what a cell means.
"""
