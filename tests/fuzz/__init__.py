"""Damaged input for hours: anyone can run it, and each failure can be repeated.

    python -m tests.fuzz --minutes N [--seed S] [--only TARGET] [--captures DIR]

`targets` says what is tried, `mutants` makes the input, `worker` runs a target's cases in a process of its own, and
`children` watches that process: its time, its memory, its end. What of the package is used comes from `house` alone.
"""
