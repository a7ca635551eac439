"""The layer for a shared port in Scapy: `Mux` becomes the layer that the table names."""

from __future__ import annotations

from typing import Any

from scapy.config import conf
from scapy.packet import Packet, bind_layers

from dissectors.layers.layer import claimed, plain
from dissectors.layers.rtcp import RTCP
from dissectors.layers.rtp import RTP
from dissectors.layers.sip import SIP
from dissectors.layers.small import DTLS, QUIC, TURN, ZRTP, KeepAlive
from dissectors.layers.stun import STUN
from dissectors.mux import classify
from dissectors.mux.table import PROTOCOLS, ROWS, TABLE

OWN: dict[str, type[Packet]] = {
    layer.spec.name: layer for layer in (SIP, KeepAlive, STUN, ZRTP, DTLS, TURN, RTCP, RTP, QUIC)
}
"""Layers with fields of their own, by the protocol whose `Spec` they name."""

LAYERS: dict[str, type[Packet]] = {spec.name: OWN.get(spec.name) or plain(spec) for spec in TABLE}
"""The protocols of the table, and their layers: one whose fields nobody wrote out shows its octets."""

_BY_ROW: tuple[type[Packet] | None, ...] = (*(LAYERS[PROTOCOLS[number]] for number, _ in ROWS), None)


class Mux(Packet):
    """The layer of a port that several protocols share: SIP, STUN, RTP, RTCP, DTLS, TURN, ZRTP, QUIC or Raw.

    `Mux(octets)` is the layer that `dissectors.mux.classify` names; what it does not know is Raw. It judges one
    datagram alone: what is only plausible is taken for what it looks like.
    """

    name = "Mux"
    fields_desc = []

    @classmethod
    def dispatch_hook(cls, _pkt: bytes | None = None, *args: Any, **kargs: Any) -> type[Packet]:
        """Scapy's question: which class dissects these octets."""
        if not _pkt:
            return cls
        layer = _BY_ROW[classify.match(_pkt, claimed(_pkt, kargs.get("_underlayer")))]
        return conf.raw_layer if layer is None else layer


bind_layers(TURN, Mux)
