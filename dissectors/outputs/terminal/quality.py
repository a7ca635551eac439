"""The quality and timing of streams, and DTLS: figures that do not fit in the tables of streams and checks."""

from __future__ import annotations

from dissectors.outputs.terminal.lines import BLANK, Column, Line, Page, hanging, line, span, table
from dissectors.outputs.terminal.moments import moment
from dissectors.report import Handshake, Report, Stream, Timing
from dissectors.wire.datagram import endpoint

MAX_STREAMS, MOST_HANDSHAKES, MOST_DIGITS = 12, 8, 24
GOOD, POOR = 4.0, 3.6
BARS = "▁▂▃▄▅▆▇█"
MAX_CELLS = 32

COLUMNS = (
    Column("SSRC", "left", 3), Column("MOS", "right"), Column("frame", "right", 4), Column("clock runs", "right", 1),
    Column("silent", "right", 3), Column("runs of loss", "right", 2), Column("longest", "right", 3),
    Column("jitter over time", "left", 5),
)
HANDSHAKE_COLUMNS = (
    Column("client"), Column(""), Column("server"), Column("version"), Column("keys for"), Column("outcome"),
    Column("", "left", 1, 12),
)


def quality(page: Page, report: Report) -> list[Line]:
    """A row for each stream with quality figures; then digits and measurements."""
    streams = [stream for stream in report.streams if _says(stream)]
    if not streams:
        return []
    shown = streams if page.everything else streams[:MAX_STREAMS]
    lines = [line(span("Quality", "bold")), *table(page, COLUMNS, [_row(stream) for stream in shown])]
    for stream in shown:
        if stream.digits:
            keys = [f"{each.digit} at {moment(page, each.time)}" for each in stream.digits[:MOST_DIGITS]]
            lines += hanging(page, line(f"  0x{stream.ssrc:08X}: "), f"keys pressed: {', '.join(keys)}", "dim", 4)
        if stream.quality and stream.quality.mos is not None and page.everything:
            lines += hanging(page, line(f"  0x{stream.ssrc:08X}: "), stream.quality.basis, "dim", 4)
        if stream.timing and (stream.timing.real_time is False or (stream.clock is None and stream.timing.rate)):
            lines += hanging(page, line(f"  0x{stream.ssrc:08X}: "), stream.timing.evidence, "dim", 4)
    if len(shown) < len(streams):
        lines.append(line(span(f"  … and {len(streams) - len(shown):,} more (--all)", "dim")))
    return [*lines, BLANK]


def handshakes(page: Page, report: Report) -> list[Line]:
    """DTLS: the client, the agreement, the outcome."""
    if not report.handshakes:
        return []
    shown = report.handshakes if page.everything else report.handshakes[:MOST_HANDSHAKES]
    rows = [_handshake(each) for each in shown]
    lines = [line(span("DTLS", "bold")), *table(page, HANDSHAKE_COLUMNS, rows)]
    if len(shown) < len(report.handshakes):
        lines.append(line(span(f"  … and {len(report.handshakes) - len(shown):,} more (--all)", "dim")))
    return [*lines, BLANK]


def _says(stream: Stream) -> bool:
    timing, sounded = stream.timing, stream.quality
    measured = timing is not None and (timing.rate is not None or timing.frame is not None)
    streams = sounded is not None and (sounded.mos is not None or sounded.loss_runs > 0)
    return measured or streams or bool(stream.digits)


def _row(stream: Stream) -> Line:
    timing, sounded = stream.timing, stream.quality
    score = sounded.mos if sounded else None
    style = "" if score is None else "green" if score >= GOOD else "yellow" if score >= POOR else "bold red"
    runs = ""
    if timing is not None and timing.drift_ppm is not None and _drifts(timing):
        runs = f"{round(timing.drift_ppm):+d} ppm ± {timing.error_ppm:.0f}"
    elif timing is not None and timing.real_time is False and timing.rate and stream.clock:
        runs = f"{timing.rate / stream.clock:.3g} × real time"
    silent = timing.silence if timing else None
    return (
        span(f"0x{stream.ssrc:08X}", "dim"),
        span(_score(stream), style),
        span("" if timing is None or timing.frame_ms is None else f"{timing.frame_ms:.4g} ms"),
        span(runs),
        span(f"{silent:.0%}" if silent and silent >= 0.005 else ""),
        span(sounded.loss_runs if sounded and sounded.loss_runs else ""),
        span(sounded.longest_loss_run if sounded and sounded.loss_runs else ""),
        span(sparkline(stream), "dim"),
    )


def _drifts(timing: Timing) -> bool:
    """Whether the two clocks can be told apart: beside the sender they are one."""
    return bool(round(timing.drift_ppm or 0.0) or round(timing.error_ppm or 0.0))


def _score(stream: Stream) -> str:
    """The score, or a note that the E-model has none; empty if the capture allows none."""
    if stream.quality is None or (stream.timing is not None and stream.timing.real_time is False):
        return ""
    wide = " wideband" if stream.quality.scale == "wideband" else ""
    return "not defined" if stream.quality.mos is None else f"{stream.quality.mos:.2f}{wide}"


def sparkline(stream: Stream) -> str:
    """Jitter over time as bars, a full bar for 30 ms or the maximum; with the maximum in words."""
    values = [each.jitter_ms for each in stream.timeline if each.jitter_ms is not None]
    if len(values) < 2:
        return ""
    step = -(-len(values) // MAX_CELLS)
    peaks = [max(values[at : at + step]) for at in range(0, len(values), step)]
    top = max(30.0, *peaks)
    bars = "".join(BARS[min(len(BARS) - 1, int(len(BARS) * each / top))] for each in peaks)
    return f"{bars} up to {max(peaks):.1f} ms"


def _handshake(each: Handshake) -> Line:
    good = {"complete": "green", "failed": "bold red", "unanswered": "red"}.get(each.outcome, "yellow")
    return (
        span(endpoint(each.src, each.sport)), span("→"), span(endpoint(each.dst, each.dport)),
        span(each.version or ""), span(each.srtp_profile or "", "dim"), span(each.outcome, good),
        span(each.alert or each.cipher_suite or "", "dim"),
    )
