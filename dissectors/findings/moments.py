"""The moments of a stream: what happened first, or most, and when."""

from __future__ import annotations

from collections.abc import Iterable

from dissectors.report import Mark, MarkKind, Place, Stream


def marks(stream: Stream, kind: MarkKind) -> list[Mark]:
    """The moments of a kind, in order of time."""
    return [each for each in stream.marks if each.kind == kind]


def mark(stream: Stream, *kinds: MarkKind) -> Mark | None:
    """The first moment of these kinds."""
    for each in stream.marks:
        if each.kind in kinds:
            return each
    return None


def place_of(found: Mark | None, stream: Stream) -> tuple[Place, ...]:
    """The frame of a moment; that of the beginning where none was kept."""
    return (stream.first_place if found is None else found.place,)


def time_of(found: Mark | None) -> float | None:
    """When it was, None where none was kept."""
    return None if found is None else found.time


def into(stream: Stream, time: float) -> str:
    """A moment as people look for it in a recording: `12.34 s into the stream`."""
    return f"{time - stream.first:.2f} s into the stream"


def largest(found: Iterable[Mark]) -> Mark | None:
    """The one with the most milliseconds, either way."""
    return max(found, key=lambda each: abs(each.milliseconds or 0.0), default=None)
