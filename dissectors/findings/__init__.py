"""What a person should know, in plain English: each rule looks at the values of the report, one module a subject.

Nothing here reads octets or keeps state; `index` says where the rules of each subject are, `rules` asks them
and sorts what they find.
"""
