"""A report as text for people.

Each file renders one part of the page; `page` puts them together and is the door to rich.
"""
