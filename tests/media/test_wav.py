"""Channels become a file that others read."""

from __future__ import annotations

import io
import wave

import pytest

from dissectors.media import wav
from dissectors.media.sounds import RATES
from dissectors.media.track import MAX_SAMPLES, Channel


@pytest.mark.parametrize("block", [3, 1 << 16])
def test_channels_take_turns_and_the_shorter_one_ends_in_silence(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav, "BLOCK_SAMPLES", block)
    written: list[bytes] = []
    with Channel() as one, Channel() as two:
        one.write(0, bytes(range(1, 15)))
        two.write(2, b"\xa0\xa1")
        assert wav.write([one, two], 16000, written.append) == 7
    with wave.open(io.BytesIO(b"".join(written))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth(), file.getnframes()) == (2, 16000, 2, 7)
        octets = file.readframes(7)
    assert octets[:12] == b"\1\2\0\0\3\4\0\0\5\6\xa0\xa1" and octets[-4:] == b"\x0d\x0e\0\0"


def test_the_longest_channels_fit_into_the_header() -> None:
    octets = wav.header(2, RATES[-1], MAX_SAMPLES)
    assert len(octets) == 44 and int.from_bytes(octets[40:], "little") == 4 * MAX_SAMPLES


def test_marks_stand_behind_the_samples_where_others_skip_them() -> None:
    written: list[bytes] = []
    with Channel() as one:
        one.write(0, bytes(range(20)))
        wav.write([one], 8000, written.append, [(3, "lost"), (7, "two")])
    octets = b"".join(written)
    with wave.open(io.BytesIO(octets)) as file:
        assert file.getnframes() == 10 and file.readframes(10) == bytes(range(20))
    assert int.from_bytes(octets[4:8], "little") == len(octets) - 8
    at = octets.index(b"cue ")
    assert int.from_bytes(octets[at + 8 : at + 12], "little") == 2
    points = octets[at + 12 :]
    assert [int.from_bytes(points[n + 20 : n + 24], "little") for n in (0, 24)] == [3, 7]
    assert b"LIST" in octets and b"labl\x09\0\0\0\1\0\0\0lost\0\0labl" in octets and wav.marked([]) == b""
