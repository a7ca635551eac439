"""Bodies that were compressed, decoded within bounds and without trusting their label.

The laws of this file: the octets decide, the label only says where to look first; whatever could be read is given back,
however it ended; nothing that a sender writes makes it slow or large.
"""
from __future__ import annotations

import binascii
import gzip
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

Status = Literal["identity", "complete", "truncated", "corrupt", "over limit", "unsupported"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a body may inflate to: `octets` at most, and `ratio` times its own size.

    Deflate reaches 1032:1 on a run of one octet; SDP, XML and JSON stay below 20:1, so 100:1 is far beyond any text.
    What would have fitted into a datagram uncompressed (65,535 octets) is never refused for its ratio.
    """

    octets: int = 1 << 20
    ratio: int = 100

    def bound(self, compressed: int) -> int:
        """The octets that `compressed` octets may become."""
        return min(self.octets, max(_DATAGRAM, compressed * self.ratio))


LIMITS = Limits()
"""What holds where nobody asks for anything else."""


@dataclass(frozen=True, slots=True)
class Inflated:
    """A body as it reads once decoded, and what was found on the way.

    `octets` is the decoded body, the part before the break unless `status` is "complete" or "identity", and the input
    itself when that is "identity" or "unsupported". `encoding` names what the octets really were, in the order of
    application as in Content-Encoding: "identity", "zlib" (RFC 1950), "gzip" (RFC 1952), "deflate" (the bare stream of
    RFC 1951), "base64", or several as in "zlib, base64"; an encoding that cannot be decoded keeps its label's name.
    `label` is what the message claimed, as written. `compressed_length` counts the octets of the encoded stream without
    `leading` and `trailing`, `inflated_length` the decoded ones. `deviations` are phrases for people.
    """

    octets: bytes
    encoding: str
    label: str | None
    compressed_length: int
    inflated_length: int
    status: Status
    deviations: tuple[str, ...] = ()
    leading: bytes = b""
    trailing: bytes = b""

    @property
    def compressed(self) -> bool:
        """Whether an encoding was found and undone, at least in part."""
        return self.status not in ("identity", "unsupported")


def inflate(data: bytes, labels: tuple[str, ...] = (), limits: Limits = LIMITS) -> Inflated:
    """Decode `data`; `labels` are the values of its Content-Encoding headers, in order, lists allowed (RFC 3261 20.12).

    Reads zlib, gzip and bare deflate whatever the label, stacked ones by their labels, base64 where it is named; sniffs
    `78 01/5e/9c/da` and `1f 8b` when there is no label. Raises nothing.
    """
    label = ", ".join(labels) if labels else None
    if not data:
        return Inflated(b"", "identity", label, 0, 0, "identity")
    claimed = _tokens(labels)
    layers, refused = _peel(data, claimed, limits.bound(len(data)))
    return _summary(data, label, claimed, layers, refused)


def deflate(data: bytes, encoding: str) -> bytes:
    """`data` as senders encode it: "deflate" is zlib (RFC 1950), "gzip" RFC 1952, "base64", "identity" as it is.

    Lists apply from left to right. Raises ValueError for an encoding that is not one of these.
    """
    for name in (token.strip().lower() for token in encoding.split(",")):
        write = _WRITERS.get(_ALIASES.get(name, name))
        if write is None:
            raise ValueError(f"no encoder for {name!r}")
        data = write(data)
    return data


class _Layer(NamedTuple):
    """One encoding that was undone, as far as it could be."""

    name: str
    octets: bytes
    status: Status
    deviations: tuple[str, ...] = ()
    leading: bytes = b""
    trailing: bytes = b""

    def noting(self, *deviations: str) -> _Layer:
        return self._replace(deviations=(*deviations, *self.deviations))


_DATAGRAM = 65535
_STACKED = 4
_MEMBERS = 16
_STEP = 512
_LEADING = re.compile(rb"[\r\n]{1,8}")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}")
_SNIFFED = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b")
_PADDING = b"\r\n\0"
_ALIASES = {"x-gzip": "gzip", "x-deflate": "deflate", "zlib": "deflate", "x-zlib": "deflate", "x-base64": "base64"}
_WRITTEN_AS = {"deflate": "zlib"}


def _tokens(labels: tuple[str, ...]) -> list[str]:
    """The codings that the labels name, in the order of application, by their registered names."""
    names = (token.strip().lower() for label in labels for token in label.split(","))
    return [_ALIASES.get(name, name)[:32] for name in names if name not in ("", "identity")]


def _peel(data: bytes, claimed: list[str], bound: int) -> tuple[list[_Layer], list[str]]:
    """Undo one encoding after the other; the second list says why one was not undone."""
    if not claimed:
        layer = _undeflate(data, "", bound)
        return ([layer.noting("the data is compressed, no label says so")] if layer else []), []
    pending = claimed[-_STACKED:]
    refused = [f"the label names {len(claimed)} codings, more than are undone"] if pending != claimed else []
    layers: list[_Layer] = []
    while pending and (not layers or layers[-1].status in ("complete", "truncated")):
        name = _next(pending, data)
        layer = _READERS.get(name, _foreign)(data, name, bound)
        if layer is None:
            refused.append(f"the label says {name}, the data is not")
        else:
            layers.append(layer)
            data = layer.octets
    return layers, refused


def _next(pending: list[str], data: bytes) -> str:
    """The coding to undo now: base64 as soon as the data looks like it, else the one applied last."""
    if "base64" in pending[:-1] and _BASE64.fullmatch(data.translate(None, b" \t\r\n")):
        pending.remove("base64")
        return "base64"
    return pending.pop()


def _undeflate(data: bytes, name: str, bound: int) -> _Layer | None:
    """Undo zlib, gzip or bare deflate, whichever it is; None when it is none of them. `name` is the label or empty."""
    text = _is_text(data)
    partial: _Layer | None = None
    for layer in _attempts(data, name, bound):
        if layer.status == "complete" and not (text and layer.trailing.strip(_PADDING)):
            return _compared(layer, name)
        if partial is None or len(layer.octets) > len(partial.octets):
            partial = layer
    if partial is None or text or not (partial.octets or (name and partial.name != "deflate")):
        return None
    return _compared(partial, name)


def _attempts(data: bytes, name: str, bound: int) -> Iterator[_Layer]:
    """Every reading that the octets allow, the likeliest first."""
    found = _LEADING.match(data)
    starts = (0, found.end()) if found else (0,)
    for start in starts:
        if name or data.startswith(_SNIFFED, start):
            for read in (_zlib, _gzip):
                layer = read(data, start, bound)
                if layer is not None:
                    yield layer._replace(leading=data[:start])
    for start in starts if name else ():
        octets, end, status = _stream(data, start, bound)
        layer = _Layer("deflate", octets, status, (), data[:start], data[end:])
        # Anything may look like a bare stream for a while: it has to end where the data does, or give text.
        ended = status == "over limit" or status == "complete" and not layer.trailing.strip(_PADDING)
        if octets and (ended or _is_text(octets)):
            yield layer


def _compared(layer: _Layer, name: str) -> _Layer:
    """The layer with what its label, its surroundings and its end have to say."""
    notes: list[str] = []
    if name and layer.name != _WRITTEN_AS.get(name, name):
        notes.append(f"the label says {name}, the data is {_FULL_NAMES[layer.name]}")
    if layer.leading:
        notes.append(f"{len(layer.leading)} octets of CR and LF come before the compressed data")
    if layer.trailing:
        notes.append(f"{len(layer.trailing)} octets follow the compressed data")
    return layer.noting(*notes)


def _zlib(data: bytes, start: int, bound: int) -> _Layer | None:
    """RFC 1950: two octets of header, the stream, Adler-32."""
    header = data[start : start + 2]
    if len(header) < 2 or header[0] & 0x8F != 0x08 or int.from_bytes(header, "big") % 31:
        return None
    if header[1] & 0x20:
        return _Layer("zlib", b"", "corrupt", ("the data needs a preset dictionary",))
    octets, end, status = _stream(data, start + 2, bound)
    return _ended("zlib", octets, status, data, end, struct.pack(">I", zlib.adler32(octets)))


def _gzip(data: bytes, start: int, bound: int) -> _Layer | None:
    """RFC 1952: members one after the other, each with its header, the stream, CRC-32 and length."""
    layer: _Layer | None = None
    for _ in range(_MEMBERS):
        if data[start : start + 3] != b"\x1f\x8b\x08":
            break
        before = layer.octets if layer else b""
        octets, end, status = _stream(data, _gzip_stream(data, start), bound - len(before))
        trailer = struct.pack("<II", zlib.crc32(octets), len(octets))
        layer = _ended("gzip", octets, status, data, end, trailer)
        layer = layer._replace(octets=before + layer.octets)
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


def _ended(name: str, octets: bytes, status: Status, data: bytes, end: int, checksum: bytes) -> _Layer:
    """A stream with the verdict of its checksum."""
    if status != "complete":
        return _Layer(name, octets, status)
    found = data[end : end + len(checksum)]
    if found == checksum:
        return _Layer(name, octets, "complete", (), b"", data[end + len(checksum) :])
    if len(found) < len(checksum):
        return _Layer(name, octets, "truncated", ("the stream is whole, its checksum is cut",))
    return _Layer(name, octets, "corrupt", ("the checksum is wrong",), b"", data[end + len(checksum) :])


def _stream(data: bytes, start: int, bound: int) -> tuple[bytes, int, Status]:
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
    """What a broken stream held before the octet that broke it.

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


def _unbase64(data: bytes, name: str, bound: int) -> _Layer | None:
    """RFC 4648 section 4, white space within it ignored."""
    packed = data.translate(None, b" \t\r\n")
    if not _BASE64.fullmatch(packed):
        return None
    digits = packed.rstrip(b"=")
    kept = digits[:-1] if len(digits) % 4 == 1 else digits
    octets = binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
    if len(packed) % 4 == 0:
        return _Layer("base64", octets, "complete")
    return _Layer("base64", octets, "truncated", ("the base64 is cut or lacks its padding",))


def _foreign(data: bytes, name: str, bound: int) -> _Layer | None:
    """A coding that is not decoded here; the data may still be one that is, or plain text."""
    layer = _undeflate(data, "", bound)
    if layer is not None:
        return layer.noting(f"the label says {name}, the data is {_FULL_NAMES[layer.name]}")
    if _is_text(data):
        return None
    return _Layer(name, data, "unsupported", (f"{name} is not decoded",))


def _is_text(data: bytes) -> bool:
    """UTF-8 without control characters, the last character perhaps cut."""
    if _CONTROLS.search(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 3 and error.reason == "unexpected end of data"
    return True


def _summary(data: bytes, label: str | None, claimed: list[str], layers: list[_Layer], refused: list[str]) -> Inflated:
    deviations = tuple(refused) + tuple(text for layer in layers for text in layer.deviations)
    if not layers:
        return Inflated(data, "identity", label, len(data), len(data), "identity", deviations)
    first, octets = layers[0], layers[-1].octets
    if first.name == "base64" and claimed[-1] != "base64":
        deviations += ("the label does not name base64 last, although it was applied last",)
    return Inflated(
        octets=octets,
        encoding=", ".join(layer.name for layer in reversed(layers)),
        label=label,
        compressed_length=len(data) - len(first.leading) - len(first.trailing),
        inflated_length=len(octets),
        status=next((layer.status for layer in layers if layer.status != "complete"), "complete"),
        deviations=deviations,
        leading=first.leading,
        trailing=first.trailing,
    )


_FULL_NAMES = {"zlib": "zlib (RFC 1950)", "gzip": "gzip (RFC 1952)", "deflate": "bare deflate (RFC 1951)"}

_READERS: dict[str, Callable[[bytes, str, int], _Layer | None]] = {
    "deflate": _undeflate,
    "gzip": _undeflate,
    "base64": _unbase64,
}

_WRITERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "deflate": lambda data: zlib.compress(data, 9),
    "gzip": lambda data: gzip.compress(data, 9, mtime=0),
    "base64": lambda data: binascii.b2a_base64(data, newline=False),
}
