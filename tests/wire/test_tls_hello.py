"""What a ClientHello says, as OpenSSL writes it, and what is no ClientHello."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.tls_hello import opening


def hello(name: str, *protocols: str, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """The first octets that a client sends."""
    context = ssl.create_default_context()
    context.maximum_version = newest
    if protocols:
        context.set_alpn_protocols(list(protocols))
    written = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), written, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return written.read()


def test_a_client_hello_tells_its_version_server_and_protocols() -> None:
    newer = opening(hello("sip.example.com", "sip", "h2"))
    assert newer is not None
    assert (newer.version, newer.server_name, newer.protocols) == ("TLS 1.3", "sip.example.com", ("sip", "h2"))
    older = opening(hello("example.com", newest=ssl.TLSVersion.TLSv1_2))
    assert older is not None
    assert (older.version, older.server_name, older.protocols) == ("TLS 1.2", "example.com", ())


def test_a_part_of_a_client_hello_tells_what_is_there() -> None:
    whole = hello("example.com", "sip")
    for size in range(len(whole)):
        found = opening(whole[:size])
        assert found is None if size < 44 else found is not None and found.server_name in ("", "example.com")


@pytest.mark.parametrize("octets", [b"", b"GET / HTTP/1.1", b"\x16\x03\3\0\x40\2" + bytes(60), b"\x17\3\3" + bytes(60)])
def test_other_octets_are_none(octets: bytes) -> None:
    assert opening(octets) is None


@given(st.binary(max_size=200))
def test_any_extensions_can_be_read(octets: bytes) -> None:
    assert opening(b"\x16\3\1\0\x40\1\0\0\x3c\3\3" + octets + bytes(40)) is not None
