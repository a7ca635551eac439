"""Which findings are the capture's own: of a time in which it is known that it dropped frames."""

from __future__ import annotations

from dissectors.findings.rule import MANY_DROPPED_SHARE, MEANWHILE, OWN, Absence, Dropping, Facts
from dissectors.report import Finding, Stream
from dissectors.wire.values import replace

MARGIN_SECONDS = 0.5
"""What happened so soon before or behind a time of drops may belong to it."""

OWN_SHARE = 0.5
"""From this share of its losses on, what a stream lost is the capture's own."""

ANSWER_SECONDS = 40.0
"""How long an answer may be waited for: longer than a transaction of SIP takes."""

TOUCHED_SHARE = 0.01
"""Less than this share of the time in which something did not come changes nothing about that."""


def in_doubt(finding: Finding, absence: Absence, facts: Facts) -> Finding:
    """A finding about absence, as the drops of its time leave it."""
    stream = None if finding.stream is None else facts.streams[finding.stream]
    if absence in ("burst", "moment") and finding.time is not None:
        if _within(facts, finding.time, finding.time):
            return _marked(finding, OWN, True)
        if absence == "moment":
            return finding
    if absence in ("loss", "burst") and stream is not None:
        meanwhile = lost_meanwhile(stream, facts)
        if not meanwhile:
            return finding
        own = meanwhile >= OWN_SHARE * stream.lost
        return _marked(finding, OWN if own else MEANWHILE, own)
    begin, end = _period(finding, facts, stream)
    if absence == "state":
        share = _covered(facts, begin, end)
        return finding if share < TOUCHED_SHARE else _marked(finding, MEANWHILE, share >= OWN_SHARE)
    holes = _within(facts, begin, min(end, begin + ANSWER_SECONDS) if finding.time is not None else end)
    if not holes:
        return finding
    dropped, came = sum(each.dropped for each in holes), sum(each.came for each in holes)
    return _marked(finding, MEANWHILE, dropped >= MANY_DROPPED_SHARE * (dropped + came))


def lost_meanwhile(stream: Stream, facts: Facts) -> int:
    """How many a stream lost while the capture dropped frames, as far as its timeline says; rather more than less."""
    before, lost, found = stream.first, 0, 0
    for time, so_far in (*((each.time, each.lost) for each in stream.timeline), (stream.last, stream.lost)):
        if so_far > lost and _within(facts, before, time):
            found += so_far - lost
        before, lost = time, so_far
    return found


def _period(finding: Finding, facts: Facts, stream: Stream | None) -> tuple[float, float]:
    """The time in which what did not come should have come."""
    call = None if finding.call is None else facts.calls[finding.call]
    begin, end = facts.capture.first or 0.0, facts.end
    if call is not None:
        begin, end = call.start, facts.end_of(call)
    elif stream is not None:
        begin, end = stream.first, stream.last
    if finding.time is not None:
        begin = finding.time
    return begin, max(begin, end)


def _within(facts: Facts, begin: float, end: float) -> list[Dropping]:
    """The times of drops that a period touches."""
    return [
        each for each in facts.dropping
        if each.first - MARGIN_SECONDS <= end and begin <= each.last + MARGIN_SECONDS
    ]


def _covered(facts: Facts, begin: float, end: float) -> float:
    """The share of a period in which the capture dropped frames."""
    seconds = sum(max(0.0, min(end, each.last) - max(begin, each.first)) for each in facts.dropping)
    return seconds / (end - begin) if end > begin else float(bool(_within(facts, begin, end)))


def _marked(finding: Finding, remark: str, own: bool) -> Finding:
    certainty = "low" if own or finding.certainty == "low" else "medium"
    return replace(
        finding, what=finding.what + remark, certainty=certainty, severity="note" if own else finding.severity
    )
