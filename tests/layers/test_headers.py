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


def test_a_list_is_a_field_for_each_value_and_none_is_no_field() -> None:
    headers = Headers({"Via": ["one", "two"], "Subject": None, "To": "x"})
    assert list(headers.items()) == [("Via", "one"), ("Via", "two"), ("To", "x")]
    headers["v"] = ["three", "four", "five"]
    assert headers.all("Via") == ["three", "four", "five"] and next(headers.items()) == ("Via", "three")
    headers["Via"] = "six"
    assert headers.all("Via") == ["six", "four", "five"]
    headers["Via"] = headers["Subject"] = None
    headers.add("Route", ["a", "b"])
    headers.insert(0, "Via", ["top", "next"])
    assert headers.command() == "[('Via', 'top'), ('Via', 'next'), ('To', 'x'), ('Route', 'a'), ('Route', 'b')]"


@pytest.mark.parametrize(
    "text",
    [
        "Via: a\nSubject: b\n c",
        "Via: a\r\nSubject: b\r\n c\r\n",
        b"Via: a\r\nSubject: b\r\n c",
        ["Via: a", "Subject: b\n c"],
    ],
)
def test_headers_are_made_from_text(text: str) -> None:
    headers = Headers(text)
    assert (headers["Via"], headers["Subject"], len(headers)) == ("a", "b c", 2)
    assert b"".join(headers.lines) == b"Via: a\r\nSubject: b\r\n c\r\n"


def test_octets_stay_as_they_were_given() -> None:
    assert Headers(b"Via : a\nx\n").lines == [b"Via : a\n", b"x\n"]
    assert Headers([b"no end"]).lines == [b"no end"]
