"""The rule about sound and picture of one sender that arrive apart."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rule import Facts, Found, counted, name_of, rule

MIN_REPORTS = 3
MIN_APART_MS, MAX_SPREAD_MS = 200.0, 100.0
"""From where on sound and picture are seen apart (ITU-R BT.1359), and how steady that must be."""


@rule(
    "lip-sync", "note", "Sound and picture of one moment arrive apart",
    scope="stream",
    why="The sender reports say at which moment each was recorded. A receiver holds the earlier one back by that "
    "much. A receiver that does not shows lips and words apart.",
    fix="See why the later one is late: a slow encoder, a pacer that holds pictures back, a longer buffer before the "
    "sender. If the receiver shows them apart, see whether it gets the reports, and one CNAME for both.",
)
def lip_sync(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        apart, clock = stream.lip_sync, stream.sender_clock
        if apart is None or clock is None or abs(apart.offset_ms) < MIN_APART_MS:
            continue
        if apart.reports < MIN_REPORTS or apart.spread_ms > MAX_SPREAD_MS:
            continue
        way = "later" if apart.offset_ms > 0 else "earlier"
        what = (
            f"{name_of(stream)}: the picture of a moment comes {abs(apart.offset_ms):.0f} ms {way} than its sound "
            f"(SSRC 0x{apart.audio:08X}), if {counted(apart.reports, 'report')} of the sender are right"
        )
        yield Found(what, (clock.place,), stream.call, number, "medium", time=clock.time)


RULES = (lip_sync,)
