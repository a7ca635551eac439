"""The headers of a SIP layer are a mapping."""

from __future__ import annotations

import pytest

from dissectors.layers import SIP, Headers
from tests.layered import INVITE, rebuilt


def test_an_assigned_header_keeps_the_name_as_it_was_written() -> None:
    invite = SIP(INVITE)
    invite.headers["Call-ID"] = "another"
    assert b"\r\ni: another\r\n" in bytes(invite)
    invite.headers["X-New"] = 5
    del invite.headers["Max-Forwards"]
    again = rebuilt(invite)
    assert again.headers["X-New"] == "5" and "Max-Forwards" not in again.headers
    assert again.raw_body == invite.raw_body and again.message.deviations == ()


def test_headers_are_a_mapping_that_keeps_order_and_repetition() -> None:
    headers = Headers([("v", "one"), ("Via", "two"), ("Subject", "s")])
    assert list(headers) == ["Via", "Subject"] and headers.all("v") == ["one", "two"] and len(headers) == 3
    assert list(headers.items()) == [("Via", "one"), ("Via", "two"), ("Subject", "s")]
    assert "VIA" in headers and "To" not in headers and headers.get("To", "none") == "none"
    with pytest.raises(KeyError):
        headers["To"]
    with pytest.raises(KeyError):
        del headers["To"]
    del headers["Via"]
    assert headers == Headers({"Subject": "s"}) and headers != Headers()
    assert eval(repr(headers)) == headers


def test_messages_do_not_share_their_headers() -> None:
    SIP().headers["Subject"] = "mine"
    assert "Subject" not in SIP().headers
