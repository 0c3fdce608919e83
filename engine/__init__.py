"""Where queries run: locked-down DuckDB connections and the one way to write Parquet.

Here: opening connections and encoding tables. Never here: a rule about cases.
"""
