"""Access units of AAC as a file of LATM with synchronisation, LOAS (ISO/IEC 14496-3 section 1.7), nothing decoded.

Law of this file: an AudioSpecificConfig is written as it was said, behind its length, which takes version 1 of
StreamMuxConfig: it may describe what no decoder here knows, such as SBR of AAC-ELD.
"""

from __future__ import annotations

SYNC = 0x2B7
MAX_UNIT_OCTETS = (1 << 13) - 1
BUFFER_UNKNOWN = 0xFF
PROGRAM_BITS = 1 + 6 + 4 + 3
"""All streams with the same framing, one frame in each element, one program, one layer."""


class Written:
    """Bits, written one after the other."""

    def __init__(self) -> None:
        self._value = self._bits = 0

    def put(self, value: int, bits: int) -> None:
        """Write so many bits."""
        self._value, self._bits = self._value << bits | value, self._bits + bits

    def octets(self) -> bytes:
        """What was written, the last octet filled up with zeros."""
        count = (self._bits + 7) // 8
        return (self._value << 8 * count - self._bits).to_bytes(count, "big")


def element(config: bytes, unit: bytes) -> bytes:
    """A frame of the file: the configuration, then an access unit; empty where the unit is too long for one."""
    bits = Written()
    # It does not say "the same configuration as before", so that a player may begin anywhere.
    bits.put(0, 1)
    _configuration(bits, config)
    size = len(unit)
    while size >= 0xFF:
        bits.put(0xFF, 8)
        size -= 0xFF
    bits.put(size, 8)
    bits.put(int.from_bytes(unit, "big"), 8 * len(unit))
    octets = bits.octets()
    if len(octets) > MAX_UNIT_OCTETS:
        return b""
    return (SYNC << 13 | len(octets)).to_bytes(3, "big") + octets


def _configuration(bits: Written, config: bytes) -> None:
    """StreamMuxConfig of version 1."""
    bits.put(1, 1)
    bits.put(0, 1)
    _value(bits, BUFFER_UNKNOWN)
    bits.put(1 << PROGRAM_BITS - 1, PROGRAM_BITS)
    _value(bits, 8 * len(config))
    bits.put(int.from_bytes(config, "big"), 8 * len(config))
    # Frames of any length, a buffer of which nothing is said, no other data, no checksum.
    bits.put(0, 3)
    bits.put(BUFFER_UNKNOWN, 8)
    bits.put(0, 2)


def _value(bits: Written, value: int) -> None:
    """LatmGetValue: how many octets there are, then they."""
    octets = max(1, (value.bit_length() + 7) // 8)
    bits.put(octets - 1, 2)
    bits.put(value, 8 * octets)
