"""Sessions of real programs: what they say of them, beside what muxshark reads off the wire.

Each program runs in network namespaces of its own for less than two minutes; they need Linux and root.
"""
