"""Which frames of video begin anew, by the first octets of what carries them: payloads, and descriptors in the clear.

The scan does not know the codec, which SDP may name later or never: it asks for all of them, one bit each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

CODECS = ("vp8", "vp9", "h264", "h265", "av1")
DESCRIPTOR = len(CODECS)
"""The bit of the codecs is their place; from this one on, plus the id, are those of header extensions."""

MOST_ID = 14
START_CODE = b"\x9d\x01\x2a"
MAX_UNITS = 8
"""So many units of an aggregation packet are looked at."""

IDR, IRAP = range(5, 6), range(16, 22)
STAP_A, FU_A, FU_B = 24, 28, 29
AP, FU = 48, 49
SEQUENCE_HEADER = 1


def payload_signs(payload: bytes, at: int) -> int:
    """Under which of CODECS a payload that begins at `at` is of a key frame, one bit each."""
    if at >= len(payload):
        return 0
    return sum(1 << place for place, look in enumerate(LOOKS) if look(payload, at))


def extension_signs(payload: bytes) -> int:
    """Which header extensions of a frame's first packet read as a descriptor with a structure, as key frames have it.

    That of AV1's RTP specification (appendix A.8.2): the frame's first packet, and the bit that a structure follows.
    """
    signs = 0
    for number, at, size in places(payload):
        if number <= MOST_ID and size > 3 and payload[at] & 0x80 and payload[at + 3] & 0x80:
            signs |= 1 << DESCRIPTOR + number
    return signs


def places(payload: bytes) -> Iterator[tuple[int, int, int]]:
    """The elements of a header extension in either form (RFC 8285): their ids, places and sizes."""
    at = 12 + 4 * (payload[0] & 0x0F)
    if not payload[0] & 0x10 or len(payload) < at + 4:
        return
    profile, end = payload[at] << 8 | payload[at + 1], at + 4 + 4 * (payload[at + 2] << 8 | payload[at + 3])
    one, at, end = profile == 0xBEDE, at + 4, min(end, len(payload))
    if not one and profile & 0xFFF0 != 0x1000:
        return
    while at + 1 < end:
        if not payload[at]:
            at += 1
            continue
        number, size = (payload[at] >> 4, (payload[at] & 0x0F) + 1) if one else (payload[at], payload[at + 1])
        at += 1 if one else 2
        if one and number == 15 or at + size > end:
            return
        yield number, at, size
        at += size


def _vp8(payload: bytes, at: int) -> bool:
    """RFC 7741 sections 4.2 and 4.3: the start of the first partition, and a header of a key frame."""
    if payload[at] & 0x5F != 0x10:
        return False
    end = at + 1
    if payload[at] & 0x80:
        if end >= len(payload):
            return False
        bits = payload[end]
        end += 1
        if bits & 0x80:
            end += 2 if end < len(payload) and payload[end] & 0x80 else 1
        end += (bits >> 6 & 1) + (1 if bits & 0x30 else 0)
    return end + 6 <= len(payload) and not payload[end] & 1 and payload[end + 3 : end + 6] == START_CODE


def _vp9(payload: bytes, at: int) -> bool:
    """RFC 9628 section 4.2: the beginning of a frame of the lowest layer that no other picture predicts."""
    if payload[at] & 0x48 != 0x08:
        return False
    end = at + 1
    if payload[at] & 0x80:
        end += 2 if end < len(payload) and payload[end] & 0x80 else 1
    return not payload[at] & 0x20 or end < len(payload) and not payload[end] & 0x0E


def _h264(payload: bytes, at: int) -> bool:
    """RFC 6184 section 5.2: a slice of an IDR picture, alone, among others, or its first fragment."""
    kind = payload[at] & 0x1F
    if payload[at] & 0x80:
        return False
    if kind == STAP_A:
        return any(payload[unit] & 0x1F in IDR for unit in _units(payload, at + 1))
    if kind in (FU_A, FU_B):
        return at + 1 < len(payload) and payload[at + 1] & 0x80 != 0 and payload[at + 1] & 0x1F in IDR
    return kind in IDR


def _h265(payload: bytes, at: int) -> bool:
    """RFC 7798 section 4.4: a slice of a picture at which decoding may begin, alone, among others, or a fragment."""
    kind = payload[at] >> 1
    if kind == AP:
        return any(payload[unit] >> 1 in IRAP for unit in _units(payload, at + 2))
    if kind == FU:
        return at + 2 < len(payload) and payload[at + 2] & 0x80 != 0 and payload[at + 2] & 0x3F in IRAP
    return kind in IRAP


def _units(payload: bytes, at: int) -> Iterator[int]:
    """Where the units of an aggregation packet begin, each behind its size."""
    for _ in range(MAX_UNITS):
        if at + 2 >= len(payload):
            return
        yield at + 2
        at += 2 + (payload[at] << 8 | payload[at + 1])


def _av1(payload: bytes, at: int) -> bool:
    """AV1's RTP specification section 4.4: a new sequence, whose header comes first."""
    if payload[at] & 0x8F != 0x08:
        return False
    unit = at + 1
    if payload[at] & 0x30 != 0x10:
        while unit < len(payload) and payload[unit] & 0x80:
            unit += 1
        unit += 1
    return unit < len(payload) and payload[unit] >> 3 == SEQUENCE_HEADER


LOOKS: tuple[Callable[[bytes, int], bool], ...] = (_vp8, _vp9, _h264, _h265, _av1)
"""What looks at a payload, one for each of CODECS."""
