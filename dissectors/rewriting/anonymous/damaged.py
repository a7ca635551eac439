"""Compressed bodies that are damaged: others, with the same damage, as long as they were where that is possible."""

from __future__ import annotations

import zlib

from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.wire.inflate import LIMITS, Inflated, inflate

WINDOWS = {"zlib": 15, "gzip": 31, "deflate": -15}
"""How zlib writes a stream with its header, by the name of the encoding."""

NOTHING, NO_BLOCK = b"\0\0\0\xff\xff", b"\x07"
"""A block that holds nothing, and the beginning of one of a type that does not exist (RFC 1951 section 3.2.3)."""

MAX_TEXT_OCTETS, MAX_MORE, BEST_RATIO = 1 << 16, 4096, 1030
"""Octets of text that are read of a body that becomes too large, steps on the way to a length, deflate's best ratio."""

BAD_SUM = b"\0\0\0\0\0\0\0\0"


def packed(text: bytes, inner: Inflated, length: int, names: Pseudonyms) -> bytes | None:
    """A body of about this length with this text, damaged as `inner` is; None where that cannot be made."""
    window = WINDOWS.get(inner.encoding)
    if window is None:
        return None
    label = (inner.label,) if inner.label is not None else ()
    for octets in _attempts(text, inner, window, length, names):
        if inflate(octets, label).status == inner.status:
            return octets
    return None


def _attempts(text: bytes, inner: Inflated, window: int, length: int, names: Pseudonyms) -> list[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    if inner.status == "over limit":
        noisy = _noisy(text[:MAX_TEXT_OCTETS], length - LIMITS.octets // BEST_RATIO, names)
        begun = packer.compress(noisy) + packer.flush(zlib.Z_SYNC_FLUSH)
        rest = packer.compress(bytes(LIMITS.octets + 1)) + packer.flush()
        return [_filled(begun, length - len(rest)) + rest]
    begun = packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)
    if inner.status == "truncated":
        return [_filled(begun, length)]
    whole = packer.flush()
    return [_filled(begun, length - 1) + NO_BLOCK, _filled(begun, length - len(whole)) + whole[:2] + BAD_SUM]


def _filled(octets: bytes, length: int) -> bytes:
    """The stream with blocks of nothing, so that it gets near to a length."""
    return octets + NOTHING * min(MAX_MORE, max(0, round((length - len(octets)) / len(NOTHING))))


def _noisy(text: bytes, length: int, names: Pseudonyms) -> bytes:
    """The text with as much behind it as makes it this long when it is compressed."""
    size = len(zlib.compress(text, 9))
    return text + names.octets("text", text, max(0, length - size) // 2).hex().encode()
