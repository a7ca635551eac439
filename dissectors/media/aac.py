"""AAC out of RTP payloads, and the words that say how it is coded (ISO/IEC 14496-3 section 1.6).

FaceTime sends one access unit of AAC-ELD in a datagram and nothing before it. RFC 3640 puts headers before them,
RFC 6416 lengths.
"""

from __future__ import annotations

from collections.abc import Mapping

from dissectors.media.bits import Bits
from dissectors.wire.errors import Malformed

RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
ELD = 39
ESCAPED_TYPE, ESCAPED_RATE = 31, 15
LATM_HEADER_BITS = 15
"""What stands before the AudioSpecificConfig in a StreamMuxConfig of version 0 with one program of one layer."""


def low_delay(rate: int, channels: int = 1, short: bool = True) -> bytes:
    """The AudioSpecificConfig of AAC-ELD without SBR; `short` frames have 480 samples, others 512."""
    value, size = ESCAPED_TYPE << 6 | ELD - 32, 11
    if rate in RATES:
        value, size = value << 4 | RATES.index(rate), size + 4
    else:
        value, size = value << 28 | ESCAPED_RATE << 24 | rate, size + 28
    # Channels, the length of a frame, no resilience tools, no SBR, and no extensions.
    value, size = value << 4 | channels, size + 4
    value, size = value << 9 | short << 8, size + 9
    octets = (size + 7) // 8
    return (value << 8 * octets - size).to_bytes(octets, "big")


class Config:
    """What an AudioSpecificConfig says; raises Malformed.

    `said` are its octets; `octets` are without SBR, which is what a decoder takes.
    """

    def __init__(self, octets: bytes) -> None:
        bits = Bits(octets, "AAC")
        kind = bits.take(5)
        self.kind = 32 + bits.take(6) if kind == ESCAPED_TYPE else kind
        index = bits.take(4)
        if index != ESCAPED_RATE and index >= len(RATES):
            raise Malformed("AAC", 0, f"the rate has the index {index}")
        self.rate = bits.take(24) if index == ESCAPED_RATE else RATES[index]
        self.channels = bits.take(4)
        self.said = self.octets = octets
        self.replicated = False
        if self.kind == ELD:
            short = bits.take(4) >> 3
            self.replicated = bool(bits.take(1))
            if self.replicated:
                self.octets = low_delay(self.rate, self.channels, bool(short))


def config(codec: str, words: Mapping[str, str], rate: int) -> Config:
    """How a codec of this name is coded, by its format parameters; raises Malformed."""
    if codec not in ("MPEG4-GENERIC", "MP4A-LATM"):
        return Config(low_delay(rate))
    try:
        octets = bytes.fromhex(words.get("config", ""))
    except ValueError:
        octets = b""
    if not octets:
        raise Malformed("AAC", 0, "its format parameters have no config")
    return Config(_specific(octets) if codec == "MP4A-LATM" else octets)


def _specific(octets: bytes) -> bytes:
    """The AudioSpecificConfig within a StreamMuxConfig (ISO/IEC 14496-3 section 1.7.3)."""
    bits = Bits(octets, "AAC")
    if bits.take(2) != 1 or bits.take(LATM_HEADER_BITS - 2) & 0x7F:
        raise Malformed("AAC", 0, "its StreamMuxConfig has another version, programs or layers")
    left = bits.left
    value = bits.take(left) << -left % 8
    return value.to_bytes((left + 7) // 8, "big")


def units(payload: bytes, codec: str, words: Mapping[str, str]) -> list[bytes]:
    """The access units of a payload; raises Malformed."""
    if codec == "MPEG4-GENERIC":
        return _headed(payload, words)
    return _lengthened(payload) if codec == "MP4A-LATM" else [payload] if payload else []


def _headed(payload: bytes, words: Mapping[str, str]) -> list[bytes]:
    """Those behind the headers of RFC 3640 section 3.2: the count of their bits, then sizes and indices."""
    size, first, next_ = (_number(words, *each) for each in (
        ("sizelength", 13), ("indexlength", 3), ("indexdeltalength", 3)
    ))
    length = int.from_bytes(payload[:2], "big")
    at = 2 + (length + 7) // 8
    if not size or len(payload) < at:
        raise Malformed("AAC", 2, f"headers of {length} bits do not fit")
    bits, found, sizes = Bits(payload[2:at], "AAC"), list[bytes](), list[int]()
    while length >= size + (next_ if sizes else first):
        index = next_ if sizes else first
        sizes.append(bits.take(size + index) >> index)
        length -= size + index
    for octets in sizes:
        if at + octets > len(payload):
            raise Malformed("AAC", at, f"a unit has {octets} bytes, {len(payload) - at} are left")
        found.append(payload[at : at + octets])
        at += octets
    return found


def _lengthened(payload: bytes) -> list[bytes]:
    """Those of RFC 6416 section 6.1, whose configuration SDP has: each behind its length."""
    found, at = [], 0
    while at < len(payload):
        octets = 0
        while at < len(payload) and payload[at] == 0xFF:
            octets, at = octets + 0xFF, at + 1
        octets, at = octets + (payload[at] if at < len(payload) else 0), at + 1
        if at + octets > len(payload):
            raise Malformed("AAC", at, f"a unit has {octets} bytes, {len(payload) - at} are left")
        found.append(payload[at : at + octets])
        at += octets
    return found


def _number(words: Mapping[str, str], name: str, default: int) -> int:
    text = words.get(name, str(default))
    return int(text) if text.isdecimal() and len(text) < 3 else default
