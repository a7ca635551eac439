"""muxshark: what is on a UDP port where SIP, STUN, RTP and RTCP share it, with SDP compressed inside SIP.

The names a library user needs come from here; Scapy is imported only by `dissectors.layers`.
"""
from __future__ import annotations

__version__ = "0.1.0"
