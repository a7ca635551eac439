"""Wireshark: the plugin generated from the table, and its own opinion of a capture."""
