"""What of a report is asked for: filters, selection, comparison.

Reports in, reports and differences out; no capture is read here.
"""
