"""Rules about ICMP (RFC 792) and ICMPv6 (RFC 4443): who says of which datagrams that they do not arrive.

Hosts and routers send few errors, however many datagrams they refuse (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4):
for how long they come says more than how many they are. Who has hung up refuses the last packets of the other side, who
is not ready yet the first ones, mostly until the call is answered: that is ordinary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.agreements import agreements, within
from dissectors.findings.media.silence import spans_of
from dissectors.findings.outlines import Outline
from dissectors.findings.rule import (
    Facts,
    Found,
    IcmpError,
    IcmpPeriod,
    counted,
    name_of,
    of,
    outlines,
    rule,
)
from dissectors.findings.traits import REPEATED, UNACKNOWLEDGED, UNANSWERED
from dissectors.report import Call, Certainty, Flow, Message, Place, Severity, Stream
from dissectors.wire.datagram import TCP, UDP, endpoint
from dissectors.wire.datagram import Flow as Way

MIN_REFUSED_SECONDS, MIN_ERRORS, MOSTLY = 2.0, 3, 0.5
"""Errors for so long, and so many, are no matter of a beginning or an end; this share of a stream is most of it."""

DELAY_SECONDS, OF_ROUTERS_SECONDS = 1.0, 4.0
"""An error comes so long after the datagram at most: a router first asks three times for the station of a host."""

HEARD_SECONDS, MAX_LOST_SHARE = 5.0, 0.5
"""A receiver that reports so long after the first error that it lost less than this share gets the stream after all."""

SETTING_UP = frozenset(("INVITE", "ACK", "PRACK", "UPDATE", "REGISTER"))
"""Without these requests and what answers them there is no call."""

FOREVER = float("inf")
PORT_UNREACHABLE = "port unreachable"
SIGNALLING, CARRIED = "SIP", ("SIP", "DTLS", "RTP", "RTCP")
MAX_NAMED = 4

Errors = dict[Way, list[IcmpError]]


def refusing(facts: Facts) -> Errors:
    """The errors that say that datagrams of any size do not arrive, by the 5-tuple of these."""
    return facts.once(_refusing)


def _refusing(facts: Facts) -> Errors:
    found: Errors = {}
    for each in facts.icmp:
        if not each.too_big:
            found.setdefault(each.way, []).append(each)
    return found


def _says(error: IcmpError, periods: Sequence[IcmpPeriod]) -> str:
    """Who says what, how often and in which time."""
    times, seconds = _times(periods), periods[-1].last - periods[0].first
    host = error.by == error.dst
    who = f"{error.by} itself" if host else f"{error.by}, a router or firewall on the way,"
    often = f"{times:,} times in {seconds:.1f} s" if times > 1 else "once"
    nobody = ": nobody listens there" if host and error.what == PORT_UNREACHABLE else ""
    return f"{who} answers with ICMP {error.what} ({often}){nobody}"


def _times(periods: Iterable[IcmpPeriod]) -> int:
    """How many errors came."""
    return sum([each.count for each in periods])


def _places(periods: Iterable[IcmpPeriod]) -> list[Place]:
    return [place for each in periods for place in each.places]


@rule(
    "media-unreachable", "error", "ICMP says that media does not arrive",
    scope="stream",
    why="The receiver, or a router on the way, answers the packets of the stream with an error: they are thrown away, "
    "and the receiver hears nothing. Where only the first or the last packets are refused, this is a note: a phone is "
    "not ready yet, or has just hung up.",
    fix="Port unreachable: nobody listens there; compare the port in the SDP with the one that the receiver has open. "
    "Administratively prohibited: open the firewall for these ports. Otherwise look at the routes.",
)
def media_unreachable(facts: Facts) -> Iterator[Found]:
    found = refusing(facts)
    for position, each in enumerate(outlines(facts)) if found else ():
        errors = [*chain(*[found.get(way, ()) for way in _ways(facts, each)])]
        if errors:
            stream = facts.streams[position]
            refused = [(error, _meanwhile(error, stream.first, stream.last)) for error in errors]
            error, periods = max(refused, key=lambda one: _times(one[1]))
            if periods:
                yield _of_stream(facts, position, stream, error, periods)


def _of_media(facts: Facts) -> set[Way]:
    """The 5-tuples of all streams."""
    return {way for each in outlines(facts) for way in _ways(facts, each)}


def _ways(facts: Facts, stream: Outline | Stream) -> list[Way]:
    """The 5-tuples of a stream; one that is plain has one."""
    if isinstance(stream, Stream) and len(stream.flows) > 1:
        return [_way(facts.flows[number]) for number in stream.flows]
    return [Way(stream.src, stream.sport, stream.dst, stream.dport)]


def _way(flow: Flow) -> Way:
    return Way(flow.src, flow.sport, flow.dst, flow.dport, "", flow.transport)


def _meanwhile(error: IcmpError, first: float, last: float) -> list[IcmpPeriod]:
    """When an error came that may answer what was sent in this time."""
    until = last + (DELAY_SECONDS if error.by == error.dst else OF_ROUTERS_SECONDS)
    return [each for each in error.periods if each.first <= until and each.last >= first]


def _of_stream(
    facts: Facts, position: int, stream: Stream, error: IcmpError, periods: Sequence[IcmpPeriod]
) -> Found:
    begun, call = periods[0].first, None if stream.call is None else facts.calls[stream.call]
    span = None if call is None else _talk(call)
    answered, ended = span or (stream.first, stream.last)
    since, until = max(stream.first, answered), min(stream.last, ended)
    refused = [(max(each.first, since), min(each.last, until)) for each in periods]
    if call is not None and stream.sender in OTHER_SIDE and agreements(facts)[stream.call or 0]:
        # Who holds a call may close its port: nobody was to send it anything.
        wanted = spans_of(facts, call, agreements(facts)[stream.call or 0], stream.sender or "")
        refused = [part for begin, end in refused for part in within(wanted, begin, end)]
    seconds = sum([max(0.0, end - begin) for begin, end in refused])
    what = f"{name_of(stream)}: {counted(stream.packets, 'packet')} to port {stream.dport}, and {_says(error, periods)}"
    # Without its signalling nobody knows whether a call went on.
    going_on = span is not None or begun - stream.first < MIN_REFUSED_SECONDS
    severity: Severity | None = None if going_on and seconds >= MOSTLY * (until - since) else "warning"
    certainty: Certainty = "high"
    if seconds < MIN_REFUSED_SECONDS or _times(periods) < MIN_ERRORS:
        severity = "note"
        what += f"; the first error came {max(0.0, begun - stream.first):.1f} s after the stream began"
        what += "" if span is None else _when(begun, *span)
    elif _is_heard(stream, begun):
        severity, certainty = "note", "low"
        what += "; its receiver reports by RTCP that it comes"
    return Found(
        what, [*_places(periods), stream.first_place], stream.call, position, certainty, severity,
        max(begun, stream.first),
    )


def _talk(call: Call) -> tuple[float, float] | None:
    """Since and until when both sides were to listen: not before an answer; None where the beginning is missing."""
    if call.answered is None:
        return None if call.outcome == "fragment" else (FOREVER, FOREVER)
    return call.answered, FOREVER if call.ended is None else call.ended


def _when(moment: float, answered: float, ended: float) -> str:
    """When that is, if it is outside of a call that was answered then, and ended then."""
    if answered == FOREVER:
        return "; the call was not answered"
    return ", before the call was answered" if moment < answered else ", when the call had ended" * (moment > ended)


def _is_heard(stream: Stream, since: float) -> bool:
    """Whether the receiver reports that it gets most of a stream, some time after the first error."""
    said = stream.rtcp
    return said is not None and said.last > since + HEARD_SECONDS and said.fraction_lost < MAX_LOST_SHARE


@rule(
    "signalling-unreachable", "error", "ICMP says that a message does not arrive",
    why="The receiver, or a router on the way, answers the message with an error: it is thrown away, and its sender "
    "waits in vain. Where the other side goes on all the same, this is a note.",
    fix="Port unreachable: no SIP server or phone listens there; look whether it runs, and at the address and port in "
    "Contact and Via (behind a NAT: rport, RFC 3581). Otherwise look at firewall and routes.",
)
def signalling_unreachable(facts: Facts) -> Iterator[Found]:
    # Where media shares the port of the signalling, nobody knows what of the two was refused.
    found = refusing(facts)
    if found:
        found = {way: errors for way, errors in found.items() if way not in facts.once(_of_media)}
    for number, call in facts.having(REPEATED, UNANSWERED, UNACKNOWLEDGED) if found else ():
        sent: dict[Way, list[Message]] = {}
        for message in call.messages:
            transport = UDP if message.transport == UDP else TCP
            way = Way(message.src, message.sport, message.dst, message.dport, "", transport)
            if way in found and not message.copy:
                sent.setdefault(way, []).append(message)
        for way, messages in sent.items():
            for error in found[way]:
                refused = [each for each in messages if _meanwhile(error, each.time, each.time)]
                if refused:
                    yield _of_messages(number, call, error, refused)


def _of_messages(number: int, call: Call, error: IcmpError, refused: Sequence[Message]) -> Found:
    first, last = refused[0], refused[-1]
    periods = _meanwhile(error, first.time, last.time)
    names = [*dict.fromkeys(map(of, refused))]
    named = ", ".join(names[:MAX_NAMED]) + (", ..." if len(names) > MAX_NAMED else "")
    what = (
        f"{named} from {endpoint(first.src, first.sport)} to {endpoint(first.dst, first.dport)}, "
        f"{counted(len(refused), 'message')}, and {_says(error, periods)}"
    )
    severity: Severity | None = None if any(each.method in SETTING_UP for each in refused) else "warning"
    if all(_is_last(call, each) for each in refused):
        severity = "note"
    if any(_goes_on(each, first) for each in call.messages):
        severity = "note"
        what += f"; then {first.dst} went on"
    elif any(_answers(each, first) for each in call.messages):
        severity = "warning"
        what += "; another host answered"
    places = [*[each.place for each in refused[:MAX_NAMED]], *_places(periods)]
    return Found(what, places, number, certainty="high", severity=severity, time=first.time)


def _is_last(call: Call, message: Message) -> bool:
    """Whether it accepts what ends something: who hangs up or unregisters may close its port at once."""
    if message.status is None or not 200 <= message.status < 300:
        return False
    if message.method == "REGISTER":
        asked = [each for each in call.messages if each.method == "REGISTER" and each.status is None]
        return any(each.cseq == message.cseq and each.header("Expires") == "0" for each in asked)
    return message.method == "BYE"


def _goes_on(message: Message, refused: Message) -> bool:
    """Whether a message shows that its sender takes part in the call after one to it was refused."""
    later = message.time > refused.time and not message.retransmission and not message.copy
    return later and message.src == refused.dst


def _answers(message: Message, refused: Message) -> bool:
    """Whether a message answers a request that was refused elsewhere."""
    if refused.status is not None or message.status is None or message.time < refused.time:
        return False
    return (message.dst, message.cseq, message.method) == (refused.src, refused.cseq, refused.method)


@rule(
    "rtcp-unreachable", "warning", "ICMP says that RTCP does not arrive",
    scope="path",
    why="The sender never learns what the receiver gets (loss, jitter, delay), and some end the call because no RTCP "
    "comes.",
    fix="RTCP goes to the port above the one of RTP, unless a=rtcp names another one (RFC 3605), or to the port of RTP "
    "where both sides agreed on a=rtcp-mux (RFC 5761 section 5.1.1). Let both sides do as the SDP says, and open the "
    "port.",
)
def rtcp_unreachable(facts: Facts) -> Iterator[Found]:
    found = refusing(facts)
    reporting = {
        flow.src for flow in (facts.recognised if found else ()) if any(seen.name == "RTCP" for seen in flow.protocols)
    }
    for flow in facts.recognised if found else ():
        names = {seen.name for seen in flow.protocols}
        if "RTCP" not in names or not names.isdisjoint(("RTP", SIGNALLING)):
            continue
        for error in found.get(_way(flow), ()):
            times = _times(error.periods)
            what = (
                f"{counted(flow.datagrams, 'packet')} of RTCP from {endpoint(flow.src, flow.sport)} to "
                f"{endpoint(flow.dst, flow.dport)}, and {_says(error, error.periods)}"
            )
            # A host that sends none has no port for it: many phones do without.
            lasting = times >= MIN_ERRORS and times >= MOSTLY * flow.datagrams and flow.dst in reporting
            yield Found(
                what, _places(error.periods), certainty="high", severity=None if lasting else "note",
                time=error.periods[0].first,
            )


@rule(
    "packet-too-big", "warning", "ICMP says that packets are too large for the path",
    scope="path",
    why="A router threw them away, because they may not be fragmented and the next link takes smaller ones only.",
    fix="Keep messages below that size (compact headers, compressed body, fewer codecs and candidates), or signal over "
    "TCP. Limit the size of media packets. Tunnels and VPNs on the path need room for their own headers.",
)
def packet_too_big(facts: Facts) -> Iterator[Found]:
    found: Errors = {}
    for error in facts.icmp:
        if error.too_big and error.transport == UDP:
            found.setdefault(error.way, []).append(error)
    for flow in facts.recognised if found else ():
        errors = found.get(_way(flow), ())
        names = [seen.name for seen in flow.protocols if seen.name in CARRIED] if errors else []
        for error in errors if names else ():
            fits = f"; {error.mtu:,} bytes fit" if error.mtu else ""
            what = (
                f"{names[0]} from {endpoint(flow.src, flow.sport)} to {endpoint(flow.dst, flow.dport)}: "
                f"{_says(error, error.periods)}{fits}"
            )
            # Whoever sends media may look for the largest size that fits.
            few = SIGNALLING not in names and _times(error.periods) < MIN_ERRORS
            yield Found(
                what, _places(error.periods), certainty="high", severity="note" if few else None,
                time=error.periods[0].first,
            )


RULES = (media_unreachable, signalling_unreachable, rtcp_unreachable, packet_too_big)
