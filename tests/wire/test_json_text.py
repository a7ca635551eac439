"""JSON from the wire: as much of it and as deep as may be read."""

from __future__ import annotations

import pytest

from dissectors.wire import json_text
from dissectors.wire.errors import Malformed


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_what_is_deep_or_long_is_refused_at_its_bound() -> None:
    assert json_text.parse(nested(json_text.MAX_DEPTH))
    with pytest.raises(Malformed, match="deeper"):
        json_text.parse(nested(json_text.MAX_DEPTH + 1))
    with pytest.raises(Malformed, match="deeper"):
        json_text.parse(b"[" * 500_000)
    whole = b'"' + b"a" * (json_text.MAX_OCTETS - 2) + b'"'
    assert len(json_text.parse(whole)) == json_text.MAX_OCTETS - 2
    with pytest.raises(Malformed, match="bytes"):
        json_text.parse(whole + b" ")


def test_brackets_in_texts_do_not_nest() -> None:
    assert json_text.parse(b'["' + b"[" * 100 + b'\\"' + b"{" * 100 + b'"]') == ["[" * 100 + '"' + "{" * 100]


@pytest.mark.parametrize("octets", [b"", b"{", b"\xff\xfe", b"nope", b'{"a":}', b"1" * 5000, b'"\x80"'])
def test_what_is_no_json_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        json_text.parse(octets)


def test_members_are_given_by_their_kind() -> None:
    value = json_text.parse(b'{"a": "x", "b": 7, "c": true, "d": null, "e": "\\ud800", "f": 1.5}')
    assert [json_text.text(value, name) for name in "abcdef"] == ["x", "7", None, None, "?", "1.5"]
    assert [json_text.number(value, name) for name in "abcf"] == [None, 7, None, None]
    for other in (None, [], "a", 3):
        assert json_text.text(other, "a") is json_text.number(other, "a") is json_text.member(other, "a") is None
