"""Where a URI leads, whatever its parameters."""

from __future__ import annotations

import pytest

from dissectors.findings.signalling.targets import target


@pytest.mark.parametrize(
    ("uri", "leads"),
    [
        ("sip:bob@192.0.2.1", ("bob", "192.0.2.1", 5060)),
        ("sip:bob@192.0.2.1:5070;transport=udp?Subject=x", ("bob", "192.0.2.1", 5070)),
        ("SIPS:Bob:secret@Example.NET", ("Bob", "example.net", 5061)),
        ("sip:+1800;phone-context=x@gw.example:5060;user=phone", ("+1800", "gw.example", 5060)),
        ("sip:192.0.2.1", ("", "192.0.2.1", 5060)),
        ("sip:a@[2001:db8::1]:5080", ("a", "2001:db8::1", 5080)),
        ("sip:%62ob@x", ("bob", "x", 5060)),
        ("tel:+123", None),
        ("bob", None),
        ("sip:a@x:99999999", None),
    ],
)
def test_a_target_is_user_host_and_port(uri: str, leads: tuple[str, str, int] | None) -> None:
    assert target(uri) == leads
