"""Captures of TCP through both scans, and in any order: the same report."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import offline
from dissectors.mux import connections, scan
from dissectors.wire.link import frames
from dissectors.wire.tcp import Segment
from tests import made, verto_calls
from tests.mux.test_connections import FOREIGN, OK, shaken
from tests.mux.test_framings import OPTIONS, framed, interleaved
from tests.protocols.test_jsep import http
from tests.tcp_calls import CALLS, call
from tests.tcp_frames import FIRST, A, B, Endpoint, conversation, records, report, segment
from tests.twins import pcap, same
from tests.wire.test_hep import old, packet
from tests.wire.test_websocket import REQUEST, SWITCHED
from tests.wire.test_websocket import framed as ws

compiled = pytest.importorskip("dissectors.mux.compiled.scan", reason="no compiled scan was built here")

HELLO = b"\x16\x03\x01\0\x40\1\0\0\x3c\3\3" + bytes(60)
STEPS = (
    OPTIONS, OK, FOREIGN, HELLO, b"\r\n\r\n", made.stun(), made.channel_data(b"hello") + bytes(3),
    framed(made.stun(), made.rtp(1), made.rtp(2), made.rtp(3)), bytes(100), REQUEST, SWITCHED, ws(OPTIONS, key=b"1234"),
    REQUEST + ws(OPTIONS) * 2, packet(OPTIONS) + packet(OK), *(ws(octets) for _, octets in verto_calls.attempt()[:2]),
    ws(b'{"type":"offer","sdp":"v=0\\r\\n"}'), http("POST /whip HTTP/1.1", "Content-Type: application/sdp", body="v=0"),
)


def busy(chance: random.Random, ends: int = 40) -> list[Segment]:
    """Many connections at once, of SIP, STUN, datagrams and foreign ones, opened or not, by few ports."""
    queues = []
    for _ in range(ends):
        wide = chance.random() < 0.3
        net = bytes(15) if wide else bytes(3)
        one: Endpoint = (net + bytes((chance.randrange(1, 4),)), chance.randrange(5060, 5064))
        two: Endpoint = (net + b"\x09", 5060)
        sent = [(chance.choice((one, two)), chance.choice(STEPS)) for _ in range(chance.randrange(1, 8))]
        first = chance.randrange(1 << 31)
        segments = conversation(sent, (one, two), chance.random() < 0.7, chance.choice((30, 200, 1400)))
        queues.append([each._replace(sequence=each.sequence + first & 0xFFFFFFFF) for each in segments])
    made_so_far = []
    while queues := [queue for queue in queues if queue]:
        queue = chance.choice(queues)
        one_more = queue.pop(0)
        if chance.random() > 0.02:
            made_so_far.append(one_more)
    return made_so_far


@pytest.mark.parametrize("seed", range(12))
def test_both_scans_read_tcp_alike(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed % 2:
        monkeypatch.setattr(connections.Connections.__init__, "__defaults__", (6, 4))
    same(pcap(records(busy(random.Random(seed)))))


def test_tls_in_connections_that_are_given_up_is_counted_by_both() -> None:
    octets = pcap(records(conversation([(A, HELLO), (B, HELLO), (A, b"\x17\x03" + bytes(90)), (A, HELLO), (A, b"")])))
    same(octets)


@pytest.mark.parametrize("net", [bytes(3), bytes(15)], ids=["IPv4", "IPv6"])
def test_a_frame_with_a_segment_is_read_once_where_it_has_no_surprises(
    net: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames.Frames, "udp", lambda *_: pytest.fail("the frame was read again"))
    one, two = (net + b"\1", 40_000), (net + b"\2", 5060)
    cut = segment(one, two, FIRST + 1 + len(OPTIONS), OK, cut=9)
    made_so_far = records([*conversation([(one, OPTIONS)], (one, two)), cut])
    scanner = compiled.Scanner()
    rows = [row for batch in scanner.scan(made_so_far) for row in batch.entries]
    rows += scanner.finish().entries
    assert [(row.payload, row.length, row.frame) for row in rows] == [(OPTIONS, len(OPTIONS), 3), (OK[:-9], len(OK), 4)]
    assert (scanner.frames.frames, scanner.frames.segments.count) == (4, 4)


def test_hep_over_udp_gives_what_its_agent_saw_in_both_scans_and_again(tmp_path: Any) -> None:
    older = [old(OPTIONS), old(OK, 1, 16), old(b"{}"), b"\2\x10\2\x11"]
    sent = [packet(OPTIONS), packet(OK, 6), packet(b"{}"), packet(OK)[:-3], b"HEP3", b"HEP", OPTIONS, *older]
    octets = pcap(made.records([(made.A, made.B, each) for each in sent]))
    same(octets)
    path = tmp_path / "hep.pcap"
    path.write_bytes(octets)
    certain = [row.datagram.flow for row in offline.rows([str(path)]) if row.strength == "certain"]
    ends = [(5060, "udp"), (5060, "tcp"), (16402, "udp"), (5060, "udp"), (5060, "udp")]
    assert [(flow.sport, flow.transport) for flow in certain] == ends
    capture = offline.analyze([str(path)]).capture
    assert (capture.datagrams, capture.messages) == (11, 4)
    assert [(seen.name, seen.count) for seen in capture.encapsulations] == [("HEP", 9)]
    assert [(seen.name, seen.count) for seen in capture.agents] == [("2001", 3), ("without a name", 1)]


def test_what_is_listed_again_is_what_was_told(tmp_path: Any) -> None:
    path = tmp_path / "busy.pcap"
    path.write_bytes(pcap(records(busy(random.Random(5)))))
    rows = list(offline.rows([str(path)]))
    made_whole = offline.analyze([str(path)]).capture.messages
    assert len(rows) == made_whole > 20
    assert {row.datagram.flow.transport for row in rows} == {"tcp", "udp", "ws"}
    assert all(row.strength == "certain" for row in rows if row.datagram.payload[:7] in (OPTIONS[:7], OK[:7]))


def told(segments: list[Segment]) -> Any:
    """The calls of a report without what a segment's place decides."""
    (one,) = msgspec.to_builtins(report(records(segments, every=1000))).pop("calls")
    for name in ("start", "ringing", "answered", "ended"):
        one.pop(name)
    for each in (*one["messages"], *one["descriptions"]):
        each.pop("place"), each.pop("time"), each.pop("answers", None)
    return one


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1 << 32), size=st.integers(10, 1400))
def test_segments_in_any_order_give_the_same_report(name: str, seed: int, size: int) -> None:
    sent, count = CALLS[name]
    opened, rest = conversation([])[:2], conversation(sent, size=size)[2:]
    chance = random.Random(seed)
    # Both sides wait for each other: the order of segments changes within a step of the call.
    steps: list[list[Segment]] = []
    for one in rest:
        if steps and steps[-1][-1].src == one.src:
            steps[-1].append(one)
        else:
            steps.append([one])
    found = told([*opened, *(each for step in steps for each in shaken(step, chance))])
    assert found == told(conversation(sent))
    assert (found["outcome"], found["signalling"], len(found["messages"])) == ("ended", name, count)


def test_ten_thousand_connections_that_are_half_open_are_bounded() -> None:
    opened = [segment((bytes((10, 0, n >> 8, n & 255)), 1000), B, FIRST, b"", 2) for n in range(10_000)]
    made_whole = report(records([*opened, *conversation(call())], every=1000))
    assert len(made_whole.calls) == 1
    assert "TCP connections: 1,809 given up" in [each.what for each in made_whole.findings]


def test_media_within_rtsp_are_streams_and_its_dialogue_is_named() -> None:
    server = B[0], 554
    play = b"PLAY rtsp://192.0.2.2/a RTSP/1.0\r\nCSeq: 4\r\n\r\n"
    sound = [(server, interleaved(0, made.rtp(number, ssrc=77))) for number in range(30)]
    sent = [(A, play), (server, b"RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n"), *sound, (server, interleaved(1, made.rtcp()))]
    for opened in (True, False):
        for scanner in (None, compiled.Scanner()):
            found = report(records(conversation(sent if opened else sent[2:], (A, server), opened)), scanner)
            (stream,) = found.streams
            assert (stream.packets, stream.ssrc) == (30, 77)
            flow = found.flows[stream.flows[0]]
            assert (flow.transport, flow.inside) == ("tcp", "channel 0")
            assert [each.name for each in found.capture.not_read] == ["RTSP"] * opened


def test_messages_of_a_segment_behind_a_hole_are_numbered_alike() -> None:
    folded = OPTIONS.replace(b"Content-Length: 5", b"Content-Length:\r\n 5")
    late = segment(A, B, FIRST + 1 + len(OPTIONS) + 50, OPTIONS + folded + OPTIONS)
    sent, layers = records([*conversation([(A, OPTIONS)]), late]), []
    for scanner in (scan.Scanner(), compiled.Scanner()):
        told = [entry for batch in scanner.scan(sent) for entry in batch.entries]
        layers.append([entry.layer for entry in (*told, *scanner.finish().entries)])
    assert layers == [[0, 0, 1, 2]] * 2
