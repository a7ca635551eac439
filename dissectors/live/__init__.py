"""An interface in, events out: a session, and the changes since the last look.

The engine and the scan are those of `offline`; only the moment of the verdict differs.
"""
