"""Bodies of SIP by their types: what is no known text says nothing any more, and is as long as it was."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable

import pytest

from dissectors.protocols import sip
from dissectors.rewriting.anonymous.messages import Anonymiser, Wanted
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from tests.stories import OFFER, request

Pack = Callable[[bytes], bytes]
KEY = Pseudonyms(b"one key")
w = KEY.word

ISUP = bytes.fromhex("01006000 0a03020d 09831094 03214365 87090a09 83139471 16112232")
"""The beginning of a call, with telephone numbers two digits to the octet."""


def made(kind: str, body: bytes) -> tuple[bytes, int]:
    """What becomes of a body, and how many bodies became random."""
    anonymiser = Anonymiser(KEY, Wanted())
    new = anonymiser.datagram("SIP", request(0, "INVITE", f"Content-Type: {kind}", body=body)[3], False)
    assert new is not None
    return sip.parse(new).body.octets, anonymiser.bodies.masked


def runs(one: bytes, other: bytes) -> int:
    """How many octets next to one another are the same in the same place."""
    return sum(one[at : at + 2] == other[at : at + 2] for at in range(len(one) - 1))


@pytest.mark.parametrize("kind", ["application/ISUP;version=itu-t92+", "application/vnd.3gpp.sms", "text/plain", "a/b"])
def test_a_body_that_is_no_text_becomes_random_and_keeps_its_length(kind: str) -> None:
    new, masked = made(kind, ISUP)
    assert len(new) == len(ISUP) and not runs(new, ISUP) and masked == 1
    assert made(kind, ISUP)[0] == new


def test_a_text_of_a_type_that_nobody_knows_becomes_other_letters() -> None:
    new, masked = made("application/x-own", b"!Ce \x21\x43\r\n")
    assert masked == 1 and new.isascii() and new.endswith(b"\r\n") and b"!" not in new and len(new) == 8


@pytest.mark.parametrize("kind", ["text/plain", "application/pidf+xml", "application/json", "message/x"])
def test_a_text_stays_a_text(kind: str) -> None:
    assert made(kind, "alice@home, ü".encode()) == (f"{w('alice')}@{w('home')}, {w('ü')}".encode(), 0)


def test_parts_change_by_their_own_types() -> None:
    body = (
        b"--bb\r\nContent-Type: application/sdp\r\n\r\n" + OFFER + b"\r\n--bb\r\nContent-Type: application/ISUP\r\n"
        b"Content-Length: 28\r\n\r\n" + ISUP + b"\r\n--bb\r\nContent-Type: text/plain\r\n\r\nalice\r\n--bb--\r\n"
    )
    new, masked = made("multipart/mixed;boundary=bb", body)
    assert masked == 1 and ISUP[9:20] not in new and b"m=audio" in new and b"v=0" in new
    assert f"\r\n\r\n{w('alice')}\r\n--{w('bb')}--\r\n".encode() in new
    assert b"Content-Type: application/ISUP\r\n" in new
    assert len(new.split(b"--" + w("bb").encode())[2]) == len(body.split(b"--bb")[2])


@pytest.mark.parametrize(
    ("label", "pack", "unpack"),
    [("Content-Encoding: gzip", gzip.compress, gzip.decompress),
     ("Content-Transfer-Encoding: base64", base64.b64encode, base64.b64decode)],
)
def test_a_packed_part_is_unpacked_changed_and_packed_again(label: str, pack: Pack, unpack: Pack) -> None:
    head = b"--bb\r\nContent-Type: text/plain\r\n" + label.encode() + b"\r\n\r\n"
    body = head + pack(b"number of alice") + b"\r\n--bb--"
    new, masked = made("multipart/mixed;boundary=bb", body)
    inner = new[new.index(b"\r\n\r\n") + 4 : new.rindex(b"\r\n--")]
    assert unpack(inner) == f"{w('number')} {w('of')} {w('alice')}".encode() and not masked
    assert label.encode() in new


def test_a_part_of_which_the_packing_is_damaged_becomes_random() -> None:
    packed = gzip.compress(b"number of alice" * 9)[:-9] + b"xxxxxxxxx"
    body = b"--bb\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n\r\n" + packed + b"\r\n--bb--"
    new, masked = made("multipart/mixed;boundary=bb", body)
    assert masked == 1 and len(new) == len(body) and packed[4:12] not in new


def test_a_fragment_of_a_message_has_its_headers_line_by_line() -> None:
    body = b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@home>;expires=60\r\n"
    assert made("message/sipfrag;version=2.0", body)[0] == (
        f"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContact: <sip:{w('alice')}@{w('home')}>;expires=60\r\n".encode())
