"""Rules about the capture itself: what it lacks, what it has twice, what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dissectors.findings.copies import MIN_RTP_PACKETS, SOME_DOUBLED_SHARE, Sent
from dissectors.findings.rule import AT_ONCE, Facts, Found, counted, one_sided, problem, rule
from dissectors.findings.traits import COPIED
from dissectors.report import Certainty
from dissectors.wire.datagram import UDP, endpoint
from dissectors.wire.link.tunnels import TUNNELS

CARRIERS = frozenset(("HEP", *(name for name, _ in TUNNELS.values())))
"""What UDP carries that carries something in turn: its own datagrams are no riddle."""

MEDIA = ("SIP", "RTP")
WHOSE = {"DTLS": "of a handshake", "SIP": "of SIP messages", "RTP": "of a stream of RTP"}
"""What datagrams are that did not become whole."""

CUT = problem(
    "capture-cut", "warning", "The capture ends in the middle of a record",
    confirm_seconds=AT_ONCE,
    why="The last packets are missing.",
    fix="Stop the capture program before copying the file, or let it write packet by packet (tcpdump -U).",
)
CORRUPT = problem(
    "capture-corrupt", "error", "The capture file is damaged",
    confirm_seconds=AT_ONCE,
    why="Nothing after this point of the file could be read.",
    fix="Copy the file again in binary mode. If the original is damaged, too, capture again.",
)
DROPS = problem(
    "capture-drops", "warning", "The capture reports packets that it dropped",
    confirm_seconds=AT_ONCE,
    why="What the capture dropped looks like loss on the network, but it is not.",
    fix="Capture with a larger buffer (tcpdump -B 4096) or a narrower filter.",
)
KEPT_IN_PART = problem(
    "kept-in-part", "warning", "Not everything that was captured was saved",
    why="This report covers everything that was captured. The file holds less, so analyze on the file counts less.",
    fix="Give the disk more room or a bound (-b filesize:kB -b files:N), or save less of each frame (-s).",
)
SNAPLEN = problem(
    "capture-snaplen", "warning", "Messages are cut by the capture",
    confirm_seconds=AT_ONCE,
    why="If the end of a message is missing, its body and compressed SDP cannot be read.",
    fix="Capture whole packets: tcpdump -s 0, or no limit in Wireshark's capture options.",
)
OFFLOAD = problem(
    "offload-joined", "note", "Packets were captured before they were split, or after they were joined",
    confirm_seconds=AT_ONCE,
    why="The host leaves it to its network card to split large datagrams, or to join small ones (UDP GSO, GRO). On the "
    "network they were single packets, and here they count as such; but the packets of one frame have one time, so "
    "jitter is not exact.",
    fix="To capture single packets: ethtool -K IFACE tx-udp-segmentation off rx-udp-gro-forwarding off, or capture "
    "elsewhere.",
)
KEYS_UNUSED = problem(
    "keys-unused", "note", "The capture holds keys that cannot be used here",
    confirm_seconds=AT_ONCE,
    why="To open TLS, muxshark needs a package that is not installed: what the connection carries is not in this "
    "report.",
    fix="Install it, and analyze the capture again.",
)


@rule(
    "fragments-incomplete", "warning", "Fragments of datagrams are missing",
    scope="capture", absence="answer",
    why="If one fragment is missing, the whole datagram is lost, also for the receiver.",
    fix="Keep messages below the path MTU: compress the bodies of signalling, let DTLS fragment its own messages (and "
    "use short certificates), limit the size of media packets.",
)
def fragments_incomplete(facts: Facts) -> Iterator[Found]:
    for each in facts.incomplete:
        what = f"{counted(each.count, 'fragmented datagram')} incomplete"
        if each.protocol:
            here, there = endpoint(each.src, each.sport), endpoint(each.dst, each.dport)
            named = WHOSE.get(each.protocol, each.protocol)
            named += f" ({', '.join(each.messages)})" if each.messages else ""
            what += f", {named}, from {here} to {there}"
        elif each.src:
            what += f", whose first fragment is missing, from {each.src} to {each.dst}"
        yield Found(what, each.places, time=each.time)


LINK = problem(
    "link-type-unknown", "warning", "A link layer that is not read",
    why="Frames of this link type were counted but not read.",
    fix="Capture on another interface, or convert the capture to Ethernet or raw IP.",
)
BOUND = problem(
    "bound-hit", "warning", "More was open at once than is kept in memory",
    why="The entries without traffic for the longest time were removed, and messages that are too large were left out. "
    "So totals are right, and details may be missing.",
    fix="Split the capture, or look at one port at a time. In a live session, hold more calls (--calls), or capture "
    "less (-f, --ports).",
)
MALFORMED = problem(
    "message-malformed", "warning", "A message breaks the rules of its protocol",
    confirm_seconds=AT_ONCE,
    why="The receiver will probably not understand this message either.",
    fix="Look at the bytes: muxshark explain FILE FRAME.",
)
PLAUSIBLE = problem(
    "plausible-only", "note", "Datagrams that look like a protocol and nothing confirms it",
    why="A header alone proves nothing: such datagrams count only with other evidence, such as several in sequence.",
    fix="Capture for longer, or say what the port carries, if you know it.",
)


@rule(
    "capture-doubled", "warning", "The capture has every datagram twice",
    scope="capture", confirm_seconds=AT_ONCE,
    why="It was taken where packets pass twice (two interfaces, a tunnel and its content, a mirror port that sends "
    "both directions twice, the loopback). There, counts of duplicates mean nothing.",
    fix="Capture on one interface only, or remove duplicates (editcap -d).",
)
def capture_doubled(facts: Facts) -> Iterator[Found]:
    if not (facts.gone.copies or facts.having(COPIED) or _may_be_doubled(facts)):
        return
    sent = _sent(facts)
    # What an agent of HEP saw is a copy on purpose.
    signalled, every = {} if facts.capture.agents else sent.signalled, sent.every_twice
    if every is not None and every.much(sent.every):
        what = f"{every.duplicates:,} of {counted(sent.every, 'RTP packet')} are copies{every.doubt}"
        yield Found(what, [every.place], certainty=every.certainty, time=every.first)
        return
    for (src, dst), each in sorted(sent.twice.items(), key=lambda way: way[1].first):
        packets = sent.packets[src, dst]
        if each.much(packets):
            # What was one IP packet in SIP was one in RTP, too.
            known = (src, dst) in signalled
            sure: Certainty = "high" if known else each.certainty
            what = f"{each.duplicates:,} of {counted(packets, 'RTP packet')} from {src} to {dst} are copies"
            yield Found(what + ("" if known else each.doubt), [each.place], certainty=sure, time=each.first)
            signalled.pop((src, dst), None)
    for (src, dst), copies in signalled.items():
        messages, back = sent.messages[src, dst], signalled.get((dst, src)) if src != dst else None
        if back is None:
            what = f"{copies.count:,} of {counted(messages, 'SIP message')} from {src} to {dst} are copies"
            yield Found(what, copies.places, certainty="high", time=copies.time)
        elif src < dst:
            both = counted(messages + sent.messages[dst, src], "SIP message")
            what = f"{copies.count + back.count:,} of {both} between {src} and {dst} are copies"
            yield Found(what, copies.places, certainty="high", time=copies.time)


def _may_be_doubled(facts: Facts) -> bool:
    """Whether streams may have come twice: of several together no larger share did than of one of them."""
    gone, least = facts.gone, SOME_DOUBLED_SHARE
    if any([each.duplicates > least * each.packets for _, each in facts.striking if each.duplicates]):
        return True
    if gone.every_twice is None:
        return False
    every = gone.every_twice.duplicates > least * gone.every
    return every or any([twice.duplicates > least * gone.packets[ends] for ends, twice in gone.twice.items()])


def _sent(facts: Facts) -> Sent:
    """What was sent in all, also in calls that were let go."""
    # Hardly any capture has anything twice.
    from copy import deepcopy

    sent = deepcopy(facts.gone)
    for call in facts.calls:
        sent.add_messages(call.messages)
    for stream in facts.streams:
        if stream.packets >= MIN_RTP_PACKETS:
            ends = stream.src, stream.dst
            sent.add_packets(ends, stream.packets)
            if stream.duplicates:
                sent.add_duplicates(ends, stream, stream.first, stream.first_place)
    return sent


@rule(
    "capture-one-direction", "warning", "The capture has one direction only",
    scope="capture", confirm_seconds=AT_ONCE, absence="state",
    why="Everything that the other side sends is missing: it was not sent, or it does not pass this place.",
    fix="Capture on the endpoint itself, or on a port that mirrors both directions.",
)
def capture_one_direction(facts: Facts) -> Iterator[Found]:
    if not facts.once(one_sided):
        return
    counts: Counter[str] = Counter()
    carrying = []
    for flow in facts.recognised:
        counts.update(known := {seen.name: seen.count for seen in flow.protocols if seen.name in MEDIA})
        carrying += [flow] if known else []
    names = [name for name in MEDIA if name in counts]
    # One stream alone may be all there is; requests without any answer, or several streams, are half of something.
    half = "SIP" in names or len({stream.ssrc for stream in facts.streams}) > 1
    # A handshake that goes on without any answer had one.
    half = half or any(each.outcome == "unanswered" and each.encrypted_ends for each in facts.handshakes)
    if counts.total() < MIN_RTP_PACKETS or not half:
        return
    sources = {flow.src for flow in carrying}
    if len(sources) == 1:
        what = f"{' and '.join(names)} {'come' if len(names) > 1 else 'comes'} from {sources.pop()} alone"
        yield Found(what, severity=None if "SIP" in names else "note", certainty="medium")


@rule(
    "not-analysed-tcp", "note", "TLS, which may carry signalling",
    scope="capture",
    why="TLS is encrypted and was not read. Calls whose signalling is in it are not in this report.",
    fix="Give the keys of these connections (--keys FILE, the log that SSLKEYLOGFILE names), or let the phone signal "
    "over TCP or UDP.",
)
def not_analysed_tcp(facts: Facts) -> Iterator[Found]:
    for seen in facts.capture.not_analysed:
        yield Found(f"{seen.name}: {counted(seen.count, 'segment')}")


@rule(
    "unknown-share", "note", "Datagrams or messages of no known protocol",
    scope="capture",
    why="These match no protocol that muxshark knows. They are counted, not guessed.",
    fix="muxshark explain FILE FRAME shows every rule that was tried on one of them.",
)
def unknown_share(facts: Facts) -> Iterator[Found]:
    counts = {seen.name: seen.count for seen in facts.capture.protocols}
    looked_like = sum(each.count for each in facts.problems if each.id == PLAUSIBLE.id)
    carriers = sum(seen.count for seen in facts.capture.encapsulations if seen.name in CARRIERS)
    named = sum(each.count for each in facts.capture.not_read if each.transport == UDP)
    unknown = counts.get("UNKNOWN", 0) - looked_like - carriers - named
    if unknown > 0:
        seen = (facts.capture.datagrams, "datagram"), (facts.capture.messages, "message")
        every = " and ".join([counted(number, noun) for number, noun in seen if number])
        yield Found(f"of no known protocol: {unknown:,} of {every}")


OF_DAMAGE = (CUT, CORRUPT)
"""Rules about captures that end before their end: who copies a capture asks nothing else."""

RULES = (
    CORRUPT, CUT, DROPS, KEPT_IN_PART, SNAPLEN, KEYS_UNUSED, OFFLOAD, capture_doubled, capture_one_direction,
    fragments_incomplete, LINK, BOUND, MALFORMED, not_analysed_tcp, PLAUSIBLE, unknown_share,
)
