"""Queries on reports: filters, selection, comparison.

Reports in, reports and differences out; nothing here reads a capture.
"""
