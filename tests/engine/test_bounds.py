"""Every bound that is hit is told by its name, and both scans tell the same of theirs."""

from __future__ import annotations

import struct
import tracemalloc

import pytest

from dissectors.analysis.calls import table
from dissectors.analysis.calls.messages import MAX_HEADER_NAME_LENGTH
from dissectors.analysis.connectivity import messages
from dissectors.engine.engine import Engine
from dissectors.engine.trackers import CAPACITY, Capacity
from dissectors.mux import evidence
from dissectors.mux import scan as interpreted
from dissectors.mux.scan import Bounds
from dissectors.offline import scanner_class
from dissectors.wire.captures.records import Record
from tests import stories
from tests.made import ETHERNET, A, B, Sent, frame, records, rtcp, rtp, sip, srtcp, stun

SCANS = {scan.build: scan for scan in (interpreted.Scanner, scanner_class())}


def hits(
    scan: type[interpreted.Scanner], sent: list[Sent], bounds: Bounds | None = None, capacity: Capacity = CAPACITY,
    max_finished: int | None = None, every: int = 20,
) -> dict[str, int]:
    """How often which bound was hit, as the findings say."""
    scanner, engine = scan(bounds), Engine(max_finished=max_finished, capacity=capacity)
    for batch in scanner.scan(records(sent, every)):
        engine.feed(batch)
    engine.feed(scanner.finish())
    engine.retire_finished(scanner, at_the_end=True)
    found = [each.what for each in engine.report(scanner, ()).findings if each.id == "bound-hit"]
    told = (what.removesuffix(" given up").rpartition(": ") for what in found)
    return {name: int(count.replace(",", "")) for name, _, count in told}


FEW = Bounds(flows=4, streams=4)
ROOM_FOR_ONE = Capacity(calls=1, checks=1, sources=1, handshakes=1, endpoints=1)


def event(number: int) -> bytes:
    """A telephone event of its own timestamp."""
    return rtp(number, payload_type=101, timestamp=number * 800)[:12] + bytes((1, 0x80, 0, 160))


def restarts() -> list[Sent]:
    """A stream whose numbers jump again and again."""
    return [(A, B, rtp(at + n, timestamp=480 * (20 * turn + n))) for turn in range(80) for at in [turn * 9000 % 65000]
            for n in range(20)]


OF_SCANS: dict[str, tuple[list[Sent], Bounds | None]] = {
    "flows": ([((f"192.0.2.{n}", 5000), B, rtp(n)) for n in range(1, 9)], FEW),
    "streams": ([(A, B, rtp(n, ssrc=ssrc)) for ssrc in range(1, 10) for n in range(3)], FEW),
    "SSRCs of streams": ([(A, B, rtp(n, ssrc=ssrc)) for ssrc in range(1, 10) for n in range(3)], FEW),
    "SSRCs in RTCP": ([(A, B, rtcp(ssrc)) for ssrc in range(1, 10)], FEW),
    "SSRCs that wait for RTP": ([(A, B, srtcp(ssrc)) for ssrc in range(1, 10)], None),
    "waiting": ([(A, B, rtp(1, ssrc=ssrc)) for ssrc in range(1, 10)], Bounds(waiting=4)),
    "flows of streams": (
        [((A[0], port), B, rtp(n, ssrc=70_000)) for port in range(5000, 5008) for n in range(port * 3, port * 3 + 3)],
        None,
    ),
    "changes of payload type": ([(A, B, rtp(n, payload_type=96 + n // 3 % 2)) for n in range(600)], None),
    "telephone events": ([*[(A, B, rtp(n)) for n in range(4)], *[(A, B, event(n)) for n in range(4, 100)]], None),
    "breaks of streams": (restarts(), None),
}


@pytest.mark.parametrize("name", OF_SCANS)
def test_a_bound_of_the_scan_is_told_by_its_name_and_alike_by_both(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MAX_WAITING_SSRCS", 4)
    monkeypatch.setattr(evidence, "MAX_FLOWS_PER_STREAM", 2)
    sent, bounds = OF_SCANS[name]
    told = [hits(scan, sent, bounds) for scan in SCANS.values()]
    assert told[0].get(name, 0) > 0 and all(each == told[0] for each in told)


@pytest.mark.parametrize("name", ["changes of payload type", "telephone events", "breaks of streams"])
def test_what_found_no_room_in_a_stream_is_told_when_the_stream_has_gone(name: str) -> None:
    sent, _ = OF_SCANS[name]
    others: list[Sent] = [(A, B, rtp(n, ssrc=ssrc)) for ssrc in range(1, 10) for n in range(3)]
    for scan in SCANS.values():
        assert hits(scan, [*sent, *others], Bounds(streams=4))[name] == hits(scan, sent)[name]


def test_fragmented_datagrams_that_gave_way_are_told() -> None:
    whole = frame(A, B, bytes(64))
    for scan in SCANS.values():
        scanner = scan()
        made = []
        for number in range(1100):
            octets = whole[:16] + struct.pack("!HHH", 28, number, 0x2000) + whole[22:42]
            made.append((0, Record(number + 1, number, ETHERNET, octets, len(octets))))
        for _ in scanner.scan(made):
            pass
        assert scanner.bounds_hit == {"fragmented datagrams": 1100 - 1024}


@pytest.mark.parametrize("scan", SCANS.values(), ids=SCANS)
def test_an_active_flow_and_an_active_stream_stay_and_idle_ones_go(scan: type[interpreted.Scanner]) -> None:
    scanner = scan(FEW)
    sent: list[Sent] = []
    for other in range(1, 40):
        sent += [((f"198.51.100.{other}", 5000), B, rtp(n, ssrc=other)) for n in range(3)]
        sent += [(A, B, rtp(3 * other + n, ssrc=70_000)) for n in range(3)]
    for _ in scanner.scan(records(sent)):
        pass
    assert max(counters.packets for counters in scanner.streams) == 39 * 3
    assert max(state.datagrams for state in scanner.flows) == 39 * 3


def asks(number: int, *headers: str, method: str = "INFO", call_id: str = "one", body: bytes = b"") -> bytes:
    return sip(f"{method} sip:b@x SIP/2.0", f"Via: SIP/2.0/UDP a;branch=z9hG4bK{number}", "From: <sip:a@x>;tag=1",
               "To: <sip:b@x>;tag=2", f"Call-ID: {call_id}", f"CSeq: {number} {method}", *headers, body=body)


def invites(number: int) -> list[bytes]:
    """A call with an offer, and its end."""
    offer = (f"v=0\r\no=- 1 1 IN IP4 {A[0]}\r\ns=-\r\nc=IN IP4 {A[0]}\r\nt=0 0\r\n"
             f"m=audio {6000 + number} RTP/AVP 0\r\n").encode()
    name = f"call{number}"
    return [asks(1, "Content-Type: application/sdp", method="INVITE", call_id=name, body=offer),
            asks(2, method="BYE", call_id=name)]


def checked(number: int) -> bytes:
    """A request of its own transaction with a USERNAME."""
    return stun(transaction=number.to_bytes(12, "big"), attributes=stories.attribute(0x0006, b"b:a"))


def refused(number: int) -> list[Sent]:
    """A check that is refused for a reason of its own."""
    why = stories.error(400, f"No {number}")
    return [(A, B, checked(number)), (B, A, stun(0x0111, number.to_bytes(12, "big"), why))]


def named(number: int) -> bytes:
    """A request under a user name of its own."""
    return stun(transaction=number.to_bytes(12, "big"), attributes=stories.attribute(0x0006, b"b:%d" % number))


def granted(number: int) -> list[Sent]:
    """A permission for a peer of its own."""
    peer = stories.address(0x0012, f"192.0.2.{number}", 0)
    identity = number.to_bytes(12, "big")
    return [(A, B, stun(0x0008, identity, peer)), (B, A, stun(0x0108, identity))]


def part(number: int) -> bytes:
    """A fragment of a certificate of 4000 octets."""
    head = struct.pack("!B", 11) + (4000).to_bytes(3, "big") + bytes(2) + (number * 10).to_bytes(3, "big")
    return stories.record(22, head + (10).to_bytes(3, "big") + bytes(10))


def offers(profiles: int) -> bytes:
    """A ClientHello that offers so many SRTP profiles."""
    listed = struct.pack("!H", 2 * profiles) + bytes(range(256))[: 2 * profiles] + b"\0"
    extension = struct.pack("!HH", 14, len(listed)) + listed
    body = struct.pack("!H", 0xFEFD) + bytes(32) + b"\0\0" + b"\0\2\xc0\x2b" + b"\1\0"
    return stories.handshake(1, body + struct.pack("!H", len(extension)) + extension)


def bye(ssrc: int) -> bytes:
    return rtcp(5) + struct.pack("!BBHI", 0x81, 203, 1, ssrc)


def sender_report(ssrc: int) -> bytes:
    return struct.pack("!BBHIQIII", 0x80, 200, 6, ssrc, ssrc << 32, 0, 0, 0)


def reported(ssrc: int) -> bytes:
    return struct.pack("!BBHII", 0x81, 201, 7, 78, ssrc) + bytes(20)


def ends(number: int) -> tuple[tuple[str, int], tuple[str, int]]:
    return (f"192.0.2.{number}", 5000), B


OF_TRACKERS: dict[str, tuple[list[Sent], Capacity]] = {
    "texts": ([(A, B, asks(n, f"User-Agent: {n:0>500}")) for n in range(9)], Capacity(text_octets=4000)),
    "ends of long texts": ([(A, B, asks(1, "User-Agent: " + "x" * 2000))], CAPACITY),
    "header names": ([(A, B, asks(1, *[f"X{n}: 1" for n in range(200)]))], CAPACITY),
    "calls": ([(A, B, invites(n)[0].replace(b";tag=2", b"")) for n in range(4)], ROOM_FOR_ONE),
    "media of retired calls": ([(A, B, each) for n in range(9) for each in invites(n)], ROOM_FOR_ONE),
    "signalling of retired transactions": (
        [(*ends(n), asks(1, method="OPTIONS", call_id=str(n))) for n in range(1, 9)], ROOM_FOR_ONE,
    ),
    "times of retired calls at an endpoint": (
        [(A, B, each) for n in range(9) for each in invites(n)], Capacity(calls=1),
    ),
    "checks": ([(*ends(n), checked(n)) for n in range(1, 9)], ROOM_FOR_ONE),
    "errors of checks": ([each for n in range(1, 12) for each in refused(n)], CAPACITY),
    "user names of checks": ([(A, B, named(n)) for n in range(12)], CAPACITY),
    "peers of relays": ([each for n in range(40) for each in granted(n)], CAPACITY),
    "RTCP sources": ([(A, B, reported(n)) for n in range(1, 9)], ROOM_FOR_ONE),
    "RTCP goodbyes": ([(A, B, bye(n)) for n in range(1, 9)], ROOM_FOR_ONE),
    "RTCP clocks of senders": ([(A, B, sender_report(n)) for n in range(1, 9)], ROOM_FOR_ONE),
    "RTCP sender reports": ([(A, B, sender_report(n)) for n in range(1, 9)], ROOM_FOR_ONE),
    "RTCP flows": ([(*ends(n), rtcp(n)) for n in range(1, 9)], ROOM_FOR_ONE),
    "handshakes": ([(*ends(n), stories.hello()) for n in range(1, 9)], ROOM_FOR_ONE),
    "SRTP profiles of an offer": ([(A, B, offers(70))], CAPACITY),
    "handshake fragments": ([(A, B, stories.hello()), *[(B, A, part(n)) for n in range(70)]], CAPACITY),
    "handshake messages in part": ([(*ends(n), part(0)) for n in range(1, 99)], CAPACITY),
}


@pytest.mark.parametrize("name", OF_TRACKERS)
def test_a_bound_of_a_tracker_is_told_by_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_MESSAGE_OCTETS", 16_000)
    monkeypatch.setattr(table, "MAX_INTERVALS_PER_ENDPOINT", 2)
    sent, capacity = OF_TRACKERS[name]
    every = 100_000 if name.startswith("times") else 20
    assert hits(interpreted.Scanner, sent, capacity=capacity, every=every).get(name, 0) > 0


def test_descriptions_that_find_no_room_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_DESCRIPTION_OCTETS", 5000)
    sent: list[Sent] = [(A, B, each) for n in range(9) for each in invites(n)]
    assert hits(interpreted.Scanner, sent)["descriptions"] > 0


def hostile(number: int) -> bytes:
    """An INFO in one of five calls: every text is long, and none is like another."""
    long = f"{number:0>900}"
    names = [f"X{number}-{n}-{'y' * (MAX_HEADER_NAME_LENGTH - 20)}: 1" for n in range(100)]
    return sip(f"INFO sip:{long}@x SIP/2.0", f"Via: SIP/2.0/UDP a;branch=z9hG4bK{long}", f"From: <sip:{long}@x>;tag=1",
               f"To: <sip:b@x>;tag=2{long}", f"Call-ID: {number % 5}", f"CSeq: {number} INFO", f"User-Agent: {long}",
               *names, body=long.encode())


def test_what_is_kept_of_hostile_messages_stays_within_its_budget() -> None:
    sent: list[Sent] = [(A, B, hostile(number)) for number in range(1500)]
    scanner, engine = interpreted.Scanner(), Engine(capacity=Capacity(text_octets=1 << 20))
    tracemalloc.start()
    try:
        for batch in scanner.scan(records(sent)):
            engine.feed(batch)
        del batch
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Of 30 MB that were sent there stay the budget, the values without their texts, and what parsers remember.
    assert held < 9 << 20
    assert engine.trackers.bounds.hits["texts"] > 1000
