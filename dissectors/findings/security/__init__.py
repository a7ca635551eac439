"""Handshakes, keys and secrets."""
