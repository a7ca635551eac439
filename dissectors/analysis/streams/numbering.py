"""Transport-wide numbers: the header extension that carries them, as SDP announces it or as it counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from dissectors.analysis.streams.directory import Joined
from dissectors.analysis.streams.extension_values import elements
from dissectors.mux.counters import Counters
from dissectors.report import TransportNumbers

MIN_COUNTED, MOST_STEP = 6, 256
"""So many values must advance, each by so much at most: they count all packets of a transport, those of others too."""


def numbering(counters: Counters, joined: Joined | None, feedback: int) -> TransportNumbers | None:
    """The report's value; `feedback` counts what the receiver said of such numbers."""
    if not counters.extensions:
        return None
    values: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for sequence, octets in counters.extensions:
        for number, data in elements(octets):
            if len(data) == 2:
                values[number].append((sequence, int.from_bytes(data, "big")))
    counting = [number for number, found in values.items() if _counts(found)]
    announced = _announced(joined)
    if announced is not None and announced in values:
        return TransportNumbers(announced, True, announced in counting, feedback)
    return TransportNumbers(counting[0], False, True, feedback) if counting and announced is None else None


def _counts(found: Sequence[tuple[int, int]]) -> bool:
    """Whether values advance with the sequence numbers, by as much or by more."""
    if len(found) < MIN_COUNTED:
        return False
    for (one, before), (two, after) in zip(found, found[1:], strict=False):
        numbers, step = two - one & 0xFFFF, after - before & 0xFFFF
        if not 0 < numbers <= step <= MOST_STEP:
            return False
    return True


def _announced(joined: Joined | None) -> int | None:
    """The id that SDP gives to the extension, by the receiver's word or else the sender's."""
    for line in (joined.received, joined.sent) if joined is not None else ():
        if line is not None and line.media.transport_wide is not None:
            return line.media.transport_wide
    return None
