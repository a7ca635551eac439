"""AMR and AMR-WB out of RTP payloads (RFC 4867 section 4): bandwidth-efficient and octet-aligned, frames of storage.

Laws of this file:
1. What SDP says of the form is tried first. If the payload does not fit it to the octet, and fits the other form, that
   one is right.
2. Frames come out as a file has them (RFC 4867 section 5.3): an octet with type and quality, then the bits from the
   highest one on.
"""

from __future__ import annotations

from functools import partial

from dissectors.media.bits import Bits
from dissectors.wire.errors import Malformed

NARROW = {0: 95, 1: 103, 2: 118, 3: 134, 4: 148, 5: 159, 6: 204, 7: 244, 8: 39, 14: 0, 15: 0}
"""Bits of a frame of AMR by its type; 8 is comfort noise, 14 lost speech, 15 nothing to send."""

WIDE = {0: 132, 1: 177, 2: 253, 3: 285, 4: 317, 5: 365, 6: 397, 7: 461, 8: 477, 9: 40, 14: 0, 15: 0}
"""Bits of a frame of AMR-WB by its type; 9 is comfort noise."""

MAX_FRAMES = 50
GOOD = 4
"""The bit of a stored frame that says that it is not damaged."""

MODE_BITS = 4
ENTRY_BITS = 6
"""The request for a mode at the beginning, and an entry of the table of contents: F, type, Q."""


def frames(payload: bytes, sizes: dict[int, int], aligned: bool | None, checked: bool = False) -> list[bytes]:
    """The frames of a payload in the form of storage; raises Malformed.

    `aligned` is what SDP says of the form, None where it says nothing; `checked` says that each frame has a CRC.
    """
    forms = [partial(_packed, payload, sizes), partial(_aligned, payload, sizes, checked)]
    fitting, wrong = [], None
    for form in reversed(forms) if aligned else forms:
        try:
            fitting.append(form())
        except Malformed as error:
            wrong = error
    if wrong is not None and not fitting:
        raise wrong
    # Octet-aligned frames of the lowest rate fit the other form too, as frames that are damaged.
    undecided = aligned is None and len(fitting) > 1 and not fitting[0][0][0] & GOOD
    return fitting[undecided]


def _packed(payload: bytes, sizes: dict[int, int]) -> list[bytes]:
    """Those of a bandwidth-efficient payload (section 4.3): bits without gaps, the last octet filled up."""
    bits = Bits(payload, "AMR")
    bits.take(MODE_BITS)
    entries = []
    while True:
        entry = bits.take(ENTRY_BITS)
        entries.append(entry)
        _check(entry >> 1 & 15, len(entries), sizes)
        if not entry >> 5:
            break
    found = [_stored(entry & 31, bits.take(sizes[entry >> 1 & 15]), sizes) for entry in entries]
    if bits.left > 7:
        raise Malformed("AMR", len(payload), f"{bits.left} bits are left behind the last frame")
    return found


def _aligned(payload: bytes, sizes: dict[int, int], checked: bool) -> list[bytes]:
    """Those of an octet-aligned payload (section 4.4), which is not interleaved."""
    entries, at = [], 1
    while True:
        if at >= len(payload):
            raise Malformed("AMR", at, "the table of contents does not end")
        entry = payload[at]
        at += 1
        entries.append(entry)
        _check(entry >> 3 & 15, len(entries), sizes)
        if not entry & 0x80:
            break
    at += sum(sizes[entry >> 3 & 15] > 0 for entry in entries) if checked else 0
    found = []
    for entry in entries:
        octets = (sizes[entry >> 3 & 15] + 7) // 8
        if at + octets > len(payload):
            raise Malformed("AMR", at, f"a frame has {octets} bytes, {len(payload) - at} are left")
        found.append(bytes((entry & 0x7C,)) + payload[at : at + octets])
        at += octets
    if at != len(payload):
        raise Malformed("AMR", at, f"{len(payload) - at} bytes are left behind the last frame")
    return found


def _check(kind: int, count: int, sizes: dict[int, int]) -> None:
    if kind not in sizes or count > MAX_FRAMES:
        raise Malformed("AMR", 0, f"frame {count} has the type {kind}")


def _stored(entry: int, value: int, sizes: dict[int, int]) -> bytes:
    size = sizes[entry >> 1]
    octets = (size + 7) // 8
    return bytes((entry << 2,)) + (value << 8 * octets - size).to_bytes(octets, "big")
