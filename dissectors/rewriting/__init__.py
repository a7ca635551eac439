"""A capture in, a capture out: calls cut out, bodies inflated, names changed.

What does not change is copied octet for octet. No text for people, no command line. A file never stands half-written
under its final name.
"""
