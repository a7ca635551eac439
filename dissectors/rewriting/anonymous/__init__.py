"""Captures that can be sent away: names, numbers and addresses become others, the same each time, and payloads go.

What is not understood is cut to its headers. The key decides everything; nothing here keeps what it replaced.
"""
