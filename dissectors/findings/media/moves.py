"""Rules about media whose ends move during a call: a source that moves alone, and media that somebody else draws away.

The capture says where each datagram went. A receiver that learns its peer's address from what comes in (symmetric RTP)
sends to whoever sends to it; one that does not stays with what it knew.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.agreements import Agreement, agreements
from dissectors.findings.kinds import SOUND_KINDS
from dissectors.findings.media.paths import Way, ways
from dissectors.findings.media_traits import ASTRAY
from dissectors.findings.rule import Facts, Found, name_of, rule
from dissectors.report import Call
from dissectors.wire.datagram import endpoint

GRACE_SECONDS = 2.0
"""A peer may take so long to follow, and what crosses a move may come so long after it."""

MIN_PACKETS = 20
"""Fewer on a way show no move."""


def ways_of(facts: Facts, call: Call, side: str) -> list[Way]:
    """The ways on which a side sent more than a little sound, in the order in which they began."""
    found = [
        way for position in call.streams for way in ways(facts, position)
        if way.stream.sender == side and way.stream.kind in SOUND_KINDS and way.packets >= MIN_PACKETS
    ]
    return sorted(found, key=lambda way: way.first)


@rule(
    "media-source-moved", "warning", "The source of media moved and its peer did not follow",
    scope="stream",
    why="A phone that changes its network (Wi-Fi to mobile) or whose NAT gives it another port sends from somewhere "
    "else. Who goes on to send to the old address is not heard any more.",
    fix="Let the peer take the address from the packets that it receives (symmetric RTP), or let the phone say with a "
    "re-INVITE that it has moved.",
)
def media_source_moved(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(ASTRAY):
        for side, peer in OTHER_SIDE.items():
            for old, new in _moves(ways_of(facts, call, side)):
                announced = _announced(call, side)
                # A side that sends from another port, or another blade beside it, may well receive where it said.
                if new.source in announced or old.source in announced and _beside(old.source[0], new.source[0]):
                    continue
                back = ways_of(facts, call, peer)
                staying = [way for way in back if way.target == old.source and way.first < new.first]
                last = max(staying, key=lambda way: way.last, default=None)
                if last is None or any(way.target == new.source for way in back):
                    continue
                seconds = min(last.last, facts.end_of(call)) - new.first
                if seconds > GRACE_SECONDS:
                    what = (
                        f"{name_of(new.stream)}: comes from {endpoint(*new.source)} instead of {endpoint(*old.source)} "
                        f"as of {new.first - call.start:.1f} s into the call; the {peer} goes on to send to "
                        f"{endpoint(*old.source)} for {seconds:.1f} s"
                    )
                    places = (new.stream.last_place, last.stream.last_place)
                    yield Found(what, places, number, new.position, certainty="high", time=new.first)


def _moves(sent: list[Way]) -> Iterator[tuple[Way, Way]]:
    """The ways of one stream of which the later one has another source, and the same target, behind the earlier one."""
    for old, new in zip(sent, sent[1:], strict=False):
        if old.position == new.position and old.target == new.target and old.source != new.source:
            if new.first >= old.last - GRACE_SECONDS and new.last - new.first > GRACE_SECONDS:
                yield old, new


@rule(
    "media-diverted", "error", "Media was drawn away by somebody who sends to its source",
    scope="stream",
    why="A side that takes its peer's address from the packets that it receives sends to whoever sends to it: what was "
    "said to one is heard by another, and the peer hears nothing. It is known as RTP bleed.",
    fix="Let the media server keep to the source that it learnt first, or to the announced one (strict RTP), and open "
    "its ports for known peers only. SRTP would tell a stranger from the peer.",
)
def media_diverted(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(ASTRAY):
        if len(call.dialogs) > 1 or any(line.candidates for each in call.descriptions for line in each.media):
            continue
        for side, peer in OTHER_SIDE.items():
            sent, received = ways_of(facts, call, side), ways_of(facts, call, peer)
            ends = {way.target for way in sent}
            if len(ends) < 2 or not received:
                continue
            turned = sent[-1]
            true = _drawn_from(call, turned, sent, received, peer, agreements(facts)[number])
            strange = next((way for way in received if way.source == turned.target and way.first < turned.first), None)
            if true is not None and strange is not None:
                what = (
                    f"the {side}'s media goes to {endpoint(*turned.target)} as of {turned.first - call.start:.1f} s "
                    f"into the call, {turned.first - strange.first:.2f} s after that began to send to the {side}; "
                    f"nobody announced it, and the {peer} sends on from {endpoint(*true.source)} and hears nothing more"
                )
                places = (strange.stream.first_place, turned.stream.last_place)
                yield Found(what, places, number, turned.position, certainty="high", time=turned.first)


def _drawn_from(
    call: Call, turned: Way, sent: list[Way], received: list[Way], peer: str, agreed: list[Agreement]
) -> Way | None:
    """The way of the peer from which a side's media turned to a host that is not the peer's; None where it did not."""
    hosts = {host for host, _ in _announced(call, peer)}
    true = [
        way for way in received
        if way.source != turned.target and call.start <= way.first < turned.first < way.last - GRACE_SECONDS
    ]
    # A peer behind a NAT that gives it another port is the peer, and so is who signals.
    hosts.update([way.source[0] for way in true], [each.src for each in call.messages if each.side == peer])
    if not true or turned.target[0] in hosts or turned.last - turned.first < GRACE_SECONDS:
        return None
    if any(way.target != turned.target and way.last > turned.first + GRACE_SECONDS for way in sent):
        return None
    # What was agreed just before may have been about this.
    if any(turned.first - GRACE_SECONDS < each.begin < turned.first + GRACE_SECONDS for each in agreed[1:]):
        return None
    return true[0]


def _beside(one: str, other: str) -> bool:
    """Whether two hosts have nearly the same address, as the blades of one server have: one /24, or one /64."""
    networks = [ip_network(f"{host}/{64 if ':' in host else 24}", strict=False) for host in (one, other)]
    return networks[0] == networks[1]


def _announced(call: Call, side: str) -> set[tuple[str | None, int]]:
    """Where a side said that it wants media."""
    return {(line.address, line.port) for each in call.descriptions if each.side == side for line in each.media}


RULES = (media_source_moved, media_diverted)
