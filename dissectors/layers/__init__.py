"""The Scapy layers: one for each protocol of the table, and `bind`, which gives them UDP ports. The door to Scapy.

Importing binds nothing in Scapy; `bind(ports=16402)` does until it is undone. No file, no clock, no capture here.
"""

import sys

import scapy.config

from dissectors.layers.binding import Binding, bind
from dissectors.layers.headers import Headers
from dissectors.layers.multipart import Multipart, SIPPart
from dissectors.layers.mux import LAYERS, Mux
from dissectors.layers.rtcp import RTCP
from dissectors.layers.rtcp_parts import ReceptionReport, SDESChunk, SDESItem, SenderInfo, XRBlock
from dissectors.layers.rtp import RTP, RTPExtension
from dissectors.layers.rtp_parts import TelephoneEvent
from dissectors.layers.sdp import SDP, SDPMedia
from dissectors.layers.sip import SIP
from dissectors.layers.sip_stream import SIPStream
from dissectors.layers.small import DTLS, QUIC, TURN, ZRTP, DTLSRecord, KeepAlive
from dissectors.layers.stun import STUN, STUNAttribute
from dissectors.protocols.sip_headers import Address as NameAddr
from dissectors.protocols.sip_via import Via
from dissectors.protocols.stun_attributes import Address, ChangeRequest, ErrorCode

# `conf.layers.layers()` and `explore` look a layer's module up by its name, from where Scapy's configuration stands.
vars(scapy.config)["dissectors"] = sys.modules["dissectors"]

__all__ = [
    "DTLS", "LAYERS", "QUIC", "RTCP", "RTP", "SDP", "SIP", "STUN", "TURN", "ZRTP", "Address", "Binding",
    "ChangeRequest", "DTLSRecord", "ErrorCode", "Headers", "KeepAlive", "Multipart", "Mux", "NameAddr",
    "RTPExtension", "ReceptionReport", "SDESChunk", "SDESItem", "SDPMedia", "SIPPart", "SIPStream", "STUNAttribute",
    "SenderInfo", "TelephoneEvent", "Via", "XRBlock", "bind",
]
