"""Sound for tests: a tone of 440 Hz as PCMU, and calls that carry it, in the clear or under SRTP."""

from __future__ import annotations

import json
import math
import random
from array import array
from bisect import bisect_right
from collections.abc import Callable
from functools import cache
from pathlib import Path

from dissectors.crypto.srtp_keys import MasterKey
from dissectors.media.codecs import DECODED
from dissectors.media.pcm import MU_LAW, Sound
from tests.made import Endpoint
from tests.protected import inline, protect
from tests.stories import A, B, Story, description, dialled, hung_up, rtp

PERIOD = 200
"""Samples of eleven waves of 440 Hz at 8,000 samples a second."""

VALUES = [int.from_bytes(each, "little", signed=True) for each in MU_LAW]
ENCODED = bytes(
    min(range(256), key=lambda octet: abs(VALUES[octet] - round(9000 * math.sin(math.tau * 440 * at / 8000))))
    for at in range(PERIOD)
)


def encoded(first: int, count: int = 160) -> bytes:
    """Samples of the tone as PCMU, from a position on."""
    return bytes(ENCODED[(first + at) % PERIOD] for at in range(count))


def samples(first: int, count: int) -> list[int]:
    """What they sound like."""
    return [VALUES[octet] for octet in encoded(first, count)]


def tone(
    src: Endpoint = A, dst: Endpoint = B, ssrc: int = 77, *, start: float = 1020, count: int = 100, first: int = 65500,
    lost: Callable[[int], bool] = lambda n: False, key: MasterKey | None = None, payload_type: int = 0,
) -> Story:
    """A stream of the tone, whose sequence numbers begin again in it; under SRTP with a key."""
    told = []
    for number in range(count):
        if not lost(number):
            octets = rtp(first + number, ssrc, payload_type, 160 * number, encoded(160 * number))
            sealed = octets if key is None else protect(key, octets, (first + number) >> 16)
            told.append((start + 20 * number, src, dst, sealed))
    return told


def call(keys: tuple[MasterKey, MasterKey] | None = None, packed: Callable[[bytes], bytes] = bytes) -> Story:
    """A call of two seconds: the callee begins half a second later; of the caller datagrams 30 to 39 are lost."""
    lines = [f"a=crypto:1 {inline(key)}" for key in keys] if keys else []
    profile = "RTP/SAVP 0" if keys else "RTP/AVP 0"
    offer = packed(description(*A, *lines[:1], media=profile))
    answer = packed(description(*B, *lines[1:], media=profile))
    one, two = keys or (None, None)
    return [
        *dialled(offer, answer), *tone(lost=lambda number: 30 <= number < 40, key=one),
        *tone(B, A, 78, start=1520, count=75, first=9, key=two), *hung_up(3500),
    ]


def channels(wav: str) -> tuple[int, list[list[int]]]:
    """The rate of a WAV file, and the samples of each of its channels."""
    import wave

    with wave.open(wav) as file:
        found = array("h", file.readframes(file.getnframes()))
        count, rate = file.getnchannels(), file.getframerate()
        assert file.getsampwidth() == 2
    return rate, [list(found[number::count]) for number in range(count)]


@cache
def tones() -> dict[str, tuple[Sound, list[bytes], int]]:
    """By a name for people: how the payloads of a codec sound, these payloads, and the peak of what was encoded.

    Tones have 9,000, but for that of AAC-ELD; two codecs have a voice.
    """
    found = {}
    stored = json.loads((Path(__file__).parent / "data" / "media" / "tones.json").read_text(encoding="utf-8"))
    for name, tone in stored.items():
        codec, rate = DECODED[tone["codec"]], tone["rate"]
        sound = Sound(tone["codec"], codec.rate or rate, 1, codec.clock or rate, tone["parameters"])
        peak = {"ILBC": 1900, "G729": 890}.get(name, 12000 if "AAC-ELD" in name else 9000)
        found[name] = sound, [bytes.fromhex(payload) for payload in tone["payloads"]], peak
    return found


ORDERED = sorted((value, octet) for octet, value in enumerate(VALUES))
LEVELS = [value for value, _ in ORDERED]


def mu_law(values: list[int]) -> bytes:
    """Samples as PCMU, each as what is nearest below or at it."""
    return bytes(ORDERED[max(0, bisect_right(LEVELS, value) - 1)][1] for value in values)


def voice(seconds: float, loudest: int = 9000, seed: int = 1) -> list[int]:
    """Noise in syllables with pauses between them, as loudness in speech goes up and down: 8,000 samples a second."""
    return list(_voice(seconds, loudest, seed))


@cache
def _voice(seconds: float, loudest: int, seed: int) -> list[int]:
    chance, found = random.Random(seed), list[int]()
    while len(found) < seconds * 8000:
        size, loud = chance.randrange(900, 2600), loudest * chance.uniform(0.3, 1.0)
        found += [int(loud * chance.uniform(-1, 1) * math.sin(math.pi * at / size)) for at in range(size)]
        found += [chance.randrange(-8, 9) for _ in range(chance.randrange(600, 2400))]
    return found[: int(seconds * 8000)]


def spoken(values: list[int], src: Endpoint, dst: Endpoint, ssrc: int, start: float = 1020) -> Story:
    """Samples as a stream of PCMU."""
    octets = mu_law(values)
    return [(start + at / 8, src, dst, rtp(at // 160, ssrc, 0, at, octets[at : at + 160]))
            for at in range(0, len(octets) - 159, 160)]


def dialogue(ours: list[int], theirs: list[int]) -> Story:
    """A call in which the caller sends some samples and the callee others."""
    return [*dialled(description(*A), description(*B)), *spoken(ours, A, B, 77), *spoken(theirs, B, A, 78),
            *hung_up(1100 + max(len(ours), len(theirs)) / 8)]
