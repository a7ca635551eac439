"""Compressed bodies, decoded within bounds and without trust in their label.

The laws of this file: the octets decide, the label only gives the first guess; everything that could be read is
returned, also of a damaged body; no input makes it slow or large.
"""
from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable, Iterator

from dissectors.wire.deflate import Layer, Status, read_gzip, read_stream, read_zlib
from dissectors.wire.patterns import pattern
from dissectors.wire.values import Struct, replace


class Limits(Struct, frozen=True):
    """The bounds of an inflated body: `octets` at most, and `ratio` times its own size.

    Deflate reaches 1032:1 on a run of one octet; SDP, XML and JSON stay below 20:1, so 100:1 is far beyond any text.
    A body that fits into a datagram uncompressed (65,535 octets) is never refused for its ratio.
    """

    octets: int = 1 << 20
    ratio: int = 100

    def bound(self, compressed: int) -> int:
        """The octets that `compressed` octets may become."""
        return min(self.octets, max(_DATAGRAM, compressed * self.ratio))


LIMITS = Limits()
"""What holds where nobody asks for anything else."""


class Inflated(Struct, frozen=True):
    """A decoded body, and the details of its decoding.

    `octets` is the decoded body, the part before the error unless `status` is "complete" or "identity", and the input
    itself if that is "identity" or "unsupported". `encoding` names the real encoding of the octets, in the order of
    application as in Content-Encoding: "identity", "zlib" (RFC 1950), "gzip" (RFC 1952), "deflate" (the bare stream of
    RFC 1951), "base64", or several as in "zlib, base64"; an encoding that cannot be decoded keeps its label's name.
    `label` is the message's Content-Encoding, as written. `compressed_length` counts the octets of the encoded stream
    without `leading` and `trailing`, `inflated_length` the decoded ones. `deviations` are phrases for people.
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
        """Whether an encoding was found and decoded, at least in part."""
        return self.status not in ("identity", "unsupported")


NOTHING = Inflated(b"", "identity", None, 0, 0, "identity")
"""What no body is."""


def inflate(data: bytes, labels: tuple[str, ...] = (), limits: Limits = LIMITS) -> Inflated:
    """Decode `data`; `labels` are the values of its Content-Encoding headers, in order, lists allowed (RFC 3261 20.12).

    Reads zlib, gzip and bare deflate whatever the label, nested ones by their labels, base64 if it is named; detects
    `78 01/5e/9c/da` and `1f 8b` without a label. Raises nothing.
    """
    if not data and not labels:
        return NOTHING
    if not labels and not data.startswith(_BEGINNINGS):
        return Inflated(data, "identity", None, len(data), len(data), "identity")
    bound = limits.bound(len(data))
    if labels == _USUAL and (octets := _inflated(data, bound)) is not None:
        return Inflated(octets, "zlib", labels[0], len(data), len(octets), "complete")
    label = ", ".join(labels) if labels else None
    if not data:
        return Inflated(b"", "identity", label, 0, 0, "identity")
    claimed = _tokens(labels)
    layers, refused = _peel(data, claimed, bound)
    return _summary(data, label, claimed, layers, refused)


def _inflated(data: bytes, bound: int) -> bytes | None:
    """What the octets of zlib inflate to, if they are that, whole, and nothing follows; else None."""
    stream = zlib.decompressobj()
    try:
        octets = stream.decompress(data, bound + 1)
    except zlib.error:
        return None
    return octets if stream.eof and not stream.unused_data and len(octets) <= bound else None


def recover(data: bytes, limits: Limits = LIMITS) -> Inflated:
    """Decode a body without a label, such as one that was saved to a file.

    Besides the encodings that `inflate` detects, it finds base64 and bare deflate, if they end cleanly in text or in an
    encoding that is detected, and nested encodings, at most four. Raises nothing.
    """
    layers: list[Layer] = []
    inner, bound = data, limits.bound(len(data))
    while len(layers) < _STACKED and (not layers or layers[-1].status == "complete"):
        layer = _undeflate(inner, "", bound) or _credible_base64(inner, bound) or _credible_stream(inner, bound)
        if layer is None:
            break
        layers.append(layer)
        inner = layer.octets
    return _summary(data, None, [], layers, [])


def spoken(encoding: str) -> str:
    """The `encoding` of an `Inflated` for people: the label "deflate" means zlib, so bare deflate is called bare."""
    return ", ".join("bare deflate" if name == "deflate" else name for name in encoding.split(", "))


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


_DATAGRAM = 65535
_STACKED = 4
_SHORTEST_BASE64 = 12
_LEADING = pattern(rb"[\r\n]{1,8}")
_CONTROLS = pattern(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BASE64 = pattern(rb"[A-Za-z0-9+/]{4,}={0,2}")
_SNIFFED = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b")
_BEGINNINGS = (*_SNIFFED, b"\r", b"\n")
"""What is compressed begins with one of them, where no label says that it is."""

_USUAL = ("deflate",)
_PADDING = b"\r\n\0"
_ALIASES = {"x-gzip": "gzip", "x-deflate": "deflate", "zlib": "deflate", "x-zlib": "deflate", "x-base64": "base64"}
_WRITTEN_AS = {"deflate": "zlib"}


def _tokens(labels: tuple[str, ...]) -> list[str]:
    """The codings that the labels name, in the order of application, by their registered names."""
    names = [token.strip().lower() for label in labels for token in label.split(",")]
    return [_ALIASES.get(name, name)[:32] for name in names if name not in ("", "identity")]


def _peel(data: bytes, claimed: list[str], bound: int) -> tuple[list[Layer], list[str]]:
    """Decode one encoding after the other; the second list says why one was not decoded."""
    if not claimed:
        layer = _undeflate(data, "", bound)
        return ([layer.noting("the data is compressed, no label says so")] if layer else []), []
    pending = claimed[-_STACKED:]
    refused = [f"the label names {len(claimed)} codings, more than are undone"] if pending != claimed else []
    layers: list[Layer] = []
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
    if "base64" in pending[:-1] and _BASE64().fullmatch(data.translate(None, b" \t\r\n")):
        pending.remove("base64")
        return "base64"
    return pending.pop()


def _undeflate(data: bytes, name: str, bound: int) -> Layer | None:
    """Undo zlib, gzip or bare deflate, whichever it is; None when it is none of them. `name` is the label or empty."""
    if not name and not data.startswith(_BEGINNINGS):
        return None
    text = _is_text(data)
    partial: Layer | None = None
    for layer in _attempts(data, name, bound):
        if layer.status == "complete" and not (text and layer.trailing.strip(_PADDING)):
            return _compared(layer, name)
        if partial is None or len(layer.octets) > len(partial.octets):
            partial = layer
    if partial is None or text or not (partial.octets or (name and partial.name != "deflate")):
        return None
    return _compared(partial, name)


def _attempts(data: bytes, name: str, bound: int) -> Iterator[Layer]:
    """Every reading that the octets allow, the likeliest first."""
    found = _LEADING().match(data)
    starts = (0, found.end()) if found else (0,)
    for start in starts:
        if name or data.startswith(_SNIFFED, start):
            for read in (read_zlib, read_gzip):
                layer = read(data, start, bound)
                if layer is not None:
                    yield replace(layer, leading=data[:start]) if start else layer
    for start in starts if name else ():
        octets, end, status = read_stream(data, start, bound)
        layer = Layer("deflate", octets, status, (), data[:start], data[end:])
        # Anything may look like a bare stream for a while: it has to end where the data does, or give text.
        ended = status == "over limit" or status == "complete" and not layer.trailing.strip(_PADDING)
        if octets and (ended or _is_text(octets)):
            yield layer


def _compared(layer: Layer, name: str) -> Layer:
    """The layer with the deviations of its label, its surroundings and its end."""
    notes: list[str] = []
    if name and layer.name != _WRITTEN_AS.get(name, name):
        notes.append(f"the label says {name}, the data is {_FULL_NAMES[layer.name]}")
    if layer.leading:
        notes.append(f"{len(layer.leading)} bytes of CR and LF come before the compressed data")
    if layer.trailing:
        notes.append(f"{len(layer.trailing)} bytes follow the compressed data")
    return layer.noting(*notes)


def _unbase64(data: bytes, name: str, bound: int) -> Layer | None:
    """RFC 4648 section 4, white space within it ignored."""
    packed = data.translate(None, b" \t\r\n")
    if not _BASE64().fullmatch(packed):
        return None
    digits = packed.rstrip(b"=")
    kept = digits[:-1] if len(digits) % 4 == 1 else digits
    octets = binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
    if len(packed) % 4 == 0:
        return Layer("base64", octets, "complete")
    return Layer("base64", octets, "truncated", ("the base64 is cut or lacks its padding",))


def _credible_base64(data: bytes, bound: int) -> Layer | None:
    """Base64 that only its alphabet shows, and its content."""
    if len(data) < _SHORTEST_BASE64:
        return None
    layer = _unbase64(data, "", bound)
    if layer is None or not (_reads(layer.octets) or _credible_stream(layer.octets, bound)):
        return None
    return layer


def _credible_stream(data: bytes, bound: int) -> Layer | None:
    """A bare stream that only its clean end shows, and its content."""
    if _is_text(data):
        return None
    found = _LEADING().match(data)
    for start in (0, found.end()) if found else (0,):
        octets, end, status = read_stream(data, start, bound)
        if octets and status == "complete" and not data[end:].strip(_PADDING) and _reads(octets):
            return _compared(Layer("deflate", octets, status, (), data[:start], data[end:]), "")
    return None


def _reads(octets: bytes) -> bool:
    """Whether octets are text, or begin like compressed data."""
    return _is_text(octets) or octets.startswith(_SNIFFED)


def _foreign(data: bytes, name: str, bound: int) -> Layer | None:
    """A coding that is not decoded here; the data may still be one that is, or plain text."""
    layer = _undeflate(data, "", bound)
    if layer is not None:
        return layer.noting(f"the label says {name}, the data is {_FULL_NAMES[layer.name]}")
    if _is_text(data):
        return None
    return Layer(name, data, "unsupported", (f"{name} is not decoded",))


def _is_text(data: bytes) -> bool:
    """UTF-8 without control characters, the last character perhaps cut."""
    if _CONTROLS().search(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 3 and error.reason == "unexpected end of data"
    return True


def _summary(data: bytes, label: str | None, claimed: list[str], layers: list[Layer], refused: list[str]) -> Inflated:
    deviations = (*refused, *[text for layer in layers for text in layer.deviations])
    if not layers:
        return Inflated(data, "identity", label, len(data), len(data), "identity", deviations)
    first, octets = layers[0], layers[-1].octets
    if first.name == "base64" and claimed and claimed[-1] != "base64":
        deviations += ("the label does not name base64 last, although it was applied last",)
    return Inflated(
        octets=octets,
        encoding=", ".join([layer.name for layer in reversed(layers)]),
        label=label,
        compressed_length=len(data) - len(first.leading) - len(first.trailing),
        inflated_length=len(octets),
        status=next((layer.status for layer in layers if layer.status != "complete"), "complete"),
        deviations=deviations,
        leading=first.leading,
        trailing=first.trailing,
    )


def _gzip(data: bytes) -> bytes:
    # Nobody who reads needs this import.
    import gzip

    return gzip.compress(data, 9, mtime=0)


_FULL_NAMES = {"zlib": "zlib (RFC 1950)", "gzip": "gzip (RFC 1952)", "deflate": "bare deflate (RFC 1951)"}

_READERS: dict[str, Callable[[bytes, str, int], Layer | None]] = {
    "deflate": _undeflate,
    "gzip": _undeflate,
    "base64": _unbase64,
}

_WRITERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "deflate": lambda data: zlib.compress(data, 9),
    "gzip": _gzip,
    "base64": lambda data: binascii.b2a_base64(data, newline=False),
}
