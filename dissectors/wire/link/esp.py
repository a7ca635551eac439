"""ESP whose encryption is NULL (RFC 4303, RFC 2410), as IMS has it: it looks like any other, so its content decides.

What follows the payload says how long it is: padding of 1, 2, 3 …, its length, the next header, and an integrity check
value whose length nobody writes down. Of the common lengths the one counts with which all of that and the header
inside fit.
"""
from __future__ import annotations

from dissectors.wire.link.headers import PROTOCOL, Frame, Next

HEADER, TRAILER = 8, 2
INTEGRITY_OCTETS = (12, 16, 0, 24, 32)
"""Lengths of the integrity check value, the commonest first (RFC 2404, RFC 4868, RFC 8221)."""

IPV4_IN_IP, TCP, UDP, IPV6_IN_IP = 4, 6, 17, 41

PADDING = bytes(range(1, 256))
NAT_PORT, MIN_OCTETS = 4500, 24
"""The port of ESP behind UDP, and what a packet has at least: headers, a block, an integrity check value."""

NO_ESP = bytes(4)
"""What stands for the SPI of IKE beside ESP in UDP (RFC 3948 section 2.2)."""


def esp(frame: Frame, at: int, end: int) -> Next | None:
    """TCP, UDP or IP in the clear within ESP, whole; what is encrypted is counted, and what the capture cut."""
    return _opened_or_counted(frame, at, end, 0)


def esp_in_udp(frame: Frame, at: int, end: int) -> Next | None:
    """ESP behind UDP for the sake of a NAT (RFC 3948)."""
    if frame.octets[at : at + 4] == NO_ESP:
        return None
    return _opened_or_counted(frame, at, end, NAT_PORT)


def _opened_or_counted(frame: Frame, at: int, end: int, port: int) -> Next | None:
    opened = _opened(frame, at, end)
    if opened is None and end - at >= MIN_OCTETS:
        frame.segments.add_esp(frame.src, frame.dst, port, end > frame.held, end - at)
    return opened


def _opened(frame: Frame, at: int, end: int) -> Next | None:
    if end > frame.held or end - at < HEADER + TRAILER:
        return None
    octets, start = frame.octets, at + HEADER
    for size in INTEGRITY_OCTETS:
        stop = end - size - TRAILER
        if stop < start or (stop + TRAILER - start) % 4:
            continue
        padding, following = octets[stop], octets[stop + 1]
        fits = CONTENTS.get(following)
        inner = stop - padding
        if fits is None or inner < start or octets[inner:stop] != PADDING[:padding]:
            continue
        if fits(frame, start, inner):
            frame.seen("ESP")
            frame.held = inner
            return Next(PROTOCOL, following, start, inner)
    return None


def _is_udp(frame: Frame, at: int, end: int) -> bool:
    return end - at >= 8 and frame.u16(at + 4) == end - at


def _is_tcp(frame: Frame, at: int, end: int) -> bool:
    """By the checksum, with the addresses of the IP header around ESP (RFC 9293 section 3.1)."""
    size = end - at
    if size < 20 or not 20 <= (frame.octets[at + 12] >> 4) * 4 <= size:
        return False
    around = frame.src + frame.dst + size.to_bytes(4, "big") + TCP.to_bytes(4, "big")
    return _folded(around + frame.octets[at:end]) == 0xFFFF


def _is_ip(frame: Frame, at: int, end: int) -> bool:
    version, size = frame.octets[at] >> 4 if at < end else 0, end - at
    if version == 4:
        return size >= 20 and frame.u16(at + 2) == size
    return version == 6 and size >= 40 and frame.u16(at + 4) + 40 == size


def _folded(octets: bytes) -> int:
    """The sum of its 16-bit words in one's complement (RFC 1071)."""
    number = int.from_bytes(octets + bytes(len(octets) % 2), "big")
    return number % 0xFFFF or 0xFFFF


CONTENTS = {UDP: _is_udp, TCP: _is_tcp, IPV4_IN_IP: _is_ip, IPV6_IN_IP: _is_ip}
"""By the next header: whether what is there is one, whole."""
