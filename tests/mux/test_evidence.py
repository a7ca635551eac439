"""What confirms a plausible datagram, and what does not."""

from __future__ import annotations

import random

import pytest

from dissectors.mux.evidence import Evidence
from dissectors.mux.probation import MAX_WAITING_OCTETS, MAX_WAITING_OCTETS_PER_DATAGRAM
from dissectors.mux.scan import Bounds, Scanner
from dissectors.mux.table import PROTOCOLS
from tests.families import OTHERS
from tests.made import A, B, Sent, channel_data, protocols, records, rtcp, rtp, settled, sip, srtcp, stun

C = ("198.51.100.7", 3478)
INVITE = sip("INVITE sip:bob@192.0.2.2 SIP/2.0", "Call-ID: 1")


def test_a_lone_rtp_datagram_is_not_counted_and_says_what_it_looks_like() -> None:
    (entry,) = settled([(A, B, rtp(1))])
    assert (PROTOCOLS[entry.protocol], entry.strength) == ("UNKNOWN", "plausible")
    assert entry.evidence


def test_two_in_sequence_suffice_where_stun_shares_the_five_tuple() -> None:
    sent = [(A, B, stun()), (B, A, rtp(7)), (B, A, rtp(8))]
    assert protocols(sent) == ["STUN", "RTP", "RTP"]


def test_one_datagram_suffices_where_rtcp_named_its_ssrc() -> None:
    assert protocols([(A, B, rtcp(5)), (A, B, rtp(1, ssrc=5))]) == ["RTCP", "RTP"]


@pytest.mark.parametrize("family", ["lengths", "rdp_udp", "bacnet", "block_transfer", "enet", "srt", "dns"])
def test_stun_on_the_five_tuple_makes_no_media_of_other_protocols(family: str) -> None:
    sent = [(B, A, stun()), *((A, B, payload) for payload in OTHERS[family](random.Random(1)))]
    assert set(protocols(sent)) == {"STUN", "UNKNOWN"}


def test_an_ssrc_that_nobody_chose_says_nothing_on_another_five_tuple() -> None:
    assert protocols([(A, B, rtcp(1)), (A, C, rtp(1, ssrc=1))]) == ["RTCP", "UNKNOWN"]
    assert protocols([(A, B, rtcp(0x5EED5EED)), (A, C, rtp(1, ssrc=0x5EED5EED))]) == ["RTCP", "RTP"]


def test_rtcp_must_have_room_for_the_blocks_that_it_counts() -> None:
    crowded = [b"\x85\xc8\0\6" + bytes((0x5E, 0xED, 0x5E, 0xED)) + bytes(34)] * 4
    assert protocols([(A, B, stun()), *((A, B, payload) for payload in crowded)]) == ["STUN"] + ["UNKNOWN"] * 4


def test_quic_on_a_five_tuple_that_rtp_had_before_takes_no_rtp() -> None:
    stream = [(A, B, rtp(n)) for n in range(6)]
    long_header = (A, B, b"\xc0\x00\x00\x00\x01\x08" + bytes(30))
    assert protocols([*stream[:3], long_header, *stream[3:]]) == ["RTP"] * 3 + ["QUIC"] + ["RTP"] * 3


def test_channel_data_needs_stun_on_the_five_tuple_in_either_direction() -> None:
    data = (A, C, channel_data(b"hello"))
    assert protocols([data]) == ["UNKNOWN"]
    assert protocols([(A, C, stun()), data]) == ["STUN", "TURN"]
    assert protocols([data, (C, A, stun(0x0101))]) == ["TURN", "STUN"]
    assert protocols([(A, B, stun()), data]) == ["STUN", "UNKNOWN"]


def test_encrypted_rtcp_counts_where_its_source_sends_rtp() -> None:
    stream = [(A, B, rtp(n, ssrc=9)) for n in range(3)]
    assert protocols([*stream, (A, B, srtcp(9))]) == ["RTP"] * 3 + ["RTCP"]
    assert protocols([(A, B, srtcp(9)), *stream]) == ["RTCP"] + ["RTP"] * 3
    assert protocols([(A, B, srtcp(9))]) == ["UNKNOWN"]


def test_encrypted_rtcp_is_marked_and_so_is_the_stream_that_it_reports_on() -> None:
    scanner = Scanner()
    sent = [*((A, B, rtp(n, ssrc=9)) for n in range(3)), (A, B, srtcp(9))]
    entries = [entry for batch in scanner.scan(records(sent)) for entry in batch.entries]
    assert [entry.encrypted for entry in entries] == [False, False, False, True]
    assert [counters.encrypted for counters in scanner.streams] == [True]


def pictures(datagrams: int, payload_type: int = 72) -> list[Sent]:
    """Pictures of so many datagrams, the last with the marker: that one looks like RTCP."""
    sent = []
    for number in range(12 * datagrams):
        marker = 0x80 if number % datagrams == datagrams - 1 else 0
        sent.append((A, B, rtp(number, 0x5EED0009, payload_type | marker, 3000 * (number // datagrams))))
    return sent


@pytest.mark.parametrize("datagrams", [2, 3, 7])
@pytest.mark.parametrize("payload_type", [72, 76])
def test_rtp_whose_marker_makes_it_look_like_rtcp_stays_in_its_stream(datagrams: int, payload_type: int) -> None:
    scanner = Scanner()
    sent = [(A, B, stun()), *pictures(datagrams, payload_type)]
    entries = [entry for batch in scanner.scan(records(sent)) for entry in batch.entries]
    assert {PROTOCOLS[entry.protocol] for entry in entries} == {"STUN", "RTP"}
    assert [(counters.packets, counters.lost) for counters in scanner.streams] == [(12 * datagrams, 0)]


def test_rtcp_beside_such_rtp_is_rtcp() -> None:
    others = [rtcp(0x5EED0009), srtcp(0x5EED0009), rtp(10, 0x5EED0009, 201)]
    sent = [(A, B, stun()), *pictures(3), *((A, B, other) for other in others)]
    assert protocols(sent)[-3:] == ["RTCP"] * 3


def test_quic_keeps_its_five_tuple_to_itself_unless_something_agreed_on_media() -> None:
    quic = (A, B, b"\xc0\x00\x00\x00\x01\x08" + bytes(30))
    stream = [(A, B, rtp(n)) for n in range(4)]
    assert protocols([quic, *stream]) == ["QUIC"] * 5
    assert protocols([quic, (A, B, stun()), *stream]) == ["QUIC", "STUN"] + ["RTP"] * 4


def test_classic_stun_counts_with_attributes_with_its_answer_or_beside_stun() -> None:
    bare, answer = b"\x00\x01\x00\x00" + b"t" * 16, b"\x01\x01\x00\x08" + b"t" * 16 + b"\0\1\0\4abcd"
    assert protocols([(A, B, bare)]) == ["UNKNOWN"]
    assert protocols([(A, B, bare), (B, A, answer)]) == ["STUN", "STUN"]
    assert protocols([(A, B, stun()), (A, B, bare)]) == ["STUN", "STUN"]
    assert protocols([(A, C, b"\x00\x01\x00\x08" + b"t" * 16 + b"\0\3\0\4abcd")]) == ["STUN"]


def test_classic_stun_that_nobody_answers_counts_where_it_is_asked_again_or_at_its_port() -> None:
    bare = b"\x00\x01\x00\x00" + bytes(range(100, 116))
    other = b"\x00\x01\x00\x00" + bytes(range(16))
    assert protocols([(A, B, bare), (A, B, bare)]) == ["STUN"] * 2
    assert protocols([(A, B, bare), (A, B, other)]) == ["UNKNOWN"] * 2
    assert protocols([(A, B, bare), (B, A, bare)]) == ["UNKNOWN"] * 2
    assert protocols([(A, C, bare)]) == ["STUN"]
    # A name server is asked again too: number 1, no flags, and much that is zero.
    dns = bytes.fromhex("0001000000010000000000000261620000010001")
    assert protocols([(A, B, dns), (A, B, dns)]) == ["UNKNOWN"] * 2


@pytest.mark.parametrize(
    "later", [b"\x08" + bytes(30), b"\x2c" + bytes(30), b"\x40" + bytes(19), b"\0\1" + bytes(12), b"\x0c" * 14]
)
def test_what_nothing_else_claims_on_a_five_tuple_of_quic_alone_is_quic(later: bytes) -> None:
    opened = (A, B, b"\x0d" + bytes(8) + b"Q039" + bytes(30))
    assert protocols([(B, A, later)]) == ["UNKNOWN"]
    assert protocols([opened, (B, A, later), (A, B, later)]) == ["QUIC"] * 3
    assert protocols([opened, (B, A, later[:13])]) == ["QUIC", "UNKNOWN"]
    assert protocols([opened, (A, C, later)]) == ["QUIC", "UNKNOWN"]
    assert protocols([opened, (A, B, INVITE), (B, A, later)]) == ["QUIC", "SIP", "UNKNOWN"]


@pytest.mark.parametrize(("type_", "words"), [(208, 2), (209, 1)])
def test_whatsapps_rtcp_counts_where_one_source_sends_it_again_and_again(type_: int, words: int) -> None:
    def control(ssrc: int, number: int, more: int = 0) -> Sent:
        header = bytes((0x81, type_, 0, words - more)) + ssrc.to_bytes(4, "big")
        return A, B, header + bytes(4 * (words - 1)) + number.to_bytes(4, "big") + b"authenticated"[:10]

    assert protocols([control(0x54592824, n) for n in range(3)]) == ["RTCP"] * 3
    assert protocols([control(0x54592824, n) for n in range(2)]) == ["UNKNOWN"] * 2
    assert protocols([control(7, n) for n in range(3)]) == ["UNKNOWN"] * 3
    assert protocols([control(0x54592824, n, 1) for n in range(3)]) == ["UNKNOWN"] * 3


def test_rtcp_with_padding_behind_it_is_in_the_clear() -> None:
    for padding in (b"\0", b"\0\0", b"\0\0\0"):
        (entry,) = settled([(A, B, rtcp(5) + padding)])
        assert (PROTOCOLS[entry.protocol], entry.strength, entry.encrypted) == ("RTCP", "certain", False)
    assert protocols([(A, B, rtcp(5) + bytes(4))]) == ["UNKNOWN"]
    (_, entry) = settled([(A, B, stun()), (A, B, rtcp(5) + b"abc")])
    assert (PROTOCOLS[entry.protocol], entry.strength, entry.encrypted) == ("RTCP", "confirmed", False)


def test_dtls_13_records_need_a_handshake_on_the_five_tuple() -> None:
    unified = (A, B, b"\x2c\x00\x01\x00\x20" + bytes(32))
    hello = (B, A, b"\x16\xfe\xfd" + bytes(8) + b"\x00\x03abc")
    assert protocols([unified]) == ["UNKNOWN"]
    assert protocols([unified, hello]) == ["DTLS", "DTLS"]


@pytest.mark.parametrize(
    ("record", "encrypted"),
    [
        (b"\x16\xfe\xfd" + bytes(8) + b"\x00\x03abc", False),
        (b"\x16\xfe\xfd\0\x01" + bytes(6) + b"\x00\x03abc", True),
        (b"\x14\xfe\xfd" + bytes(8) + b"\x00\x01\x01" + b"\x16\xfe\xfd\0\x01" + bytes(6) + b"\x00\x03abc", True),
    ],
)
def test_rtp_is_encrypted_once_dtls_has_agreed_on_keys(record: bytes, encrypted: bool) -> None:
    entries = settled([(B, A, record), *((A, B, rtp(n)) for n in range(3))])
    assert [entry.encrypted for entry in entries] == [False] + [encrypted] * 3


def test_dtls_records_of_both_kinds_in_one_datagram_and_connection_identifiers_need_a_handshake() -> None:
    mixed = (A, B, b"\x16\xfe\xfd" + bytes(8) + b"\x00\x03abc" + b"\x2f\x00\x01\x00\x20" + bytes(32))
    identified = (A, B, b"\x19\xfe\xfd\x00\x01" + bytes(6) + b"\x09\x08\x07\x06\x00\x18" + bytes(24))
    hello = (B, A, b"\x16\xfe\xfd" + bytes(8) + b"\x00\x03abc")
    assert protocols([mixed, identified]) == ["UNKNOWN"] * 2
    assert protocols([hello, mixed, identified]) == ["DTLS"] * 3
    assert protocols([mixed, identified, hello]) == ["DTLS"] * 3


def test_what_waits_is_bounded_and_giving_up_is_counted() -> None:
    scanner = Scanner(Bounds(waiting=10))
    sent = [(A, B, rtp(n, ssrc=1000 + n)) for n in range(50)]
    entries = [entry for batch in scanner.scan(records(sent)) for entry in batch.entries]
    assert len(entries) == 40
    assert scanner.bounds_hit == {"waiting": 40}
    assert len(scanner.finish().entries) == 10


def test_what_waits_is_bounded_in_octets_too() -> None:
    scanner = Scanner(Bounds(waiting=500))
    sent = ((A, B, rtp(1, ssrc=70_000 + n) + bytes(60_000)) for n in range(400))
    settled = [entry for batch in scanner.scan(records(sent)) for entry in batch.entries]
    assert 400 - len(settled) == 500 * MAX_WAITING_OCTETS_PER_DATAGRAM // 60_012 < MAX_WAITING_OCTETS // 60_012
    assert scanner.bounds_hit == {"waiting": len(settled)}


def test_evidence_never_outlives_its_bounds() -> None:
    evidence = Evidence(waiting=4, streams=4)
    assert evidence.finish() == []
