"""What RTCP says belongs to the streams of its own session, and what is kept of it is bounded."""

from __future__ import annotations

import random
import struct

from dissectors.analysis.streams.rtcp import Clocked, Control, between, pairs_of
from dissectors.limits.budget import Bounds
from dissectors.mux.entry import Entry
from dissectors.mux.flows import FlowKey, FlowState, PairState
from dissectors.protocols import rtcp, rtcp_reports
from dissectors.report import Place
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.errors import Malformed
from tests.made import A, B, Endpoint, Sent, report, rtp

C, D = ("198.51.100.1", 5000), ("198.51.100.2", 5000)


def media(src: Endpoint, dst: Endpoint, first: int = 0, count: int = 60) -> list[Sent]:
    return [(src, dst, rtp(n, 77)) for n in range(first, first + count)]


def said(fraction: int, about: int = 77) -> bytes:
    """A receiver report with one block: a fraction lost in 256ths, and nothing else."""
    return struct.pack("!BBHII", 0x81, 201, 7, 78, about) + bytes([fraction]) + bytes(19)


def bye(ssrc: int = 77) -> bytes:
    """An empty receiver report and a goodbye."""
    return struct.pack("!BBHIBBHI", 0x80, 201, 1, ssrc, 0x81, 203, 1, ssrc)


def test_two_calls_that_chose_one_ssrc_do_not_share_what_rtcp_says() -> None:
    told = report([*media(A, B), *media(C, D), (B, A, said(64)), (A, B, bye()), (D, C, said(0))])
    first, second = told.streams
    assert first.rtcp is not None and second.rtcp is not None
    assert (first.rtcp.reports, first.rtcp.fraction_lost) == (1, 0.25)
    assert (second.rtcp.reports, second.rtcp.fraction_lost) == (1, 0.0)
    assert first.end is not None and second.end is None


def test_rtcp_on_ports_of_its_own_belongs_to_the_stream_between_its_hosts() -> None:
    (stream,) = report([*media(A, B), ((B[0], 9001), (A[0], 9003), said(64))]).streams
    assert stream.rtcp is not None and stream.rtcp.reports == 1


def test_rtcp_between_other_hosts_is_heard_by_the_one_stream_of_its_ssrc_alone() -> None:
    (stream,) = report([*media(A, B), (D, C, said(64))]).streams
    assert stream.rtcp is not None and stream.rtcp.reports == 1
    both = report([*media(A, B), *media(B, C), (D, C, said(64))])
    assert [stream.rtcp for stream in both.streams] == [None, None]


def test_rtcp_between_two_other_pairs_of_hosts_is_nobody_s() -> None:
    (stream,) = report([*media(A, B), (D, C, said(64)), (D, B, said(0))]).streams
    assert stream.rtcp is None


def test_a_stream_that_changed_its_hosts_has_all_that_was_said_of_it() -> None:
    sent = [*media(A, B), (B, A, said(64)), *media(A, C, 60), (C, A, said(0))]
    told = report(sent)
    assert sum(stream.rtcp.reports for stream in told.streams if stream.rtcp) == 2


def test_what_is_kept_of_sources_is_bounded_and_what_gave_way_is_counted() -> None:
    bounds = Bounds()
    control = Control(4, bounds)
    flow = Flow(*A, *B)
    for number in range(10):
        payload = said(1, about=number)
        control.feed(Datagram(0, number, 0, number, flow, payload, len(payload)), rtcp.parse(payload))
    assert bounds.hits == {"RTCP sources": 6}
    assert control.heard(9, [between(flow)], True) is not None and control.heard(0, [between(flow)], True) is None


def test_both_directions_are_between_the_same_hosts() -> None:
    assert between(Flow(*A, *B)) == between(Flow(*B, *A))


def test_two_copies_of_a_sender_report_at_one_moment_are_both_read() -> None:
    spoken = struct.pack("!BBHIQIII", 0x80, 200, 6, 77, 1 << 40, 480, 50, 3000)
    control = Control(9)
    for frame, flow in enumerate((Flow(*A, *B), Flow(*B, *C)), 1):
        control.feed(Datagram(0, frame, 0, 5, flow, spoken, len(spoken)), rtcp.parse(spoken))
    ways = pairs_of((Flow(*A, *B), Flow(*B, *C)))
    assert [(each.time, each.place.frame) for each in control.clocked(77, ways, alone=True)] == [(5, 1), (5, 2)]


def test_of_a_capture_without_rtcp_nothing_is_looked_up_and_one_report_is_enough() -> None:
    silent, spoken = Control(8), Control(8)
    flow, hosts = Flow(*A, *B), pairs_of([Flow(*A, *B)])
    spoken.feed(Datagram(0, 1, 0, 0, flow, b"", 0), rtcp.parse(said(64)))
    assert silent.silent and not spoken.silent
    assert silent.heard(77, hosts, True) is silent.told(77, hosts, True) is silent.said_bye(77, hosts, True) is None
    assert silent.clocked(77, hosts, True) == () and silent.transport_feedback([flow]) == 0


DESCRIBED, BYE = b"\x81\xca\0\3\0\0\0\1\1\4name\0\0", b"\x81\xcb\0\1\0\0\0\1"
BYES = b"\x82\xcb\0\4\0\0\0\2\0\0\0\1\4left\0\0\0"
ODD = (b"\x80\xca\0\0", b"\xa1" + DESCRIBED[1:-1] + b"\4", b"\0", bytes(14))


def chain(chance: random.Random) -> bytes:
    """A report of a few sources and what may stand behind it, now and then with something wrong."""
    body = struct.pack("!I", chance.randrange(3))
    kind, blocks = chance.choice((200, 200, 201, 203)), chance.randrange(3)
    if kind == 200:
        body += struct.pack("!QIII", chance.randrange(1 << 4) << 32, chance.randrange(1 << 32), 50, 8000)
    for _ in range(blocks):
        lsr = chance.randrange(1 << 4) << 16
        body += struct.pack("!IIIIII", chance.randrange(3), chance.randrange(1 << 32), 9, chance.randrange(99), lsr, 1)
    body += bytes(chance.choice((0, 0, 0, 0, 4)))
    made = struct.pack("!BBH", 0x80 | blocks | chance.choice((0, 0, 0, 0, 0, 0x20)), kind, len(body) // 4) + body
    made += chance.choice((b"", b"", *[DESCRIBED] * 3, DESCRIBED[:9] + b"\x08" + DESCRIBED[10:], BYE, *ODD))
    made += chance.choice((b"", b"", BYE, BYES, BYE + DESCRIBED, BYES[:-1], BYES[:8] + b"\x09" + BYES[9:]))
    return made[: chance.randrange(len(made))] if chance.random() < 0.1 else made


def _clocks(clocked: Clocked) -> tuple[int, int, int, Place]:
    return clocked.time, clocked.ntp, clocked.timestamp, clocked.place


def test_reports_that_are_held_count_as_those_that_are_fed() -> None:
    chance, held, left, refused = random.Random(20), 0, 0, 0
    short, whole = Control(100), Control(100)
    states = [FlowState(0, FlowKey(*ends), PairState(None)) for ends in (
        (b"\xc0\0\2\1", 5000, b"\xc0\0\2\2", 5000), (b"\xc0\0\2\2", 5000, b"\xc0\0\2\1", 5000),
        (b"\xc0\0\2\1", 5000, b"\xc0\0\2\3", 6000),
    )]
    for number in range(1, 6000):
        octets, time = chain(chance), number * 100_000_000
        state = chance.choice(states)
        entry = Entry(number, 0, number, 0, time, state, len(octets), octets, 0, 0, "certain", "", False, 0)
        known = rtcp_reports.glance(octets)
        try:
            compound = rtcp.parse(octets)
        except Malformed:
            assert known is None
            refused += 1
            continue
        whole.feed(entry.datagram, compound)
        if known is None:
            short.feed(entry.datagram, compound)
        else:
            short.hold(entry, known)
            held += 1
            left += known[1] != ()
    assert held > 1000 and left > 500 and refused > 500, (held, left, refused)
    pairs = pairs_of([state.flow for state in states])
    for ssrc in range(3):
        one, other = short.heard(ssrc, pairs, False), whole.heard(ssrc, pairs, False)
        assert one is not None and other is not None and one.round_trip is not None
        assert one.view(8000) == other.view(8000)
        assert (one.place, one.flow) == (other.place, other.flow)
        clocks = [[*map(_clocks, control.clocked(ssrc, pairs, False))] for control in (short, whole)]
        assert clocks[0] == clocks[1] != []
        assert short.said_bye(ssrc, pairs, False) == whole.said_bye(ssrc, pairs, False)
    assert short.protection() == whole.protection()
