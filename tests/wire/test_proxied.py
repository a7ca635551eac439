"""The header that a load balancer puts in front of a connection, in both versions and in parts."""

from __future__ import annotations

import pytest

from dissectors.wire.proxied import MAX_LINE_OCTETS, header
from dissectors.wire.spec import Incomplete

LINE = b"PROXY TCP4 198.51.100.9 192.0.2.2 51000 5060\r\n"
OCTETS = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12)


@pytest.mark.parametrize("octets", [LINE, OCTETS])
def test_a_header_is_as_long_as_it_says(octets: bytes) -> None:
    assert header(octets) == header(octets + b"SIP/2.0 200 OK\r\n") == len(octets)
    for size in range(1, len(octets)):
        wanted = header(octets[:size])
        assert isinstance(wanted, Incomplete) and size < wanted.octets <= len(octets)


@pytest.mark.parametrize("octets", [b"", b"POST / HTTP/1.1", b"\r\n\r\nOPTIONS", b"PROXY " + b"x" * MAX_LINE_OCTETS])
def test_what_is_no_header_has_no_octets(octets: bytes) -> None:
    assert header(octets) == 0
