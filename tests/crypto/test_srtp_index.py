"""The indices of a source under one key: other contents under one of them are a keystream that was used twice."""

from __future__ import annotations

from dissectors.crypto.srtp_index import BLOCK, MAX_BLOCKS, Indices


def test_other_contents_are_told_and_copies_are_not() -> None:
    indices = Indices()
    assert not indices.again(7, b"a") and not indices.again(7, b"a") and not indices.again(8, b"a")
    assert indices.again(7, b"b") and not indices.again(7 + (1 << 16), b"b")


def test_only_so_many_are_remembered() -> None:
    indices = Indices()
    for number in range(MAX_BLOCKS + 1):
        assert not indices.again(number * BLOCK, b"a")
    assert not indices.again(0, b"b") and indices.again(MAX_BLOCKS * BLOCK, b"b")
