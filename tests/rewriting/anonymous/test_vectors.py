"""What counts octets stays, whatever they are."""

from __future__ import annotations

import pytest

from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.vectors import counted


def vector(octets: bytes, size: int = 2) -> bytes:
    return len(octets).to_bytes(size, "big") + octets


STAMP = b"\0" + b"alicewonder" * 3 + b"12345678"[:7] + b"\0\0" + b"\4\3" + vector(b"signature of a log")


@pytest.mark.parametrize(("value", "kept"), [
    (vector(vector(b"alicewonder") + vector(b"bobbuilder")), 6),
    (vector(STAMP), 2 + 1 + 2 + 2 + 2), (vector(vector(b"alicewonder") + b"aged") + vector(vector(b"binder", 1)), 7),
    (b"alicewonder", 0), (vector(vector(b"alicewonder", 1)), 3),
])
def test_what_counts_stays_in_extensions_and_nothing_else(value: bytes, kept: int) -> None:
    made = [counted(value, Pseudonyms(key)) for key in (b"1", b"2", b"3")]
    same = [place for place, octets in enumerate(zip(value, *made, strict=True)) if len(set(octets)) == 1]
    assert len(same) == kept and all(len(each) == len(value) and b"alice" not in each for each in made)
