"""Which plausible datagrams count: the evidence of their flow, of the 5-tuple and of the SSRC across flows.

Laws of this file:
1. A certain datagram counts at once and is evidence for others.
2. A plausible one waits until something confirms it, and then counts from the first that waited.
3. What waits is bounded; whatever gives way is unknown from then on, and that the bound was hit is counted.
4. Every verdict carries its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.mux import payload_hints as payload_hints
from dissectors.mux import rtp_sequence as rtp_sequence
from dissectors.mux.counters import MAX_DROPOUT, MAX_MISORDER, Counters
from dissectors.mux.entry import Entry
from dissectors.mux.flows import FlowState, PairState, Waiting
from dissectors.mux.probation import Probation
from dissectors.mux.streams import StreamTable
from dissectors.mux.table import PROTOCOLS, ROWS, TABLE, UNKNOWN, UNKNOWN_ROW
from dissectors.wire.datagram import Flow

NUMBER = {name: number for number, name in enumerate(PROTOCOLS)}
STUN, DTLS, TURN, RTCP, RTP, QUIC = (NUMBER[name] for name in ("STUN", "DTLS", "TURN", "RTCP", "RTP", "QUIC"))
"""Those whose evidence needs rules of its own, below."""

CONFIRMED_BY = {
    number: tuple(NUMBER[name] for name in spec.confirmed_by or (spec.name,)) for number, spec in enumerate(TABLE)
}
"""What must have been seen on the 5-tuple, in either direction, for a plausible datagram of a protocol to count."""

_CONFIRMED_MASK = {protocol: sum(1 << number for number in by) for protocol, by in CONFIRMED_BY.items()}
_RELEASES = {
    number: tuple(waiting for waiting, by in CONFIRMED_BY.items() if number in by)
    for number in {number for by in CONFIRMED_BY.values() for number in by}
}
_MEDIA_PATH = sum(1 << number for number, spec in enumerate(TABLE) if spec.role != "other")
_SEEN_QUIC, _SEEN_RTP = 1 << QUIC, 1 << RTP
BESIDE_QUIC = _MEDIA_PATH
"""What on a 5-tuple says that QUIC does not have it alone."""

KEYED = 1 << 31
"""In `PairState.seen`: DTLS went on to encrypted records, so it agreed on keys (RFC 5764 section 4.2)."""

MIN_RANDOM_SSRC = 1 << 16
"""The least SSRC that says something beyond its 5-tuple: one chosen at random (RFC 3550 section 8.1) is seldom less.

0 and 1, which receivers write who send nothing, stand in other protocols' octets too.
"""

MIN_QUIC_OCTETS = 14
"""What QUIC has at least: flags, a number and twelve octets that seal it."""

STUN_PORT = 3478
"""Registered for STUN and TURN."""

MIN_DIFFERENT_OCTETS = 8
"""How many of the 16 octets of a classic transaction differ at least: one chosen at random never has fewer."""

MAX_WAITING_SSRCS = 4096
"""SSRCs whose RTCP may wait for a stream or a report."""

MAX_WAITING_TOGETHER = 64
"""Datagrams that may wait for the same evidence."""

MAX_FLOWS_PER_STREAM = 256
"""Flows on which a stream may go on one after the other."""

MIXED_PACKETS = 16
"""Where numbers go on elsewhere more often than once in so many packets, several sources were mixed into one."""

UNCONFIRMED = "nothing in its flow confirms it"
ANNOUNCED = "SDP announced its addresses, ports and payload type"

IN_SEQUENCE = tuple([
    f"{many} datagrams of its SSRC in sequence" for many in range(1 + rtp_sequence.EXAMINED_DATAGRAMS)
])
"""The evidence of so many: most streams have this one, and share its words."""

Announced = Callable[[Flow, int, int], bool]
"""Whether the two sides of a call agreed on RTP of a payload type on a flow, at a time in nanoseconds."""


class Evidence:
    """Judges entries in the order of their arrival; `judge` gives back those that are settled now.

    `streams` holds the counters of every confirmed RTP stream by (flow number, SSRC); one stream stands there once for
    each flow that it used. `reported` are the SSRCs that RTCP named, `waits_for_source` is RTCP in probation by SSRC.
    """

    def __init__(
        self,
        waiting: int,
        streams: int,
        bounds: Bounds | None = None,
        forced: dict[int, int] | None = None,
        counters: type[Counters] = Counters,
        probation: type[Probation] = Probation,
    ) -> None:
        self.probation = probation(waiting)
        self._counters = counters
        self.bounds = bounds = bounds or Bounds()
        self._left_out: Counter[str] = Counter()
        self.forced = forced or {}
        self.streams = StreamTable(streams, bounds, self._given_up)
        self._candidates: dict[tuple[int, int], Waiting] = {}
        self._latest: Table[int, Counters] = Table("SSRCs of streams", streams, bounds, used=attrgetter("used"))
        self.reported: Table[int, bool] = Table("SSRCs in RTCP", streams, bounds)
        self.waits_for_source: Table[int, Waiting] = Table("SSRCs that wait for RTP", MAX_WAITING_SSRCS, bounds)
        self._forgotten = 0
        self._rules: dict[int, Callable[[Entry], list[Entry]]] = {RTP: self._rtp, RTCP: self._control}

    @property
    def confirmed(self) -> list[Counters]:
        """The counters of every confirmed RTP stream, once each."""
        return list(dict.fromkeys(self.streams.values()))

    @property
    def generation(self) -> int:
        """Changes whenever a confirmed stream is one no longer."""
        return self.streams.hits + self._forgotten

    def left_out(self) -> Counter[str]:
        """What found no room in the counters of streams, by name."""
        return self._left_out + left_out(self.confirmed)

    def _given_up(self, key: tuple[int, int], counters: Counters) -> None:
        """Remember what found no room in a stream that gave way on the last of its flows."""
        if key[0] == counters.flows[-1]:
            self._left_out += left_out((counters,))

    def forget(self, streams: Iterable[Counters]) -> None:
        """Let go of streams; what comes of them needs to be confirmed anew.

        What is known of an SSRC stays as long as another stream has it.
        """
        gone = list(streams)
        self._left_out += left_out(gone)
        for counters in gone:
            self.streams.forget(counters)
        self._forgotten += len(gone)
        reported, latest = self.reported, self._latest
        for counters in gone:
            ssrc = counters.ssrc
            others = self.streams.by_ssrc(ssrc)
            if not others:
                if reported:
                    reported.pop(ssrc, None)
                latest.pop(ssrc, None)
            elif latest.get(ssrc) is counters:
                latest[ssrc] = others[-1]

    def judge(self, entry: Entry) -> list[Entry]:
        """What is settled now: usually the entry itself, none while it waits, more when it confirms others."""
        if self.forced and (settled := self._by_force(entry)) is not None:
            return settled
        if entry.row == UNKNOWN_ROW:
            quic = entry.length >= MIN_QUIC_OCTETS and _is_quics(entry.flow.pair)
            return [_confirmed(entry, QUIC, "QUIC opened the 5-tuple") if quic else entry]
        protocol, row = ROWS[entry.row]
        if protocol == RTCP and (settled := self._continues(entry)) is not None:
            return settled
        if row.strength == "certain":
            settled = self._seen(entry.flow.pair, protocol)
            if protocol == RTCP:
                settled += self._reports(entry)
            elif protocol == DTLS and not entry.flow.pair.seen & KEYED:
                entry.flow.pair.seen |= KEYED if payload_hints.goes_on_encrypted(entry.payload) else 0
            settled.append(entry.judged(protocol, "certain", ""))
            return settled
        return self._rules.get(protocol, self._on_the_pair)(entry)

    def finish(self, announced: Announced | None = None) -> list[Entry]:
        """The verdicts on whatever still waits: there is no more evidence to come, but for what SDP has `announced`."""
        settled = []
        while len(self.probation):
            settled += self.given_up()
        return settled if announced is None else [self.as_announced(entry, announced) for entry in settled]

    def announced_on(self, flows: Mapping[int, FlowState], announced: Announced) -> list[Entry]:
        """Of what waits to be a stream on these flows, by number, the entries that SDP has `announced`."""
        settled: list[Entry] = []
        numbers = {number for number, state in flows.items() if state.waits} if self._candidates else ()
        for key, waiting in [*self._candidates.items()] if numbers else ():
            if key[0] in numbers:
                told = [self.as_announced(_plausible(entry), announced) for entry in waiting.entries]
                settled += [each for each in told if each.protocol == RTP]
                waiting.entries = [
                    entry for entry, each in zip(waiting.entries, told, strict=True) if each.protocol != RTP
                ]
                if not waiting.entries:
                    del self._candidates[key]
        return settled

    def as_announced(self, entry: Entry, announced: Announced) -> Entry:
        """RTP, however little, where both sides of a call said that it would be there; else the entry as it is."""
        payload = entry.payload
        is_rtp = entry.strength == "plausible" and ROWS[entry.row][0] == RTP and len(payload) >= 12
        if not is_rtp or not announced(entry.flow.flow, payload[1] & 0x7F, entry.time):
            return entry
        key = (entry.flow.number, int.from_bytes(payload[8:12], "big"))
        counters = self.streams.get(key)
        if counters is None:
            counters = self.streams[key] = self._counters(key[1], key[0])
            counters.evidence = ANNOUNCED
        counters.update(entry.time, (entry.file, entry.frame), payload, entry.length, entry.identification)
        return _confirmed(entry, RTP, ANNOUNCED)

    # What is certain, and what it releases.

    def _seen(self, pair: PairState, protocol: int) -> list[Entry]:
        """Note that a protocol stands on this 5-tuple; what waited for that is settled."""
        bit = 1 << protocol
        if pair.seen & bit:
            return []
        pair.seen |= bit
        settled: list[Entry] = []
        held = pair.waiting or {}
        for other in _RELEASES.get(protocol, ()) if held else ():
            if waiting := held.pop(other, None):
                settled += self._settle(waiting, other, f"{PROTOCOLS[protocol]} on the same 5-tuple")
        if pair.outer is not None:
            settled += self._seen(pair.outer, TURN)
        return settled

    def _settle(self, waiting: Waiting, protocol: int, evidence: str) -> list[Entry]:
        entries, waiting.entries = waiting.entries, []
        return [_confirmed(entry, protocol, evidence) for entry in entries]

    def _reports(self, entry: Entry) -> list[Entry]:
        """RTCP names its sender and, in a report, whom it heard: RTP of these sources needs no run."""
        settled: list[Entry] = []
        for ssrc in payload_hints.sources(entry.payload):
            settled += self._source(ssrc)
        return settled

    # What waits.

    def _wait(self, entry: Entry, waiting: Waiting) -> list[Entry]:
        """Put an entry in probation; whom it displaces is given up."""
        waiting.entries.append(entry)
        self.probation.put(entry, waiting)
        settled = []
        if len(waiting.entries) > MAX_WAITING_TOGETHER:
            settled.append(_plausible(waiting.entries.pop(0), waiting.objection))
        while self.probation.overfull:
            given = self.given_up()
            self.bounds.hit("waiting", len(given))
            settled += given
        return settled

    def given_up(self) -> list[Entry]:
        """The verdict on whoever has waited longest, unless it was settled meanwhile."""
        entry, waiting = self.probation.pop()
        if not waiting.entries or waiting.entries[0] is not entry:
            return []
        given = _plausible(waiting.entries.pop(0), waiting.objection)
        if waiting.candidate is not None and not waiting.entries:
            del self._candidates[waiting.candidate]
        return [given]

    def _on_the_pair(self, entry: Entry) -> list[Entry]:
        """TURN channels, classic STUN, DTLS 1.3 and short QUIC headers: the 5-tuple decides."""
        protocol = ROWS[entry.row][0]
        pair = entry.flow.pair
        if protocol in (TURN, DTLS) and _is_quics(pair):
            return [_confirmed(entry, QUIC, "QUIC opened the 5-tuple")]
        if protocol == STUN and entry.length > 20 and len(entry.payload) >= min(24, entry.length):
            return [*self._seen(pair, STUN), _confirmed(entry, STUN, "a whole chain of attributes")]
        if protocol == STUN and STUN_PORT in (entry.flow.key.sport, entry.flow.key.dport):
            return [*self._seen(pair, STUN), _confirmed(entry, STUN, "the port of STUN")]
        if pair.seen & _CONFIRMED_MASK[protocol]:
            pair.seen |= KEYED if protocol == DTLS else 0
            return [_confirmed(entry, protocol, f"{_first(pair.seen & _CONFIRMED_MASK[protocol])} on the same 5-tuple")]
        if pair.waiting is None:
            pair.waiting = {}
        waiting = pair.waiting.setdefault(protocol, Waiting())
        settled = self._wait(entry, waiting)
        if protocol == STUN and _answered(entry, waiting.entries):
            settled += self._settle(waiting, STUN, "a transaction with its answer")
            settled += self._seen(pair, STUN)
        elif protocol == STUN and _asked_again(entry, waiting.entries):
            settled += self._settle(waiting, STUN, "a transaction that is asked again")
            settled += self._seen(pair, STUN)
        return settled

    def _control(self, entry: Entry) -> list[Entry]:
        """Encrypted or unusual RTCP: on a media path, or its SSRC sends RTP, was reported, or repeats on the flow."""
        if len(entry.payload) < 8:
            return [_plausible(entry)]
        if _is_quics(entry.flow.pair):
            return [_confirmed(entry, QUIC, "QUIC opened the 5-tuple")]
        ssrc = int.from_bytes(entry.payload[4:8], "big")
        if not payload_hints.has_room(entry.payload):
            return [_plausible(entry)]
        if evidence := self._hears(entry, ssrc):
            if entry.encrypted and (sender := self._latest.get(ssrc)):
                sender.encrypted = True
            return [*self._seen(entry.flow.pair, RTCP), *self._source(ssrc), _confirmed(entry, RTCP, evidence)]
        waiting = self.waits_for_source.use(ssrc)
        if waiting is None:
            waiting = self.waits_for_source[ssrc] = Waiting()
        settled = self._wait(entry, waiting)
        here = sum(other.flow is entry.flow for other in waiting.entries)
        if here >= 3 and payload_hints.may_repeat(entry.payload[1], ssrc >= MIN_RANDOM_SSRC):
            settled += self._seen(entry.flow.pair, RTCP)
            settled += self._source(ssrc, "its SSRC repeats on the flow")
        return settled

    def _hears(self, entry: Entry, ssrc: int) -> str:
        """What confirms RTCP at once, or nothing."""
        if ssrc >= MIN_RANDOM_SSRC and ssrc in self._latest:
            return "its SSRC sends RTP"
        if ssrc >= MIN_RANDOM_SSRC and ssrc in self.reported:
            return "its SSRC in RTCP before"
        if entry.flow.pair.seen & _MEDIA_PATH:
            return "on a media path"
        if (entry.flow.number, ssrc) in self._candidates:
            return "RTP of the same SSRC on the flow"
        return ""

    def _source(self, ssrc: int, evidence: str = "its SSRC in RTCP before") -> list[Entry]:
        """RTCP stands behind this SSRC: what waited with it is settled."""
        if self.reported.use(ssrc) is None:
            self.reported[ssrc] = True
        waiting = self.waits_for_source.pop(ssrc, None)
        return self._settle(waiting, RTCP, evidence) if waiting else []

    # RTP.

    def _rtp(self, entry: Entry) -> list[Entry]:
        flow, payload = entry.flow, entry.payload
        if len(payload) < 12:
            return [_plausible(entry)]
        if flow.pair.seen & _SEEN_QUIC and _is_quics(flow.pair):
            return [_confirmed(entry, QUIC, "QUIC opened the 5-tuple")]
        ssrc = int.from_bytes(payload[8:12], "big")
        key = flow.number, ssrc
        counters = self.streams.get(key)
        if counters is None and ssrc in self._latest:
            counters = self._moved(key, entry)
        if counters is not None:
            counters.update(entry.time, (entry.file, entry.frame), payload, entry.length, entry.identification)
            counters.used = flow.used
            return [_confirmed(entry, RTP, counters.evidence)]
        waiting = self._candidates.get(key)
        if waiting is None:
            waiting = self._candidates[key] = Waiting(key)
        return self._begins(key, entry, waiting)

    def _begins(self, key: tuple[int, int], entry: Entry, waiting: Waiting) -> list[Entry]:
        """Let an entry wait with those of its candidate, and see whether these are a stream now."""
        settled = self._wait(entry, waiting)
        if waiting.entries and (evidence := self._run(waiting, entry, key[1])):
            settled += self._confirm(key, entry.flow, evidence)
        return settled

    def _continues(self, entry: Entry) -> list[Entry] | None:
        """Settle what looks like RTCP and goes on with RTP on its flow; None where it does not.

        With the marker, payload types from 64 on stand where RTCP has its packet types (RFC 5761 section 4). Source,
        payload type and sequence number together are a stream's then, and hardly by chance.
        """
        payload = entry.payload
        if len(payload) < 12:
            return None
        key = (entry.flow.number, int.from_bytes(payload[8:12], "big"))
        sequence, payload_type = int.from_bytes(payload[2:4], "big"), payload[1] & 0x7F
        counters = self.streams.get(key)
        if counters is not None:
            step = sequence - counters.highest + MAX_MISORDER & 0xFFFF
            if payload_type != counters.payload_type or step >= MAX_DROPOUT:
                return None
            counters.update(entry.time, (entry.file, entry.frame), payload, entry.length, entry.identification)
            counters.used = entry.flow.used
            return [_confirmed(entry, RTP, counters.evidence)]
        waiting = self._candidates.get(key)
        before = waiting.entries[-1].payload if waiting is not None and waiting.entries else b""
        if waiting is None or not before or payload_type != before[1] & 0x7F:
            return None
        step = sequence - int.from_bytes(before[2:4], "big") & 0xFFFF
        return self._begins(key, entry, waiting) if 0 < step < MAX_MISORDER else None

    def _run(self, waiting: Waiting, entry: Entry, ssrc: int) -> str:
        """What confirms a candidate for a stream, the last of whose entries has just come; or nothing, and why not."""
        if ssrc in self.reported and (ssrc >= MIN_RANDOM_SSRC or ssrc and entry.flow.pair.seen & 1 << RTCP):
            return "its SSRC in RTCP"
        path = entry.flow.pair.seen & _MEDIA_PATH
        extended = payload_hints.has_extension(entry.payload)
        if path and extended:
            return "a header extension of RFC 8285 on a media path"
        run = [(other.payload, other.length) for other in waiting.entries[-rtp_sequence.EXAMINED_DATAGRAMS :]]
        if len(run) >= 2 and (path or extended) and rtp_sequence.two_in_sequence(run[-2:]):
            return f"two in sequence {'on a media path' if path else 'with a header extension of RFC 8285'}"
        waiting.objection = rtp_sequence.objection(run)
        return "" if waiting.objection else IN_SEQUENCE[len(run)]

    def _confirm(self, key: tuple[int, int], flow: FlowState, evidence: str) -> list[Entry]:
        """Make a stream of a candidate; it counts from the first datagram that waited."""
        counters = self._counters(key[1], key[0])
        counters.evidence, counters.used = evidence, flow.used
        settled = self._settle(self._candidates.pop(key), RTP, evidence)
        self.streams[key] = self._latest[key[1]] = counters
        for entry in settled:
            counters.update(entry.time, (entry.file, entry.frame), entry.payload, entry.length, entry.identification)
        if not flow.pair.seen & _SEEN_RTP:
            settled += self._seen(flow.pair, RTP)
        if self.waits_for_source and (waiting := self.waits_for_source.pop(key[1], None)):
            settled += self._settle(waiting, RTCP, "its SSRC sends RTP")
        return settled

    def _moved(self, key: tuple[int, int], entry: Entry) -> Counters | None:
        """The stream that goes on here after its sender or a NAT changed the 5-tuple, as ICE does."""
        counters: Counters | None = self._latest.get(key[1])
        if counters is None:
            return None
        step = int.from_bytes(entry.payload[2:4], "big") - counters.highest & 0xFFFF
        if key[1] < MIN_RANDOM_SSRC:
            return None
        if not 0 < step < MAX_DROPOUT or counters.payload_type != entry.payload[1] & 0x7F:
            return None
        if key in self._candidates or key[0] in counters.flows or entry.flow.pair.seen & 1 << RTP:
            return None
        if len(counters.flows) >= MAX_FLOWS_PER_STREAM:
            self.bounds.hit("flows of streams")
            return None
        counters.flows += (key[0],)
        self.streams[key] = counters
        return counters

    def _by_force(self, entry: Entry) -> list[Entry] | None:
        protocol = self.forced.get(entry.flow.key.sport, self.forced.get(entry.flow.key.dport))
        if protocol is None:
            return None
        settled = self._seen(entry.flow.pair, protocol)
        if protocol == RTP and len(entry.payload) >= 12:
            key = (entry.flow.number, int.from_bytes(entry.payload[8:12], "big"))
            if key not in self.streams:
                self.streams[key] = self._latest[key[1]] = self._counters(key[1], key[0])
                self.streams[key].evidence = "forced by the user"
            self.streams[key].update(
                entry.time, (entry.file, entry.frame), entry.payload, entry.length, entry.identification
            )
            self.streams[key].used = entry.flow.used
        return [*settled, _confirmed(entry, protocol, "forced by the user")]


def left_out(streams: Iterable[Counters]) -> Counter[str]:
    """What found no room in the counters of streams, by name."""
    phases = events = breaks = 0
    for counters in streams:
        if counters.uneventful:
            continue
        # Keys that are pressed while sound goes on change to and fro: there is nothing to know of each time.
        if counters.other_phases and not (counters.events and len(counters.sizes) == 2):
            phases += counters.other_phases
        events += counters.other_events
        # Two sources under one SSRC break each other's numbers all the time; how often is told of the stream.
        mixed = counters.restarts * MIXED_PACKETS > counters.packets
        breaks += 0 if mixed else counters.restarts - len(counters.breaks)
    return Counter({"changes of payload type": phases, "telephone events": events, "breaks of streams": breaks})


def _confirmed(entry: Entry, protocol: int, evidence: str) -> Entry:
    return entry.judged(protocol, "confirmed", evidence)


def _plausible(entry: Entry, objection: str = "") -> Entry:
    return entry.judged(UNKNOWN, "plausible", f"no stream: {objection}" if objection else UNCONFIRMED)


def _first(seen: int) -> str:
    return PROTOCOLS[(seen & -seen).bit_length() - 1]


def _is_quics(pair: PairState) -> bool:
    """Whether a 5-tuple belongs to QUIC alone.

    QUIC whose fixed bit is greased (RFC 9287) begins like RTP; the two share a 5-tuple only where something agreed on
    that (RFC 9443), and nothing that could is on it. A 5-tuple that RTP had before is not QUIC's.
    """
    return bool(pair.seen & 1 << QUIC) and not pair.seen & BESIDE_QUIC


def _answered(entry: Entry, entries: list[Entry]) -> bool:
    """Whether a classic STUN message has its counterpart: same transaction, other direction."""
    return any(
        other.payload[4:20] == entry.payload[4:20]
        and other.flow is not entry.flow
        and other.payload[0] != entry.payload[0]
        for other in entries
    )


def _asked_again(entry: Entry, entries: list[Entry]) -> bool:
    """Whether a classic request came before with the same transaction, as RFC 3489 section 9.3 has it sent again."""
    transaction = entry.payload[4:20]
    return entry.payload[0] == 0 and len(set(transaction)) >= MIN_DIFFERENT_OCTETS and any(
        other is not entry and other.payload == entry.payload and other.flow is entry.flow for other in entries
    )
