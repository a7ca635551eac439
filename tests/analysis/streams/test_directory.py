"""Which call a stream belongs to: entered at once or piece by piece, looked up by key."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.streams.directory import Directory
from dissectors.engine.engine import Engine
from dissectors.mux.counters import Counters
from dissectors.mux.scan import Scanner
from dissectors.wire.captures.records import Record
from dissectors.wire.datagram import Flow
from tests.made import ETHERNET, frame
from tests.stories import SDP, A, B, Story, description, dialled, message, report, talk

LINES = 64


def story(reinvites: int, streams: int) -> Story:
    """One call that is described again and again, with many streams on its ports."""
    told: Story = []
    for number in range(1, reinvites + 1):
        lines = b"".join(b"m=audio %d RTP/AVP 0\r\na=sendonly\r\n" % (20_000 + each) for each in range(LINES))
        for back, line in ((False, "INVITE sip:b@x SIP/2.0"), (True, "SIP/2.0 200 OK")):
            body = description(*(B if back else A)) + lines
            octets = message(line, number, "INVITE", SDP, body=body, tag="2" if back or number > 1 else "")
            told.append((number * 10.0, B, A, octets) if back else (number * 10.0, A, B, octets))
    for ssrc in range(streams):
        told += talk(A, B, 70_000 + ssrc, start=1000, seconds=0.1)
    return told


def scanned(told: Story) -> tuple[Engine, Scanner]:
    engine, scanner = Engine(), Scanner()
    frames = [(time, frame(src, dst, payload)) for time, src, dst, payload in sorted(told, key=lambda one: one[0])]
    records = [(0, Record(n, int(time * 1e6), ETHERNET, one, len(one))) for n, (time, one) in enumerate(frames, 1)]
    for batch in (*scanner.scan(records), scanner.finish()):
        engine.feed(batch)
    return engine, scanner


class Walked(list[Any]):
    """Counts how often its lines are looked at."""

    looks = 0

    def __iter__(self) -> Iterator[Any]:
        for line in super().__iter__():
            type(self).looks += 1
            yield line

    def __reversed__(self) -> Iterator[Any]:
        for line in super().__reversed__():
            type(self).looks += 1
            yield line


@pytest.mark.parametrize("streams", [5, 50])
def test_a_report_looks_at_media_lines_as_often_for_few_streams_as_for_many(streams: int) -> None:
    engine, scanner = scanned(story(20, streams))
    (call,) = engine.trackers.calls.calls.values()
    Walked.looks = 0
    call.negotiation.announced = Walked(call.announced)
    made = engine.report(scanner, ())
    assert len(made.streams) == streams and {stream.call for stream in made.streams} == {0}
    assert len(call.announced) == 40 * (LINES + 1)
    assert Walked.looks <= 6 * len(call.announced)


def call_of(told: Story) -> CallState:
    engine, _ = scanned(told)
    (call,) = engine.trackers.calls.calls.values()
    return call


def test_a_call_that_is_entered_as_it_goes_on_is_found_as_one_that_is_entered_at_its_end() -> None:
    call, whole = call_of(story(8, 0)), Directory()
    lines, part = list(call.announced), Directory()
    whole.update(call.call_id, call)
    at_the_end = set(whole.ends(call))
    call = call_of(story(1, 0))
    for count in range(1, len(lines) + 1, 50):
        call.negotiation.announced = lines[:count]
        part.update(call.call_id, call)
    call.negotiation.announced = lines
    call._callees += ("192.0.2.77",)
    part.update(call.call_id, call)
    assert set(part.ends(call)) - at_the_end == {("192.0.2.77", line.port) for line in lines if line.side == "callee"}
    assert at_the_end <= set(part.ends(call)) and whole.ssrcs(call) == part.ssrcs(call) == []


def test_a_call_that_is_gone_is_found_no_more() -> None:
    engine, scanner = scanned(story(2, 1))
    (call,) = engine.trackers.calls.calls.values()
    counters: Counters = scanner.streams[0]
    (flow,) = [state.flow for state in scanner.flows if state.number == counters.flows[0]]
    directory = Directory()
    assert directory.update(call.call_id, call) is None
    joined = directory.join(counters, flow)
    assert joined is not None and joined.call is call
    assert directory.update(call.call_id, None) is call
    assert directory.join(counters, flow) is None


@pytest.mark.parametrize("seed", range(10))
def test_of_many_calls_at_one_end_the_nearest_is_found_in_whatever_order_they_come_and_go(seed: int) -> None:
    chance = random.Random(seed)
    directory, there = Directory(), dict[str, CallState]()
    counters: Counters = scanned(story(1, 1))[1].streams[0]
    flow = Flow(*A, *B)
    for number in range(40):
        call = call_of(story(1, 0))
        # Some begin at the same moment, and some are described once more.
        call.call_id, call.start = f"call {number}", chance.randrange(8) * 1_000_000_000
        call.last = call.start + 1_000_000_000
        there[call.call_id] = call
        lines = call.negotiation.announced
        for announced in (lines[:70], lines, lines + lines[:1]):
            call.negotiation.announced = announced
            directory.update(call.call_id, call)
        assert len(directory.ends(call)) == 2 * len({(line.address, line.port) for line in lines})
        if chance.random() < 0.5:
            gone = there.pop(chance.choice([*there]))
            assert directory.update(gone.call_id, None) is gone and directory.ends(gone) == []
        found = directory.join(counters, flow)
        begun = {call.start: call.start <= counters.first for call in there.values()}
        nearest = max(begun, key=lambda start: (begun[start], start if begun[start] else -start), default=None)
        assert (found and found.call.start) == nearest
        assert found is None or found.call is there[found.call.call_id]
    for call in there.values():
        directory.update(call.call_id, None)
    assert directory.join(counters, flow) is None and not (directory._endpoints or directory._hosts or directory._pairs)


@pytest.mark.parametrize("described_again", [False, True])
def test_a_call_that_begins_anew_among_others_is_found_and_goes(described_again: bool) -> None:
    directory, calls = Directory(), [call_of(story(1, 0)) for _ in range(3)]
    for number, call in enumerate(calls):
        call.call_id, call.start, call.last = f"call {number}", number * 1_000_000_000, 9_000_000_000
        directory.update(call.call_id, call)
    first = calls[0]
    first.kind = "options"
    first._become_call(5_000_000_000)
    if described_again:
        first.negotiation.announced = first.negotiation.announced * 2
    directory.update(first.call_id, first)
    counters: Counters = scanned(story(1, 1))[1].streams[0]
    counters.first, counters.last = 6_000_000_000, 7_000_000_000
    joined = directory.join(counters, Flow(*A, *B))
    assert joined is not None and joined.call is first
    for call in calls:
        assert directory.update(call.call_id, None) is call
    assert not (directory._endpoints or directory._hosts or directory._pairs)


def test_a_stream_between_candidates_belongs_to_their_call() -> None:
    offer, answer = [
        description("0.0.0.0", 9, f"a=candidate:1 1 udp 2130706431 {host} 41000 typ host", "a=ice-ufrag:x")
        for host in ("192.0.2.7", "192.0.2.8")
    ]
    one, other = ("192.0.2.7", 41000), ("192.0.2.8", 41000)
    sent = [*talk(one, other), *talk(other, one, 78)]
    made = report([*dialled(offer, answer), *sent])
    assert [(each.call, each.sender) for each in made.streams] == [(0, "caller"), (0, "callee")]
    assert report([*dialled(), *sent]).streams[0].call is None
