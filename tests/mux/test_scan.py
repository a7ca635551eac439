"""Every datagram is settled once, in any order, within bounds."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.mux.scan import Bounds, Scanner
from tests.made import A, B, channel_data, protocols, records, rtp, settled, sip, srtcp, stun

INVITE = sip("INVITE sip:bob@192.0.2.2 SIP/2.0", "Call-ID: 1")


def test_a_forced_port_needs_no_evidence() -> None:
    assert protocols([(A, B, rtp(1))], forced={16402: "RTP"}) == ["RTP"]
    assert protocols([(A, B, b"\x01\x02")], forced={16402: "DTLS"}) == ["DTLS"]


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
