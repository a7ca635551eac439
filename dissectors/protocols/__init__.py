"""One protocol a file: its message, how it is parsed, and its row of the table. Protocols never import one another."""
