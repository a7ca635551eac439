"""How endpoints reach each other: STUN checks and DTLS handshakes.

A tracker here knows one protocol and no call.
"""
