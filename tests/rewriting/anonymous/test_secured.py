"""DTLS under other names: every length stays, and what is encrypted tells nothing."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols import dtls
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.secured import Learned, certificate, datagram
from tests.command_line import ROOT
from tests.stories import FINISHED, handshake, hello

KEY = Pseudonyms(b"one key")
SAMPLES = sorted((ROOT / "tests" / "data" / "dtls").glob("*.bin"))


def value(tag: int, body: bytes) -> bytes:
    size = bytes((len(body),)) if len(body) < 128 else b"\x82" + struct.pack("!H", len(body))
    return bytes((tag,)) + size + body


def made(name: str) -> bytes:
    """Something like a certificate: serial number, names, time, key, and an extension with more names."""
    named = value(0x30, value(0x31, value(0x30, value(6, b"\x55\x04\x03") + value(0x0C, name.encode()))))
    more = value(0x04, value(0x30, value(0x82, name.encode()) + value(0x87, bytes((192, 0, 2, 9)))))
    return value(0x30, value(0x02, bytes(range(1, 17))) + named + value(0x17, b"261129000000Z") + named
                 + value(0x03, b"\0" + bytes(range(200))) + more)


def sent(octets: bytes) -> bytes:
    """A datagram with a certificate."""
    chain = len(octets).to_bytes(3, "big") + octets
    return handshake(11, len(chain).to_bytes(3, "big") + chain)


def test_a_certificate_has_other_names_and_the_same_form() -> None:
    before = made("alicewonder")
    after = certificate(before, KEY)
    assert len(after) == len(before) and after.count(KEY.word("alicewonder").encode()) == 3
    assert b"261129000000Z" in after and KEY.address(bytes((192, 0, 2, 9))) in after
    for text in (b"alicewonder", bytes((192, 0, 2, 9)), bytes(range(40)), bytes(range(2, 17))):
        assert text not in after


def digests(payload: bytes) -> dict[bytes, bytes]:
    learned = Learned(KEY)
    learned.take(b"flow", payload)
    return learned.digests


def fragments(payload: bytes, *ends: int) -> list[bytes]:
    """A datagram with one handshake message as several, each with a part of it."""
    head, body = payload[13:25], payload[25:]
    found = []
    for begin, end in zip((0, *ends), (*ends, len(body)), strict=True):
        part = head[:6] + begin.to_bytes(3, "big") + (end - begin).to_bytes(3, "big") + body[begin:end]
        found.append(payload[:11] + len(part).to_bytes(2, "big") + part)
    return found


def test_a_message_in_fragments_is_the_same_as_in_one_datagram() -> None:
    octets = sent(made("alicewonder"))
    parts, learned = fragments(octets, 60, 200), Learned(KEY)
    for part in parts[::-1]:
        with pytest.raises(ValueError, match="a fragment"):
            datagram(part, KEY, learned.fragments)
        learned.take(b"flow", part)
    after = [datagram(part, KEY, learned.fragments) for part in parts]
    assert b"".join(each[25:] for each in after) == datagram(octets, KEY)[25:]
    assert [each[:25] for each in after] == [part[:25] for part in parts] and learned.digests == digests(octets)


def test_fragments_of_other_flows_make_nothing_whole() -> None:
    learned = Learned(KEY)
    for flow, part in zip((b"one", b"two"), fragments(sent(made("alicewonder")), 60), strict=True):
        learned.take(flow, part)
    assert not learned.fragments


def test_a_key_of_rsa_keeps_its_form_and_nothing_else() -> None:
    number, exponent = b"\x02\x0a\0" + bytes(range(201, 210)), b"\x02\x03\1\0\1"
    pair = b"\x30" + bytes((len(number + exponent),)) + number + exponent
    octets = b"\x30" + bytes((len(pair) + 3,)) + b"\x03" + bytes((len(pair) + 1, 0)) + pair
    after = certificate(octets, KEY)
    assert after[:10] == octets[:10] and after.endswith(exponent) and len(after) == len(octets)
    assert after[10:19] != octets[10:19]


def test_tickets_are_others_of_the_same_length() -> None:
    body = b"\0\0\x1c\x20\0\x0bticketvalue"
    payload = b"\x16\xfe\xfd" + bytes(8) + (12 + len(body)).to_bytes(2, "big") + b"\4" + len(body).to_bytes(3, "big")
    payload += bytes(5) + len(body).to_bytes(3, "big") + body
    after = datagram(payload, KEY)
    assert len(after) == len(payload) and after[:31] == payload[:31] and b"ticketvalue" not in after


def test_fingerprints_follow_the_certificate() -> None:
    octets = made("alicewonder")
    after = certificate(octets, KEY)
    found = digests(sent(octets))
    for name in ("sha1", "sha256", "sha512"):
        assert found[hashlib.new(name, octets).digest()] == hashlib.new(name, after).digest()
    assert digests(hello(server=True) + sent(octets)) == found
    assert after in datagram(sent(octets), KEY) and digests(b"\x16\xfe") == {}


def test_hellos_stay_and_what_is_encrypted_does_not() -> None:
    for octets in (hello(), hello(server=True)):
        after = datagram(octets, KEY)
        assert len(after) == len(octets) and dtls.parse(after).messages[0].type == dtls.parse(octets).messages[0].type
    sealed = datagram(FINISHED, KEY)
    assert sealed[:13] == FINISHED[:13] and len(sealed) == len(FINISHED) and sealed[13:] != FINISHED[13:]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_keeps_its_length_and_its_messages(path: Path) -> None:
    octets = path.read_bytes()
    try:
        after = datagram(octets, KEY)
    except ValueError:
        return
    assert len(after) == len(octets)
    kinds = [[each.content_type for each in dtls.parse(one).records] for one in (octets, after)]
    assert kinds[0] == kinds[1]


@given(st.binary(max_size=120))
def test_anything_is_rewritten_or_refused(octets: bytes) -> None:
    for write in (datagram, certificate):
        try:
            assert len(write(octets, KEY)) == len(octets)
        except ValueError:
            continue


def test_records_of_dtls_1_3_keep_their_headers_one_behind_the_other() -> None:
    names = Pseudonyms(b"key")
    first, second = b"\x2e\0\1\0\x10" + b"alicewonderalice", b"\x22\7" + b"bobbuilder"
    made = datagram(first + second, names)
    assert len(made) == len(first + second) and b"alice" not in made and b"bob" not in made
    assert made[:5] == first[:5] and made[21:23] == second[:2]
    with pytest.raises(ValueError, match="does not fit"):
        datagram(first[:-1], names)
    assert datagram(b"\x30alicewonder", names)[:1] == b"\x30"
