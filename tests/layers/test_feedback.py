"""Feedback messages made from what they say are read as that."""

from __future__ import annotations

import random

import pytest

from dissectors.layers import RTCP
from dissectors.layers.feedback import write_remb
from dissectors.protocols.rtcp_feedback import EstimatedBitrate, Nack, TransportWide


def test_a_nack_names_what_it_was_given_across_the_wrap() -> None:
    lost = (65530, 65535, 0, 10, 11, 40)
    message = RTCP(bytes(RTCP.nack(1, 2, lost)))
    assert message.control == Nack(lost) and (message.sourcesync, message.media_sourcesync) == (1, 2)
    assert len(message.data) == 8 + 4 and RTCP.nack(1, 2, [7, 7]).control == Nack((7,))


def test_a_picture_is_asked_for_and_a_bitrate_is_told() -> None:
    compound = RTCP(bytes(RTCP.pli(1, 2) / RTCP.remb(1, 1_234_567, [7, 8])))
    assert compound.feedback.name == "PLI" and compound.media_sourcesync == 2
    assert compound.payload.control == EstimatedBitrate(1_234_560, (7, 8)) and compound.payload.media_sourcesync == 0
    assert RTCP.remb(1, 0, []).control == EstimatedBitrate(0, ())


def told(message: TransportWide) -> list[int | None]:
    """When each packet arrived, relative to the reference time; None for one that did not."""
    deltas, at, times = iter(message.deltas_us), 0, list[int | None]()
    for status, count in message.runs:
        for _ in range(count):
            at += next(deltas) if status else 0
            times.append(at if status else None)
    return times


def test_transport_wide_feedback_tells_when_each_packet_arrived() -> None:
    chance = random.Random(15)
    for _ in range(200):
        base, at = chance.randrange(65_536), chance.randrange(10**9)
        arrivals: dict[int, int | None] = {}
        likely = chance.choice((0.1, 0.9, 1.0))
        for number in range(chance.randint(1, 200)):
            at += chance.choice((0, 250, 1000, 63_000, 500_000, -500 if number else 0))
            arrivals[base + number & 0xFFFF] = at if chance.random() < likely else None
        message = RTCP(bytes(RTCP.transport_wide(1, 2, arrivals, 9)))
        found = message.control
        assert isinstance(found, TransportWide) and (found.base_sequence, found.feedback_count) == (base, 9)
        received = [each for each in arrivals.values() if each is not None]
        start = (min(received) if received else 0) // 64_000 * 64_000
        assert found.reference_time_ms * 1000 == start
        assert told(found) == [each if each is None else each // 250 * 250 - start for each in arrivals.values()]


def test_packets_that_are_left_out_did_not_arrive() -> None:
    found = RTCP.transport_wide(1, 2, {65_535: 0, 3: 1000}).control
    assert told(found) == [0, None, None, None, 1000]


def test_what_no_feedback_can_say_is_refused() -> None:
    for arrivals in ({}, {1: 0, 2: 10_000_000}, {1: 0, 0: 0}):
        with pytest.raises(ValueError):
            RTCP.transport_wide(1, 2, arrivals)
    with pytest.raises(ValueError, match="bitrate"):
        write_remb(1 << 90, [])
