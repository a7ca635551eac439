"""The subcommands, one a file: its arguments, and `run`, which prints and returns the exit status.

A command imports what it needs within `run`, so that `--help` and the others stay quick.
"""
