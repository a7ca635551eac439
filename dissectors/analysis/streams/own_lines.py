"""Which media lines are a stream's own, where several share a transport (RFC 9143 section 9.2)."""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.analysis.calls.negotiation import Announced
from dissectors.analysis.streams.extension_values import values_of
from dissectors.mux.counters import Counters
from dissectors.protocols import rtp_extensions


def own_lines(
    received: Sequence[Announced], sent: Sequence[Announced], counters: Counters
) -> tuple[Announced | None, Announced | None]:
    """Of all lines of receiver and sender to which a stream may belong its own of each, None where there is none.

    In order: the line whose MID it carries, the one that announced its SSRC, the only one that lists its payload type.
    Where nothing tells them apart it is the first.
    """
    if len(received) < 2 and len(sent) < 2:
        return next(iter(received), None), next(iter(sent), None)
    listed = [_listing(lines, counters) for lines in (received, sent)]
    mid = _carried(counters, (*received, *sent))
    for lines in ([line for line in sent if counters.ssrc in line.media.ssrcs], *listed):
        mid = lines[0].media.mid if mid is None and len(lines) == 1 else mid
    here, there = [
        next((line for line in (*lines, *every) if mid is not None and line.media.mid == mid), None)
        or next(iter((*lines, *every)), None)
        for lines, every in zip(listed, (received, sent), strict=True)
    ]
    return here, there


def _listing(lines: Sequence[Announced], counters: Counters) -> list[Announced]:
    """Those that list the payload type of most packets."""
    payload_type = str(max(counters.sizes, key=lambda number: counters.sizes[number][0]))
    return [line for line in lines if any(each.payload_type == payload_type for each in line.media.formats)]


def _carried(counters: Counters, lines: Sequence[Announced]) -> str | None:
    """The MID that a stream carries, where it carries that of one of these."""
    ids = {each.id for line in lines for each in line.media.extensions if each.name == rtp_extensions.MID}
    if not ids:
        return None
    mids, values = {line.media.mid for line in lines}, values_of(counters)
    carried = [rtp_extensions.text(each.data) for number in ids for each in values.get(number, ())]
    return next((mid for mid in carried if mid in mids), None)
