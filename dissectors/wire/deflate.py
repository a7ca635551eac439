"""Deflate in all forms: bare (RFC 1951), zlib (RFC 1950), gzip (RFC 1952); bounded, and partial if it is damaged."""
from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Literal

from dissectors.wire.values import Struct, replace

Status = Literal["identity", "complete", "truncated", "corrupt", "over limit", "unsupported"]


class Layer(Struct, frozen=True):
    """One encoding that was decoded, as far as possible."""

    name: str
    octets: bytes
    status: Status
    deviations: tuple[str, ...] = ()
    leading: bytes = b""
    trailing: bytes = b""

    def noting(self, *deviations: str) -> Layer:
        return replace(self, deviations=(*deviations, *self.deviations)) if deviations else self


_MEMBERS = 16
_STEP = 512


def read_zlib(data: bytes, start: int, bound: int) -> Layer | None:
    """RFC 1950: two octets of header, the stream, Adler-32."""
    header = data[start : start + 2]
    if len(header) < 2 or header[0] & 0x8F != 0x08 or int.from_bytes(header, "big") % 31:
        return None
    if header[1] & 0x20:
        return Layer("zlib", b"", "corrupt", ("the data needs a preset dictionary",))
    octets, end, status = read_stream(data, start + 2, bound)
    return _ended("zlib", octets, status, data, end, struct.pack(">I", zlib.adler32(octets)))


def read_gzip(data: bytes, start: int, bound: int) -> Layer | None:
    """RFC 1952: members one after the other, each with its header, the stream, CRC-32 and length."""
    layer: Layer | None = None
    for _ in range(_MEMBERS):
        if data[start : start + 3] != b"\x1f\x8b\x08":
            break
        before = layer.octets if layer else b""
        octets, end, status = read_stream(data, _gzip_stream(data, start), bound - len(before))
        trailer = struct.pack("<II", zlib.crc32(octets), len(octets))
        layer = _ended("gzip", octets, status, data, end, trailer)
        layer = replace(layer, octets=before + layer.octets)
        start = len(data) - len(layer.trailing)
        if layer.status != "complete":
            break
    return layer


def _gzip_stream(data: bytes, start: int) -> int:
    """Where the stream of the member at `start` begins (RFC 1952 section 2.3); the data's end when it never does."""
    flags = data[start + 3] if start + 3 < len(data) else 0
    offset = start + 10
    if flags & 0x04:
        offset += 2 + int.from_bytes(data[offset : offset + 2], "little")
    for flag in (0x08, 0x10):
        if flags & flag:
            end = data.find(b"\0", offset)
            offset = end + 1 if end >= 0 else len(data)
    return min(offset + (2 if flags & 0x02 else 0), len(data))


def _ended(name: str, octets: bytes, status: Status, data: bytes, end: int, checksum: bytes) -> Layer:
    """A stream with the verdict of its checksum."""
    if status != "complete":
        return Layer(name, octets, status)
    found = data[end : end + len(checksum)]
    if found == checksum:
        return Layer(name, octets, "complete", (), b"", data[end + len(checksum) :])
    if len(found) < len(checksum):
        return Layer(name, octets, "truncated", ("the stream is whole, its checksum is cut",))
    return Layer(name, octets, "corrupt", ("the checksum is wrong",), b"", data[end + len(checksum) :])


def read_stream(data: bytes, start: int, bound: int) -> tuple[bytes, int, Status]:
    """The bare stream of RFC 1951 at `start`: its octets, the offset after it, and how it ended."""
    decoder = zlib.decompressobj(-15)
    compressed = memoryview(data)[start:]
    try:
        octets = decoder.decompress(compressed, bound + 1)
    except zlib.error:
        return _before_the_break(compressed, bound), len(data), "corrupt"
    if len(octets) > bound:
        return octets[:bound], len(data), "over limit"
    if not decoder.eof:
        return octets, len(data), "truncated"
    return octets, len(data) - len(decoder.unused_data), "complete"


def _before_the_break(compressed: memoryview, bound: int) -> bytes:
    """The content of a broken stream before the first bad octet.

    zlib withholds the output of a call that fails, so the step that fails is taken again octet by octet.
    """
    decoder = zlib.decompressobj(-15)
    pieces: list[bytes] = []
    left = bound
    for start in range(0, len(compressed), _STEP):
        saved = decoder.copy()
        step = compressed[start : start + _STEP]
        try:
            pieces.append(decoder.decompress(step, left + 1))
        except zlib.error:
            pieces.extend(_octet_by_octet(saved, step, left))
            break
        left -= len(pieces[-1])
        if left < 0:
            break
    return b"".join(pieces)[:bound]


def _octet_by_octet(decoder: zlib._Decompress, step: memoryview, left: int) -> Iterator[bytes]:
    for at in range(len(step)):
        if left < 0:
            return
        try:
            piece = decoder.decompress(step[at : at + 1], left + 1)
        except zlib.error:
            return
        left -= len(piece)
        yield piece
