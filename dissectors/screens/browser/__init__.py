"""The screen on which one can go about, by Textual: an extra, which only this room imports.

What is shown is decided outside, in `book`, `view` and `drawing`; here are widgets, keys and the order of screens.
"""
