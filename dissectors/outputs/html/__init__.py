"""One page of HTML that shows a report: a file of its own that loads nothing and runs nothing but our own script.

Modules make plain values of a report; templates lay them out. Only `page` imports the library for templates. Nothing
here reads a capture: what a report lacks comes with the `View`.
"""
