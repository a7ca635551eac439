"""Clips of video for tests: twelve frames of each codec, cut into RTP payloads as its payload format has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from dissectors.media.video.codecs import VIDEO
from tests.made import Endpoint
from tests.stories import A, B, Story, rtp

STEP = 9000
"""Units of 90 kHz from frame to frame: ten a second."""

IN_BETWEEN = [0, 3, 1, 2, 5, 4, 6, 9, 7, 8, 11, 10]
"""When the frames are shown of the clip of which some are sent before those that are shown earlier."""

SIZE = 120
"""Octets in a payload, so that frames need several."""


@cache
def clips() -> dict[str, list[tuple[bytes, bool]]]:
    """The frames of each clip as a file has them, and which are key frames."""
    stored = json.loads((Path(__file__).parent / "data" / "media" / "clips.json").read_text(encoding="utf-8"))
    return {name: [(bytes.fromhex(octets), key) for octets, key in frames] for name, frames in stored.items()}


def units(frame: bytes) -> list[bytes]:
    """The NAL units between the start codes of a frame."""
    found = [unit.rstrip(b"\0") for unit in frame.split(b"\0\0\1")]
    return [unit for unit in found if unit]


def _sized(several: list[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in several)


def _h264(frame: bytes, size: int) -> list[bytes]:
    """Small units together (STAP-A), small ones alone, large ones in pieces (FU-A)."""
    small = [unit for unit in units(frame) if unit[0] & 31 in (6, 7, 8, 9)]
    payloads = [b"\x78" + _sized(small)] if small else []
    for unit in units(frame):
        if unit in small:
            continue
        if len(unit) <= size:
            payloads.append(unit)
            continue
        pieces = [unit[at : at + size] for at in range(1, len(unit), size)]
        for number, piece in enumerate(pieces):
            flags = (number == 0) << 7 | (number == len(pieces) - 1) << 6
            payloads.append(bytes((unit[0] & 0xE0 | 28, flags | unit[0] & 31)) + piece)
    return payloads


def _h265(frame: bytes, size: int) -> list[bytes]:
    small = [unit for unit in units(frame) if unit[0] >> 1 & 63 >= 32]
    payloads = [b"\x60\x01" + _sized(small)] if len(small) > 1 else small
    for unit in units(frame):
        if unit in small:
            continue
        if len(unit) <= size:
            payloads.append(unit)
            continue
        pieces = [unit[at : at + size] for at in range(2, len(unit), size)]
        for number, piece in enumerate(pieces):
            flags = (number == 0) << 7 | (number == len(pieces) - 1) << 6
            payloads.append(bytes((unit[0] & 0x81 | 49 << 1, unit[1], flags | unit[0] >> 1 & 63)) + piece)
    return payloads


def _vp8(frame: bytes, size: int) -> list[bytes]:
    """Behind a descriptor with a long picture id, a layer index, and a temporal layer."""
    return [bytes((0x80 | (at == 0) << 4, 0xE0, 0x81, 0x02, 0x07, 0x20)) + frame[at : at + size]
            for at in range(0, len(frame), size)]


def _vp9(frame: bytes, key: bool, size: int) -> list[bytes]:
    """In flexible mode, with a picture id, one reference, and at key frames the structure of the layers."""
    payloads = []
    for at in range(0, len(frame), size):
        begins, ends = at == 0, at + size >= len(frame)
        first = 0x90 | (not key) << 6 | begins << 3 | ends << 2 | (key and begins) << 1
        head = bytes((first, 0x81, 0x02)) + (b"" if key else b"\x02")
        structure = b"\x18\0\x60\0\x40\x01\x04\x01" if key and begins else b""
        payloads.append(head + structure + frame[at : at + size])
    return payloads


def _av1(frame: bytes, size: int) -> list[bytes]:
    """OBUs without their sizes, two elements in the first payload where there are two, the last one in pieces."""
    elements, at = [], 0
    while at < len(frame):
        length, start, shift = 0, at + 1, 0
        while True:
            length |= (frame[start] & 0x7F) << shift
            shift, start = shift + 7, start + 1
            if not frame[start - 1] & 0x80:
                break
        elements.append(bytes((frame[at] & ~2,)) + frame[start : start + length])
        at = start + length
    elements = [element for element in elements if element[0] >> 3 & 15 != 2]
    new = elements[0][0] >> 3 & 15 == 1
    *before, last = elements
    lead = b"".join(bytes((len(element),)) + element for element in before)
    pieces = [last[at : at + size] for at in range(0, len(last), size)]
    payloads = []
    for number, piece in enumerate(pieces):
        goes_on = number < len(pieces) - 1
        head = (number > 0) << 7 | goes_on << 6 | (new and number == 0) << 3
        if number == 0 and before:
            payloads.append(bytes((head | (len(before) + 1) << 4,)) + lead + piece)
        elif number % 2:
            payloads.append(bytes((head,)) + bytes((len(piece),)) + piece)
        else:
            payloads.append(bytes((head | 0x10,)) + piece)
    return payloads


PACKERS: dict[str, Callable[[bytes, bool, int], list[bytes]]] = {
    "H264": lambda frame, key, size: _h264(frame, size),
    "H264 with frames in between": lambda frame, key, size: _h264(frame, size),
    "H265": lambda frame, key, size: _h265(frame, size),
    "VP8": lambda frame, key, size: _vp8(frame, size),
    "VP9": _vp9,
    "AV1": lambda frame, key, size: _av1(frame, size),
}


def codec(name: str) -> str:
    """The codec of a clip."""
    return name.partition(" ")[0]


def payloads(name: str) -> list[list[bytes]]:
    """The payloads of each frame of a clip."""
    return [PACKERS[name](frame, key, SIZE) for frame, key in clips()[name]]


def assembled(name: str) -> list[bytes]:
    """The frames that these become."""
    return [VIDEO[codec(name)].assemble(each).octets for each in payloads(name)]


def clip(
    name: str, src: Endpoint = A, dst: Endpoint = B, ssrc: int = 91, *, start: float = 1020, payload_type: int = 96,
    first: int = 65530,
) -> Story:
    """A clip as it is sent: the packets of a frame at once, a tenth of a second between frames."""
    told, sequence = [], first
    shown = IN_BETWEEN if name == "H264 with frames in between" else range(len(clips()[name]))
    for number, frame in enumerate(payloads(name)):
        for at, payload in enumerate(frame):
            octets = bytearray(rtp(sequence, ssrc, payload_type, 1 << 20 | shown[number] * STEP, payload))
            octets[1] |= 0x80 * (at == len(frame) - 1)
            told.append((start + 100 * number + at * 0.1, src, dst, bytes(octets)))
            sequence += 1
    return told
