"""Rules about what is delayed on its way and not lost: by a queue that fills, or by a link that comes to a halt."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from dissectors.findings.moments import into
from dissectors.findings.rule import Facts, Found, counted, name_of, rule
from dissectors.report import Severity

HEARD_MS = 200.0
"""So much more delay is heard: a jitter buffer runs empty first, and then holds sound back for longer."""

_height = attrgetter("milliseconds")


@rule(
    "delay-swells", "note", "Sound came later for a while, and in time again",
    scope="stream",
    why="Nothing is lost and the jitter may be small, as each packet is a little later than the one before. The jitter "
    "buffer runs empty, and people hear a gap; then both speak at the same time, until the delay is gone.",
    fix="Look for an upload or a download at these times on a link with a large buffer (bufferbloat). Give voice a "
    "queue of its own, or limit the buffer.",
)
def delay_swells(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        if not stream.swells:
            continue
        worst = max(stream.swells, key=_height)
        what = (
            f"{name_of(stream)}: up to {worst.milliseconds:,.0f} ms later for {worst.end - worst.start:.0f} s, "
            f"{into(stream, worst.start)}"
        )
        what += f"; {counted(len(stream.swells), 'time')} in all" if len(stream.swells) > 1 else ""
        severity: Severity = "warning" if worst.milliseconds >= HEARD_MS else "note"
        yield Found(what, (stream.first_place,), stream.call, number, "high", severity, worst.start)


@rule(
    "stalls-regularly", "warning", "A stream comes to a halt again and again, regularly",
    scope="stream",
    why="Nothing comes for a while, and then all that was held back comes at once. A jitter buffer of usual size (40 "
    "to 60 ms) runs empty each time, although nothing is lost.",
    fix="Look for what does something so often: a Wi-Fi client that looks for other networks, power saving, a timer of "
    "the sender.",
)
def stalls_regularly(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        each = stream.stalls
        if each is not None:
            least, most = f"{each.least_ms:,.0f}", f"{each.most_ms:,.0f}"
            length = f"{most} ms" if least == most else f"{least} to {most} ms"
            what = f"{name_of(stream)}: {length} late every {each.every:.1f} s, first {into(stream, each.time)}"
            yield Found(what, (each.place,), stream.call, number, "high", time=each.time)


RULES = (delay_swells, stalls_regularly)
