"""Calls: their dialogs, messages, offers and answers.

A tracker here knows SIP and SDP, and nothing of media on the wire.
"""
