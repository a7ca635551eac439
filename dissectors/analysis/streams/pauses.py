"""Why the timestamps of a stream may run ahead of its datagrams although nobody fell silent: hold, and keys pressed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dissectors.analysis.calls.negotiation import Announced
from dissectors.mux.counters import Counters

SENDING, RECEIVING = ("sendrecv", "sendonly"), ("sendrecv", "recvonly")
UNSPECIFIED_ADDRESSES = ("0.0.0.0", "::")


def on_hold(lines: Iterable[Announced], sender: str, kind: str, first: int, last: int) -> int:
    """For how many nanoseconds between `first` and `last` a side was not to send this kind of media.

    Either it said so itself (recvonly, inactive), or its peer did (sendonly, inactive, or the address 0.0.0.0 of
    RFC 2543).
    """
    silent: dict[str, bool] = {}
    begun: int | None = None
    total = 0
    for line in sorted((each for each in lines if each.media.kind == kind), key=lambda each: each.time):
        words = SENDING if line.side == sender else RECEIVING
        nowhere = line.side != sender and line.address in UNSPECIFIED_ADDRESSES
        silent[line.side] = nowhere or line.media.direction not in words
        held = any(silent.values())
        if held and begun is None:
            begun = line.time
        elif not held and begun is not None:
            total += _overlap(begun, line.time, first, last)
            begun = None
    return total if begun is None else total + _overlap(begun, last, first, last)


def _overlap(begin: int, end: int, first: int, last: int) -> int:
    return max(0, min(end, last) - max(begin, first))


def in_events(counters: Counters, types: Collection[int]) -> int:
    """For how many nanoseconds telephone events of these payload types were sent: all of one have one timestamp."""
    return sum(last - first for payload_type, first, last, _ in counters.phases if payload_type in types)
