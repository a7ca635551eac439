"""H.264 (RFC 6184) and H.265 (RFC 7798) out of RTP payloads: NAL units, each behind a start code (Annex B).

A payload is one unit, several behind their sizes, or a piece of one.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping, Sequence

from dissectors.media.video.frame import Frame
from dissectors.wire.errors import Malformed

START = b"\0\0\0\1"

H264_SETS, H264_KEY = (7, 8), 5
STAP_A, FU_A = 24, 28
H264_HEADER = 1

H265_SETS, H265_KEYS = (32, 33, 34), range(16, 24)
AGGREGATION, FRAGMENT, H265_LAST_SINGLE = 48, 49, 47
H265_HEADER = 2

BEGINS, ENDS = 0x80, 0x40
"""The bits of the header of a piece."""


def h264(payloads: Sequence[bytes]) -> Frame:
    """An access unit of H.264; raises Malformed."""
    units = [*_h264_units(payloads)]
    kinds = [unit[0] & 31 for unit in units]
    slices = [unit for unit, kind in zip(units, kinds, strict=True) if 0 < kind <= H264_KEY]
    return _frame(units, kinds, H264_SETS, H264_KEY in kinds, slices, H264_HEADER)


def h265(payloads: Sequence[bytes]) -> Frame:
    """An access unit of H.265; raises Malformed."""
    units = [*_h265_units(payloads)]
    kinds = [unit[0] >> 1 & 63 for unit in units]
    slices = [unit for unit, kind in zip(units, kinds, strict=True) if kind < H265_SETS[0]]
    return _frame(units, kinds, H265_SETS, any(kind in H265_KEYS for kind in kinds), slices, H265_HEADER)


def _frame(
    units: list[bytes], kinds: list[int], sets: Sequence[int], key: bool, slices: Sequence[bytes], header: int
) -> Frame:
    """The frame; its first slice is the first one of its picture where the bit behind the header of the unit is set."""
    configuration = [unit for unit, kind in zip(units, kinds, strict=True) if kind in sets]
    begins = bool(slices) and len(slices[0]) > header and bool(slices[0][header] & 0x80)
    return Frame(_behind_codes(units), key, _behind_codes(configuration), begins, not slices)


def _behind_codes(units: Sequence[bytes]) -> bytes:
    return b"".join([START + unit for unit in units])


def _h264_units(payloads: Sequence[bytes]) -> Iterator[bytes]:
    pieces = _Pieces("H.264")
    for payload in payloads:
        kind = _octet(payload, 0, "H.264") & 31
        if kind == FU_A:
            header = _octet(payload, 1, "H.264")
            yield from pieces.add(header, bytes((payload[0] & 0xE0 | header & 31,)), payload[2:])
            continue
        pieces.check()
        if 0 < kind < STAP_A:
            yield payload
        elif kind == STAP_A:
            yield from _sized(payload, H264_HEADER, "H.264")
        else:
            raise Malformed("H.264", 0, f"payload structure {kind} is not read")
    pieces.check()


def _h265_units(payloads: Sequence[bytes]) -> Iterator[bytes]:
    pieces = _Pieces("H.265")
    for payload in payloads:
        _octet(payload, 1, "H.265")
        kind = payload[0] >> 1 & 63
        if kind == FRAGMENT:
            header = _octet(payload, 2, "H.265")
            head = bytes((payload[0] & 0x81 | (header & 63) << 1, payload[1]))
            yield from pieces.add(header, head, payload[3:])
            continue
        pieces.check()
        if kind <= H265_LAST_SINGLE:
            yield payload
        elif kind == AGGREGATION:
            yield from _sized(payload, H265_HEADER, "H.265")
        else:
            raise Malformed("H.265", 0, f"payload structure {kind} is not read")
    pieces.check()


class _Pieces:
    """A unit that comes in pieces."""

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol
        self._held: list[bytes] = []

    def add(self, header: int, head: bytes, octets: bytes) -> Iterator[bytes]:
        """The whole unit with its last piece; raises Malformed where the first one is missing."""
        if header & BEGINS:
            self.check()
            self._held = [head]
        elif not self._held:
            raise Malformed(self._protocol, 0, "a piece of a unit whose beginning is missing")
        self._held.append(octets)
        if header & ENDS:
            yield b"".join(self._held)
            self._held = []

    def check(self) -> None:
        """Raises Malformed where a unit is not whole."""
        if self._held:
            raise Malformed(self._protocol, 0, "a unit whose end is missing")


def _sized(payload: bytes, at: int, protocol: str) -> Iterator[bytes]:
    """The units behind their sizes of sixteen bits."""
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        at += 2
        if not size or at + size > len(payload):
            raise Malformed(protocol, at, f"a unit needs {size} bytes, {max(0, len(payload) - at)} are left")
        yield payload[at : at + size]
        at += size


def _octet(payload: bytes, at: int, protocol: str) -> int:
    if at >= len(payload):
        raise Malformed(protocol, at, f"a payload of {len(payload)} bytes")
    return payload[at]


def announced(words: Mapping[str, str]) -> bytes:
    """The parameter sets of an a=fmtp line, each behind a start code; those that cannot be read are left out."""
    units = []
    for name in ("sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets"):
        for text in words.get(name, "").split(","):
            try:
                units.append(b64decode(text, validate=True))
            except (Error, ValueError):
                continue
    return _behind_codes([unit for unit in units if unit])
