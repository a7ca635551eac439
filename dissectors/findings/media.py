"""Rules about where and when media flows: missing, one way, late, elsewhere, not announced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from dissectors.findings.negotiation import ANYWHERE, faxed, held, rtp_lines, sound_until
from dissectors.findings.rule import Facts, Found, both_ends, counted, name_of, rule
from dissectors.findings.sources import OTHER_SIDE, spanning
from dissectors.report import Call, Media, Place, Stream
from dissectors.wire.datagram import endpoint

MIN_RTP_PACKETS = 20
MIN_TALK_SECONDS = 2.0
LATE_SECONDS = 2.0
ENDED_EARLY_SECONDS = 5.0
AFTER_END_SECONDS = 1.0
EARLY_MEDIA_SECONDS = 0.1
PAUSE_MS = 1000.0
"""What is shorter than these is not worth a finding."""

PRIVATE_NETWORKS = tuple(
    (network.version, int(network[0]), int(network[-1]))
    for network in map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)
"""The version, the first and the last address of each such network."""


@lru_cache(maxsize=512)
def private(address: str | None) -> bool:
    """Whether an address is good within its own network only (RFC 1918, RFC 6598, RFC 4193)."""
    try:
        number = ip_address(address or "")
    except ValueError:
        return False
    version, value = number.version, int(number)
    return any([version == kind and first <= value <= last for kind, first, last in PRIVATE_NETWORKS])


def wanted(call: Call, side: str | None = None) -> list[Media]:
    """The lines of a call that want RTP: of both sides, or of those that one side announced."""
    return [line for d in call.descriptions if side in (None, d.side) for line in rtp_lines(d)]


def talked(facts: Facts, call: Call) -> float:
    """How long the captured part of a call lasted after the answer, in seconds."""
    return (facts.end if call.ended is None else call.ended) - (call.answered or 0.0)


@rule(
    "media-missing", "error", "The call was answered and there is no media",
    why="Both sides hear nothing, or their media took a way that was not captured.",
    fix="See whether media takes another path; otherwise look at the addresses in the SDP, NAT and firewall.",
)
def media_missing(facts: Facts) -> Iterator[Found]:
    silent_calls = [(number, call) for number, call in facts.talks() if not call.streams and wanted(call)]
    if not silent_calls:
        return
    used = {end for s in facts.streams for end in ((s.src, s.sport), (s.dst, s.dport))}
    legs = {leg for call in facts.calls if call.streams and call.messages for leg in _legs(call)}
    heard = {(parties, moment) for parties, moment, _ in legs}
    silent = not any(seen.name == "RTP" for seen in facts.capture.protocols)
    hosts = {flow.src for flow in facts.flows} | {flow.dst for flow in facts.flows}
    strange = _unknown(facts)
    for number, call in silent_calls:
        ends = {(line.address, line.port) for line in wanted(call)}
        # A second leg of the same call may announce the same endpoints, and the stream is that one's.
        if ends & used or talked(facts, call) < MIN_TALK_SECONDS:
            continue
        what = f"answered, {talked(facts, call):.0f} s long, no RTP" + (" in the whole capture" if silent else "")
        if few := sum(strange[end] for end in ends):
            what += f"; {counted(few, 'datagram')} of no known protocol went to the announced ports"
        # An exchange between two legs gives them different Call-IDs, and one of them may be all of its media.
        other = call.messages and any(leg[:2] in heard and leg not in legs for leg in _legs(call))
        places = tuple(described.place for described in call.descriptions[:2])
        if silent or other or not {address for address, _ in ends} <= hosts:
            what += "; another leg of the call has some" if other else ""
            yield Found(what, places, number, certainty="low", severity="note")
        else:
            yield Found(what, places, number, certainty="high")


def _legs(call: Call) -> Iterator[tuple[tuple[str | None, str | None], int, frozenset[str]]]:
    """Who calls whom, about when, and between which hosts: legs of one call differ in the last alone."""
    hosts = frozenset((call.messages[0].src, call.messages[0].dst))
    for moment in range(int(call.start) - 1, int(call.start) + 2):
        yield (call.caller, call.callee), moment, hosts


def _unknown(facts: Facts) -> Counter[tuple[str | None, int]]:
    """How many datagrams of no known protocol went to each endpoint: one or two of RTP alone never look like it."""
    found: Counter[tuple[str | None, int]] = Counter()
    for flow in facts.flows:
        found[flow.dst, flow.dport] += sum(seen.count for seen in flow.protocols if seen.name == "UNKNOWN")
    return found


@rule(
    "media-one-way", "error", "Media flows in one direction only",
    why="One side of the call hears nothing.",
    fix="Look at NAT and firewall in front of the silent side, and at the address that its peer's SDP announces.",
)
def media_one_way(facts: Facts) -> Iterator[Found]:
    excused = held(facts) | {number for later in spanning(facts).values() for number in later}
    for number, call in facts.talks():
        streams = [stream for stream in facts.of(call) if stream.packets >= MIN_RTP_PACKETS]
        senders = {stream.sender for stream in streams}
        ends = {(stream.src, stream.dst) for stream in streams}
        both = len(senders) > 1 or any((dst, src) in ends for src, dst in ends)
        if streams and not both and number not in excused and len(wanted(call)) > 1:
            first = streams[0]
            what = f"RTP goes from {first.src} to {first.dst} only: the {first.sender} sends, the other side does not"
            yield Found(what, (first.first_place,), number, certainty="high")


@rule(
    "media-late", "warning", "Media began late",
    why="The first words are lost: people say hello into nothing.",
    fix="Look at what happens between answer and first RTP: ICE, DTLS, a NAT that must first see traffic from inside.",
)
def media_late(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks():
        if number in held(facts):
            continue
        for side, streams in _by_sender(facts, call).items():
            first = min(streams, key=lambda stream: stream.first)
            late = first.first - (call.answered or 0.0)
            if late > LATE_SECONDS:
                yield Found(f"the {side}'s first RTP comes {late:.1f} s after the answer", (first.first_place,), number)


@rule(
    "media-ended-early", "warning", "One side stopped sending long before the end",
    why="From then on its peer heard nothing, although the call went on.",
    fix="Look at what changed at that moment: address (Wi-Fi to mobile), NAT binding, re-INVITE, a crashed sender.",
)
def media_ended_early(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks():
        if call.ended is None or number in held(facts):
            continue
        # A side that fell silent after a few datagrams has stopped all the same.
        for side, streams in _by_sender(facts, call, least=1).items():
            last = max(streams, key=lambda stream: stream.last)
            if call.ended - last.last <= ENDED_EARLY_SECONDS or _pauses(last):
                continue
            end = sound_until(call)
            early = (call.ended if end is None else min(call.ended, end)) - last.last
            if early > ENDED_EARLY_SECONDS:
                yield Found(f"the {side}'s last RTP comes {early:.1f} s before the BYE", (last.last_place,), number)


def _by_sender(facts: Facts, call: Call, least: int = MIN_RTP_PACKETS) -> dict[str, list[Stream]]:
    sides: dict[str, list[Stream]] = {}
    for stream in facts.of(call):
        if stream.sender and stream.packets >= least:
            sides.setdefault(stream.sender, []).append(stream)
    return sides


def _pauses(stream: Stream) -> bool:
    return bool(stream.timing and (stream.timing.silence or 0) > 0.02)


@rule(
    "media-after-bye", "note", "Media went on after the call had ended",
    why="A side that keeps sending did not notice the BYE; it wastes bandwidth, and may disturb the next call.",
    fix="See whether it got the BYE and answered it.",
)
def media_after_bye(facts: Facts) -> Iterator[Found]:
    several = spanning(facts)
    for number, call in facts.talks():
        for position in call.streams if call.ended is not None else ():
            stream = facts.streams[position]
            if stream.last - (call.ended or 0.0) > AFTER_END_SECONDS and position not in several:
                what = f"{name_of(stream)}: {stream.last - (call.ended or 0.0):.1f} s after the BYE"
                yield Found(what, (stream.last_place,), number)


@rule(
    "early-media", "note", "Media flowed before the call was answered",
    scope="stream",
    why="Announcements and ring tones of the network come before the 200 OK; nobody is charged for them.",
    fix="Nothing. If callers do not hear it, see whether 183 carried SDP and whether a firewall lets it in.",
)
def early_media(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks():
        for position in call.streams:
            stream = facts.streams[position]
            early = (call.answered or 0.0) - stream.first
            if early > EARLY_MEDIA_SECONDS and stream.first > call.start:
                what = f"{name_of(stream)}: {early:.1f} s before the answer"
                yield Found(what, (stream.first_place,), number, position)


class Listening(NamedTuple):
    """Where media lines want to receive: ports, addresses, candidates, and the ports in words."""

    ports: set[int | None]
    addresses: set[str | None]
    candidates: set[str]
    told: str


def _listening(lines: list[Media]) -> Listening:
    return Listening(
        {port for line in lines for port in (line.port, line.rtcp_port)},
        {line.address for line in lines},
        {each for line in lines for each in line.endpoints},
        ", ".join(sorted({f"{line.port}" for line in lines})),
    )


@rule(
    "media-elsewhere", "warning", "Media goes to a port that nobody announced",
    scope="stream",
    why="The receiver waits at the announced port and hears nothing, unless it learns from what it gets itself.",
    fix="Compare the port in the SDP with the datagrams; look for an ALG that changes one of them only.",
)
def media_elsewhere(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks():
        listening = {}
        for position in call.streams:
            stream = facts.streams[position]
            side = OTHER_SIDE.get(stream.sender or "")
            if side not in listening:
                listening[side] = _listening(wanted(call, side))
            there = listening[side]
            if stream.dport in there.ports or stream.dst not in there.addresses:
                continue
            if endpoint(stream.dst, stream.dport) not in there.candidates:
                what = f"{name_of(stream)}: goes to port {stream.dport}, the SDP announces {there.told}"
                yield Found(what, (stream.first_place,), number, position, certainty="high")


@rule(
    "media-address-differs", "note", "Media uses another address than the SDP announces",
    why="As behind a NAT: a peer that trusts the SDP sends to an address that it cannot reach.",
    fix="Use ICE or symmetric RTP, or let the endpoint announce its public address.",
)
def media_address_differs(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks():
        streams = facts.of(call)
        for side, peer in OTHER_SIDE.items() if streams else ():
            apart = announcements(call, side)
            if not apart:
                continue
            sent = [stream for stream in streams if stream.sender == side]
            got = [stream for stream in streams if stream.sender == peer]
            leaves, arrives = {stream.src for stream in sent}, {stream.dst for stream in got}
            said = ["comes from " + " and ".join(sorted(leaves))] if leaves and not leaves & set(apart) else []
            said += ["is sent to " + " and ".join(sorted(arrives))] if arrives and not arrives & set(apart) else []
            if said:
                odd = (sent if "comes" in said[0] else []) + (got if "is sent" in said[-1] else [])
                places = [*apart.values(), *(stream.first_place for stream in odd)]
                what = f"the {side} announces {' and '.join(sorted(apart))}; its media {' and '.join(said)}"
                yield Found(what, places, number)


def lasting(seconds: float) -> str:
    """`12.5 s`, `21 min 42 s`, `3 h 5 min`."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def announcements(call: Call, side: str) -> dict[str, Place]:
    """The addresses at which a side wants RTP, with where it said so first; none where ICE chooses the address."""
    found: dict[str, Place] = {}
    for described in call.descriptions:
        for line in rtp_lines(described) if described.side == side else ():
            if line.candidates:
                return {}
            if line.address and line.address not in ANYWHERE:
                found.setdefault(line.address, described.place)
    return found


@rule(
    "media-gap", "warning", "A stream paused",
    scope="stream",
    why="Nothing came for so long: a part of the conversation is missing, or the sender was held or suspended. Where "
    "numbers and timestamps went on meanwhile, the sender did too, and its datagrams came neither through nor here.",
    fix="Look at what else happened at that time: loss in the other direction, a re-INVITE, a network that changed, a "
    "capture that was interrupted or filtered.",
)
def media_gap(facts: Facts) -> Iterator[Found]:
    several = spanning(facts)
    for number, stream in enumerate(facts.streams):
        for gap in stream.gaps:
            what = (
                f"{name_of(stream)}: nothing for {lasting(gap.seconds)} while its numbers and timestamps went on: "
                f"about {counted(gap.missing, 'datagram')} are not in the capture"
            )
            yield Found(what, both_ends(stream), stream.call, number)
        if stream.gaps or stream.largest_gap_ms < PAUSE_MS or stream.packets < 2 * MIN_RTP_PACKETS:
            continue
        agreed = stream.call is not None and (stream.call in held(facts) or faxed(facts.calls[stream.call]))
        if not (agreed or _pauses(stream) or stream.restarts or number in several):
            what = f"{name_of(stream)}: nothing for {stream.largest_gap_ms / 1000:.1f} s"
            yield Found(what, both_ends(stream), stream.call, number)


@rule(
    "stream-unsignalled", "note", "No call in the capture announced this stream",
    scope="stream",
    why="It was not negotiated by any SIP message that can be read.",
    fix="Its signalling is encrypted, went another way, or came before the capture began.",
)
def stream_unsignalled(facts: Facts) -> Iterator[Found]:
    if any(call.descriptions for call in facts.calls):
        for number, stream in enumerate(facts.streams):
            if stream.call is None:
                yield Found(f"{name_of(stream)}: no call announced it", both_ends(stream), stream=number)


RULES = (
    media_missing, media_one_way, media_late, media_ended_early, media_after_bye, media_elsewhere, media_gap,
    early_media, media_address_differs, stream_unsignalled,
)
