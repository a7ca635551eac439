"""The codecs of video that are read: how their payloads become frames, and how a sample of each is opened."""

from __future__ import annotations

import struct
from typing import NamedTuple

from dissectors.media.video.av1 import av1
from dissectors.media.video.frame import Assemble
from dissectors.media.video.nal import h264, h265
from dissectors.media.video.vpx import vp8, vp9

IVF_FILE = struct.Struct("<4sHH4sHHIIII")
IVF_FRAME = struct.Struct("<IQ")
CLOCK = 90000


class Video(NamedTuple):
    """A codec: its name, what makes frames, the format in which FFmpeg reads one, its four letters in that format."""

    name: str
    assemble: Assemble
    format: str
    letters: bytes = b""

    def sample(self, octets: bytes) -> bytes:
        """A file with one frame, from which FFmpeg learns what the stream is."""
        if not self.letters:
            return octets
        head = IVF_FILE.pack(b"DKIF", 0, IVF_FILE.size, self.letters, 0, 0, CLOCK, 1, 1, 0)
        return head + IVF_FRAME.pack(len(octets), 0) + octets


VIDEO = {
    "H264": Video("H.264", h264, "h264"),
    "H265": Video("H.265", h265, "hevc"),
    "VP8": Video("VP8", vp8, "ivf", b"VP80"),
    "VP9": Video("VP9", vp9, "ivf", b"VP90"),
    "AV1": Video("AV1", av1, "ivf", b"AV01"),
}
ALIASES = {"H.264": "H264", "HEVC": "H265", "H.265": "H265"}


def video(codec: str | None) -> Video | None:
    """The codec of this name in SDP, where it is read."""
    name = (codec or "").upper()
    return VIDEO.get(ALIASES.get(name, name))
