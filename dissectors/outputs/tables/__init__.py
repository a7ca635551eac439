"""Reports as tables: CSV, NDJSON, SQLite, Parquet, and asked in SQL. Rows in, octets out; commands name the files.

DuckDB has its door in `duck` alone.
"""
