"""The partners' upload pages and the researchers' explorer.

Here: web pages, on top of the other rooms. Never here: a way to read an upload back.
"""
