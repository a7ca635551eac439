"""Datagrams as layers by the evidence of their flows, as `analyze` has it: what is only plausible waits."""

from __future__ import annotations

from threading import RLock

from scapy.config import conf
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import NoPayload, Packet

from dissectors.layers.elsewhere import Dissector, Ours, same_protocol
from dissectors.layers.layer import claimed
from dissectors.layers.mux import LAYERS
from dissectors.limits.budget import Bounds
from dissectors.mux import classify
from dissectors.mux.carried import BINDING, bind, carried
from dissectors.mux.entry import Entry
from dissectors.mux.evidence import STUN, TURN, Evidence
from dissectors.mux.flows import FlowKey, FlowState, FlowTable, packed
from dissectors.mux.table import PROTOCOLS, ROWS, UNKNOWN, UNKNOWN_ROW

MAX_FLOWS, MAX_STREAMS, MAX_WAITING = 65_536, 32_768, 32_768
"""How much is remembered of a capture: a layer in Scapy takes a hundred times the memory that it takes elsewhere."""

MAX_CARRIED_DEPTH = 4


class ByFlow(Ours):
    """A datagram that is only plausible stays Scapy's, or Raw, until its flow confirms it; then those of the flow that
    came before it change, too, in the packets that you hold.

    What you changed in the meantime stays as it is. With `yields` a protocol for which Scapy has bound a layer to the
    port stays Scapy's.
    """

    def __init__(self, yields: bool) -> None:
        super().__init__()
        self._yields = yields
        bounds = Bounds()
        self._flows = FlowTable(MAX_FLOWS, bounds)
        self._evidence = Evidence(MAX_WAITING, MAX_STREAMS, bounds)
        self._bounds = bounds
        self._waiting: dict[int, tuple[Packet, bytes]] = {}
        self._arrived = 0
        self._lock = RLock()

    def layer(self, octets: bytes, underlayer: Packet | None) -> Dissector | None:
        """Ours as far as the flow confirms it now, else Scapy's."""
        scapys = self._scapys.choice(octets, underlayer)
        if type(underlayer) is not UDP:
            return scapys
        with self._lock:
            ours = self._judge(octets, underlayer)
        if ours is None or (self._yields and scapys is not None and same_protocol(ours, scapys)):
            return scapys
        return ours

    def _judge(self, octets: bytes, underlayer: Packet) -> Dissector | None:
        here = self._arrived
        flow = self._flows.find(_key(underlayer))
        self._waiting[here] = underlayer, octets
        if len(self._waiting) > MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]
        settled = self._take(here, flow, octets, claimed(octets, underlayer), 0)
        ours: Dissector | None = None
        for entry in settled:
            if entry.number < 0:
                continue
            layer = None if entry.protocol == UNKNOWN else LAYERS[PROTOCOLS[entry.protocol]]
            there, payload = self._waiting.pop(entry.number, (None, b""))
            if entry.number == here:
                ours = layer
            elif layer is not None and there is not None:
                _become(there, payload, layer)
        return ours

    def _take(self, number: int, flow: FlowState, octets: bytes, length: int, depth: int) -> list[Entry]:
        """Judge a datagram, and what TURN carries in it on a flow of its own."""
        row = classify.match(octets, length)
        self._arrived += 1
        flow.used = self._arrived
        encrypted = row != UNKNOWN_ROW and ROWS[row][1].encrypted
        entry = Entry(number, 0, number, 0, 0, flow, length, octets, row, UNKNOWN, None, "", encrypted, 0)
        settled = self._evidence.judge(entry)
        if row != UNKNOWN_ROW and ROWS[row][0] in (TURN, STUN) and depth < MAX_CARRIED_DEPTH:
            if ROWS[row][0] == STUN and octets[:2] in BINDING:
                bind(flow.pair, octets, self._bounds)
            opened = carried(PROTOCOLS[ROWS[row][0]], octets, flow.pair.channels)
            if opened is not None:
                inside, data = opened
                within = self._flows.find(flow.key._replace(inside=inside), flow.pair)
                settled += self._take(-1, within, data, len(data), depth + 1)
        return settled


def _key(underlayer: Packet) -> FlowKey:
    """The 5-tuple of a UDP layer; without addresses where no IP is below it."""
    ports = underlayer.getfieldval("sport"), underlayer.getfieldval("dport")
    below = underlayer.underlayer
    ends = (packed(str(below.src)), packed(str(below.dst))) if isinstance(below, (IP, IPv6)) else (None, None)
    return FlowKey(ends[0] or b"", ports[0], ends[1] or b"", ports[1])


def _become(underlayer: Packet, octets: bytes, layer: type[Packet]) -> None:
    """Let the payload of a UDP layer be what it turned out to be, unless somebody changed it."""
    before = underlayer.payload
    if isinstance(before, NoPayload) or type(before) is layer:
        return
    now = bytes(before)
    if now[: len(octets)] != octets:
        return
    underlayer.remove_payload()
    underlayer.add_payload(layer(octets, _internal=1, _underlayer=underlayer))
    if now[len(octets) :]:
        underlayer.add_payload(conf.padding_layer(now[len(octets) :]))
