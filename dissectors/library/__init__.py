"""What the door for programs stands on: what a program hands in, and single datagrams with their messages.

`dissectors/__init__.py` imports it within its functions, and `outputs.flat` beside it; nothing else does.
"""
