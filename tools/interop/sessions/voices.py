"""What programs are given to send, and how like it is what muxshark heard: a voice of falling tones, as samples."""

from __future__ import annotations

import math
import random
import struct
import wave
from collections.abc import Sequence
from operator import mul
from pathlib import Path

SECONDS = 8.0
HARMONICS = range(1, 5)
PITCH = 400, 600
"""Higher than people speak: for speech, encoders of Opus filter what is lower, and shift what is left."""

LOUD = 5000
FRAMES_A_SECOND = 100
LEAST_SECONDS = 4.0
"""How much of what was sent must be heard, before its likeness says anything."""


def voice(rate: int, seconds: float = SECONDS, seed: int = 7) -> list[int]:
    """Syllables with pauses between them; what is said is the same at any rate, and below 2.5 kHz."""
    chance, out = random.Random(seed), [0] * int(seconds * rate)
    begin = 0.0
    while begin < seconds:
        lasts, pitch, loud = chance.uniform(0.15, 0.35), chance.uniform(*PITCH), LOUD * chance.uniform(0.3, 1)
        parts = [(math.tau * number * pitch, chance.uniform(0.2, 1) / math.sqrt(number)) for number in HARMONICS]
        for position in range(math.ceil(begin * rate), min(len(out), int((begin + lasts) * rate))):
            at = position / rate - begin
            swell = loud * math.sqrt(max(0.0, math.sin(math.pi * at / lasts)))
            turned = at - 0.05 * at * at
            out[position] = int(swell * sum(part * math.sin(turn * turned) for turn, part in parts))
        begin += lasts + chance.choice((0.03, 0.08, 0.2))
    return out


def write(path: Path, samples: Sequence[int], rate: int, channels: int = 1) -> Path:
    """A WAV file with the same in each channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", sample) * channels for sample in samples))
    return path


def read(path: Path) -> tuple[int, list[tuple[int, ...]]]:
    """The rate of a WAV file, and the samples of each of its channels."""
    with wave.open(str(path), "rb") as file:
        octets, count = file.readframes(file.getnframes()), file.getnchannels()
        samples = struct.unpack(f"<{len(octets) // 2}h", octets)
        return file.getframerate(), [samples[channel::count] for channel in range(count)]


def likeness(sent: Sequence[int], heard: Sequence[int], rate: int) -> float:
    """The correlation of what was sent with what was heard, where they fit best; 0 where too little was heard.

    What is heard begins somewhere: first loudness in steps of ten milliseconds says where, then the samples.
    """
    step = rate // FRAMES_A_SECOND
    ours, theirs = _loudness(sent, step), _loudness(heard, step)
    coarse = max(range(-len(ours) // 2, len(theirs)), key=lambda lag: _together(ours, theirs, lag), default=0)
    # The second that is loudest decides; first every few samples, then each.
    begin = max(range(0, max(1, len(ours) - FRAMES_A_SECOND), 10), key=lambda at: sum(ours[at : at + FRAMES_A_SECOND]))
    part = sent[begin * step : begin * step + rate]
    lag, few = coarse * step, max(1, rate // 8000)
    for around, apart in ((2 * step, few), (2 * few, 1)):
        lag = max(range(lag - around, lag + around + 1, apart),
                  key=lambda each: _product(part, heard, begin * step + each))
    one, two = (sent, heard[lag:]) if lag >= 0 else (sent[-lag:], heard)
    count = min(len(one), len(two))
    if count < LEAST_SECONDS * rate:
        return 0.0
    return correlation(one[:count], two[:count])


def correlation(one: Sequence[int], two: Sequence[int]) -> float:
    """From -1 to 1."""
    size = math.sqrt(sum(map(mul, one, one)) * sum(map(mul, two, two)))
    return sum(map(mul, one, two)) / size if size else 0.0


def _loudness(samples: Sequence[int], step: int) -> list[float]:
    """The loudness of each step, about its mean."""
    found = [sum(map(abs, samples[at : at + step])) / step for at in range(0, len(samples) - step + 1, step)]
    mean = sum(found) / len(found) if found else 0.0
    return [each - mean for each in found]


def _together(ours: Sequence[float], theirs: Sequence[float], lag: int) -> float:
    return float(sum(map(mul, ours[max(0, -lag) :], theirs[max(0, lag) :])))


def _product(part: Sequence[int], heard: Sequence[int], at: int) -> float:
    return sum(map(mul, part, heard[at:])) if at >= 0 else float("-inf")
