"""The subcommands, one per file: `arguments`, and `run`, which prints and returns the exit status.

A command imports its needs within `run`, so that `--help` and the other commands start quickly.
"""
