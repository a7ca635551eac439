"""Messages field by field, and octets sixteen a line."""

from __future__ import annotations

from typing import NamedTuple

from dissectors.outputs.terminal.fields import dump, listing
from dissectors.wire.values import Struct


class Inner(Struct, frozen=True):
    text: str
    octets: bytes


class Pair(NamedTuple):
    name: str
    value: int


class Outer(Struct, frozen=True):
    none: None
    flag: bool
    pair: Pair
    inner: tuple[Inner, ...]
    body: bytes


def test_a_message_is_listed_field_by_field() -> None:
    value = Outer(None, True, Pair("a", 5), (Inner("x\x1b", b"\x01\x02"),), b"v=0\r\ns=-\r\n")
    assert list(listing(value)) == [
        "none: –", "flag: yes", "pair: a, 5", "inner:", "  0: Inner", "    text: x\\x1b", "    octets: 01 02",
        "body: 10 bytes of text", "  | v=0", "  | s=-",
    ]


def test_a_listing_is_bounded_in_length_and_depth() -> None:
    deep: object = "end"
    for _ in range(50):
        deep = Outer(None, True, Pair("a", 1), (Inner("x", b""), deep), b"")  # type: ignore[arg-type]
    assert len(list(listing(deep))) < 200
    assert len(list(listing(tuple(Inner("a" * 200, b"") for _ in range(10_000))))) < 300


def test_octets_are_dumped_sixteen_a_line() -> None:
    octets = bytes(range(0x3A, 0x4C))
    assert list(dump(octets, 0x10)) == [
        "0010  3a 3b 3c 3d 3e 3f 40 41  42 43 44 45 46 47 48 49  :;<=>?@ABCDEFGHI",
        "0020  4a 4b                                             JK",
    ]


class About(Struct, frozen=True):
    ssrc: int
    sources: tuple[int, ...]
    count: int


def test_sources_are_written_in_hexadecimal() -> None:
    listed = list(listing(About(0xBBBB0001, (1, 2), 10)))
    assert listed == ["ssrc: 0xBBBB0001", "sources: 0x00000001, 0x00000002", "count: 10"]
