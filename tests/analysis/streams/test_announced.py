"""RTP that is too little to prove itself, on a 5-tuple that SDP announced."""

from __future__ import annotations

import pytest

from dissectors.offline import scanner_class
from tests.made import Endpoint, channel_data, rtp, stun
from tests.stories import Story, description, dialled, hung_up, report

CALLER, CALLEE, STRANGER = ("198.51.100.1", 7000), ("203.0.113.9", 8000), ("203.0.113.9", 8002)
LONE = rtp(5, ssrc=0xCAFE0001, payload_type=0)


def call(*media: tuple[float, Endpoint, Endpoint, bytes]) -> Story:
    return [*dialled(description(*CALLER), description(*CALLEE)), *media, *hung_up()]


def streams(story: Story) -> list[tuple[int, int, str]]:
    return [(each.ssrc, each.packets, each.evidence) for each in report(story).streams]


def test_one_datagram_counts_where_sdp_announced_both_its_ends_and_its_payload_type() -> None:
    found = report(call((2000.0, CALLEE, CALLER, LONE)))
    (stream,) = found.streams
    assert (stream.ssrc, stream.packets, stream.call) == (0xCAFE0001, 1, 0)
    assert stream.evidence == "SDP announced its addresses, ports and payload type"
    assert {seen.name: seen.count for seen in found.capture.protocols}["RTP"] == 1
    assert not [finding for finding in found.findings if finding.id == "plausible-only"]


def test_two_of_one_source_are_one_stream() -> None:
    late = rtp(900, ssrc=0xCAFE0001, payload_type=0)
    assert [each[:2] for each in streams(call((2000.0, CALLEE, CALLER, LONE), (9000.0, CALLEE, CALLER, late)))] == [
        (0xCAFE0001, 2)
    ]


@pytest.mark.parametrize(
    "src, dst, payload",
    [
        (STRANGER, CALLER, LONE),
        (CALLEE, STRANGER, LONE),
        (CALLER, CALLER, LONE),
        (CALLEE, CALLER, rtp(5, ssrc=0xCAFE0001, payload_type=96)),
    ],
    ids=["from another port", "to another port", "to itself", "another payload type"],
)
def test_what_was_not_announced_stays_unknown(src: Endpoint, dst: Endpoint, payload: bytes) -> None:
    assert streams(call((2000.0, src, dst, payload))) == []


def test_what_a_relay_carries_is_not_what_was_announced() -> None:
    bound = stun(0x0101)
    story = call((1500.0, CALLEE, CALLER, bound), (2000.0, CALLEE, CALLER, channel_data(LONE)))
    assert streams(story) == []


def test_long_after_the_call_it_is_no_evidence() -> None:
    assert streams(call((60_000.0, CALLEE, CALLER, LONE))) == []


def test_the_scan_that_runs_here_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    story = call((2000.0, CALLEE, CALLER, LONE))
    plain = streams(story)
    monkeypatch.setattr("tests.stories.Scanner", scanner_class())
    assert streams(story) == plain
