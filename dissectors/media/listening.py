"""The sound of all calls of a report, for what can be said of it: loudness, clipping, silence, echo.

Laws of this file:
1. A capture is read once more, whatever the number of its calls. Only so many are listened to, those with most to say.
2. All are decoded in one process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack

from dissectors.analysis.streams.late import scored_late
from dissectors.crypto.secrets import Secrets
from dissectors.findings.media.audible import RULES
from dissectors.findings.rule import Facts
from dissectors.findings.rules import ranked
from dissectors.media.choice import Choice, NoSound, choose
from dissectors.media.decoders import Worker
from dissectors.media.echo import echo
from dissectors.media.sound import Sounding
from dissectors.media.track import TooLong
from dissectors.queries.decrypted import keys_of
from dissectors.queries.payloads import of_streams
from dissectors.report import Heard, Report
from dissectors.wire.captures.records import Record
from dissectors.wire.values import Struct, replace

MAX_CALLS = 16
"""Calls that are listened to: each keeps two files, and two decoders."""

SIDES = 2
BUFFER_MS = 60
"""The jitter buffer for which packets are late: as long as that of `media --as received`."""


class Listened(Struct, frozen=True):
    """A call, by its position, or the streams without one: what is heard, and since when in nanoseconds."""

    call: int | None
    choice: Choice
    sounding: Sounding
    zero: int


def listen(
    report: Report, given: Secrets, records: Iterable[tuple[int, Record]], stack: ExitStack
) -> tuple[list[Listened], list[str]]:
    """The sound of the calls of a report, and what is not listened to; `records` are those of its captures."""
    worker = stack.enter_context(Worker())
    listened, notes = [], []
    calls = _calls(report)
    for call in calls[:MAX_CALLS]:
        try:
            choice = choose(report, call, None, {})
        except NoSound as reason:
            notes.append(f"{f'call {report.number_of(call)}' if call is not None else 'streams'}: {reason}")
            continue
        zero = min(int(report.streams[each.position].first * 1e9) for each in choice.heard)
        keys = {each.position: keys_of(report, each.position, given) for each in choice.heard if each.encrypted}
        listened.append(Listened(call, choice, Sounding(
            report, choice, keys, stack, zero, worker, buffer=BUFFER_MS, all_played=True,
        ), zero))
    if len(calls) > MAX_CALLS:
        notes.append(f"{len(calls) - MAX_CALLS:,} more calls are not listened to; name one with --call")
    taking = {each.position: one.sounding for one in listened for each in one.choice.heard}
    for taken in of_streams(report, [*taking], records):
        sounding = taking.get(taken.stream)
        if sounding is None:
            continue
        try:
            sounding.take(taken)
        except TooLong:
            notes.append(f"stream {taken.stream + 1}: it is too long to be listened to")
            del taking[taken.stream]
    return listened, notes


def _calls(report: Report) -> list[int | None]:
    """The calls with sound, those with findings first; where there are none, the streams without a call."""
    found = {finding.call for finding in report.findings if finding.severity != "note"}
    calls = [number for number, call in enumerate(report.calls)
             if any(report.streams[each].kind in (None, "audio") for each in call.streams)]
    return [*sorted(calls, key=lambda number: number not in found)] if calls else [None]


def heard(report: Report, listened: Sequence[Listened]) -> Report:
    """The report with what each stream sounds like, and with what rules find in it."""
    told = {position: value for one in listened for position, value in _heard(one).items()}
    if not told:
        return report
    streams = tuple(
        each if (sound := told.get(number)) is None
        else replace(each, heard=sound, quality=scored_late(each, sound.late, sound.late_runs, BUFFER_MS))
        for number, each in enumerate(report.streams)
    )
    facts = Facts(
        capture=report.capture, flows=report.flows, calls=report.calls, streams=streams, checks=(), handshakes=(),
        protection=(), problems=(),
    )
    found = [finding for rule in RULES for finding in rule.findings(facts)]
    return replace(report, streams=streams, findings=ranked((*report.findings, *found)))


def _heard(listened: Listened) -> Mapping[int, Heard]:
    """What the streams of a call sound like."""
    sounding, choice = listened.sounding, listened.choice
    found = {position: replace(value, late=tally.buffer.late, late_runs=tally.buffer.runs) if tally.buffer else value
             for position, tally in sounding.tallies.items()
             if tally.heard >= tally.undecoded and (value := tally.loudness.to_report()) is not None}
    if len(choice.sides) != SIDES:
        return found
    for side, (said, answered) in enumerate((sounding.channels, sounding.channels[::-1])):
        back = echo(said, answered, choice.rate, listened.zero)
        position = next((each.position for each in choice.heard
                         if each.side == choice.sides[1 - side] and each.position in found), None)
        if back is not None and position is not None:
            found[position] = replace(found[position], echo=back)
    return found
