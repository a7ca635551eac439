"""A live session line by line: a log for people, and one JSON object per line for programs."""
from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from dissectors.findings.rule import counted
from dissectors.live.events import (
    CallEvent,
    DropEvent,
    EndEvent,
    Event,
    FindingEvent,
    MissedEvent,
    RecordedEvent,
    StreamEvent,
    SummaryEvent,
)
from dissectors.outputs.escape import visible
from dissectors.outputs.export import compact
from dissectors.outputs.terminal.moments import milliseconds, seconds
from dissectors.outputs.terminal.parties import party
from dissectors.wire.datagram import endpoint


def ndjson(event: Event) -> str:
    """An event as one JSON object, in ASCII, without the line end."""
    return compact(event)


def human(event: Event, clock: str = "local", zero: float = 0.0) -> str:
    """An event as one line: its time, its kind, what happened; `clock` is `local`, `utc`, or `relative` to `zero`."""
    tell: Callable[[Any], str] = WORDS[type(event)]
    when = f"{event.time - zero:12.3f}" if clock == "relative" else time_of_day(event.time, clock == "utc")
    return visible(f"{when}  {tell(event)}")


def time_of_day(time: float, utc: bool = False) -> str:
    """Local time or UTC with milliseconds; seconds since the epoch for times beyond the calendar."""
    try:
        return datetime.fromtimestamp(time, timezone.utc if utc else None).strftime("%H:%M:%S.%f")[:12]
    except (OverflowError, OSError, ValueError):
        return f"{time:.3f}"


def _call(event: CallEvent) -> str:
    status = f" with {event.status}" if event.status and event.state in ("rejected", "unreachable", "cancelled") else ""
    return f"call     {event.state}{status}: {party(event.caller)} → {party(event.callee)}"


def _summary(event: SummaryEvent) -> str:
    parts = [f"{event.outcome}{f' {event.status}' if event.status and event.outcome != 'ended' else ''}"]
    parts += [f"talked for {seconds(event.seconds)}"] if event.seconds is not None else []
    parts += [f"hung up by the {event.ended_by}"] if event.ended_by else []
    if event.streams:
        parts.append(f"{event.packets:,} packets, {event.lost:,} lost ({event.lost_fraction:.1%})")
        parts += [f"jitter {milliseconds(event.jitter_ms)}"] if event.jitter_ms is not None else []
        parts += [f"MOS {event.mos:.1f}"] if event.mos is not None else []
    parts += [f"found: {', '.join(event.findings)}"] if event.findings else []
    who = f"{party(event.caller)} → {party(event.callee)}"
    return f"summary  call {event.number} {who}: {'; '.join(parts)}; Call-ID {event.call_id}"


def _stream(event: StreamEvent) -> str:
    src, dst = endpoint(event.src, event.sport), endpoint(event.dst, event.dport)
    parts = [event.codec or "codec unknown", f"{event.packets_per_second:,.0f}/s"]
    if event.state != "began":
        parts += [f"{event.packets:,} packets", f"{event.lost:,} lost ({event.lost_fraction:.1%})"]
        parts += [f"jitter {milliseconds(event.jitter_ms)}"] if event.jitter_ms is not None else []
    return f"stream   {event.state}: 0x{event.ssrc:08X} {src} → {dst}, {', '.join(parts)}"


def _finding(event: FindingEvent) -> str:
    return f"{event.severity:<8} {event.id}: {event.what}. {event.fix}"


def _recorded(event: RecordedEvent) -> str:
    found = f" ({', '.join(event.findings)})" if event.findings else ""
    cut = "" if event.whole else "; its first frames were no longer held"
    return f"recorded call {event.number} in {event.file}: {counted(event.frames, 'frame')}{found}{cut}"


def _drop(event: DropEvent) -> str:
    return f"drop     {event.dropped_kernel:,} frames by the kernel, {event.dropped_us:,} by us so far"


def _missed(event: MissedEvent) -> str:
    return f"missed   {counted(event.events, 'event')} for which the reader left no room"


def _end(event: EndEvent) -> str:
    return (
        f"end      {event.reason}: {event.received:,} frames, {event.datagrams:,} datagrams in "
        f"{seconds(event.seconds)}; dropped {event.dropped_kernel:,} by the kernel, {event.dropped_us:,} by us"
    )


WORDS: dict[type, Callable[[Any], str]] = {
    CallEvent: _call, SummaryEvent: _summary, StreamEvent: _stream, FindingEvent: _finding, DropEvent: _drop,
    RecordedEvent: _recorded, MissedEvent: _missed, EndEvent: _end,
}
