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
