"""What a person should know, in plain English: each rule looks at the values of the report, one module a subject.

Nothing here reads octets or keeps state; `rules` puts the subjects together and sorts what they find.
"""
