"""SIP on a stream (RFC 3261 section 18.3): Scapy's `TCPSession` asks here what is a whole message."""

from __future__ import annotations

from typing import Any

from scapy.config import conf
from scapy.packet import Packet

from dissectors.layers.sip import SIP
from dissectors.mux.classify import classify
from dissectors.protocols import sip
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Beyond, Incomplete


class SIPStream(Packet):
    """The layer of a TCP port of SIP: `SIP` where a message begins, Raw elsewhere.

    `sniff(session=TCPSession, …)` puts messages together that came in several segments, and takes apart those that came
    in one.
    """

    name = "SIP over TCP"
    fields_desc = []

    @classmethod
    def dispatch_hook(cls, _pkt: bytes | None = None, *args: Any, **kargs: Any) -> type[Packet]:
        """Scapy's question: which class dissects these octets."""
        if not _pkt:
            return cls
        return SIP if classify(_pkt).protocol == "SIP" else conf.raw_layer

    @classmethod
    def tcp_reassemble(cls, data: bytes, metadata: dict[str, Any], session: dict[str, Any]) -> Packet | None:
        """The message that `data` begins with, what follows it as `Padding`; None as long as it is not whole.

        Octets that begin no message are Raw. Line ends between messages keep a connection open (RFC 5626).
        """
        begin = len(data) - len(data.lstrip(b"\r\n"))
        if begin == len(data):
            return None
        try:
            size = sip.SPEC.frame(data[begin:]) if sip.SPEC.frame else len(data)
        except Malformed:
            return conf.raw_layer(data)
        if isinstance(size, Beyond):
            return conf.raw_layer(data)
        if isinstance(size, Incomplete):
            return None
        message = SIP(data[: begin + size])
        if data[begin + size :]:
            message.add_payload(conf.padding_layer(data[begin + size :]))
        return message
