"""Damaged bodies under other names: the same damage, and nothing of the original."""

from __future__ import annotations

import zlib

import pytest

from dissectors.protocols import sip
from dissectors.wire.inflate import deflate
from tests.rewriting.anonymous.test_messages import made
from tests.stories import OFFER, request

TEXT = OFFER + b"i=alicewonder and a text that is long enough to be cut in the middle of it\r\n" * 3
WHOLE = deflate(TEXT, "deflate")
BOMB = zlib.compress(TEXT + bytes(2 << 20), 9)


def said(body: bytes, encoding: str = "deflate") -> bytes:
    return request(0, "INVITE", f"Content-Encoding: {encoding}", body=body)[3]


@pytest.mark.parametrize(("body", "encoding", "status"), [
    (WHOLE[:-9], "deflate", "truncated"), (deflate(TEXT, "gzip")[:-20], "gzip", "truncated"),
    (WHOLE[:-4] + b"\1\2\3\4", "deflate", "corrupt"), (BOMB, "deflate", "over limit"),
])
def test_a_body_keeps_its_damage_and_about_its_length(body: bytes, encoding: str, status: str) -> None:
    before, after = sip.parse(said(body, encoding)), sip.parse(made("SIP", said(body, encoding)))
    assert before.body.status == after.body.status == status and before.body.encoding == after.body.encoding
    assert b"alice" not in after.body.octets and b"198.51.100.1" not in after.body.octets
    assert after.body.octets.startswith(b"v=0\r\n") and abs(len(after.raw_body) - len(body)) <= 48
    assert after.get("Content-Length") == str(len(after.raw_body))


def test_a_body_in_an_encoding_that_is_not_read_becomes_noise() -> None:
    body = b"\x8b\x07\x80alicewonder\x03" * 3
    after = sip.parse(made("SIP", said(body, "br")))
    assert after.body.status == sip.parse(said(body, "br")).body.status == "unsupported"
    assert b"alice" not in after.raw_body and len(after.raw_body) == len(body)


def test_damage_that_cannot_be_made_again_leaves_no_body() -> None:
    body = deflate(WHOLE, "base64")[:-3]
    after = sip.parse(made("SIP", said(body, "deflate, base64")))
    assert after.raw_body == b"" and sip.parse(said(body, "deflate, base64")).body.status != "complete"


@pytest.mark.parametrize(("length", "wrong"), [("10", -2), ("many", None)])
def test_a_length_stays_as_wrong_as_it_was(length: str, wrong: int | None) -> None:
    payload = request(0, "INVITE", body=b"twelve bytes")[3]
    after = made("SIP", payload.replace(b"Content-Length: 12", f"Content-Length: {length}".encode()))
    assert f"Content-Length: {length}".encode() in after if wrong else b"Content-Length: 12" not in after
    assert b"twelve" not in after and b"bytes" not in after
