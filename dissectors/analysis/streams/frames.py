"""The frames of a stream of video: how many, how far apart, where they stand still, and which are key frames."""

from __future__ import annotations

from dissectors.analysis.streams.extensions import Extended
from dissectors.mux.counters import Counters
from dissectors.mux.key_frames import CODECS, DESCRIPTOR
from dissectors.mux.pictures import MAX_KEY_FRAMES, MIN_FRAMES, PICTURES_CLOCK, Pictures
from dissectors.mux.repairs import LARGE_PICTURE
from dissectors.protocols.rtp_extensions import DEPENDENCY_DESCRIPTOR
from dissectors.report import Certainty, Freeze, KeyFrame, KeyFrames, Place, Video

MIN_DATAGRAMS = 1.2
"""So many datagrams a frame are of no sound."""

VP8 = CODECS.index("vp8")
"""Its key frames have a start code, so that nobody needs to say that they are its."""

OTHER_NAMES = {"hevc": "h265", "av1x": "av1"}


def shown(counters: Counters) -> bool:
    """Whether a stream shows that it is of pictures: many of its datagrams have the timestamp of the one before."""
    pictures = counters.pictures
    if pictures is None or pictures.frames < MIN_FRAMES:
        return False
    return counters.packets >= MIN_DATAGRAMS * pictures.frames and not counters.events


def video(counters: Counters, codec: str | None, covered: bool, known: Extended) -> Video | None:
    """The report's value; None where no frame was told. `covered` says that the payload is encrypted."""
    pictures = counters.pictures
    if pictures is None or not pictures.frames:
        return None
    # The frame that goes on began, and is one more; seconds are those from the first to it.
    seconds = (pictures.began - pictures.first) / 1e9
    return Video(
        frames=pictures.frames + 1,
        frames_per_second=pictures.frames / seconds if seconds > 0 else None,
        interval_ms=pictures.interval / 1e6 if pictures.frames >= MIN_FRAMES else None,
        incomplete=pictures.incomplete,
        largest=pictures.largest,
        frozen=pictures.frozen,
        frozen_seconds=pictures.frozen_ns / 1e9,
        freezes=tuple([
            Freeze(each.time / 1e9, each.size / 1e9, each.step / PICTURES_CLOCK, each.missing, Place(*each.frame))
            for each in pictures.freezes
        ]),
        key_frames=_key_frames(pictures, codec, covered, known),
        unmarked=pictures.unmarked,
    )


def _key_frames(pictures: Pictures, codec: str | None, covered: bool, known: Extended) -> KeyFrames | None:
    name = (codec or "").lower()
    name = OTHER_NAMES.get(name, name)
    if name in CODECS and not covered:
        return _by_payload(pictures, CODECS.index(name), "certain")
    if not name and not covered and pictures.counts[VP8]:
        return _by_payload(pictures, VP8, "high")
    number = known.id_of(DEPENDENCY_DESCRIPTOR)
    if number is not None:
        described = _described(pictures, number, "high" if number in known.announced else "medium")
        return described if described.count or number in known.announced else None
    # Where frames are of one datagram each, their size says nothing.
    if not pictures.usual:
        return None
    large = [KeyFrame(each.time / 1e9, each.octets, None) for each in pictures.large]
    # Of the first one it is known only later how large it was.
    if pictures.opened > LARGE_PICTURE * pictures.usual:
        large.insert(0, KeyFrame(pictures.first / 1e9, pictures.opened, None))
    # Senders that pace their bitrate have key frames that are hardly larger: that none was large says nothing.
    return KeyFrames(len(large), "size", "low", tuple(large[:MAX_KEY_FRAMES])) if large else None


def _by_payload(pictures: Pictures, codec: int, certainty: Certainty) -> KeyFrames:
    found = tuple([KeyFrame(each.time / 1e9, each.octets, Place(*each.frame)) for each in pictures.keys[codec]])
    return KeyFrames(pictures.counts[codec], "payload", certainty, found)


def _described(pictures: Pictures, number: int, certainty: Certainty) -> KeyFrames:
    """Those with a structure in the descriptor; beyond the ones that are kept, all are taken for this extension's."""
    kept = [each for each in pictures.keys[DESCRIPTOR] if each.ids >> number & 1]
    others = len(pictures.keys[DESCRIPTOR]) - len(kept)
    return KeyFrames(
        pictures.counts[DESCRIPTOR] - others, "descriptor", certainty,
        tuple([KeyFrame(each.time / 1e9, each.octets, Place(*each.frame)) for each in kept]),
    )
