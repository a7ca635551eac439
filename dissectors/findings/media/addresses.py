"""Rules about addresses and ports of media: what was announced, and where media really comes from and goes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.agreements import ANYWHERE, FOREVER, Agreement, agreements, rtp_lines, wants_rtp
from dissectors.findings.hosts import private
from dissectors.findings.media.forks import misdirected
from dissectors.findings.media.paths import ways
from dissectors.findings.media_traits import ASTRAY, INTRICATE
from dissectors.findings.rule import Facts, Found, name_of, rule
from dissectors.findings.traits import REDESCRIBED
from dissectors.report import Call, Description, Media, Message, Place, Severity, Stream
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import Struct

GRACE_SECONDS = 2.0
"""Media may go to the old port for so long after another one was agreed."""

DISCARD_PORT = 9
"""The port of a line whose address ICE will find (RFC 8840 section 4.1.1)."""


def _wanted(call: Call, side: str | None) -> list[Media]:
    """The lines that want RTP of what one side announced; of both where the side is unknown."""
    return [line for d in call.descriptions if side in (None, d.side) for line in rtp_lines(d)]


def _is_announced(call: Call, side: str | None, port: int) -> bool:
    """Whether one side, or either where it is unknown, announced a port for RTP or its RTCP at any address."""
    for described in call.descriptions:
        if side in (None, described.side):
            for line in described.media:
                if port in (line.port, line.rtcp_port) and wants_rtp(line):
                    return True
    return False


class Listening(Struct, frozen=True):
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
    why="The receiver waits at the announced port and hears nothing, unless it takes the port from the packets that "
    "it receives.",
    fix="Compare the port in the SDP with the packets. Look for an ALG that changes only one of them.",
)
def media_elsewhere(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(ASTRAY):
        listening: dict[str | None, Listening] = {}
        leaving: set[tuple[str | None, int]] = set()
        for position in call.streams:
            stream = facts.streams[position]
            side = OTHER_SIDE.get(stream.sender or "")
            if _is_announced(call, side, stream.dport):
                continue
            if side not in listening:
                listening[side] = _listening(_wanted(call, side))
            there = listening[side]
            if stream.dport in there.ports or stream.dst not in there.addresses:
                continue
            # Behind a NAT media goes to where the other side's comes from: that is symmetric RTP.
            leaving = leaving or {(each.src, each.sport) for each in facts.of(call)}
            if endpoint(stream.dst, stream.dport) not in there.candidates and (stream.dst, stream.dport) not in leaving:
                what = f"{name_of(stream)}: goes to port {stream.dport}, the SDP announces {there.told}"
                yield Found(what, (stream.first_place,), number, position, certainty="high")


@rule(
    "media-address-differs", "note", "Media uses another address than the SDP announces",
    why="This is usual behind a NAT. A peer that trusts the SDP sends to an address that it cannot reach. Where it "
    "does so, to a private address, this is a warning.",
    fix="Use ICE or symmetric RTP, or let the endpoint announce its public address.",
)
def media_address_differs(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(ASTRAY):
        streams = facts.of(call)
        for side, peer in OTHER_SIDE.items() if streams else ():
            apart = announcements(call, side)
            if not apart or all((one.src if one.sender == side else one.dst) in apart for one in streams):
                continue
            taken = [way for position in call.streams for way in ways(facts, position)]
            sent = [stream for stream in streams if stream.sender == side]
            got = [stream for stream in streams if stream.sender == peer]
            leaves = {way.source[0] for way in taken if way.stream.sender == side}
            arrives = {way.target[0] for way in taken if way.stream.sender == peer}
            said = ["comes from " + " and ".join(sorted(leaves))] if leaves and not leaves & set(apart) else []
            said += ["is sent to " + " and ".join(sorted(arrives))] if arrives and not arrives & set(apart) else []
            if said:
                odd = (sent if "comes" in said[0] else []) + (got if "is sent" in said[-1] else [])
                places = [*apart.values(), *(stream.first_place for stream in odd)]
                what = f"the {side} announces {' and '.join(sorted(apart))}; its media {' and '.join(said)}"
                lost = bool(leaves) and arrives <= set(apart) and all(map(private, apart))
                if lost and arrives and not any(private(stream.src) for stream in streams):
                    what += f", and the {peer} sends to {' and '.join(sorted(arrives))}"
                    yield Found(what, places, number, certainty="medium", severity="warning")
                else:
                    yield Found(what, places, number)


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
    "media-to-old-port", "warning", "Media goes on to a port that was given up",
    scope="stream",
    why="A re-INVITE or UPDATE moved the receiver to another address or port, and the sender did not follow: from then "
    "on the receiver hears nothing.",
    fix="See whether the sender's side understood the new SDP: an SDP with an unchanged version in o= is often "
    "ignored.",
)
def media_to_old_port(facts: Facts) -> Iterator[Found]:
    yield from misdirected(facts)
    for number, call in facts.talks(REDESCRIBED):
        agreed = agreements(facts)[number]
        if len({each.answer.exchange for each in agreed}) < 2:
            continue
        latest = _latest(facts, call)
        wanted = {side: [(each, _ends(each.of(side))) for each in agreed] for side in OTHER_SIDE}
        for position in call.streams:
            stream = facts.streams[position]
            side = OTHER_SIDE.get(stream.sender or "", "")
            moved = _left_behind(wanted.get(side, []), side, stream, _until(facts, call, stream), latest)
            if moved is not None:
                seconds = _until(facts, call, stream) - moved.begin
                now = " or ".join(sorted({endpoint(*end) for end in _ends(moved.of(side))}))
                what = (
                    f"{name_of(stream)}: goes on to port {stream.dport} for {seconds:.1f} s after the {side} moved "
                    f"to {now}"
                )
                said = moved.of(side).place
                yield Found(what, (said, stream.last_place), number, position, certainty="high", time=moved.begin)


def _until(facts: Facts, call: Call, stream: Stream) -> float:
    """When a stream ended, within its call."""
    return min(stream.last, facts.end_of(call))


def _ends(described: Description) -> set[tuple[str, int]]:
    """Where RTP is to go by a description."""
    return {(line.address, line.port) for line in rtp_lines(described) if line.address}


Latest = dict[tuple[str | None, bool, tuple[str, int]], float]
"""When the last media of a side came, by the side, whether it was sent from an endpoint or to it, and the endpoint."""


def _latest(facts: Facts, call: Call) -> Latest:
    found: Latest = {}
    for way in [way for position in call.streams for way in ways(facts, position)]:
        for leaves, end in ((True, way.source), (False, way.target)):
            key = (way.stream.sender, leaves, end)
            found[key] = max(found.get(key, 0.0), way.last)
    return found


Wanted = list[tuple[Agreement, set[tuple[str, int]]]]
"""Agreements in order, and where a side wanted to receive by each."""


def _left_behind(wanted: Wanted, side: str, stream: Stream, until: float, latest: Latest) -> Agreement | None:
    """The agreement by which the side that receives a stream moved away from where it goes; None if it did not."""
    end = (stream.dst, stream.dport)
    before = [each for each, ends in wanted if end in ends]
    if not before or len(stream.flows) > 1:
        return None
    last = max(before, key=lambda each: each.end)
    after = [each for each, _ in wanted if each.dialog == last.dialog and each.begin == last.end]
    moved = next((each for each in after if _moves(each, side, stream.kind)), None)
    if last.end == FOREVER or until - last.end < GRACE_SECONDS or moved is None:
        return None
    new = {end for now, ends in wanted if now.begin >= last.end for end in ends}
    late = last.end + GRACE_SECONDS
    followed = any(latest.get((stream.sender, False, each), 0.0) > late for each in new)
    stayed = latest.get((side, True, end), 0.0) > late
    return None if followed or stayed else moved


def _moves(agreement: Agreement, side: str, kind: str | None) -> bool:
    """Whether a side goes on to receive this kind of media, wherever that is; with ICE that cannot be told."""
    for own, theirs in agreement.lines(side):
        if own.kind in (kind, None) and wants_rtp(own) and own.address not in ANYWHERE:
            return own.direction in ("sendrecv", "recvonly") and not own.candidates and not theirs.candidates
    return False


def _announced(agreed: Sequence[Agreement], stream: Stream) -> bool:
    """Whether the sender of a stream announced its port, for RTP or RTCP, in what was in force meanwhile."""
    sender, port = stream.sender or "", stream.sport
    for each in agreed if port and sender in OTHER_SIDE else ():
        for line in each.of(sender).media:
            if port in (line.port, line.rtcp_port) and wants_rtp(line) and each.during(stream.first, stream.last):
                return True
    return False


@rule(
    "media-from-other-port", "note", "Media comes from another port than its sender announced",
    scope="stream",
    why="Most receivers accept it. Strict ones, and firewalls that follow the SDP, drop what does not come from the "
    "announced port. A receiver that answers to the port of the packets sends to a port where nobody may listen.",
    fix="Let the sender use one port for both directions (symmetric RTP, RFC 4961), or check that its peer adapts.",
)
def media_from_other_port(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(ASTRAY):
        agreed = agreements(facts)[number]
        odd = [n for n in call.streams if not _announced(agreed, facts.streams[n])]
        if not odd:
            continue
        received_at = {(stream.dst, stream.dport) for stream in facts.of(call)}
        spoken = {side: [(each, each.of(side), rtp_lines(each.of(side))) for each in agreed] for side in OTHER_SIDE}
        for position in odd:
            stream = facts.streams[position]
            then = [one for one in spoken.get(stream.sender or "", ()) if one[0].during(stream.first, stream.last)]
            lines = [line for _, _, there in then for line in there]
            ports = {port for line in lines for port in (line.port, line.rtcp_port) if port}
            if stream.src not in {line.address for line in lines} or stream.sport in ports:
                continue
            if DISCARD_PORT in ports or any(line.candidates for line in lines):
                continue
            if (stream.src, stream.sport) in received_at:
                continue
            told = ", ".join(sorted(map(str, {line.port for line in lines})))
            what = f"{name_of(stream)}: comes from port {stream.sport}, the {stream.sender} announced {told}"
            yield Found(what, (stream.first_place, then[0][1].place), number, position)


@rule(
    "sdp-changed-silently", "warning", "A description changed and its version did not",
    why="A receiver that has seen this o= line knows the description already, and need not look at the rest (RFC "
    "3264 section 8). Such receivers keep the old address, port or direction.",
    fix="The side that sends it must raise the version in o= with each change. Some receivers can be told to look "
    "anyway (Asterisk: ignoresdpversion).",
)
def sdp_changed_silently(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(INTRICATE):
        if len({described.session for described in call.descriptions}) == len(call.descriptions):
            continue
        messages = {message.place: message for message in call.messages}
        latest: dict[tuple[str | None, ...], Description] = {}
        ignoring = _ignored(agreements(facts)[number])
        for described in call.descriptions:
            message = messages.get(described.place)
            if message is None or described.session is None or (described.role, described.state) == ("offer", "open"):
                continue
            hop = (message.src, message.dst, _own_tag(described, message), described.session)
            before, latest[hop] = latest.get(hop), described
            changes = _changes(before, described) if before else []
            if before and changes:
                what = f"the {described.side}'s {described.role} says {'; '.join(changes)}, with the same o= line"
                # A change that is offered and agreed later was seen all the same, unless media shows otherwise.
                seen = before.exchange != described.exchange and described.state == "agreed"
                ignored = described.place in ignoring
                severity: Severity | None = "note" if seen and not ignored else None
                places = (before.place, described.place)
                yield Found(what, places, number, severity=severity, time=described.time)


def _ignored(agreed: list[Agreement]) -> set[Place]:
    """The offers whose direction the answer does not follow, as that of a receiver that did not look does not."""
    return {
        each.offer.place
        for each in agreed
        for offered, answered in each.lines(each.offer.side)
        if offered.direction in ("sendonly", "inactive") and answered.direction == "sendrecv"
    }


def _own_tag(described: Description, message: Message) -> str | None:
    """The tag of the side that describes: different for each branch of a fork."""
    return described.from_tag if message.status is None else described.to_tag


def _changes(before: Description, after: Description) -> list[str]:
    """What a receiver would have to act on."""
    found = []
    for old, new in zip(before.media, after.media, strict=False):
        if (old.address, old.port) != (new.address, new.port):
            there = [endpoint(line.address or "", line.port) for line in (old, new)]
            found.append(f"{new.kind} to {there[1]} instead of {there[0]}")
        elif old.direction != new.direction:
            found.append(f"{new.kind} {new.direction} instead of {old.direction}")
        elif _types(old) != _types(new):
            found.append(f"{new.kind} with payload types {_types(new)} instead of {_types(old)}")
    return found


def _types(line: Media) -> str:
    return " ".join(each.payload_type for each in line.formats)


RULES = (
    media_elsewhere, media_address_differs, media_to_old_port, media_from_other_port, sdp_changed_silently,
)
