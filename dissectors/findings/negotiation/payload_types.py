"""The rule about payload types: what a side may send is what its peer takes at that time (RFC 3264, RFC 3551)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from dissectors.analysis.calls.media_lines import OTHER_SIDE, are_bundled
from dissectors.findings.agreements import FOREVER, Agreement, agreements, rtp_lines
from dissectors.findings.media_traits import UNLISTED
from dissectors.findings.negotiation.negotiation import numeric
from dissectors.findings.rule import Facts, Found, counted, name_of, rule
from dissectors.report import Call, Description, Format, Media, Phase, Place, Severity, Stream
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import Struct

MIN_PACKETS, MIN_EVENT_PACKETS = 10, 3
"""How many packets of a type are worth a finding; the last of a telephone event alone is sent three times."""

EVENT_OCTETS = 4
GRACE_SECONDS = 1.0
"""So long around a change a sender may still, or already, go by the other agreement."""

PENDING_SECONDS = 32.0
"""So long whoever offers, and gets no answer, listens to what it offers (RFC 3261 timer B)."""

COMFORT_NOISE = ("13", "19")
EVENT = "telephone-event"
BESIDE = {"red", "rtx", "ulpfec", "parityfec", "flexfec-03"}
"""What stands beside a codec, and is sent by many whatever was agreed."""

Types = dict[str, Format]


class Taken(Struct, frozen=True):
    """What a side takes from its peer by one agreement: its own types, and those that its peer listed too.

    `heard` are its own lines, `peer` is what its peer said; `offers` says that it is the side that offered.
    `places` are those of the descriptions that say so, `bundles` the groups of lines that share a transport.
    """

    begin: float
    end: float
    heard: tuple[Media, ...]
    peer: Description
    places: tuple[Place, ...]
    offers: bool
    bundles: tuple[tuple[str, ...], ...]

    @property
    def sent(self) -> Types:
        """The types of its peer."""
        return named(line for line in self.peer.media if "RTP" in line.profile.upper())

    def types(self, stream: Stream) -> Types:
        """What it takes where a stream goes: by the lines of that transport, or by all of its lines."""
        there = [line for line in self.heard if at(stream, line)]
        here = [
            line for line in self.heard
            if line in there or any(are_bundled(line, other, self.bundles) for other in there)
        ]
        return named(here or self.heard)

    def here(self, stream: Stream) -> bool:
        """Whether it announced where a stream goes."""
        return any(line.address == stream.dst and at(stream, line) for line in self.heard)


def at(stream: Stream, line: Media) -> bool:
    """Whether a line announced the port that a stream goes to."""
    return line.port == stream.dport or endpoint(stream.dst, stream.dport) in line.endpoints


def named(lines: Iterable[Media]) -> Types:
    """The payload types of some lines."""
    return {each.payload_type: each for line in lines for each in line.formats if numeric(each.payload_type)}


def same(one: Format, other: Format) -> bool:
    """Whether two types are one codec, as far as both are named."""
    if one.codec is None or other.codec is None:
        return True
    clocks = {one.clock, other.clock} - {None}
    return one.codec.lower() == other.codec.lower() and len(clocks) < 2


class Offered(Struct, frozen=True):
    """What a side takes from when it offers until it is answered."""

    begin: float
    end: float
    types: Types


class Side:
    """What a side of a call takes over time: by each agreement, by its offers, and by all that was ever described.

    What it takes by an agreement is nearly always all that is asked; the rest is looked up when it is.
    """

    def __init__(self, call: Call, agreed: Sequence[Agreement], side: str) -> None:
        self._call, self._side, self._peer = call, side, OTHER_SIDE[side]
        self.agreed = [_taken(each, side, self._peer) for each in agreed if _between(each, side, self._peer)]

    @cached_property
    def offers(self) -> list[Offered]:
        """What it offered, each with the time in which it was open."""
        answers = [each for each in reversed(self._call.descriptions) if each.side == self._peer]
        answered = {each.exchange: each.time for each in answers if each.role == "answer"}
        return [
            Offered(each.time, answered.get(each.exchange, each.time + PENDING_SECONDS), named(rtp_lines(each)))
            for each in self._call.descriptions if each.side == self._side and each.role == "offer"
        ]

    @cached_property
    def own(self) -> Types:
        """What it ever described."""
        return self._described(self._side)

    @cached_property
    def peers(self) -> Types:
        """What its peer ever described."""
        return self._described(self._peer)

    def _described(self, side: str) -> Types:
        return named(line for each in self._call.descriptions if each.side == side for line in rtp_lines(each))

    def taken(self, stream: Stream, time: float) -> list[Taken]:
        """What counts at a moment for where a stream goes: that hop and fork, or all there are."""
        now = [each for each in self.agreed if each.begin - GRACE_SECONDS <= time <= each.end + GRACE_SECONDS]
        return [each for each in now if each.here(stream)] or now

    def pending(self, payload_type: str, time: float) -> bool:
        """Whether it had just offered to take a type."""
        return any(
            offer.begin - GRACE_SECONDS <= time <= offer.end + GRACE_SECONDS and payload_type in offer.types
            for offer in self.offers
        )

    def takes(self, stream: Stream, payload_type: str, time: float) -> bool | None:
        """Whether it takes a type from a stream at a moment; None where nothing was agreed that would say so."""
        if not self.agreed:
            return payload_type in self.own or payload_type in self.peers
        now = self.taken(stream, time)
        if any(_takes(each, stream, payload_type) for each in now) or self.pending(payload_type, time):
            return True
        return False if any(each.begin + GRACE_SECONDS <= time for each in now) else None


def _takes(taken: Taken, stream: Stream, payload_type: str) -> bool:
    """Whether a side listed a type, and its peer that codec, under whatever number."""
    mine = taken.types(stream).get(payload_type)
    if mine is None:
        return False
    if not taken.offers:
        return True
    sent = taken.sent
    return payload_type in sent or any(same(mine, each) for each in sent.values())


def _between(agreed: Agreement, side: str, peer: str) -> bool:
    return {agreed.offer.side, agreed.answer.side} == {side, peer} and bool(rtp_lines(agreed.of(side)))


def _taken(agreed: Agreement, side: str, peer: str) -> Taken:
    own = agreed.of(side)
    return Taken(
        begin=agreed.begin,
        end=agreed.end,
        heard=tuple([line for line in own.media if "RTP" in line.profile.upper()]),
        peer=agreed.of(peer),
        offers=own is agreed.offer,
        bundles=agreed.answer.bundles,
        places=tuple(dict.fromkeys((own.place, agreed.answer.place))),
    )


@rule(
    "payload-type-not-negotiated", "warning", "A payload type that the receiver does not take",
    scope="stream",
    why="RTP must use the number that the receiver announced for a codec. The receiver has no codec for this number, "
    "or another one, and drops the packets: silence, or keys that have no effect. For comfort noise this is a note: "
    "only pauses lack it.",
    fix="Compare the SDP of both sides with what is sent. Some senders use their own number where the receiver chose "
    "another one; some keep the old numbers after a re-INVITE.",
)
def payload_type_not_negotiated(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(UNLISTED):
        if not call.streams or not call.descriptions or call.returned:
            continue
        everywhere = _always(call)
        sides: dict[str, Side] = {}
        for position in call.streams:
            stream = facts.streams[position]
            receiver = OTHER_SIDE.get(stream.sender or "")
            if receiver is None or everywhere.issuperset([str(each.payload_type) for each in stream.payload_types]):
                continue
            if receiver not in sides:
                sides[receiver] = Side(call, agreements(facts)[number], receiver)
            yield from _not_taken(call, number, position, stream, sides[receiver])


def _always(call: Call) -> set[str]:
    """The payload types that both sides list whenever they describe RTP: nobody can say that these are not taken."""
    listed = [
        {each.payload_type for each in line.formats}
        for described in call.descriptions for line in described.media if "RTP" in line.profile.upper()
    ]
    return set.intersection(*listed) if len(listed) > 1 else set()


def _not_taken(call: Call, number: int, position: int, stream: Stream, side: Side) -> Iterator[Found]:
    odd: dict[int, list[Phase]] = {}
    end = FOREVER if call.ended is None else call.ended
    for phase in stream.payload_types:
        told = str(phase.payload_type)
        if side.takes(stream, told, min(phase.last, end)) is False:
            odd.setdefault(phase.payload_type, []).append(phase)
    # Who described nothing may take anything.
    if not odd or not side.own:
        return
    for payload_type, phases in odd.items():
        codec = meant(stream, side, payload_type)
        few = MIN_EVENT_PACKETS if events(stream, payload_type, codec) else MIN_PACKETS
        if sum(phase.packets for phase in phases) < few or (codec or "").split("/")[0].lower() in BESIDE:
            continue
        first, last = phases[0].first, phases[-1].last
        now = side.taken(stream, min(last, end))
        noise = is_noise(payload_type, codec)
        if first > end + GRACE_SECONDS or noise and any(str(payload_type) in each.types(stream) for each in now):
            continue
        places = [phases[0].place or stream.first_place]
        places += dict.fromkeys(place for each in now for place in each.places)
        what = f"{name_of(stream)}: {_told(stream, phases, codec, side, now)}"
        severity: Severity | None = None
        if noise:
            # Who drops it, or takes it all the same, hears every word.
            what, severity = f"{what}: at worst, pauses are silent", "note"
        yield Found(what, places, number, position, severity=severity, time=first)


def is_noise(payload_type: int, codec: str | None) -> bool:
    """Whether a type is comfort noise (RFC 3389), which has to be agreed on like any other."""
    return str(payload_type) in COMFORT_NOISE if codec is None else codec.partition("/")[0].lower() == "cn"


def events(stream: Stream, payload_type: int, codec: str | None) -> bool:
    """Whether a type carries keys, by its name or, where nobody named it, evidently."""
    if codec is not None:
        return codec.lower().startswith(EVENT)
    sizes = {each.largest for each in stream.payloads if each.payload_type == payload_type}
    return sizes == {EVENT_OCTETS} and any(each.certainty != "certain" for each in stream.digits)


def meant(stream: Stream, side: Side, payload_type: int) -> str | None:
    """The codec that the sender of a stream means by a type, with its clock; None where nobody named it."""
    told = str(payload_type)
    for types in (side.peers, side.own):
        if (found := types.get(told)) and found.codec:
            return f"{found.codec}/{found.clock}" if found.clock else found.codec
    return next((each.codec for each in stream.payloads if each.payload_type == payload_type), None)


def _told(stream: Stream, phases: Sequence[Phase], codec: str | None, side: Side, now: Sequence[Taken]) -> str:
    """How much of which type was sent, since or until when, and what the receiver takes in place of it."""
    payload_type = str(phases[0].payload_type)
    name = f"type {payload_type}" + (f" ({codec})" if codec else "")
    first, last = phases[0].first, phases[-1].last
    began = max((each.begin for each in now), default=first)
    if side.agreed and first < began and side.takes(stream, payload_type, first):
        sent = f"{name} until {last - began:.1f} s after the answer that does not take it"
    else:
        sent = f"{counted(sum(phase.packets for phase in phases), 'packet')} of {name}"
        sent += f", the first {first - stream.first:.3f} s after the stream began" if first > stream.first else ""
    return f"{sent}; {_instead(stream, payload_type, codec, now)}"


def _instead(stream: Stream, payload_type: str, codec: str | None, now: Sequence[Taken]) -> str:
    receiver = OTHER_SIDE.get(stream.sender or "", "receiver")
    if not now:
        return "nobody announced it"
    taken: Mapping[str, Format] = {key: each for one in now for key, each in one.types(stream).items()}
    if payload_type in taken:
        return f"the {receiver} offered it, and the answer of the {stream.sender} did not take it"
    word = (codec or "").split("/")[0].lower()
    numbers = [each.payload_type for each in taken.values() if word and (each.codec or "").lower() == word]
    if numbers:
        return f"the {receiver} takes {word} as {' or '.join(numbers)}"
    return f"the {receiver} does not take it"


RULES = (payload_type_not_negotiated,)
