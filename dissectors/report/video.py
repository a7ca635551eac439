"""What streams carry beside their media: header extensions, and the frames of video."""

from __future__ import annotations

from typing import Literal

from dissectors.report.place import Certainty, Place
from dissectors.wire.values import Struct


class ExtensionName(Struct, frozen=True):
    """What a media line calls a header extension (a=extmap): its id, its URI, and a short name where it is known."""

    id: int
    uri: str
    name: str | None


class HeaderExtension(Struct, frozen=True):
    """A header extension that a stream carries: its id, its name, whether SDP announced it, the octets of the last one.

    Without SDP, `name` is None unless the values themselves say what they are.
    """

    id: int
    name: str | None
    announced: bool
    octets: int


class AudioLevels(Struct, frozen=True):
    """The levels of some datagrams, in dBov (0 is the loudest, -127 silence), and which share of them has a voice."""

    samples: int
    mean: float
    loudest: int
    voice: float


class Orientation(Struct, frozen=True):
    """From a moment on a picture is to be turned by so many degrees; `mirrored`, and from which camera it is."""

    time: float
    degrees: int
    mirrored: bool
    back_camera: bool


class Delay(Struct, frozen=True):
    """How much longer than the fastest a datagram took to the capture, by its absolute send time."""

    time: float
    delay_ms: float


class Freeze(Struct, frozen=True):
    """A time in which no frame began: when it ended, how long it was, and how far the timestamps went on meanwhile.

    `missing` sequence numbers were left out in it. `place` is the first frame behind it.
    """

    time: float
    seconds: float
    media_seconds: float
    missing: int
    place: Place


class KeyFrame(Struct, frozen=True):
    """A frame that needs no other one: when it began, its octets, its first datagram (None where that is not kept)."""

    time: float
    octets: int
    place: Place | None


class KeyFrames(Struct, frozen=True):
    """The key frames of a stream, the first 64 of them listed, and how they were told.

    By the `payload` where it is in the clear, by the dependency `descriptor`, or, as a guess, by their `size`.
    """

    count: int
    by: Literal["payload", "descriptor", "size"]
    certainty: Certainty
    listed: tuple[KeyFrame, ...]


class LipSync(Struct, frozen=True):
    """How much later a picture comes than the sound of the same moment, by the sender reports of both.

    `audio` is the SSRC of that sound, `reports` are the fewer of both, `spread_ms` is how much they differ.
    """

    audio: int
    offset_ms: float
    reports: int
    spread_ms: float


class Video(Struct, frozen=True):
    """The frames of a stream of video: what has one timestamp is a frame.

    `incomplete` frames lacked a datagram when they came, before repairs, `unmarked` ones came without a marker.
    `frozen` counts gaps between frames of 150 ms and more beyond the usual distance `interval_ms`, and of three times
    that; `freezes` are the longest of them.
    """

    frames: int
    frames_per_second: float | None
    interval_ms: float | None
    incomplete: int
    largest: int
    frozen: int
    frozen_seconds: float
    freezes: tuple[Freeze, ...]
    key_frames: KeyFrames | None
    unmarked: int = 0
