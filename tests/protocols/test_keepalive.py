"""Keep-alives."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols.keepalive import parse
from dissectors.wire.errors import Malformed


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "ping"),
        (b"\r\n", "pong"),
        (b"\n", "CR LF"),
        (b"\r\n\r\n\r\n\r\n", "CR LF"),
        (b"\0", "NUL"),
        (b"\0\0\0\0", "NUL"),
        (b"     ", "space"),
        (b"jaK\0", "jaK"),
    ],
)
def test_a_keep_alive_is_named_by_its_octets(payload: bytes, kind: str) -> None:
    message = parse(payload)
    assert (message.kind, message.length) == (kind, len(payload))
    assert message.summary.startswith("keep-alive, ")
    assert message.summary.isprintable()


@pytest.mark.parametrize(("payload", "offset"), [(b"\r\n\r\nX", 4), (b"OK", 0), (b"\xff", 0)])
def test_octets_that_say_something_are_malformed_and_say_where(payload: bytes, offset: int) -> None:
    with pytest.raises(Malformed) as raised:
        parse(payload)
    assert (raised.value.protocol, raised.value.offset) == ("KEEPALIVE", offset)


@given(st.one_of(st.binary(max_size=16), st.text("\r\n\0 x", max_size=8).map(str.encode)))
def test_any_octets_parse_or_are_malformed(payload: bytes) -> None:
    of_one_kind = any(set(payload) <= set(octets) for octets in (b"\r\n", b"\0", b" "))
    if of_one_kind or payload == b"jaK\0":
        assert parse(payload).length == len(payload)
    else:
        with pytest.raises(Malformed):
            parse(payload)
