"""Messages edited: what changes is right, and every other octet stays."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols import sip
from dissectors.rewriting.messages import compress, edited, head_of, in_turn, inflate, rename
from dissectors.wire.inflate import LIMITS, deflate

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
HEAD = "Via: SIP/2.0/UDP x;branch=z9\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"


def invite(*lines: str, body: bytes = b"") -> bytes:
    head = f"INVITE sip:b@x SIP/2.0\r\n{HEAD}" + "".join(f"{line}\r\n" for line in lines)
    return f"{head}Content-Length:  {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("encoding", ["deflate", "gzip", "base64", "deflate, base64"])
def test_a_body_is_inflated_and_its_label_goes(encoding: str) -> None:
    packed = deflate(SDP, encoding)
    payload, what = edited(invite(f"Content-Encoding: {encoding}", "X-Odd :\tas it was", body=packed), inflate())
    assert payload == invite("X-Odd :\tas it was", body=SDP)
    assert len(what) == 1 and f"{len(packed)} → {len(SDP)} bytes" in what[0]


def test_a_body_without_a_label_is_inflated_too_and_a_false_label_goes() -> None:
    assert edited(invite(body=zlib.compress(SDP)), inflate())[0] == invite(body=SDP)
    payload, what = edited(invite("e: deflate", body=SDP), inflate())
    assert payload == invite(body=SDP) and what == ["the label removed of a body that is not compressed"]
    assert edited(invite("e: identity", body=SDP), inflate()) == (invite("e: identity", body=SDP), [])


def test_a_body_that_is_damaged_stays() -> None:
    broken = invite("e: deflate", body=zlib.compress(SDP)[:-6])
    assert edited(broken, inflate()) == (broken, [])


def test_headers_that_were_compressed_with_the_body_are_written_out() -> None:
    payload, _ = edited(invite("e: deflate", body=zlib.compress(b"Subject: hello\r\n\r\n" + SDP)), inflate())
    assert payload == invite("Subject: hello", body=SDP)


def test_the_length_that_was_compressed_with_the_body_is_no_second_one() -> None:
    hidden = b"Subject: hello\r\nContent-Length: %d\r\n\r\n" % len(SDP) + SDP
    assert edited(invite("e: deflate", body=zlib.compress(hidden)), inflate())[0] == invite("Subject: hello", body=SDP)


@pytest.mark.parametrize("kind", ["message/cpim", "message/sipfrag", "text/plain"])
@pytest.mark.parametrize("body", [b"From: <a>\r\nTo: <b>\r\n\r\nhello", b"Subject: x\r\n\r\n", b"Hi\r\n\r\nyou", SDP])
def test_what_was_compressed_comes_back(kind: str, body: bytes) -> None:
    whole = invite(f"Content-Type: {kind}", body=body)
    assert edited(edited(whole, compress)[0], inflate())[0] == whole


def test_several_messages_in_a_datagram_are_each_inflated() -> None:
    one = invite("e: deflate", body=zlib.compress(SDP))
    assert edited(one + b"\r\n" + one, inflate())[0] == (invite(body=SDP) + b"\r\n" + invite(body=SDP))


def test_folded_headers_and_lines_that_are_none_stay_in_their_places() -> None:
    lines = ("Subject: a", "  folded", "no header at all", "e: deflate")
    assert edited(invite(*lines, body=zlib.compress(SDP)), inflate())[0] == invite(*lines[:-1], body=SDP)


def test_names_become_compact_and_long_again() -> None:
    long = invite("Content-Type: application/sdp", "X-Odd: 1", body=SDP)
    short, what = edited(long, rename(compact=True))
    assert b"\r\nv: SIP/2.0/UDP" in short and b"\r\nl:  " in short and b"\r\nX-Odd: 1" in short and len(what) == 1
    assert edited(short, rename(compact=False))[0] == long
    assert edited(short, rename(compact=True)) == (short, [])


def test_the_label_of_a_compressed_body_is_as_short_as_the_others() -> None:
    assert b"\r\nContent-Encoding: deflate\r\n" in edited(invite(body=SDP), compress)[0]
    assert b"\r\ne: deflate\r\n" in edited(invite(body=SDP).replace(b"Content-Length", b"l"), compress)[0]


@pytest.mark.parametrize("payload", [invite(), invite("e: gzip", body=deflate(SDP, "gzip"))])
def test_nothing_is_compressed_that_is_empty_or_is_already(payload: bytes) -> None:
    assert edited(payload, compress) == (payload, [])


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), max_size=400).map(str.encode)


@given(body=TEXTS, length=st.booleans())
def test_compressed_and_inflated_again_a_message_is_what_it_was(body: bytes, length: bool) -> None:
    payload = invite(body=body)
    if not length:
        payload = payload.replace(f"Content-Length:  {len(body)}\r\n".encode(), b"")
    packed, _ = edited(payload, compress)
    assert edited(packed, inflate())[0] == payload
    assert sip.parse(packed).body.octets == body


@given(body=st.binary(max_size=300), label=st.sampled_from(["deflate", "gzip", "base64", "br", "identity"]))
def test_inflating_twice_is_inflating_once(body: bytes, label: str) -> None:
    once, _ = edited(invite(f"Content-Encoding: {label}", body=body), inflate())
    assert edited(once, inflate()) == (once, [])


def test_edits_follow_one_another_and_a_message_is_read_again_only_where_it_changed(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    read, parse = [], sip.parse_all
    monkeypatch.setattr(sip, "parse_all", lambda payload, limits: read.append(payload) or parse(payload, limits))
    long, packed = invite(body=SDP), invite("e: deflate", body=zlib.compress(SDP))
    short = edited(long, rename(compact=True))[0]
    read.clear()
    for sent, done, again in ((packed, 2, [long]), (long, 1, []), (short, 0, [])):
        payload, what = in_turn(inflate(), rename(compact=True))(sent, parse(sent), LIMITS)
        assert (payload, len(what), read) == (short, done, again)
        read.clear()


@given(st.binary(max_size=200))
def test_a_head_is_all_of_its_octets(octets: bytes) -> None:
    head = head_of(octets)
    assert head.build(head.lines) == octets
