"""Checks against programs that others wrote: `python3 run.py interop NAME` runs them for real and compares."""
