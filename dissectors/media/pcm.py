"""Payloads of PCMU, PCMA and L16 to samples: 16 bits, signed, the low octet first (ITU-T G.711, RFC 3551 section 4.5).
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from typing import NamedTuple

from dissectors.wire.values import Struct

SAMPLE_OCTETS = 2
BIAS = 0x84


def _mu_law(octet: int) -> int:
    octet = ~octet & 0xFF
    size = ((octet & 0x0F) << 3) + BIAS << (octet >> 4 & 7)
    return BIAS - size if octet & 0x80 else size - BIAS


def _a_law(octet: int) -> int:
    octet ^= 0x55
    size, segment = (octet & 0x0F) << 4 | 8, octet >> 4 & 7
    if segment:
        size = size + 0x100 << segment - 1
    return size if octet & 0x80 else -size


def _table(law: Callable[[int], int]) -> tuple[bytes, ...]:
    return tuple(law(octet).to_bytes(SAMPLE_OCTETS, "little", signed=True) for octet in range(256))


MU_LAW, A_LAW = _table(_mu_law), _table(_a_law)


def mu_law(payload: bytes, channels: int = 1) -> bytes:
    """PCMU: a sample an octet."""
    return one_channel(b"".join([MU_LAW[octet] for octet in payload]), channels)


def a_law(payload: bytes, channels: int = 1) -> bytes:
    """PCMA: a sample an octet."""
    return one_channel(b"".join([A_LAW[octet] for octet in payload]), channels)


def linear(payload: bytes, channels: int = 1) -> bytes:
    """L16: a sample two octets, the high one first; a cut one at the end is left out."""
    samples = array("h", payload[: len(payload) // SAMPLE_OCTETS * SAMPLE_OCTETS])
    samples.byteswap()
    return one_channel(samples.tobytes(), channels)


def one_channel(samples: bytes, channels: int) -> bytes:
    """The middle of several channels, whose samples take turns."""
    if channels < 2:
        return samples
    values = array("h", samples[: len(samples) // (SAMPLE_OCTETS * channels) * SAMPLE_OCTETS * channels])
    if sys.byteorder == "big":
        values.byteswap()
    mixed = array("h", (sum(each) // channels for each in zip(*(values[n::channels] for n in range(channels)),
                                                              strict=True)))
    if sys.byteorder == "big":
        mixed.byteswap()
    return mixed.tobytes()


Decode = Callable[[bytes, int], bytes]


class Codec(NamedTuple):
    """A codec that is a table: what decodes it, and the octets of a sample."""

    decode: Decode
    octets: int


CODECS = {"PCMU": Codec(mu_law, 1), "PCMA": Codec(a_law, 1), "L16": Codec(linear, 2)}


class Sound(Struct, frozen=True):
    """How a payload type sounds: its codec, the samples of a second, its channels, its RTP clock where that differs.

    `parameters` are those of its a=fmtp line, None where there is none.
    """

    codec: str
    rate: int
    channels: int = 1
    clock: int | None = None
    parameters: str | None = None

    def samples(self, payload: bytes) -> bytes:
        """The samples of a payload, in one channel."""
        return CODECS[self.codec].decode(payload, self.channels)
