"""Blocks of pcapng without names."""

from __future__ import annotations

import io

from dissectors.rewriting.anonymous.blocks import without_names
from dissectors.rewriting.pieces import pieces
from dissectors.sources.capture import Capture
from tests.capture_octets import SAMPLES, block, enhanced, interface, option, section


def scrubbed(octets: bytes) -> bytes:
    return b"".join(without_names(piece) for piece in pieces(Capture("made", io.BytesIO(octets))))


def test_comments_names_and_secrets_go_and_times_stay() -> None:
    octets = SAMPLES["pcapng"]
    new = scrubbed(octets)
    before, after = (Capture("made", io.BytesIO(each)) for each in (octets, new))
    assert list(after.records()) == list(before.records())
    assert not after.notes.comments and set(after.notes.interfaces) == {""}
    for text in (b"look here", b"eth0", b"a key nobody asked for"):
        assert text in octets and text not in new


def test_what_a_section_says_of_its_machine_goes() -> None:
    octets = section(options=option(2, b"Bob's laptop") + bytes(4)) + interface(
        1, option(3, b"Bob's card") + option(9, b"\x09") + bytes(4))
    octets += enhanced(b"frame", 5, 0, option(1, b"Bob") + bytes(4))
    new = scrubbed(octets + block(4, b"\0\0\0\0") + block(0xBAD, b"Bob"))
    assert b"Bob" not in new
    (record,) = Capture("made", io.BytesIO(new)).records()
    assert (record.time, record.octets) == (5, b"frame")


def test_what_is_no_pcapng_stays() -> None:
    assert scrubbed(SAMPLES["pcap"]) == SAMPLES["pcap"]
