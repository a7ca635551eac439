"""HTTP on a stream: where a message ends, and its parts."""

from __future__ import annotations

import pytest

from dissectors.wire import http
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Incomplete

POSTED = b"POST /whip HTTP/1.1\r\nContent-Type: Application/SDP; a=b\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "octets", [POSTED, CHUNKED, b"HTTP/1.1 204 No Content\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"]
)
def test_a_message_ends_where_it_says_and_each_part_of_it_asks_for_more(octets: bytes) -> None:
    assert http.frame(octets + b"GET /") == len(octets)
    for size in range(len(octets)):
        wanted = http.frame(octets[:size])
        assert isinstance(wanted, Incomplete) and size < wanted.octets <= len(octets) + 1


def test_the_parts_of_a_message_are_read() -> None:
    asked, told = http.parse(POSTED), http.parse(CHUNKED)
    assert (asked.method, asked.target, asked.body) == ("POST", "/whip", b"hello")
    assert asked.content_type == "application/sdp"
    assert (told.method, told.status, told.body) == ("", 201, b"hello")


@pytest.mark.parametrize(
    "octets",
    [
        b"\x16\x03", b"POST nothing\r\n\r\n", b"POST / HTTP/1.1\r\n" + b"a: b\r\n" * 4000,
        POSTED.replace(b" 5", b" 9999999"), POSTED.replace(b" 5", b" x"), CHUNKED.replace(b"3;x=y", b"zz"),
        CHUNKED.replace(b"0\r\n\r\n", b"0\r\nA: b\r\n\r\n"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"F00000\r\n",
    ],
)
def test_what_is_no_message_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        http.frame(octets)


def test_what_is_not_whole_cannot_be_read() -> None:
    with pytest.raises(Malformed, match="not whole"):
        http.parse(POSTED[:-1])
