"""Rules about media that is not there: none at all, one way, late.

That something did not come is said only where it was to come, by what was agreed at that time, and where the capture
would have seen it. Each kind of media is judged by itself; what is said here is of sound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Set

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.agreements import Agreement, Span, agreements, length, rtp_lines, to_send, within
from dissectors.findings.connectivity import sessions
from dissectors.findings.kinds import SOUND, SOUND_KINDS
from dissectors.findings.media.sources import spanning
from dissectors.findings.media_traits import LATE, ONE_WAY, STRAY_PACKETS
from dissectors.findings.outlines import CallOutline, Unheard
from dissectors.findings.rule import Facts, Found, call_outlines, counted, is_talk, outlines, rule
from dissectors.findings.traits import SILENT
from dissectors.report import Call, Stream, Unsent
from dissectors.report.flows import with_ports
from dissectors.wire.datagram import Endpoint
from dissectors.wire.values import Struct

MIN_RTP_PACKETS = 20
MAX_STRAY_PACKETS = STRAY_PACKETS
"""A side that sent no more RTP packets than these did not speak."""

MAX_STREAMS_TOLD_APART = 64
"""Where more streams go to one endpoint, nothing is said of what does not."""

MIN_TALK_SECONDS, MIN_SHARED_SECONDS = 2.0, 1.0
LATE_SECONDS = 2.0
MIN_REPORTS, OLD_SOURCE_SECONDS = 2, 8.0
"""So many reports on a source show that it comes; a source of before the answer is still reported on for so long."""



def talked(facts: Facts, call: Call) -> float:
    """How long the captured part of a call lasted after the answer, in seconds."""
    return facts.end_of(call) - (call.answered or 0.0)


class Ways(Struct, frozen=True):
    """Which hosts were seen to send, to receive, and to send to which other."""

    sources: frozenset[str | None]
    destinations: frozenset[str | None]
    pairs: Set[tuple[str | None, str | None]]

    def know(self, host: str | None) -> bool:
        """Whether a host was seen to send or to receive."""
        return host in self.sources or host in self.destinations


def ways(facts: Facts) -> Ways:
    """Who was seen to send to whom in the capture."""
    return facts.once(_ways)


def _ways(facts: Facts) -> Ways:
    pairs = facts.pairs
    return Ways(frozenset(src for src, _ in pairs), frozenset(dst for _, dst in pairs), pairs)


@rule(
    "media-missing", "error", "The call was answered and there is no media",
    absence="state",
    why="Both sides hear nothing, or their media took a way that was not captured.",
    fix="See whether media takes another path. If not, look at the addresses in the SDP, NAT and firewall.",
)
def media_missing(facts: Facts) -> Iterator[Found]:
    yield from sessions.nothing(facts)
    unheard = [(number, each) for number in facts.numbers(SILENT) if (each := _unheard(facts, number)) is not None]
    if not unheard:
        return
    used = {end for s in outlines(facts) for end in ((s.src, s.sport), (s.dst, s.dport))}
    legs = {leg for call in facts.calls if call.streams for leg in _legs(call)} if used else set()
    heard = {(parties, moment) for parties, moment, _ in legs}
    silent = not any(seen.name == "RTP" for seen in facts.capture.protocols)
    known = ways(facts)
    for number, each in unheard:
        seconds = (facts.end if each.ended is None else each.ended) - each.answered
        # A second leg of the same call may announce the same endpoints, and the stream is that one's.
        if not each.ends.isdisjoint(used) or seconds < MIN_TALK_SECONDS:
            continue
        what = f"answered, {seconds:.0f} s long, no RTP" + (" in the whole capture" if silent else "")
        unknown = facts.once(_unknown)
        if unknown and (few := sum(unknown[end] for end in each.ends)):
            what += f"; {counted(few, 'datagram')} of no known protocol went to the announced ports"
        # An exchange between two legs gives them different Call-IDs, and one of them may be all of its media.
        other = bool(heard) and any(leg[:2] in heard and leg not in legs for leg in _legs(facts.calls[number]))
        apart = _apart(known, each)
        what += f"; no datagram at all between {apart[0]} and {apart[1]} is in the capture" if apart else ""
        what += "; another leg of the call has some" if other else ""
        seen = all([known.know(address) for address, _ in each.ends])
        if not other and _reports(facts, each):
            # A filter may have left out all RTP, and a probe may send RTCP alone.
            sure = not silent
            yield Found(
                f"{what}; RTCP goes between the announced ports", each.places, number,
                certainty="high" if sure else "medium", severity=None if sure else "warning",
            )
        elif silent or other or apart or not seen:
            yield Found(what, each.places, number, certainty="low", severity="note")
        else:
            yield Found(what, each.places, number, certainty="high")


def _unheard(facts: Facts, number: int) -> Unheard | None:
    """What is asked of a call, if it was answered, has no stream, and RTP was to come."""
    outline = call_outlines(facts)[number]
    if isinstance(outline, CallOutline):
        return outline.unheard
    if not is_talk(outline) or outline.streams:
        return None
    told = outline.descriptions
    ends = frozenset((line.address, line.port) for each in told for line in rtp_lines(each))
    if not ends:
        return None
    between = [
        (ours.address, theirs.address) for each in agreements(facts)[number] for ours, theirs in each.lines("caller")
    ]
    places = tuple([each.place for each in told[:2]])
    return Unheard(outline.answered or 0.0, outline.ended, ends, tuple(between), places)


def _apart(known: Ways, call: Unheard) -> tuple[str | None, str | None] | None:
    """The two addresses of a call between which nothing was seen; None where its media would have been seen."""
    for two in call.between:
        if two in known.pairs or two[::-1] in known.pairs:
            return None
    return call.between[0] if call.between else None


def _reports(facts: Facts, call: Unheard) -> bool:
    """Whether RTCP came from where a side of a call wants RTP, or from the port above, and went to the other's.

    What takes that way is in the capture, so RTP would be, unless reports say that some comes.
    """
    ends = {(address, port + more) for address, port in call.ends for more in (0, 1)}
    if any((each.src, each.sport) in ends for each in facts.unsent):
        return False
    return any(source in ends and target in ends for source, target in facts.once(_reporting))


def _reporting(facts: Facts) -> set[tuple[Endpoint, Endpoint]]:
    """From where to where RTCP goes."""
    if not any(seen.name == "RTCP" for seen in facts.capture.protocols):
        return set()
    return {
        ((flow.src, flow.sport), (flow.dst, flow.dport)) for flow in facts.recognised
        if any(seen.name == "RTCP" for seen in flow.protocols)
    }


def _legs(call: Call) -> Iterator[tuple[tuple[str | None, str | None], int, frozenset[str]]]:
    """Who calls whom, about when, and between which hosts: legs of one call differ in the last alone."""
    if not call.messages:
        return
    hosts = frozenset((call.messages[0].src, call.messages[0].dst))
    for moment in range(int(call.start) - 1, int(call.start) + 2):
        yield (call.caller, call.callee), moment, hosts


def _unknown(facts: Facts) -> Counter[tuple[str | None, int]]:
    """How many datagrams of no known protocol went to each endpoint: one or two of RTP alone never look like it.

    Nobody asks about those of a call that is outlined and has streams.
    """
    found: Counter[tuple[str | None, int]] = Counter()
    ports: set[int] = set()
    for call in call_outlines(facts):
        if isinstance(call, Call):
            ports.update(line.port for each in call.descriptions for line in each.media)
        elif call.unheard is not None:
            ports.update(port for _, port in call.unheard.ends)
    for flow in with_ports(facts.flows, ports):
        found[flow.dst, flow.dport] += sum(seen.count for seen in flow.protocols if seen.name == "UNKNOWN")
    return found


def _unknown_to(facts: Facts, agreed: list[Agreement], side: str) -> int:
    """How many of them went to where a side wants to receive."""
    return sum(facts.once(_unknown)[end] for end in _endpoints(agreed, side))


@rule(
    "media-one-way", "error", "Media flows in one direction only",
    absence="state",
    why="One side of the call hears nothing.",
    fix="Look at NAT and firewall in front of the silent side, and at the address that its peer's SDP announces.",
)
def media_one_way(facts: Facts) -> Iterator[Found]:
    yield from sessions.one_way(facts)
    spanned = {number for later in spanning(facts).values() for number in later}
    for number, call in facts.talks(ONE_WAY):
        agreed = agreements(facts)[number]
        if not agreed or not call.streams or number in spanned:
            continue
        for silent, sender in OTHER_SIDE.items():
            back = sound(facts, call, agreed, silent)
            answered = packets(back)
            if answered > MAX_STRAY_PACKETS:
                continue
            sent = sound(facts, call, agreed, sender)
            spans = spans_of(facts, call, agreed, silent)
            shared = max((length(within(spans, stream.first, stream.last)) for stream in sent), default=0.0)
            if packets(sent) < MIN_RTP_PACKETS or shared < MIN_SHARED_SECONDS:
                continue
            if length(spans) >= MIN_TALK_SECONDS and not _comes_otherwise(facts, call, agreed, sender, back):
                yield _one_way(facts, number, call, agreed, silent, sent, answered)


def _one_way(
    facts: Facts, number: int, call: Call, agreed: list[Agreement], silent: str, sent: list[Stream], answered: int
) -> Found:
    """What is said of a side that does not send, and how surely: the capture must have seen some of that direction."""
    first, sender = sent[0], OTHER_SIDE[silent]
    none = f"only {counted(answered, 'packet')}" if answered else "no RTP"
    what = (
        f"the {silent} sends {none}, the {sender} {counted(packets(sent), 'packet')} from {first.src} to {first.dst}"
    )
    strange = _unknown_to(facts, agreed, sender)
    if strange:
        what += f"; {counted(strange, 'datagram')} of no known protocol came back"
    silent_hosts = {stream.dst for stream in sent} | {address for address, _ in _endpoints(agreed, silent)}
    sender_hosts = {stream.src for stream in sent} | {address for address, _ in _endpoints(agreed, sender)}
    seen = silent_hosts & ways(facts).sources or sender_hosts & ways(facts).destinations
    if not seen:
        what += "; nothing of that direction was captured"
    heard = _reported(facts, call, sent)
    if heard is not None:
        what = (
            f"{none} of the {silent} is in the capture; the {sender} reports by RTCP that it receives SSRC "
            f"0x{heard.ssrc:08X}, so it takes a way that was not captured"
        )
        return Found(what, (first.first_place, heard.place), number, certainty="low", severity="note")
    if not seen or strange > MIN_RTP_PACKETS:
        return Found(what, (first.first_place,), number, certainty="low", severity="note")
    return Found(what, (first.first_place,), number, certainty="high")


def _reported(facts: Facts, call: Call, sent: list[Stream]) -> Unsent | None:
    """A source that a side reports on again and again during the call, and that nobody is seen to send."""
    ends = {(stream.src, stream.sport + more) for stream in sent for more in (0, 1)}
    own = {stream.ssrc for stream in facts.of(call)}
    begin, end = call.answered or 0.0, facts.end_of(call)
    return next((
        each for each in facts.unsent
        if each.reports >= MIN_REPORTS and each.ssrc not in own and (each.src, each.sport) in ends
        and each.first >= begin and each.last <= end + LATE_SECONDS and each.last - begin > OLD_SOURCE_SECONDS
    ), None)


def sound(facts: Facts, call: Call, agreed: list[Agreement], sender: str) -> list[Stream]:
    """The streams of a side that may be sound: what else shares its port cannot be told from it."""
    streams = [stream for stream in facts.of(call) if stream.sender == sender]
    alone = [stream for stream in streams if stream.kind in SOUND_KINDS]
    return streams if len(alone) < len(streams) and _share_a_port(agreed) else alone


def _share_a_port(agreed: Iterable[Agreement]) -> bool:
    """Whether sound and other media are received on one port."""
    for each in agreed:
        for described in (each.offer, each.answer):
            ports = [line.port for line in rtp_lines(described)]
            if len(set(ports)) < len(ports):
                return True
    return False


def spans_of(facts: Facts, call: Call, agreed: list[Agreement], side: str) -> list[Span]:
    """When a side was to send sound after the answer: all of that time where nobody knows what was agreed."""
    answered, end = call.answered or 0.0, facts.end_of(call)
    return within(to_send(agreed, side, SOUND) if agreed else [(answered, end)], answered, end)


def packets(streams: Iterable[Stream]) -> int:
    return sum(stream.packets for stream in streams)


def _endpoints(agreed: Iterable[Agreement], side: str) -> set[tuple[str | None, int]]:
    """Where a side has ever wanted to receive."""
    return {(line.address, line.port) for each in agreed for line in rtp_lines(each.of(side))}


def _comes_otherwise(
    facts: Facts, call: Call, agreed: list[Agreement], receiver: str, known: list[Stream]
) -> bool:
    """Whether media reaches a side in a way that is not joined to its call and side."""
    shared = _share_a_port(agreed)
    streams = [stream for stream in facts.of(call) if shared or stream.kind in SOUND_KINDS]
    ends = {(stream.src, stream.dst) for stream in streams if stream.packets >= MIN_RTP_PACKETS}
    if any((dst, src) in ends for src, dst in ends):
        return True
    to, names = by_destination(facts), {id(stream) for stream in known}
    first, last = call.start, facts.end_of(call)
    arriving = [to.get(end, []) for end in _endpoints(agreed, receiver)]
    return any(
        len(streams) > MAX_STREAMS_TOLD_APART
        or any(
            each.first <= last and each.last >= first and id(each) not in names and (shared or each.kind in SOUND_KINDS)
            for each in streams
        )
        for streams in arriving
    )


def by_destination(facts: Facts) -> dict[tuple[str | None, int], list[Stream]]:
    """The streams that go to each endpoint."""
    return facts.once(_by_destination)


def _by_destination(facts: Facts) -> dict[tuple[str | None, int], list[Stream]]:
    found: dict[tuple[str | None, int], list[Stream]] = {}
    for stream in facts.streams:
        # One that moved goes to several.
        for end in {(flow.dst, flow.dport): None for flow in map(facts.flows.__getitem__, stream.flows)}:
            found.setdefault(end, []).append(stream)
    return found


@rule(
    "media-late", "warning", "Media began late",
    absence="answer",
    why="The first words are lost: people say hello and nobody hears it.",
    fix="Look at what happens between answer and first RTP: ICE, DTLS, a NAT that must first see traffic from inside.",
)
def media_late(facts: Facts) -> Iterator[Found]:
    yield from sessions.late(facts)
    for number, call in facts.talks(LATE):
        soon = (call.answered or 0.0) + LATE_SECONDS
        if all(stream.first < soon for stream in facts.of(call)):
            continue
        agreed = agreements(facts)[number]
        for side in OTHER_SIDE:
            streams = [each for each in sound(facts, call, agreed, side) if each.packets >= MIN_RTP_PACKETS]
            if not streams:
                continue
            first = min(streams, key=lambda stream: stream.first)
            late = length(within(spans_of(facts, call, agreed, side), call.answered or 0.0, first.first))
            # What is of no known protocol may be its RTP, of a sender that counts or marks its packets wrongly.
            if late > LATE_SECONDS and _unknown_to(facts, agreed, OTHER_SIDE[side]) <= MIN_RTP_PACKETS:
                yield Found(f"the {side}'s first RTP comes {late:.1f} s after the answer", (first.first_place,), number)


RULES = (media_missing, media_one_way, media_late)
