"""Trackers of what goes on: calls, streams, and how endpoints reach each other.

Datagrams come in, values of `report` go out. There is no clock, file or socket here, and no rule: those are `findings`.
"""
