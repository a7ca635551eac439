"""What a person should know, in plain English: the catalogue of findings, and the rules that raise them.

A rule looks at the values of the report and yields findings; the catalogue holds what does not change from one capture
to another: how severe it is, why it matters, what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dissectors.analysis.report import Call, Capture, Certainty, Finding, Flow, Message, Place, Severity, Stream

MAX_PLACES = 16


@dataclass(frozen=True, slots=True)
class Known:
    """What is always true of a finding."""

    severity: Severity
    why: str
    fix: str


CATALOGUE: dict[str, Known] = {
    "capture-cut": Known(
        "warning",
        "The capture ends in the middle of a record, so the last packets are missing.",
        "Stop the capture program before copying the file, or let it write packet by packet (tcpdump -U).",
    ),
    "capture-corrupt": Known(
        "error",
        "Nothing behind this point of the file could be read.",
        "Copy the file again in binary mode; if the damage is in the original, capture again.",
    ),
    "capture-drops": Known(
        "warning",
        "What the capture dropped looks like loss on the network and is not.",
        "Capture with a larger buffer (tcpdump -B 4096) or a narrower filter.",
    ),
    "capture-snaplen": Known(
        "warning",
        "Message bodies and their compressed SDP cannot be read where their end is missing.",
        "Capture whole packets: tcpdump -s 0, or no limit in Wireshark's capture options.",
    ),
    "fragments-incomplete": Known(
        "warning",
        "A datagram of which one fragment is missing is lost as a whole; so it is for the receiver.",
        "Keep signalling messages below the path MTU, for instance by compressing their bodies.",
    ),
    "link-type-unknown": Known(
        "warning",
        "Frames of this link type were counted and not looked into.",
        "Capture on another interface, or convert the capture to Ethernet or raw IP.",
    ),
    "bound-hit": Known(
        "warning",
        "More was open at once than is kept in memory, so the oldest idle entries were given up.",
        "Split the capture, or look at one port at a time.",
    ),
    "not-analysed-tcp": Known(
        "note",
        "Only UDP is analysed; calls that are signalled over TCP or TLS are not in this report.",
        "Use Wireshark for these ports, or let the phone signal over UDP.",
    ),
    "unknown-share": Known(
        "note",
        "These datagrams match no protocol of the table and are counted, not guessed.",
        "muxshark explain FILE FRAME shows every rule that was tried on one of them.",
    ),
    "plausible-only": Known(
        "note",
        "A header alone proves nothing: without a run of one SSRC or other evidence such datagrams are not counted.",
        "Capture for longer, or force the class of the port with -d udp.port==N,RTP.",
    ),
    "message-malformed": Known(
        "warning",
        "The receiver will probably not understand this message either.",
        "Look at the octets: muxshark explain FILE FRAME.",
    ),
    "body-truncated": Known(
        "error",
        "The compressed body ends before its own end: the receiver cannot read the whole of it.",
        "Compare Content-Length with what was sent; look for a path that cuts or a snaplen that is too short.",
    ),
    "body-corrupt": Known(
        "error",
        "The compressed body cannot be inflated, so the receiver sees no SDP.",
        "Look for a device on the path that rewrites SIP bodies without inflating them first.",
    ),
    "body-over-limit": Known(
        "error",
        "The body inflates to far more than a message needs: an inflate bomb, or a broken sender.",
        "Do not forward it; raise --max-inflated and --max-ratio only if you trust the sender.",
    ),
    "body-label-wrong": Known(
        "warning",
        "Receivers that trust the Content-Encoding header cannot inflate this body.",
        "Let the sender name what it sends: deflate for zlib data (RFC 1950), gzip for gzip data.",
    ),
    "body-unlabelled": Known(
        "warning",
        "Without Content-Encoding a receiver takes the compressed octets for the SDP itself.",
        "Let the sender add Content-Encoding: deflate (compact form: e).",
    ),
    "rtcp-mux-not-announced": Known(
        "note",
        "Peers and tools that follow RFC 5761 look for RTCP on another port unless a=rtcp-mux says otherwise.",
        "Add a=rtcp-mux to offer and answer where the sender can be changed.",
    ),
    "port-shared": Known(
        "note",
        "Tools that go by port numbers see one of the protocols at most.",
        "In Wireshark use a plugin for this port, or Decode As for one protocol at a time.",
    ),
    "codec-guessed": Known(
        "note",
        "The SDP has no rtpmap for this payload type, so the codec is a hint and not a fact.",
        "Compare with what the endpoint's documentation says of the payload type.",
    ),
    "rtp-id-is-ssrc": Known(
        "note",
        "FaceTime's a=rtpID announces the SSRC, so each stream is known before its first packet.",
        "Nothing to do.",
    ),
    "rtp-id-is-not-ssrc": Known(
        "warning",
        "FaceTime's a=rtpID usually is the SSRC of the side that announces it; here no stream carries it.",
        "See whether the stream of that side is missing from the capture.",
    ),
    "call-rejected": Known(
        "warning",
        "The call was refused before it was answered.",
        "The status says why: 4xx the request, 5xx the server, 6xx the callee everywhere.",
    ),
    "call-unanswered": Known(
        "warning",
        "No final answer to the INVITE is in the capture.",
        "See whether the callee got the INVITE: capture there too, and look at size, NAT and firewall.",
    ),
    "media-missing": Known(
        "warning",
        "The call was answered and no RTP of it is in the capture.",
        "See whether media takes another path; otherwise look at the addresses in the SDP, NAT and firewall.",
    ),
    "media-one-way": Known(
        "error",
        "One side of the call hears nothing.",
        "Look at NAT and firewall in front of the silent side, and at the address that its peer's SDP announces.",
    ),
    "media-address-differs": Known(
        "note",
        "The SDP announces another address than media uses, as behind a NAT: a peer that trusts the SDP sends nowhere.",
        "Use ICE or symmetric RTP, or let the endpoint announce its public address.",
    ),
    "stream-loss": Known(
        "warning",
        "From about 1 % loss speech suffers, from 5 % it is hard to follow.",
        "Compare with the receiver's RTCP: loss that it does not report happened at the capture point.",
    ),
    "stream-reordered": Known(
        "note",
        "Late packets are lost to a jitter buffer that is too short.",
        "Look for load balancing per packet on the path.",
    ),
    "stream-unsignalled": Known(
        "note",
        "No call in the capture announced this stream.",
        "Its signalling is encrypted, went another way, or came before the capture began.",
    ),
}


def finding(
    id: str, what: str, places: Iterable[Place] = (), *, certainty: Certainty = "certain",
    call: int | None = None, stream: int | None = None, severity: Severity | None = None,
) -> Finding:  # fmt: skip
    """A finding of the catalogue with what is particular to it; at most sixteen places are kept."""
    known = CATALOGUE[id]
    kept = tuple(dict.fromkeys(places))[:MAX_PLACES]
    return Finding(id, severity or known.severity, certainty, what, known.why, known.fix, kept, call, stream)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that reading and parsing ran into, with how often and where."""

    id: str
    what: str
    count: int
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at."""

    capture: Capture
    flows: tuple[Flow, ...]
    calls: tuple[Call, ...]
    streams: tuple[Stream, ...]
    problems: tuple[Problem, ...]
    plausible: tuple[Problem, ...]


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Every finding, the most severe first, and in the order of the rules."""
    order = {"error": 0, "warning": 1, "note": 2}
    found = [each for rule in RULES for each in rule(facts)]
    return tuple(sorted(found, key=lambda each: order[each.severity]))


def _problems(facts: Facts) -> Iterator[Finding]:
    for problem in facts.problems:
        times = f" ({problem.count} times)" if problem.count > 1 else ""
        yield finding(problem.id, problem.what + times, problem.places)


def _not_analysed(facts: Facts) -> Iterator[Finding]:
    for seen in facts.capture.not_analysed:
        yield finding("not-analysed-tcp", f"{seen.name}: {seen.count} segments")


def _unknown(facts: Facts) -> Iterator[Finding]:
    for problem in facts.plausible:
        yield finding("plausible-only", problem.what, problem.places)
    counts = {seen.name: seen.count for seen in facts.capture.protocols}
    unknown = counts.get("UNKNOWN", 0) - sum(problem.count for problem in facts.plausible)
    if unknown > 0:
        total = facts.capture.datagrams
        yield finding("unknown-share", f"{unknown} of {total} datagrams are of no known protocol")


SIGNALLING = {"SIP"}
MEDIA = {"RTP", "RTCP"}


def _shared_ports(facts: Facts) -> Iterator[Finding]:
    """One finding for each port that carries SIP and media both."""
    ports: dict[int, set[str]] = {}
    for flow in facts.flows:
        names = {seen.name for seen in flow.protocols} - {"UNKNOWN", "KEEPALIVE"}
        if names & SIGNALLING and names & MEDIA:
            ports.setdefault(min(flow.sport, flow.dport), set()).update(names)
    for port, names in sorted(ports.items())[:8]:
        yield finding("port-shared", f"port {port} carries {', '.join(sorted(names))}")


def _bodies(facts: Facts) -> Iterator[Finding]:
    for number, call in enumerate(facts.calls):
        for message in call.messages:
            if message.body is not None and not message.retransmission:
                yield from _body(number, message)


BODY_STATUS = {"truncated": "body-truncated", "corrupt": "body-corrupt", "over limit": "body-over-limit"}


def _body(call: int, message: Message) -> Iterator[Finding]:
    body = message.body
    assert body is not None
    places = (message.place,)
    size = f"{body.compressed_length} octets of {body.encoding}"
    if id := BODY_STATUS.get(body.status):
        yield finding(id, f"{message.summary}: {size}, {body.status} after {body.inflated_length}", places, call=call)
    elif body.status == "complete" and body.label is None:
        yield finding("body-unlabelled", f"{message.summary}: {size} without Content-Encoding", places, call=call)
    elif body.status == "complete" and body.deviations and not _label_right(body.label, body.encoding):
        what = f"{message.summary}: labelled {body.label}, really {body.encoding}"
        yield finding("body-label-wrong", what, places, call=call)


def _label_right(label: str | None, encoding: str) -> bool:
    """Whether a label says what was found; `deflate` in HTTP and SIP means zlib data (RFC 9110 section 8.4.1.2)."""
    said = [word.strip().lower().removeprefix("x-") for word in (label or "").split(",")]
    names = {"deflate": "zlib"}
    return [names.get(word, word) for word in said] == [word.strip() for word in encoding.split(",")]


def _calls(facts: Facts) -> Iterator[Finding]:
    for number, call in enumerate(facts.calls):
        if call.kind != "call" or not call.messages:
            continue
        first = call.messages[0].place
        if call.outcome == "rejected":
            last = [message for message in call.messages if message.status == call.status]
            reason = last[-1].summary if last else str(call.status)
            yield finding(
                "call-rejected",
                f"the INVITE was answered {reason}",
                (first, last[-1].place) if last else (first,),
                call=number,
            )
        elif call.outcome in ("unanswered", "ringing"):
            yield finding("call-unanswered", "no final answer to the INVITE", (first,), call=number)
        elif call.answered is not None:
            yield from _call_media(number, call, facts)


def _call_media(number: int, call: Call, facts: Facts) -> Iterator[Finding]:
    streams = [facts.streams[position] for position in call.streams]
    wanted = [
        line
        for described in call.descriptions
        for line in described.media
        if line.port and "RTP" in line.profile.upper()
    ]
    if not wanted:
        return
    places = tuple(described.place for described in call.descriptions[:2])
    if not streams:
        yield finding("media-missing", "the call was answered; none of its RTP is in the capture", places, call=number)
    elif all(line.direction == "sendrecv" for line in wanted):
        ends = {(stream.src, stream.dst) for stream in streams}
        if not any((dst, src) in ends for src, dst in ends):
            stream = streams[0]
            what = f"RTP goes from {stream.src} to {stream.dst} only"
            yield finding("media-one-way", what, (stream.first_place,), call=number)
    yield from _described(number, call, streams, places)


def _described(number: int, call: Call, streams: list[Stream], places: tuple[Place, ...]) -> Iterator[Finding]:
    lines = [line for described in call.descriptions for line in described.media]
    ssrcs = {stream.ssrc for stream in streams}
    announced = {line.rtp_id for line in lines} - {None}
    if streams and announced:
        if agreeing := announced & ssrcs:
            names = ", ".join(str(ssrc) for ssrc in sorted(each for each in agreeing if each is not None))
            yield finding("rtp-id-is-ssrc", f"a=rtpID names the SSRC of a stream: {names}", places, call=number)
        for missing in sorted(each for each in announced - ssrcs if each is not None):
            yield finding("rtp-id-is-not-ssrc", f"no stream has the SSRC {missing} of a=rtpID", places, call=number)
    muxed = any(stream.rtcp is not None for stream in streams) and any(line.rtcp_port == line.port for line in lines)
    if muxed and not any(line.rtcp_mux for line in lines):
        what = "RTP and RTCP share a port and a=rtcp-mux is not announced"
        yield finding("rtcp-mux-not-announced", what, places, call=number)
    used = {address for stream in streams for address in (stream.src, stream.dst)}
    apart = sorted(
        {line.address for line in lines if line.address and line.port and line.address not in used} - {"0.0.0.0"}
    )
    if streams and apart:
        what = f"the SDP announces {', '.join(apart)}; media uses {', '.join(sorted(used))}"
        yield finding("media-address-differs", what, places, call=number)


def _streams(facts: Facts) -> Iterator[Finding]:
    signalled = any(call.descriptions for call in facts.calls)
    for number, stream in enumerate(facts.streams):
        places = (stream.first_place, stream.last_place)
        name = f"SSRC 0x{stream.ssrc:08X}, {stream.src} to {stream.dst}"
        if stream.lost_fraction >= 0.005:
            what = f"{name}: {stream.lost} of {stream.packets + stream.lost} lost ({stream.lost_fraction:.1%})"
            severity: Severity = "error" if stream.lost_fraction >= 0.05 else "warning"
            yield finding("stream-loss", what, places, call=stream.call, stream=number, severity=severity)
        if stream.reordered:
            yield finding(
                "stream-reordered",
                f"{name}: {stream.reordered} packets came late",
                places,
                call=stream.call,
                stream=number,
            )
        if stream.call is None and signalled:
            yield finding("stream-unsignalled", f"{name}: no call announced it", places, stream=number)
        if stream.call is not None and stream.certainty in ("high", "medium", "low") and stream.source != "rtpmap":
            payload_type = stream.payload_types[0].payload_type
            what = f"{name}: payload type {payload_type} is taken for {stream.codec} ({stream.source})"
            yield finding(
                "codec-guessed", what, places[:1], certainty=stream.certainty, call=stream.call, stream=number
            )


RULES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _problems, _bodies, _calls, _streams, _shared_ports, _not_analysed, _unknown,
)  # fmt: skip
