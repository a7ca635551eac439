"""What repairs a stream beside RTX: RED (RFC 2198), ULPFEC (RFC 5109) and FlexFEC (RFC 8627), as SDP names them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dissectors.analysis.streams.directory import Joined
from dissectors.mux.counters import Counters
from dissectors.mux.pictures import FIRST_BLOCK
from dissectors.report import Format
from dissectors.wire.values import Struct

RED, ULPFEC, FLEXFEC = "red", "ulpfec", "flexfec"
MAX_DEPTH = 8
"""So many earlier payloads at most are thought to be in a datagram of RED."""

MAX_REMEMBERED = 64
"""Of so many lists of formats it is remembered whether they repair."""


class Redundancy(Struct, frozen=True):
    """What else repairs a stream: its kind, its packets, and its SSRC where that is another one.

    Each datagram of RED has `depth` earlier payloads as well.
    """

    kind: str
    packets: int
    ssrc: int | None = None
    depth: int = 0


def redundancy(
    counters: Counters, beside: Sequence[Counters], joined: Joined | None, covered: bool
) -> Redundancy | None:
    """What repairs a stream beside RTX; `beside` are the streams on its flow, `covered` says that it is encrypted."""
    formats = _formats(joined)
    if not formats:
        return None
    named = {kind: {n for n, each in formats.items() if (each.codec or "").lower().startswith(kind)} for kind in KINDS}
    if named[FLEXFEC]:
        found = [each for each in beside if each is not counters and each.sizes and each.sizes.keys() <= named[FLEXFEC]]
        if len(found) == 1 and not counters.sizes.keys() <= named[FLEXFEC]:
            return Redundancy(FLEXFEC, found[0].packets, found[0].ssrc)
    packets = sum(counters.sizes[number][0] for number in named[ULPFEC] & counters.sizes.keys())
    wrapped = named[RED] & counters.sizes.keys()
    if wrapped and counters.pictures is not None and not covered:
        blocks = counters.pictures.blocks
        packets += sum(blocks[number - FIRST_BLOCK] for number in named[ULPFEC] if number >= FIRST_BLOCK)
    if packets or wrapped and named[ULPFEC]:
        return Redundancy(ULPFEC, packets)
    if wrapped and counters.pictures is None:
        number = min(wrapped)
        depth = min(MAX_DEPTH, (formats[number].parameters or "").count("/"))
        return Redundancy(RED, counters.sizes[number][0], None, depth)
    return None


KINDS = (RED, ULPFEC, FLEXFEC)


def _formats(joined: Joined | None) -> dict[int, Format]:
    """The formats of both media lines by payload type, the sender's first, where one of them repairs."""
    lines = [line for line in ((joined.received, joined.sent) if joined is not None else ()) if line is not None]
    if not any([_repairs(line.media.formats) for line in lines]):
        return {}
    return {
        int(each.payload_type): each for line in lines for each in line.media.formats
        if each.codec is not None and each.payload_type.isdecimal()
    }


@lru_cache(MAX_REMEMBERED)
def _repairs(formats: tuple[Format, ...]) -> bool:
    """Whether one of these formats repairs: most lines have the same few."""
    return any([each.codec and each.codec.lower().startswith(KINDS) for each in formats])
