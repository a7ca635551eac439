"""The lines of SDP that hold several fields: o=, c=, b=, t= and a= (RFC 8866 section 5)."""
from __future__ import annotations

import re

from dissectors.limits.remembered import Remembered, remembered
from dissectors.protocols.sdp_attributes import number
from dissectors.wire.patterns import pattern
from dissectors.wire.values import NamedTuple, Struct

# A named tuple is made three times as quickly by it.
_new = tuple.__new__


class Origin(NamedTuple):
    """RFC 8866 section 5.2; `id` and `version` as written."""

    username: str
    id: str
    version: str
    nettype: str
    addrtype: str
    address: str


class Connection(Struct, frozen=True):
    """RFC 8866 section 5.7; `ttl` and `count` only with multicast addresses."""

    nettype: str
    addrtype: str
    address: str
    ttl: int | None = None
    count: int | None = None


class Bandwidth(Struct, frozen=True):
    """RFC 8866 section 5.8; `text` as written, `numbers` those in it: FaceTime writes two, `AS:2000:2000`."""

    type: str
    text: str
    numbers: tuple[int, ...]


class Timing(Struct, frozen=True):
    """RFC 8866 section 5.9; seconds of NTP time, 0 for unbounded."""

    start: int
    stop: int


class Attribute(NamedTuple):
    """RFC 8866 section 5.13; `value` is None for a property. FaceTime's `FLS;VRA:0;…` is `FLS` with `VRA:0;…`."""

    name: str
    value: str | None


_ATTRIBUTE = pattern(r"([^:;\s]*)(?:[:;](.*))?", re.DOTALL)


def origin(value: str) -> Origin | None:
    """`username id version nettype addrtype address`; None when fields are missing."""
    words = value.split()
    if len(words) == 6:
        return _new(Origin, words)
    # A username may hold spaces in the wild: the five fields that matter are the last.
    return _new(Origin, (" ".join(words[:-5]), *words[-5:])) if len(words) >= 6 else None


@remembered
def connection(value: str) -> Connection | None:
    """`IN IP4 192.0.2.1`, a multicast address with `/ttl/count`; None when it is not three words."""
    words = value.split()
    if len(words) != 3:
        return None
    if "/" not in words[2]:
        return Connection(words[0], words[1], words[2])
    address, *rest = words[2].split("/")
    counts = [number(text, 1 << 16) for text in rest[:2]]
    if words[1] == "IP6":
        counts.insert(0, None)
    return Connection(words[0], words[1], address, *counts[:2])


def bandwidth(value: str) -> Bandwidth:
    """`AS:2000`; every number after the colon is kept."""
    name, *rest = value.split(":", 8)
    return Bandwidth(name.strip(), value, tuple(found for part in rest if (found := number(part.strip())) is not None))


@remembered
def timing(value: str) -> Timing | None:
    """`0 0`; None when it is not two numbers."""
    first, _, second = value.strip().partition(" ")
    start, stop = number(first, 1 << 64), number(second.strip(), 1 << 64)
    return None if start is None or stop is None else Timing(start, stop)


def attribute(value: str) -> Attribute:
    """`name`, `name:value`, or `name;value` as FaceTime writes its features."""
    found: Attribute = _known_attributes.recall(value)
    return found


def _read_attribute(value: str) -> Attribute:
    value = value.strip(" \t")
    found = _ATTRIBUTE().fullmatch(value)
    return _new(Attribute, (found[1], found[2]) if found else (value, None))


_known_attributes = Remembered(_read_attribute)
