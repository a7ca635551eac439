"""The verdict on encryption, asked of many streams of known kind: `python -m tests.verdicts`.

`sounds` makes what is said, `encoded` what codecs make of it, `streams` calls with one stream each, in the clear or
encrypted. What is made follows from a seed.
"""
