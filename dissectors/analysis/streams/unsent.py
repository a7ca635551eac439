"""Sources that RTCP names and that nobody sends: who reports on them, and who asks something of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dissectors.analysis.streams.feedback import Told
from dissectors.analysis.streams.rtcp import Heard, Hosts
from dissectors.report import Place, Unsent


def named(heard: Mapping[tuple[int, Hosts], Heard], told: Mapping[tuple[int, Hosts], Told]) -> Iterator[Unsent]:
    """The report's values, in the order in which they began; what is said of all of a transport names no source."""
    found = []
    for key in dict.fromkeys((*heard, *told)):
        one, other = heard.get(key), told.get(key)
        began = [(one.first, one.place, one.flow)] if one is not None and one.reports else []
        counts = {} if other is None else other.counts
        nacks, pli, fir = (counts.get(name, 0) for name in ("NACK", "PLI", "FIR"))
        began += [(other.first, other.began, other.flow)] if other is not None and nacks + pli + fir else []
        if began:
            found.append((min(began, key=_time), key[0], one, other, nacks, pli, fir))
    for (first, place, flow), ssrc, one, other, nacks, pli, fir in sorted(found, key=lambda each: each[0][0]):
        if flow is not None:
            last = max(0 if one is None else one.last, 0 if other is None else other.last)
            reports = 0 if one is None else one.reports
            yield Unsent(
                ssrc, flow.src, flow.sport, flow.dst, flow.dport, flow.inside, reports, nacks, pli, fir, first / 1e9,
                last / 1e9, place,
            )


def _time(began: tuple[int, Place, object]) -> int:
    return began[0]
