"""The scan once more, compiled: each file here is the twin of the one of its name in `mux`, or of `wire.frames`.

The interpreted files are the reference. What is common is done here without making objects; whatever is not goes the
interpreted way, datagram by datagram, with the same result. Built where a C compiler is; nothing below needs it.
"""
