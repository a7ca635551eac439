"""Streams by what they are and by their SSRC, and flows by what they carry."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.analysis.streams.clock import VIDEO_CLOCK
from dissectors.findings.rule import Facts
from dissectors.report import Flow, Stream
from dissectors.report.flows import numbered

SOUND = "audio"
SOUND_KINDS = (SOUND, None)
"""What lines of sound call themselves, and a stream of which no line is known."""

MAX_NAMESAKES = 8
"""So many streams of one SSRC are known to be the same one on other ways, or not."""


def video(stream: Stream) -> bool:
    """Whether a stream is of pictures, whose datagrams leave in bursts with one timestamp."""
    return stream.kind == "video" or stream.clock == VIDEO_CLOCK


def by_ssrc(facts: Facts) -> dict[int, list[int]]:
    """The positions of streams that are not alone in their SSRC, and not too many to be told from copies."""
    # One that is not alone in its SSRC is not plain.
    if len({stream.ssrc for _, stream in facts.striking}) == len(facts.striking):
        return {}
    found: dict[int, list[int]] = {}
    for number, stream in facts.striking:
        found.setdefault(stream.ssrc, []).append(number)
    return {ssrc: alike for ssrc, alike in found.items() if 1 < len(alike) <= MAX_NAMESAKES}


def spoken(facts: Facts) -> Iterator[tuple[int, Flow, frozenset[str]]]:
    """The flows that are recognised, with their positions, and the names of what was seen on each.

    They are made anew each time: to hold them would take more than all that is known of calls without media.
    """
    for position, flow in numbered(facts.flows):
        yield position, flow, frozenset([seen.name for seen in flow.protocols])
