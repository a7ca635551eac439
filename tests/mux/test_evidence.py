"""What confirms a plausible datagram, and what does not."""
from __future__ import annotations

import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.mux.carried import MAX_ASKED, MAX_CHANNELS, Channels
from dissectors.mux.evidence import MAX_WAITING_OCTETS, MAX_WAITING_OCTETS_PER_DATAGRAM, Evidence
from dissectors.mux.scan import Bounds, Scanner
from dissectors.mux.table import PROTOCOLS
from dissectors.protocols.stun import parse as stun_message
from tests.families import MEDIA, OTHERS
from tests.made import COOKIE, A, B, Sent, channel_data, protocols, records, rtcp, rtp, settled, sip, srtcp, stun

C = ("198.51.100.7", 3478)
BACNET = bytes.fromhex("810a01dd0124000d013dff0003")
INVITE = sip("INVITE sip:bob@192.0.2.2 SIP/2.0", "Call-ID: 1")


def test_a_lone_rtp_datagram_is_not_counted_and_says_what_it_looks_like() -> None:
    (entry,) = settled([(A, B, rtp(1))])
    assert (PROTOCOLS[entry.protocol], entry.strength) == ("UNKNOWN", "plausible")
    assert entry.evidence


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("bacnet", "repeat"),
        ("rdp_udp", "stands still"),
        ("block_transfer", "timestamps jump"),
        ("source_engine", "fewer than the 3"),
    ],
)
def test_what_is_no_stream_says_why(family: str, words: str) -> None:
    entries = settled([(A, B, payload) for payload in OTHERS[family](random.Random(1))])
    assert any(entry.evidence.startswith("no stream: ") and words in entry.evidence for entry in entries)


def test_three_in_sequence_confirm_a_stream_from_its_first_datagram() -> None:
    assert protocols([(A, B, rtp(n)) for n in range(3)]) == ["RTP"] * 3
    assert protocols([(A, B, rtp(n)) for n in range(2)]) == ["UNKNOWN"] * 2


def test_the_sequence_number_may_wrap_within_the_run() -> None:
    assert protocols([(A, B, rtp(n)) for n in (65534, 65535, 0)]) == ["RTP"] * 3


def test_two_in_sequence_suffice_where_stun_shares_the_five_tuple() -> None:
    sent = [(A, B, stun()), (B, A, rtp(7)), (B, A, rtp(8))]
    assert protocols(sent) == ["STUN", "RTP", "RTP"]


def test_one_datagram_suffices_where_rtcp_named_its_ssrc() -> None:
    assert protocols([(A, B, rtcp(5)), (A, B, rtp(1, ssrc=5))]) == ["RTCP", "RTP"]


def test_a_constant_source_whose_sequence_is_a_length_is_no_stream() -> None:
    sizes = [0x1DC, 0x1DD, 0x1DD, 0x1DD, 0x1DD, 0x1DC, 0x1DD]
    sent = [(A, B, BACNET[:2] + size.to_bytes(2, "big") + BACNET[4:] + bytes(9)) for size in sizes]
    assert protocols(sent) == ["UNKNOWN"] * len(sent)


def test_random_datagrams_of_rtps_range_are_no_streams() -> None:
    dice = random.Random(3)
    sent = [(A, B, bytes((dice.randrange(128, 192),)) + dice.randbytes(40)) for _ in range(2000)]
    assert "RTP" not in protocols(sent)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("family", OTHERS)
def test_other_protocols_are_never_taken_for_media(family: str, seed: int) -> None:
    sent = [(A, B, payload) for payload in OTHERS[family](random.Random(seed))]
    assert set(protocols(sent)) <= {"UNKNOWN", "QUIC"}


@pytest.mark.parametrize("family", ["lengths", "rdp_udp", "bacnet", "block_transfer", "enet", "srt", "dns"])
def test_stun_on_the_five_tuple_makes_no_media_of_other_protocols(family: str) -> None:
    sent = [(B, A, stun()), *((A, B, payload) for payload in OTHERS[family](random.Random(1)))]
    assert set(protocols(sent)) == {"STUN", "UNKNOWN"}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("family", MEDIA)
def test_media_are_found_whatever_happened_to_them_on_the_way(family: str, seed: int) -> None:
    sent = [(A, B, payload) for payload in MEDIA[family](random.Random(seed))]
    assert protocols(sent) == ["RTP"] * len(sent)


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


def test_a_stream_inside_channel_data_confirms_the_channel() -> None:
    sent = [(A, C, channel_data(rtp(n))) for n in range(4)]
    assert protocols(sent) == ["TURN"] * 4
    inside = [entry for entry in settled(sent) if entry.number < 0]
    assert [PROTOCOLS[entry.protocol] for entry in inside] == ["RTP"] * 4
    assert {entry.flow.flow.inside for entry in inside} == {"channel 0x4000"}


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


def xored(host: bytes, port: int) -> bytes:
    """A transport address as TURN writes it."""
    return b"\0\1" + (port ^ 0x2112).to_bytes(2, "big") + bytes(a ^ b for a, b in zip(host, COOKIE, strict=True))


PEER = b"\0\x12\0\x08" + xored(bytes((198, 51, 100, 9)), 5000)


def bind(type_: int, transaction: bytes = b"binding-one.", channel: int = 0x4000) -> bytes:
    """A ChannelBind or its answer."""
    attributes = b"\0\x0c\0\x04" + channel.to_bytes(2, "big") + bytes(2) + PEER if type_ == 0x0009 else b""
    return stun(type_, transaction, attributes)


def carried_flows(sent: list[Sent]) -> list[str]:
    """What the flows of whatever TURN carried are called, in order."""
    return list(dict.fromkeys(entry.flow.flow.inside for entry in settled(sent) if entry.number < 0))


def test_a_channel_that_is_bound_to_a_peer_is_one_path_with_the_indications() -> None:
    data = [b"\0\x13" + len(rtp(n)).to_bytes(2, "big") + rtp(n) for n in range(6)]
    sent = [
        *((A, C, stun(0x0016, attributes=PEER + data[n])) for n in range(3)),
        (A, C, bind(0x0009)),
        (C, A, bind(0x0109)),
        *((A, C, channel_data(rtp(n))) for n in range(3, 6)),
    ]
    assert carried_flows(sent) == ["peer 198.51.100.9:5000"]
    scanner = Scanner()
    for _ in scanner.scan(records(sent)):
        pass
    (counters,) = scanner.streams
    assert (counters.packets, counters.lost, len(counters.flows)) == (6, 0, 1)


@pytest.mark.parametrize(
    "answer", [bind(0x0119), bind(0x0109, b"binding-two."), bind(0x0009), b"\1\x09\0\x08" + COOKIE + bytes(12)]
)
def test_a_channel_without_a_success_keeps_its_number(answer: bytes) -> None:
    sent = [(A, C, bind(0x0009)), (C, A, answer), *((A, C, channel_data(rtp(n))) for n in range(3))]
    assert carried_flows(sent) == ["channel 0x4000"]


def test_a_stream_goes_on_when_its_channel_is_bound_while_it_runs() -> None:
    sent = [
        *((A, C, channel_data(rtp(n))) for n in range(4)),
        (A, C, bind(0x0009)),
        (C, A, bind(0x0109)),
        *((A, C, channel_data(rtp(n))) for n in range(4, 8)),
    ]
    scanner = Scanner()
    for _ in scanner.scan(records(sent)):
        pass
    (counters,) = scanner.streams
    assert (counters.packets, counters.lost, len(counters.flows)) == (8, 0, 2)


def test_what_is_remembered_of_channels_is_bounded() -> None:
    channels = Channels()
    for number in range(2 * MAX_CHANNELS):
        channels.take(stun_message(bind(0x0009, number.to_bytes(12, "big"), 0x4000 + number)))
        channels.take(stun_message(bind(0x0109, number.to_bytes(12, "big"))))
    assert list(channels.peers) == list(range(0x4000 + MAX_CHANNELS, 0x4000 + 2 * MAX_CHANNELS))
    for number in range(MAX_ASKED + 1):
        channels.take(stun_message(bind(0x0009, number.to_bytes(12, "big"), 0x4000)))
    channels.peers.clear()
    channels.take(stun_message(bind(0x0109, bytes(12))))
    assert not channels.peers
    channels.take(stun_message(bind(0x0109, (1).to_bytes(12, "big"))))
    assert channels.peers


SESSION = bytes(range(1, 9))
MARK = b"\0\x0f\0\x04\x72\xc6\x4b\xc6"


def framed(data: bytes) -> bytes:
    """A message of one session of Skype or Teams."""
    return b"\xff\x10" + (8 + len(data)).to_bytes(2, "big") + SESSION + data


def test_sessions_of_skype_and_teams_are_opened_and_what_is_inside_is_judged_again() -> None:
    D = ("203.0.113.5", 3480)
    sent = [(A, D, framed(rtp(n))) for n in range(3)]
    assert protocols(sent[:2]) == ["UNKNOWN"] * 2
    assert protocols(sent) == ["TURN"] * 3
    assert protocols([sent[0], (D, A, framed(stun()))]) == ["TURN"] * 2
    assert carried_flows(sent) == ["session 0102030405060708"]


def test_send_and_data_of_skype_and_teams_are_one_path_with_a_peer() -> None:
    address = b"\0\1\x13\x88" + bytes((198, 51, 100, 9))
    def send(n: int) -> bytes:
        attributes = MARK + b"\0\x11\0\x08" + address + b"\0\x13" + len(rtp(n)).to_bytes(2, "big") + rtp(n)
        return stun(0x0004, attributes=attributes)

    def data(n: int) -> bytes:
        attributes = MARK + b"\0\x12\0\x08" + address + b"\0\x13" + len(rtp(n)).to_bytes(2, "big") + rtp(n)
        return b"\1\x15" + len(attributes).to_bytes(2, "big") + b"D" * 16 + attributes

    sent = [each for n in range(3) for each in ((A, C, send(n)), (C, A, data(n)))]
    assert protocols(sent) == ["STUN"] * 6
    assert carried_flows(sent) == ["peer 198.51.100.9:5000"]
    scanner = Scanner()
    for _ in scanner.scan(records(sent)):
        pass
    assert [counters.packets for counters in scanner.streams] == [3, 3]
    assert [stun_message(each(0)).summary for each in (send, data)] == [
        "Send request, peer 198.51.100.9:5000, data 72 octets",
        "Data indication (RFC 3489), peer 198.51.100.9:5000, data 72 octets",
    ]


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


def test_a_stream_goes_on_when_ice_moves_it_to_another_five_tuple() -> None:
    scanner = Scanner()
    sent = [*((A, B, rtp(n)) for n in range(5)), *((A, C, rtp(n)) for n in range(5, 9))]
    for _ in scanner.scan(records(sent)):
        pass
    (counters,) = scanner.streams
    assert (counters.packets, counters.lost, len(counters.flows)) == (9, 0, 2)


def test_the_same_ssrc_both_ways_is_two_streams() -> None:
    scanner = Scanner()
    both: list[Sent] = [sent for n in range(5) for sent in ((A, B, rtp(n)), (B, A, rtp(n)))]
    for _ in scanner.scan(records(both)):
        pass
    assert [counters.packets for counters in scanner.streams] == [5, 5]


def test_two_hops_of_one_stream_are_two_streams_even_when_one_overtakes_the_other() -> None:
    scanner = Scanner()
    hops = [(A, B, rtp(n)) for n in range(8)], [(B, C, rtp(n)) for n in range(8)]
    both = [hops[0][n // 2] if n % 2 == 0 else hops[1][n // 2] for n in range(16)]
    both[8], both[9] = both[9], both[8]
    for _ in scanner.scan(records(both)):
        pass
    assert [(counters.packets, counters.duplicates) for counters in scanner.streams] == [(8, 0), (8, 0)]


def test_a_forced_port_needs_no_evidence() -> None:
    assert protocols([(A, B, rtp(1))], forced={16402: "RTP"}) == ["RTP"]
    assert protocols([(A, B, b"\x01\x02")], forced={16402: "DTLS"}) == ["DTLS"]


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


def test_streams_are_bounded_and_giving_way_is_counted() -> None:
    scanner = Scanner(Bounds(streams=4))
    sent = [(A, B, rtp(n, ssrc=ssrc)) for ssrc in range(100, 110) for n in range(3)]
    for _ in scanner.scan(records(sent)):
        pass
    assert len(scanner.streams) == 4
    assert scanner.bounds_hit["streams"] >= 6


KINDS = [
    (A, B, stun()), (B, A, rtp(1)), (B, A, rtp(2)), (A, B, channel_data(b"hi")), (A, B, srtcp()), (A, B, INVITE),
]


@pytest.mark.parametrize("order", list(permutations(range(len(KINDS))))[::37])
def test_every_datagram_is_settled_exactly_once_in_any_order(order: tuple[int, ...]) -> None:
    entries = settled([KINDS[place] for place in order])
    assert sorted(entry.number for entry in entries if entry.number >= 0) == list(range(len(KINDS)))


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_any_datagrams_are_settled_exactly_once(payloads: list[bytes]) -> None:
    entries = settled([(A, B, payload) for payload in payloads])
    assert sorted(entry.number for entry in entries if entry.number >= 0) == list(range(len(payloads)))


def test_evidence_never_outlives_its_bounds() -> None:
    evidence = Evidence(waiting=4, streams=4)
    assert evidence.finish() == []
