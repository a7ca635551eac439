"""Kinds of media: sound and pictures."""

from __future__ import annotations

from dissectors.analysis.streams.clock import VIDEO_CLOCK
from dissectors.report import Stream

SOUND = "audio"
SOUND_KINDS = (SOUND, None)
"""What lines of sound call themselves, and a stream of which no line is known."""


def video(stream: Stream) -> bool:
    """Whether a stream is of pictures, whose datagrams leave in bursts with one timestamp."""
    return stream.kind == "video" or stream.clock == VIDEO_CLOCK
