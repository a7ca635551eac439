"""A report as text for people.

Each file renders one part of the page; `page` joins them, and only `page` uses rich.
"""
