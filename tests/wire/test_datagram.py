"""An endpoint as text, and its host again."""

from __future__ import annotations

from dissectors.wire.datagram import endpoint, host_of


def test_the_host_of_an_endpoint_is_what_it_was_made_of() -> None:
    for address in ("192.0.2.1", "2001:db8::1", "::"):
        assert host_of(endpoint(address, 5060)) == address
