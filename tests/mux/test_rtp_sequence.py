"""Which runs of datagrams are a stream, and why others are none."""

from __future__ import annotations

import random

import pytest

from tests.families import MEDIA, OTHERS
from tests.made import A, B, protocols, rtp, settled

BACNET = bytes.fromhex("810a01dd0124000d013dff0003")


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("bacnet", "repeat"),
        ("rdp_udp", "stands still"),
        ("block_transfer", "timestamps jump"),
        ("source_engine", "fewer than the 3"),
    ],
)
def test_what_is_no_stream_says_why(family: str, words: str) -> None:
    entries = settled([(A, B, payload) for payload in OTHERS[family](random.Random(1))])
    assert any(entry.evidence.startswith("no stream: ") and words in entry.evidence for entry in entries)


def test_three_in_sequence_confirm_a_stream_from_its_first_datagram() -> None:
    assert protocols([(A, B, rtp(n)) for n in range(3)]) == ["RTP"] * 3
    assert protocols([(A, B, rtp(n)) for n in range(2)]) == ["UNKNOWN"] * 2


def test_the_sequence_number_may_wrap_within_the_run() -> None:
    assert protocols([(A, B, rtp(n)) for n in (65534, 65535, 0)]) == ["RTP"] * 3


def test_a_constant_source_whose_sequence_is_a_length_is_no_stream() -> None:
    sizes = [0x1DC, 0x1DD, 0x1DD, 0x1DD, 0x1DD, 0x1DC, 0x1DD]
    sent = [(A, B, BACNET[:2] + size.to_bytes(2, "big") + BACNET[4:] + bytes(9)) for size in sizes]
    assert protocols(sent) == ["UNKNOWN"] * len(sent)


def test_random_datagrams_of_rtps_range_are_no_streams() -> None:
    dice = random.Random(3)
    sent = [(A, B, bytes((dice.randrange(128, 192),)) + dice.randbytes(40)) for _ in range(2000)]
    assert "RTP" not in protocols(sent)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("family", OTHERS)
def test_other_protocols_are_never_taken_for_media(family: str, seed: int) -> None:
    sent = [(A, B, payload) for payload in OTHERS[family](random.Random(seed))]
    assert set(protocols(sent)) <= {"UNKNOWN", "QUIC"}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("family", MEDIA)
def test_media_are_found_whatever_happened_to_them_on_the_way(family: str, seed: int) -> None:
    sent = [(A, B, payload) for payload in MEDIA[family](random.Random(seed))]
    assert protocols(sent) == ["RTP"] * len(sent)


def test_two_series_under_one_ssrc_are_a_stream_if_each_goes_up_by_one() -> None:
    one, two = [rtp(n) for n in range(100, 106)], [rtp(n) for n in range(30_000, 30_006)]
    mixed = [(A, B, each) for pair in zip(one, two, strict=True) for each in pair]
    assert protocols(mixed) == ["RTP"] * 12
    skipping = [(A, B, each) for n in range(6) for each in (rtp(100 + n), rtp(30_000 + 2 * n))]
    assert protocols(skipping) == ["UNKNOWN"] * 12


def test_two_clocks_under_one_numbering_are_a_stream_if_both_go_on() -> None:
    def mixed(step: int) -> list[bytes]:
        clocks = [(n // 2 * step if n % 2 else 0x70000000) + n // 2 * 960 * (n % 2 == 0) for n in range(12)]
        return [rtp(100 + n, timestamp=clock) for n, clock in enumerate(clocks)]

    assert protocols([(A, B, each) for each in mixed(960)]) == ["RTP"] * 12
    assert protocols([(A, B, each) for each in mixed(-960)]) == ["UNKNOWN"] * 12
