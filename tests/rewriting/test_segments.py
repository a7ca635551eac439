"""Segments in their frames: which are found, what of their options follows, and what may not stay."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dissectors.rewriting.packets import walked
from dissectors.rewriting.segments import found, without_foreign_options
from dissectors.wire.captures.records import Record
from dissectors.wire.tcp import ACK
from tests import captures
from tests.ip_frames import ethernet, ipv4, udp
from tests.made import ETHERNET
from tests.rewriting.test_courses import COMPRESSED, PLAIN, done, read
from tests.tcp_frames import A, B, conversation, frame, records, segment


def test_selective_acknowledgements_follow(tmp_path: Path) -> None:
    made = conversation([(A, COMPRESSED), (A, PLAIN)])
    octets = [record.octets for _, record in records(made)]
    begin = made[-1].sequence
    option = b"\1\1\5\n" + struct.pack("!II", begin, (begin + len(PLAIN)) & 0xFFFFFFFF)
    one = segment(B, A, made[1].sequence + 1, b"", ACK, begin)
    ((_, last),) = records([one], first=len(made) + 1)
    head = bytearray(last.octets)
    head[46] = 0x80
    head[16:18] = struct.pack("!H", 40 + len(option))
    path = captures.pcap(tmp_path / "in", enumerate([*octets, bytes(head) + option]))
    done(path, tmp_path / "out")
    after = read(tmp_path / "out")
    sent, told = after[-2], after[-1]
    assert told[1].acknowledgement == sent[1].sequence != begin
    assert struct.unpack("!II", told[0].octets[-8:]) == (
        sent[1].sequence, (sent[1].sequence + len(PLAIN)) & 0xFFFFFFFF
    )


def record(octets: bytes) -> Record:
    return Record(1, 0, ETHERNET, octets, len(octets))


def test_the_segment_of_a_frame_is_found_with_its_payload() -> None:
    one = segment(A, B, 7, b"octets", ACK, 9)
    octets = frame(one)
    here = found(*walked(record(octets))[:2])
    assert here is not None and here.segment == one._replace(identification=7)
    assert octets[here.payload_at(octets) :] == b"octets"


@pytest.mark.parametrize(
    "octets", [
        ethernet(ipv4(udp(b"x"))), ethernet(ipv4(frame(segment(A, B, 7))[34:], 6, fragment=0x2000)),
        ethernet(ipv4(b"short", 6)), ethernet(b"arp", 0x0806), b"",
    ],
)
def test_what_is_no_whole_segment_is_none(octets: bytes) -> None:
    assert found(*walked(record(octets))[:2]) is None


def test_the_checksum_follows_options_that_do_not_stay() -> None:
    octets = bytearray(frame(segment(A, B, 7))[34:])
    octets[12] = 0x70
    octets += b"\xfd\x08secret"
    octets[16:18] = (0xFFFF - total(octets)).to_bytes(2, "big")
    assert total(octets) == 0xFFFF
    without_foreign_options(octets, 0)
    assert octets[20:] == b"\1" * 8 and total(octets) == 0xFFFF


def total(octets: bytes) -> int:
    """The sum of 16-bit words that checksums are made of (RFC 1071)."""
    value = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return value
