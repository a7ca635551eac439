"""RTP payload types that nobody announced: the static ones of RFC 3551, and what FaceTime is known to send."""
from __future__ import annotations

from typing import Literal

from dissectors.wire.values import Struct

Certainty = Literal["certain", "high", "medium"]


class Static(Struct, frozen=True):
    """A row of RFC 3551 section 6: encoding name, kind of media, RTP clock in Hz, channels (None for video)."""

    encoding: str
    kind: str
    clock: int
    channels: int | None


class Hint(Struct, frozen=True):
    """The probable codec of a payload type without rtpmap.

    `codec` is None where only the rate is known, `clock` (RTP timestamp units a second) where several were seen,
    `samples` (timestamp units a frame) where the codec has no frame of its own. `source` finishes "because of …".
    """

    codec: str | None
    clock: int | None
    samples: int | None
    certainty: Certainty
    source: str


STATIC: dict[int, Static] = {
    0: Static("PCMU", "audio", 8000, 1),
    3: Static("GSM", "audio", 8000, 1),
    4: Static("G723", "audio", 8000, 1),
    5: Static("DVI4", "audio", 8000, 1),
    6: Static("DVI4", "audio", 16000, 1),
    7: Static("LPC", "audio", 8000, 1),
    8: Static("PCMA", "audio", 8000, 1),
    9: Static("G722", "audio", 8000, 1),
    10: Static("L16", "audio", 44100, 2),
    11: Static("L16", "audio", 44100, 1),
    12: Static("QCELP", "audio", 8000, 1),
    13: Static("CN", "audio", 8000, 1),
    14: Static("MPA", "audio", 90000, None),
    15: Static("G728", "audio", 8000, 1),
    16: Static("DVI4", "audio", 11025, 1),
    17: Static("DVI4", "audio", 22050, 1),
    18: Static("G729", "audio", 8000, 1),
    25: Static("CelB", "video", 90000, None),
    26: Static("JPEG", "video", 90000, None),
    28: Static("nv", "video", 90000, None),
    31: Static("H261", "video", 90000, None),
    32: Static("MPV", "video", 90000, None),
    33: Static("MP2T", "audio and video", 90000, None),
    34: Static("H263", "video", 90000, None),
}
"""RFC 3551 tables 4 and 5. G722 samples at 16000 Hz, yet its clock is 8000 (section 4.5.2)."""

FRAMES = {"GSM": 160, "G723": 240, "QCELP": 160, "G728": 20, "G729": 80}
"""Timestamp units in one frame of the frame-based static codecs (RFC 3551 table 1)."""

STATIC_HINTS = {
    number: Hint(static.encoding, static.clock, FRAMES.get(static.encoding), "certain", "RFC 3551")
    for number, static in STATIC.items()
}

_OBSERVED = "what FaceTime is known to send"
_MODERN = "what later versions of FaceTime are known to send"

FACETIME: dict[int, Hint] = {
    97: Hint("AMR", 8000, 160, "high", _MODERN),
    98: Hint("AMR-WB", 16000, 320, "high", _MODERN),
    100: Hint("HEVC", 90000, None, "high", _OBSERVED),
    101: Hint("AAC-ELD", 48000, None, "medium", _OBSERVED),
    104: Hint("AAC-ELD with SBR", 24000, 480, "high", _OBSERVED),
    105: Hint("AAC-ELD", 22050, 480, "medium", "its fmtp in FaceTime's offers"),
    106: Hint("AAC-ELD with SBR", 16000, 480, "high", _OBSERVED),
    119: Hint("Opus", None, None, "high", f"{_MODERN}, at 24000 or 48000 Hz"),
    121: Hint(None, 16000, None, "high", f"the rate of {_OBSERVED}: redundancy of an unknown codec"),
    122: Hint(None, 8000, None, "high", f"the rate of {_OBSERVED}: redundancy of an unknown codec"),
    123: Hint("H.264", 90000, None, "high", _OBSERVED),
}
"""Dynamic payload types that FaceTime uses without rtpmap; 124 is offered too, its meaning is not known."""


def hint(payload_type: int, facetime: bool) -> Hint | None:
    """The codec of an unannounced payload type, or None: static by RFC 3551, dynamic only if FaceTime is the sender."""
    return STATIC_HINTS.get(payload_type) or (FACETIME.get(payload_type) if facetime else None)
