"""The datagrams of chosen streams, and no others, whatever carries them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dissectors.queries.payloads import of_streams
from tests import tcp_frames
from tests.made import channel_data
from tests.queries.test_frames import parts
from tests.stories import GOOD, SERVER, A, B, Story, talk


def test_the_datagrams_of_a_stream_come_in_order_with_their_times() -> None:
    report, records = parts(GOOD)
    (mine,) = [number for number, stream in enumerate(report.streams) if stream.ssrc == 77]
    taken = list(of_streams(report, [mine], records))
    assert len(taken) == report.streams[mine].packets and {each.stream for each in taken} == {mine}
    assert taken[0].time == int(report.streams[mine].first * 1e9 + 0.5) and not any(each.cut for each in taken)
    assert all(each.octets[8:12] == (77).to_bytes(4, "big") and len(each.octets) == 172 for each in taken)


def carried(story: Story) -> Story:
    return [(time, src, SERVER, channel_data(payload)) for time, src, _, payload in story]


@pytest.mark.parametrize("carrier", [list, carried], ids=["bare", "TURN"])
def test_what_turn_carries_is_taken_out(carrier: Callable[[Story], Story]) -> None:
    report, records = parts(carrier(talk()))
    taken = list(of_streams(report, range(len(report.streams)), records))
    assert [each.octets for each in taken] == [payload for *_, payload in talk()]


def test_what_a_connection_carries_is_taken_out() -> None:
    sent = [payload for *_, payload in talk(seconds=2)]
    framed = [(tcp_frames.A, len(payload).to_bytes(2, "big") + payload) for payload in sent]
    records = tcp_frames.records(tcp_frames.conversation(framed))
    report = tcp_frames.report(records)
    assert [each.octets for each in of_streams(report, [0], records)] == sent


def test_streams_with_one_source_on_one_flow_are_told_apart_by_time() -> None:
    report, records = parts([*talk(seconds=2), *talk(B, A, 77, seconds=2), *talk(ssrc=78, seconds=2)])
    for position, stream in enumerate(report.streams):
        taken = list(of_streams(report, [position], records))
        assert len(taken) == stream.packets == 100
