"""What merely looked like a protocol: counted with its first frames, unless nobody would ask about it."""

from __future__ import annotations

import pytest

from dissectors.mux.flows import FlowKey
from dissectors.mux.scan import Scanner
from dissectors.mux.table import PROTOCOLS
from dissectors.mux.unconfirmed import MAX_FRAMES, AllUnconfirmed, is_text
from tests.made import A, B, Sent, records, rtp
from tests.twins import SCANNERS

RTP, DTLS = PROTOCOLS.index("RTP"), PROTOCOLS.index("DTLS")


def key(sport: int, dport: int) -> FlowKey:
    return FlowKey(b"\xc0\0\2\1", sport, b"\xc0\0\2\2", dport)


def test_each_protocol_is_counted_with_the_port_of_the_first_and_the_first_frames() -> None:
    found = AllUnconfirmed()
    for number in range(40):
        found.note(RTP, key(4000, 5000 + number), rtp(number), 0, number)
    found.note(DTLS, key(4000, 6000), b"\x2d\xff\xff", 1, 7)
    told = {protocol: (each.port, each.count, each.frames) for protocol, each in found.items()}
    assert told == {RTP: (5000, 40, [(0, n) for n in range(MAX_FRAMES)]), DTLS: (6000, 1, [(1, 7)])}


@pytest.mark.parametrize("ports", [(53, 4000), (4000, 161), (2152, 2152), (4569, 9)])
def test_what_belongs_to_another_service_is_not_counted(ports: tuple[int, int]) -> None:
    found = AllUnconfirmed()
    found.note(RTP, key(*ports), rtp(1), 0, 1)
    assert not found


def test_words_are_text_and_what_is_too_short_or_holds_another_octet_is_none() -> None:
    words = b"<12>Apr 12 11:37:35 kernel: ACCEPT"
    assert is_text(words) and is_text(words[:16]) and not is_text(words[:15])
    assert not is_text(words[:15] + b"\0" + words[16:]) and is_text(words[:16] + b"\0\xff")


@pytest.mark.parametrize("twin", SCANNERS)
def test_a_scan_counts_what_it_gives_up_on_quiet_flows_and_on_others(twin: type[Scanner]) -> None:
    scanner = twin()
    alone: list[Sent] = [((A[0], 3000 + n), ("203.0.113.9", 5004), rtp(1, 70 + n)) for n in range(3)]
    words: list[Sent] = [((A[0], 3100), ("203.0.113.9", 5004), b"<12>Apr 12 11:37:35 kernel: ACCEPT")]
    two: list[Sent] = [(A, B, rtp(5, 99)), (A, B, rtp(900, 99)), ((A[0], 3200), ("203.0.113.9", 53), rtp(1, 7))]
    for _ in scanner.scan(records([*two, *alone, *words])):
        pass
    assert not scanner.unconfirmed
    scanner.finish()
    told = {number: (each.port, each.count, each.frames) for number, each in scanner.unconfirmed.items()}
    assert told == {RTP: (B[1], 5, [(0, n) for n in (1, 2, 4, 5, 6)])}
