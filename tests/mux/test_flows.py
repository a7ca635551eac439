"""What a stream is when it moves, comes back or passes twice."""

from __future__ import annotations

import pytest

from dissectors.mux.evidence import RTP, STUN
from dissectors.mux.flows import FlowKey, PairState, written_out
from dissectors.mux.scan import Bounds, Scanner
from dissectors.offline import scanner_class
from tests.made import A, B, Sent, records, rtp

C = ("198.51.100.7", 3478)


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


def test_flows_of_one_address_share_how_it_is_written() -> None:
    there, elsewhere = (written_out(FlowKey(bytes((192, 0, 2, 1)), 5060, bytes(4), port)) for port in (1, 2))
    assert there.src == "192.0.2.1" and there.src is elsewhere.src


def test_a_flow_that_was_seen_once_takes_little_room() -> None:
    scan = pytest.importorskip("dissectors.mux.compiled.scan")
    assert scan.FlowState.__basicsize__ + scan.PairState.__basicsize__ <= 272
    assert scan.PairState(None).waiting is None and PairState(None).waiting is None


@pytest.mark.parametrize("which", ["interpreted", "compiled"])
def test_a_flow_counts_each_of_its_protocols(which: str) -> None:
    if which == "compiled":
        pytest.importorskip("dissectors.mux.compiled.scan")
    scanner = Scanner() if which == "interpreted" else scanner_class()()
    check = bytes.fromhex("000100002112a442") + bytes(12)
    sent: list[Sent] = [(A, B, check), *((A, B, rtp(n)) for n in range(5)), (A, B, check)]
    for _ in scanner.scan(records(sent)):
        pass
    (flow,) = scanner.flows
    assert (flow.counts[STUN], flow.counts[RTP], sum(flow.counts)) == (2, 5, 7)


@pytest.mark.parametrize("which", ["interpreted", "compiled"])
def test_the_media_of_a_call_gives_way_after_what_has_no_part_in_one(which: str) -> None:
    if which == "compiled":
        pytest.importorskip("dissectors.mux.compiled.scan")
    twin = Scanner if which == "interpreted" else scanner_class()
    scanner = twin(Bounds(flows=16, streams=16, waiting=64))
    queries: list[Sent] = [((f"192.0.2.{n % 250}", 1024 + n), C, bytes((n % 256, 255)) * 20) for n in range(500)]
    first: list[Sent] = [*((A, B, rtp(n)) for n in range(9)), *queries]
    for _ in scanner.scan(records(first)):
        pass
    (media,) = (flow for flow in scanner.flows if flow.counts[RTP])
    assert media.datagrams == 9 and len(scanner.flows) == 16 and scanner.bounds_hit["flows"] == 485
    # Among themselves those go first that were idle longest, and media give way to media.
    calls: list[Sent] = [((f"198.51.100.{n}", 4000), B, rtp(k, n)) for n in range(1, 21) for k in range(9)]
    for _ in scanner.scan(records(calls)):
        pass
    assert {flow.key.src[-1] for flow in scanner.flows if flow.counts[RTP]} == {*range(5, 21)}
