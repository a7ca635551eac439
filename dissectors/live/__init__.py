"""An interface in, events out: a session and what changed since one looked last.

The engine and the scan are those of `offline`; only the moment of the verdict differs.
"""
