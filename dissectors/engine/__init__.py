"""From batches to a report.

The engine is the one place that catches `Malformed`; it runs the findings over the values of the trackers, and sums up
what is over.
"""
