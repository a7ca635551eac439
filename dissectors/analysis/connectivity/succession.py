"""Sessions one after another on the same 5-tuples: a port is used again, with other credentials, keys and sources.

What is cut apart shares nothing: no user name, no handshake, no stream and no SSRC goes on from one to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from dissectors.report import Check, Handshake, Stream, Username
from dissectors.wire.values import Struct, field, replace

MAX_ATTEMPTS = 64
"""So many moments of a group at which nothing goes on are looked at."""

Item = Username | Handshake | Stream


class Part(Struct):
    """One of several sessions: its positions, and its checks as far as they are its own."""

    checks: dict[int, Check] = field(default_factory=dict)
    handshakes: list[int] = field(default_factory=list)
    streams: list[int] = field(default_factory=list)


def parts(
    checks: Mapping[int, Check], handshakes: Mapping[int, Handshake], streams: Mapping[int, Stream]
) -> list[Part]:
    """The sessions that follow one another, all by their positions in the report; one where nothing is cut."""
    cuts = _cuts(list(checks.values()), list(handshakes.values()), list(streams.values()))
    found = [Part() for _ in range(len(cuts) + 1)]
    for number, check in checks.items():
        for place, part in enumerate(found):
            own = _own(check, _between(cuts, place), place == len(cuts))
            if own is not None:
                part.checks[number] = own
    for number, handshake in handshakes.items():
        found[sum(handshake.first >= cut for cut in cuts)].handshakes.append(number)
    for number, stream in streams.items():
        found[sum(stream.first >= cut for cut in cuts)].streams.append(number)
    return found


def _between(cuts: Sequence[float], place: int) -> tuple[float, float]:
    return ((float("-inf"), *cuts)[place], (*cuts, float("inf"))[place])


def _cuts(checks: Sequence[Check], handshakes: Sequence[Handshake], streams: Sequence[Stream]) -> list[float]:
    """When a new session begins: nothing spans the moment, and there is a whole session before it and after it."""
    names = [named for check in checks for named in check.usernames]
    items: list[Item] = sorted([*names, *handshakes, *streams], key=attrgetter("first"))
    begins, last = [0], items[0].last
    for place, item in enumerate(items):
        if item.first > last:
            begins.append(place)
        last = max(last, item.last)
    found, kept = list[float](), 0
    for begin, end in zip(begins[1:MAX_ATTEMPTS], (*begins[2:], len(items)), strict=False):
        here = items[begin:end]
        if _begins(here, bool(names), bool(handshakes)) and _apart(items[kept:begin], items[begin:]):
            found.append(here[0].first)
            kept = begin
    return found


def _begins(items: Sequence[Item], named: bool, keyed: bool) -> bool:
    """Whether a session could begin with these: with names where there are any, and with a handshake if others have."""
    names = any(isinstance(item, Username) for item in items)
    shaken = any(isinstance(item, Handshake) and item.hellos for item in items)
    return (names or not named) and (shaken or not keyed)


def _apart(before: Sequence[Item], after: Sequence[Item]) -> bool:
    """Whether both are whole sessions that share neither a name nor a source."""
    names, sources = ({*_names(items)} for items in (before, after)), ({*_sources(items)} for items in (before, after))
    return _whole(before) and _whole(after) and not set.intersection(*names) and not set.intersection(*sources)


def _whole(items: Sequence[Item]) -> bool:
    """Whether there is media, or a handshake that came to its end beside checks."""
    names = any(isinstance(item, Username) for item in items)
    complete = any(isinstance(item, Handshake) and item.outcome == "complete" for item in items)
    return names and complete or any(isinstance(item, Stream) for item in items)


def _names(items: Sequence[Item]) -> Iterator[str]:
    return (part for item in items if isinstance(item, Username) for part in item.username.split(":"))


def _sources(items: Sequence[Item]) -> Iterator[int]:
    return (item.ssrc for item in items if isinstance(item, Stream))


def _own(check: Check, window: tuple[float, float], is_last: bool) -> Check | None:
    """A check as far as it belongs to one of several sessions; what it is in the end belongs to the last of them."""
    begin, end = window
    if not check.usernames:
        return check if begin <= check.first < end else None
    names = tuple([named for named in check.usernames if begin <= named.first < end])
    if not names:
        return None
    first, last = min(each.first for each in names), max(each.last for each in names)
    succeeded = sum(each.succeeded for each in names)
    outcomes = tuple([
        replace(each, count=succeeded, first=max(each.first, first), last=min(each.last, max(last, first)))
        for each in check.outcomes if each.result == "success" and succeeded
    ])
    nominated = check.nominated_at if check.nominated_at is not None and begin <= check.nominated_at < end else None
    own = replace(
        check, usernames=names, first=first, last=check.last if is_last else last, place=names[0].place,
        requests=sum(each.requests for each in names), answered=sum(each.succeeded + each.refused for each in names),
        outcomes=outcomes, nominated_at=nominated,
    )
    return own if is_last else replace(own, silent=0, refused_in_a_row=0, refused_with=None)
