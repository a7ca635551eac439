"""Clocks, timestamps and the rhythm of packets."""
