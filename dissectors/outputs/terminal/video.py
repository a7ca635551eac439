"""Video: frames, key frames and freezes of each stream, and bitrates over time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from dissectors.outputs.terminal.gauges import quantity, sparkline
from dissectors.outputs.terminal.lines import BLANK, Column, Line, Page, hanging, line, span, table
from dissectors.outputs.terminal.moments import milliseconds, seconds
from dissectors.report import Report, Stream
from dissectors.report.flows import recognised
from dissectors.wire.datagram import endpoint

MAX_STREAMS, MAX_FLOWS = 12, 4
MAX_CELLS = 32
SHOWN_DELAY_MS = 20.0
"""Delay that varies by less is not worth a line."""

COLUMNS = (
    Column("SSRC", "left", 3), Column("frames", "right", 2), Column("a second", "right"), Column("key", "right", 1),
    Column("incomplete", "right", 5), Column("frozen", "right", 4), Column("bitrate over time", "left", 6),
)


def video(page: Page, report: Report) -> list[Line]:
    """A row for each stream of video, then the delays that vary, and what flows with several streams carry."""
    streams = [each for each in report.streams if each.video is not None]
    if not streams:
        return []
    shown = streams if page.everything else streams[:MAX_STREAMS]
    lines = [line(span("Video", "bold")), *table(page, COLUMNS, [_row(each) for each in shown])]
    for each in shown:
        says = [*_layers(each), *_delays(each), *_estimates(each)]
        if says:
            lines += hanging(page, line(f"  0x{each.ssrc:08X}: "), "; ".join(says), "dim", 4)
    flows = [each for each in recognised(report.flows) if each.bitrates]
    for flow in flows if page.everything else flows[:MAX_FLOWS]:
        ends = f"{endpoint(flow.src, flow.sport)} → {endpoint(flow.dst, flow.dport)}"
        lines += hanging(page, line("  "), f"{ends}: {_bars([each.bits for each in flow.bitrates])}", "dim", 4)
    if len(shown) < len(streams):
        lines.append(line(span(f"  … and {len(streams) - len(shown):,} more (--all)", "dim")))
    return [*lines, BLANK]


def _row(stream: Stream) -> Line:
    found = stream.video
    assert found is not None
    keys = found.key_frames
    rate = "" if found.frames_per_second is None else f"{found.frames_per_second:.1f}"
    guess = "about " if keys is not None and keys.certainty == "low" else ""
    return (
        span(f"0x{stream.ssrc:08X}", "dim"), span(f"{found.frames:,}"), span(rate),
        span("" if keys is None or not keys.count else f"{guess}{keys.count:,}"),
        span(f"{found.incomplete:,}" if found.incomplete else ""),
        span(f"{found.frozen:,}, {seconds(found.frozen_seconds)}" if found.frozen else "", "yellow"),
        span(_bars(sent(stream)), "dim"),
    )


def sent(stream: Stream) -> list[float]:
    """The bitrate of a stream over time, in bits per second, of UDP payloads."""
    points = [(stream.first, 0), *((each.time, each.octets) for each in stream.timeline)]
    return [8 * (two - one) / (after - before) for (before, one), (after, two) in pairwise(points) if after > before]


def _bars(rates: Sequence[float]) -> str:
    """Bitrates as bars, with the largest in words; nothing for fewer than two."""
    if len(rates) < 2:
        return ""
    step = -(-len(rates) // MAX_CELLS)
    means = [sum(part) / len(part) for at in range(0, len(rates), step) if (part := rates[at : at + step])]
    return f"{sparkline(means)} up to {quantity(max(rates))}bit/s"


def _layers(stream: Stream) -> list[str]:
    names = [f"MID {stream.mid}"] if stream.mid else []
    names += [f"RID {stream.rid}"] if stream.rid else []
    return names + ([f"a layer of {len(stream.simulcast)}"] if stream.simulcast else [])


def _delays(stream: Stream) -> list[str]:
    values = [each.delay_ms for each in stream.delays]
    if len(values) < 2 or max(values) < SHOWN_DELAY_MS:
        return []
    return [f"delay {sparkline(values)} up to {milliseconds(max(values))} more than the least"]


def _estimates(stream: Stream) -> list[str]:
    values = [float(each.bitrate) for each in stream.feedback.estimates] if stream.feedback else []
    return [f"the receiver's estimate {_bars(values)}"] if len(values) > 1 else []
