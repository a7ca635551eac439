"""Key frames by the first octets of a payload, and by a structure in a descriptor."""

from __future__ import annotations

import pytest

from dissectors.mux.key_frames import CODECS, DESCRIPTOR, extension_signs, payload_signs, places
from dissectors.protocols import rtp

VP8_HEADER = bytes.fromhex("50 02 00 9d 01 2a 80 02 e0 01")
"""The header of a key frame of 640 by 480."""

KEY = {
    "vp8": ["10" + VP8_HEADER.hex(), "90 80 05" + VP8_HEADER.hex(), "90 e0 85 05 01 20" + VP8_HEADER.hex()],
    "vp9": ["08 00", "8a 85 05 01", "aa 05 00 00"],
    "h264": ["65 88 84", "7c 85 88", "78 00 04 67 42 00 1f 00 02 65 88"],
    "h265": ["26 01 af", "62 01 93", "60 01 00 03 40 01 0c 00 03 26 01 af"],
    "av1": ["18 0a 0b", "08 03 0a 0b 00", "28 82 01 0a"],
}
OTHER = {
    "vp8": ["10 51" + VP8_HEADER[1:].hex(), "00" + VP8_HEADER.hex(), "11" + VP8_HEADER.hex(), "10 50 02 00 9d 01"],
    "vp9": ["48 00", "00 00", "aa 05 02 00", "aa 05"],
    "h264": ["41 9a", "7c 81 9a", "7c 05 88", "78 00 04 41 42 00 1f", "67 42"],
    "h265": ["02 01 d0", "62 01 81", "62 01 13", "42 01 01", "26"[:0]],
    "av1": ["10 32 0b", "98 0a", "18 32", "08 ff ff ff"],
}


@pytest.mark.parametrize(("codec", "payload"), [(codec, text) for codec in CODECS for text in KEY[codec]])
def test_a_payload_that_begins_a_key_frame_is_one(codec: str, payload: str) -> None:
    octets = bytes(12) + bytes.fromhex(payload)
    assert payload_signs(octets, 12) >> CODECS.index(codec) & 1
    for cut in range(12, len(octets)):
        payload_signs(octets[:cut], 12)


@pytest.mark.parametrize(("codec", "payload"), [(codec, text) for codec in CODECS for text in OTHER[codec]])
def test_other_frames_and_later_parts_are_none(codec: str, payload: str) -> None:
    assert not payload_signs(bytes(12) + bytes.fromhex(payload), 12) >> CODECS.index(codec) & 1


@pytest.mark.parametrize(
    ("profile", "data", "ids"),
    [
        (0xBEDE, "c4 80 00 01 80 02 22 01 02 03 00 00", [12]),
        (0x1000, "0c 06 80 00 01 80 02 03 00 00 00 00", [12]),
        (0xBEDE, "c2 80 00 01 00 00 00 00", []),
        (0xBEDE, "c4 80 00 01 00 02 00 00", []),
        (0xBEDE, "c4 00 00 01 80 02 00 00", []),
        (0xBEDE, "f4 80 00 01 80 02 00 00", []),
        (0x4400, "c4 80 00 01 80 02 00 00", []),
        (0x1000, "0c 20 80 00 01 80 02 00", []),
    ],
)
def test_a_descriptor_of_a_first_packet_that_has_a_structure_is_a_sign(
    profile: int, data: str, ids: list[int]
) -> None:
    octets = rtp.build(96, 1, 1, 1, b"media", extension=(profile, bytes.fromhex(data)))
    assert extension_signs(octets) == sum(1 << DESCRIPTOR + number for number in ids)
    if profile != 0x4400:
        read, _ = rtp.read_elements(profile, bytes.fromhex(data))
        assert [(number, octets[at : at + size]) for number, at, size in places(octets)] == list(read)


def test_a_header_without_an_extension_has_no_elements() -> None:
    assert not list(places(rtp.build(96, 1, 1, 1, b"")))
    assert not list(places(b"\x90" + bytes(11)))
