"""Sessions: checks, handshakes and streams that belong together, found by keys in one pass over each.

5-tuples are joined by the ICE credentials of their checks, by the streams that moved from one to the other, and by an
SSRC that goes on between hosts it was known between. What has neither ICE nor DTLS makes no session.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from operator import attrgetter
from typing import Literal

from dissectors.analysis.connectivity.joining import CHECK, Ends, Joined, joined
from dissectors.analysis.connectivity.sides import Sides
from dissectors.report import Call, Check, Flow, Handshake, Pair, Place, Session, Stream
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import Struct, field, replace

State = Literal["waiting", "checked", "nominated", "used", "lost"]

_first, _closed = attrgetter("first"), attrgetter("closed")

MIN_LOST, LOST_SECONDS, MIN_REFUSED = 5, 8.0, 3
"""Unanswered checks, and for how many seconds, after which the most impatient stacks give up; refusals in a row."""

RESUMED_SECONDS, MAX_PAIRS_OF_A_HANDSHAKE = 60.0, 8
"""A handshake goes on over another pair within so many seconds, and over so many pairs at most."""


def failed_since(check: Check) -> float | None:
    """When the last check succeeded before checks were refused or unanswered for good; None while they succeed."""
    if check.kind != CHECK or check.succeeded is None:
        return None
    last = check.succeeded.last
    refused = check.refused_in_a_row >= MIN_REFUSED
    silent = check.silent >= MIN_LOST and check.last - (check.last_answer or last) >= LOST_SECONDS
    return last if refused or silent else None


class Group(Struct):
    """What is joined so far: positions by the kind of value, and the numbers of 5-tuples as they came.

    `closing` is what closed DTLS where its handshake was not captured.
    """

    checks: list[int] = field(default_factory=list)
    handshakes: list[int] = field(default_factory=list)
    streams: list[int] = field(default_factory=list)
    paths: dict[int, None] = field(default_factory=dict)
    closing: Handshake | None = None


def sessions(
    checks: Sequence[Check], handshakes: Sequence[Handshake], streams: Sequence[Stream], flows: Sequence[Flow],
    calls: Sequence[Call],
) -> tuple[tuple[Session, ...], tuple[Handshake, ...]]:
    """The sessions in the order in which they began, and the handshakes that began somewhere, joined over pairs.

    `flows` are those that streams give the positions of; where these are others, let there be none.
    """
    paths = joined(checks, handshakes, streams, flows)
    groups: dict[Hashable, Group] = {}
    for number, path in enumerate(paths.checks):
        if path is not None:
            _group(groups, paths, path).checks.append(number)
    for number, path in enumerate(paths.handshakes):
        _group(groups, paths, path).handshakes.append(number)
    for number, path in enumerate(paths.streams):
        if path is not None:
            _group(groups, paths, path).streams.append(number)
    over = [*handshakes]
    for group in groups.values():
        _join_handshakes(over, group.handshakes, [streams[number] for number in group.streams])
    asked: dict[int, Mapping[int, Check]] = {}
    found = [part for group in groups.values() for part in _parts(group, checks, over, streams, asked)]
    kept = [number for number, each in enumerate(over) if each.outcome != "continued"]
    new = {number: position for position, number in enumerate(kept)}
    told = tuple([over[number] for number in kept])
    paths = replace(paths, handshakes=[paths.handshakes[number] for number in kept])
    for group in found:
        group.closing = _closing([over[number] for number in group.handshakes if number not in new])
        group.handshakes = [new[number] for number in group.handshakes if number in new]
    called = _called(calls) if groups else {}
    kinds = _kinds(checks, calls) if groups else {}
    made = [
        _session(group, paths, asked.get(id(group), checks), told, streams, calls, called, kinds)
        for group in found if group.checks or group.handshakes
    ]
    return tuple(sorted(made, key=_first)), told


def _group(groups: dict[Hashable, Group], paths: Joined, path: int) -> Group:
    key = paths.joining.find(path)
    group = groups.get(key)
    if group is None:
        group = groups[key] = Group()
    group.paths[path] = None
    return group


def _parts(
    group: Group, checks: Sequence[Check], handshakes: Sequence[Handshake], streams: Sequence[Stream],
    asked: dict[int, Mapping[int, Check]],
) -> list[Group]:
    """The sessions of one group, which may follow one another; `asked` gets the checks of each by its identity."""
    renewed = len(group.handshakes) > 1 or any([len(checks[number].usernames) > 1 for number in group.checks])
    if not renewed or not (len(group.streams) > 1 or len(group.handshakes) > 1):
        return [group]
    from dissectors.analysis.connectivity.succession import parts

    shaken = {number: handshakes[number] for number in group.handshakes}
    own = {number: checks[number] for number in group.checks}
    found = parts(own, shaken, {number: streams[number] for number in group.streams})
    if len(found) < 2:
        return [group]
    made = [Group([*part.checks], part.handshakes, part.streams, group.paths) for part in found]
    asked.update((id(one), part.checks) for one, part in zip(made, found, strict=True))
    return made


def _closing(continued: list[Handshake]) -> Handshake | None:
    """The first that closed DTLS, of those whose beginning was not captured."""
    closed = [each for each in continued if each.closed is not None]
    return min(closed, key=_closed, default=None)


def _join_handshakes(all_of_them: list[Handshake], numbers: list[int], streams: list[Stream]) -> None:
    """A handshake goes on over another pair of its session, and is over when SRTP flows."""
    if not numbers:
        return
    ordered = [number for _, number in sorted([(all_of_them[number].first, number) for number in numbers])]
    going_on = [all_of_them[number] for number in ordered if all_of_them[number].outcome == "continued"]
    begins = [each.first for each in going_on]
    media = min([stream.first for stream in streams if stream.packets > 1], default=None)
    for number in ordered:
        begun = all_of_them[number]
        if begun.outcome != "unfinished":
            continue
        at = bisect_left(begins, begun.first)
        for other in going_on[at:at + MAX_PAIRS_OF_A_HANDSHAKE]:
            if other.first - begun.first <= RESUMED_SECONDS:
                begun = _gone_on(begun, other)
        flows = media is not None and media >= begun.first and not begun.missing
        if begun.encrypted_ends > 1 or flows:
            begun = replace(begun, outcome="complete", completed=begun.completed or media or begun.last)
        all_of_them[number] = begun


def _gone_on(begun: Handshake, other: Handshake) -> Handshake:
    return replace(
        begun, last=max(begun.last, other.last), encrypted_ends=begun.encrypted_ends + other.encrypted_ends,
        client_fingerprint=begun.client_fingerprint or other.client_fingerprint,
        closed=begun.closed or other.closed, closed_place=begun.closed_place or other.closed_place,
        closed_by=begun.closed_by or other.closed_by, missing=begun.missing or other.missing,
    )


def _kinds(checks: Sequence[Check], calls: Sequence[Call]) -> dict[Hashable, str]:
    """The kinds of candidates by endpoint, and whether it is used through a relay: by SDP, and by STUN servers."""
    named: dict[str, str] = {}
    for call in calls:
        for described in call.descriptions:
            for line in described.media:
                named.update(zip(line.endpoints, line.candidate_kinds, strict=False))
    for check in checks:
        if check.kind != CHECK and check.mapped and check.mapped != endpoint(check.src, check.sport):
            named.setdefault(check.mapped, "srflx")
        if check.relayed:
            named[check.relayed] = "relay"
    asks = {(check.src, check.sport) for check in checks if check.relayed}
    ends = {end for check in checks for end in ((check.src, check.sport), (check.dst, check.dport))} if named else set()
    found: dict[Hashable, str] = {(end, False): kind for end in ends if (kind := named.get(endpoint(*end), ""))}
    return found | {(end, True): "relay" for end in asks}


def _called(calls: Sequence[Call]) -> dict[Hashable, int]:
    """The calls by what their SDP announces: ICE fragments, and endpoints."""
    found: dict[Hashable, int] = {}
    for number, call in enumerate(calls):
        for described in call.descriptions:
            for line in described.media:
                if line.ufrag:
                    found[line.ufrag] = number
                for each in (*line.endpoints, endpoint(line.address or "", line.port)):
                    found.setdefault((each, described.side), number)
    return found


def _session(
    group: Group, paths: Joined, checks: Sequence[Check] | Mapping[int, Check], handshakes: Sequence[Handshake],
    streams: Sequence[Stream], calls: Sequence[Call], called: dict[Hashable, int], kinds: dict[Hashable, str],
) -> Session:
    asked = [checks[number] for number in group.checks]
    shaken = [handshakes[number] for number in group.handshakes]
    media, closing = [streams[number] for number in group.streams], group.closing
    sides = Sides(asked, shaken, media)
    pairs = _pairs(group, paths, sides, kinds, asked, shaken, media)
    known = [each.call for each in media if each.call is not None and each.call < len(calls)]
    call = known[0] if known else _call_of(sides, asked, called) if called else None
    return Session(
        sides=sides.to_report(asked),
        pairs=pairs,
        checks=tuple(group.checks),
        handshakes=tuple(group.handshakes),
        streams=tuple(group.streams),
        call=call,
        first=min([pair.first for pair in pairs]),
        last=max([pair.last for pair in pairs]),
        ended=_ended(shaken if closing is None else [*shaken, closing], media, None if call is None else calls[call]),
        closed_by=None if closing is None else _closed_by(closing),
        closed_place=None if closing is None else closing.closed_place,
    )


def _closed_by(closing: Handshake) -> str:
    if closing.closed_by == "client":
        return endpoint(closing.src, closing.sport)
    return endpoint(closing.dst, closing.dport)


def _call_of(sides: Sides, asked: list[Check], called: dict[Hashable, int]) -> int | None:
    """The call whose SDP has these fragments on either side, or both of these endpoints."""
    for fragment in [*sides.fragments[0], *sides.fragments[1]]:
        if fragment in called:
            return called[fragment]
    for a, b in (("caller", "callee"), ("callee", "caller")):
        for check in asked:
            one, other = endpoint(check.src, check.sport), endpoint(check.dst, check.dport)
            found = called.get((one, a))
            if found is not None and found == called.get((other, b)):
                return found
    return None


def _ended(shaken: list[Handshake], media: list[Stream], call: Call | None) -> float | None:
    """When a session was closed on purpose."""
    ends = [each.closed for each in shaken if each.closed is not None]
    said: dict[str, list[float | None]] = {}
    for stream in media:
        said.setdefault(stream.src, []).append(stream.end)
    for of in said.values():
        if None not in of:
            ends.append(max([end for end in of if end is not None]))
    if call is not None and call.ended is not None:
        ends.append(call.ended)
    return min(ends, default=None)


def _pairs(
    group: Group, paths: Joined, sides: Sides, kinds: dict[Hashable, str], asked: list[Check],
    shaken: list[Handshake], media: list[Stream],
) -> tuple[Pair, ...]:
    """The 5-tuples of a session, each with its life, in the order in which they began."""
    on: dict[int | None, tuple[list[Check], list[Handshake | Stream]]] = {path: ([], []) for path in group.paths}
    for number, check in zip(group.checks, asked, strict=True):
        on[paths.checks[number]][0].append(check)
    for number, handshake in zip(group.handshakes, shaken, strict=True):
        on[paths.handshakes[number]][1].append(handshake)
    for number, stream in zip(group.streams, media, strict=True):
        on[paths.streams[number]][1].append(stream)
    pairs = [
        _pair(paths.ends[path], sides, kinds, *what) for path, what in on.items()
        if path is not None and (what[0] or what[1])
    ]
    return tuple(sorted(pairs, key=_first))


def _pair(
    ends: Ends, sides: Sides, kinds: dict[Hashable, str], asked: list[Check], used: list[Handshake | Stream]
) -> Pair:
    (src, dst), inside = (ends[:2] if sides.of(ends[0]) == 0 else (ends[1], ends[0])), ends[2]
    checked = nominated = lost = first_use = None
    for check in asked:
        checked = _earlier(checked, None if check.succeeded is None else check.succeeded.first)
        nominated, lost = _earlier(nominated, check.nominated_at), _earlier(lost, failed_since(check))
    for one in used:
        first_use = _earlier(first_use, one.first)
    everything: list[Check | Handshake | Stream] = [*asked, *used]
    begun = min(everything, key=_first)
    state: State = (
        "lost" if lost is not None else "used" if first_use is not None
        else "nominated" if nominated is not None and checked is not None
        else "checked" if checked is not None else "waiting"
    )
    return Pair(
        *src, *dst, inside, state, sum([each.requests for each in asked]), sum([each.answered for each in asked]),
        begun.first, checked, nominated, first_use, lost, max([each.last for each in everything]), _place(begun),
        kinds.get((src, bool(inside))), kinds.get((dst, bool(inside))),
    )


def _place(each: Check | Handshake | Stream) -> Place:
    return each.first_place if isinstance(each, Stream) else each.place


def _earlier(one: float | None, other: float | None) -> float | None:
    """The earlier of two times, of which either may be none."""
    return other if one is None or other is not None and other < one else one
