"""Rules about pictures: those that stand still."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rule import Facts, Found, counted, name_of, rule
from dissectors.report import Freeze, Stream, Video

MIN_FROZEN_SECONDS = 1.0
"""A picture that stands still for less is seen, and soon forgotten."""

HELD_BACK = 0.5
"""What share of the time the timestamps may go on at most where frames were held back, and not left out on purpose."""

MISSING_SHARE = 0.5
"""What share of the datagrams that are usual in that time must be missing to have been lost."""

MIN_FRAMES, UNMARKED_SHARE = 50, 0.9
"""Of so many frames at least, and of so many of them, the marker did not come: what is lost is fewer."""

MARKING = ("vp8", "vp9", "h264", "h265", "av1")
"""Codecs whose frames end with a packet that has the marker."""

MIN_FRAMES_PER_SECOND = 5.0
"""Of a sender with fewer frames, as of a screen that stands still, no gap is a fault."""


@rule(
    "video-frozen", "warning", "The picture stands still",
    scope="stream", absence="loss",
    why="No frame begins for a second or more, although the sender continued: the viewer sees a still picture.",
    fix="If packets are missing, look at the path at that moment (Wi-Fi, a route, a full queue). If the frames came "
    "late, all at once, something held them back: a queue, or a sender that stalled.",
)
def video_frozen(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        video = stream.video
        if video is None or (stream.timing is not None and stream.timing.real_time is False):
            continue
        unseen = {gap.place for gap in stream.gaps}
        freezes = [each for each in video.freezes if each.place not in unseen]
        found = [(each, why) for each in freezes if (why := _fault(stream, video, each))]
        if not found:
            continue
        worst, why = max(found, key=lambda one: one[0].seconds)
        start = worst.time - worst.seconds
        what = f"{name_of(stream)}: for {worst.seconds:.1f} s, {start - stream.first:.0f} s into the stream; {why}"
        if len(found) > 1:
            what += f"; {len(found)} times, {sum(each.seconds for each, _ in found):.1f} s in all"
        places = [each.place for each, _ in found]
        yield Found(what, places, stream.call, number, "high", time=start)


def _fault(stream: Stream, video: Video, freeze: Freeze) -> str:
    """Why a freeze is none of the sender's own, in words; empty where it may be."""
    if freeze.seconds < MIN_FROZEN_SECONDS or not video.interval_ms:
        return ""
    per_second = 1000 / video.interval_ms
    if per_second < MIN_FRAMES_PER_SECOND:
        return ""
    usual = freeze.seconds * per_second * stream.packets / video.frames
    if freeze.missing >= MISSING_SHARE * usual:
        return f"{counted(freeze.missing, 'packet')} of that time are missing"
    if not freeze.missing and 0 <= freeze.media_seconds <= HELD_BACK * freeze.seconds:
        return f"the timestamps went on by {freeze.media_seconds:.1f} s only, so that the frames came late"
    return ""


@rule(
    "frames-unmarked", "warning", "The end of a frame is not marked",
    scope="stream",
    why="The last packet of each frame has the marker (RFC 6184 section 5.1, RFC 7741 section 4.1). Without it a "
    "decoder knows that a frame is whole only when the next one begins, and shows it late; some never show it.",
    fix="Look at what sends it, and at what translates it on the way: a gateway to another protocol may lose the "
    "marker.",
)
def frames_unmarked(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        video = stream.video
        if video is None or (stream.codec or "").lower() not in MARKING or video.frames < MIN_FRAMES:
            continue
        if video.unmarked >= UNMARKED_SHARE * video.frames:
            what = f"{name_of(stream)}: {video.unmarked:,} of {counted(video.frames, 'frame')} came without a marker"
            yield Found(what, (stream.first_place,), stream.call, number, "high")


RULES = (video_frozen, frames_unmarked)
