"""Keys and octets in, octets out: what opens TLS and SRTP.

No file, no clock, no tracker. `primitives` alone imports the library, and only when there is something to open.
"""
