"""What is said: 16-bit samples in one channel, at any rate, out of chance alone."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random

LOUDEST = 32767


def voice(chance: Random, rate: int, seconds: float) -> Iterator[float]:
    """Syllables of a falling tone with its overtones, hisses between them, and pauses."""
    left = int(rate * seconds)
    while left > 0:
        count, pitch = int(rate * chance.uniform(0.08, 0.3)), chance.uniform(90, 260)
        parts, loud = [chance.random() / part for part in range(1, 9)], chance.uniform(0.1, 0.6)
        hiss = chance.choice((0.0, 0.02, 0.2))
        for at in range(count):
            swell = math.sin(math.pi * at / count)
            turn = math.tau * pitch * (1 - 0.1 * at / count) * at / rate
            value = sum(part * math.sin(number * turn) for number, part in enumerate(parts, 1)) / 3
            yield swell * loud * (value + hiss * chance.uniform(-1, 1))
        pause = int(rate * chance.choice((0.02, 0.1, 0.6)))
        yield from (chance.uniform(-1, 1) * 0.0005 for _ in range(pause))
        left -= count + pause


def music(chance: Random, rate: int, seconds: float) -> Iterator[float]:
    """Chords that fade."""
    left = int(rate * seconds)
    while left > 0:
        count = int(rate * chance.uniform(0.3, 0.8))
        tones = [110 * 2 ** (chance.randrange(36) / 12) for _ in range(4)]
        for at in range(count):
            yield 0.2 * math.exp(-3 * at / count) * sum(math.sin(math.tau * tone * at / rate) for tone in tones)
        left -= count


def tone(chance: Random, rate: int, seconds: float) -> Iterator[float]:
    """One tone, a little noise behind it."""
    pitch, loud = chance.uniform(200, 2000), chance.uniform(0.05, 0.9)
    for at in range(int(rate * seconds)):
        yield loud * math.sin(math.tau * pitch * at / rate) + chance.gauss(0, 0.0003)


def street(chance: Random, rate: int, seconds: float) -> Iterator[float]:
    """Noise that swells, as of a street."""
    last = 0.0
    for at in range(int(rate * seconds)):
        last = 0.8 * last + 0.2 * chance.gauss(0, 1)
        yield last * (0.1 + 0.08 * math.sin(at / rate))


def quiet(chance: Random, rate: int, seconds: float) -> Iterator[float]:
    """A line on which nobody speaks: the last bit or two."""
    return (chance.choice((-1, 0, 0, 0, 1)) / LOUDEST for _ in range(int(rate * seconds)))


SAID: dict[str, Callable[[Random, int, float], Iterator[float]]] = {
    "voice": voice, "music": music, "tone": tone, "street": street, "quiet": quiet,
}


def samples(said: str, chance: Random, rate: int, seconds: float) -> array[int]:
    """The samples of one of SAID."""
    values = SAID[said](chance, rate, seconds)
    count = int(rate * seconds)
    return array("h", (round(LOUDEST * max(-1.0, min(1.0, value))) for value in islice(values, count)))
