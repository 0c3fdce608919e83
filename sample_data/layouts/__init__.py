"""How each invented partner writes: one module a partner, with its columns, its words and the defects it is known for.

Here: layouts. Never here: who the persons are, or how cells become bytes.
"""
