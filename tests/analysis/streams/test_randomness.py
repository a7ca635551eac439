"""The verdict on payloads: nothing encrypted is called clear, and no sound is called encrypted."""

from __future__ import annotations

import math
from random import Random

import pytest

from dissectors.analysis.streams.randomness import MAX_WINDOWS, WINDOW_OCTETS, Payloads
from dissectors.report import Randomness


def judged(payloads: list[bytes], tail: int = 24) -> Randomness:
    taken = Payloads(tail)
    for number, payload in enumerate(payloads):
        taken.take(number & 0xFFFF, payload)
    return taken.judge()


@pytest.mark.parametrize("size", [3, 12, 20, 43, 170, 1100])
@pytest.mark.parametrize("identifier", [b"", b"\0\0\0\1"])
@pytest.mark.parametrize("tag", [4, 10])
def test_no_srtp_is_called_clear_whatever_stands_behind_it(size: int, identifier: bytes, tag: int) -> None:
    random = Random(size * tag)
    told = judged([random.randbytes(size) + identifier + random.randbytes(tag) for _ in range(400)])
    assert told.verdict != "not encrypted", told
    assert (told.octets >= WINDOW_OCTETS) == (told.verdict == "compatible with encryption")


@pytest.mark.parametrize("size", [3, 12, 20, 43, 170])
@pytest.mark.parametrize("identifier", [b"", b"\0\0\0\1"])
@pytest.mark.parametrize("tag", [0, 10])
def test_no_srtp_is_called_clear_that_is_announced_as_clear(size: int, identifier: bytes, tag: int) -> None:
    random = Random(size * tag)
    told = judged([random.randbytes(size) + identifier + random.randbytes(tag) for _ in range(900)], tail=0)
    assert told.verdict == "compatible with encryption" and not told.fixed


def test_enough_is_enough() -> None:
    random = Random(1)
    told = judged([random.randbytes(1024) for _ in range(1000)])
    assert told.verdict == "compatible with encryption" and 7.99 < told.entropy <= 8.0
    assert told.windows == MAX_WINDOWS and told.failed < 3 and told.packets < 100


def test_sound_fails_the_tests_of_windows() -> None:
    random = Random(2)
    wave = [int(127 + 100 * math.sin(n / 3) + random.gauss(0, 9)) & 0xFF for n in range(160 * 60)]
    told = judged([bytes(wave[160 * n : 160 * n + 160]) for n in range(60)], tail=0)
    assert told.verdict == "not encrypted" and "windows of 20,000 bits" in told.why
    assert told.failed == told.windows == 3 and told.poker == 3


def test_what_a_codec_compressed_has_places_that_are_not_even() -> None:
    random = Random(3)
    # Opus: the first octet names mode, bandwidth and frame size.
    told = judged([b"\x78" + random.randbytes(random.randrange(60, 90)) for _ in range(100)])
    assert told.verdict == "not encrypted" and told.fixed == 2
    assert "beginning of the payload" in told.why
    # AMR: a request for a mode, and a table of contents.
    few = judged([b"\xf0\x3c" + random.randbytes(31) for _ in range(40)], tail=0)
    assert few.verdict == "not encrypted" and few.windows == 0


def test_a_payload_that_comes_again_is_not_encrypted_and_a_packet_that_does_says_nothing() -> None:
    random = Random(4)
    silence, others = random.randbytes(100), [random.randbytes(100) for _ in range(40)]
    told = judged([silence, silence, silence, *others])
    assert told.verdict == "not encrypted" and told.repeated == 2
    taken = Payloads()
    for number, payload in enumerate(others):
        for _ in range(3):
            taken.take(number, payload)
    assert taken.judge().packets == 40 and taken.judge().repeated == 0


@pytest.mark.parametrize("payloads", [[], [b""], [b"\1" * 10] * 3, [bytes(range(100))] * 2])
def test_little_data_says_so(payloads: list[bytes]) -> None:
    told = judged(payloads)
    assert told.verdict == "too little data" and "2,500 are needed" in told.why
