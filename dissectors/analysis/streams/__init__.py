"""Media streams: clocks, gaps, digits, quality, and what RTCP says of them.

The scan counts; here the counters become values.
"""
