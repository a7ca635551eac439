"""Errors of ICMP (RFC 792) and ICMPv6 (RFC 4443): what they quote is no datagram of the frame.

An error says that a packet did not arrive and quotes how it begins: its IP header and at least 8 octets of what follows
(RFC 792), mostly more (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4). It goes to who sent the packet.
"""
from __future__ import annotations

from dissectors.wire.link import internet
from dissectors.wire.link.headers import Frame, Next, Reader
from dissectors.wire.link.icmp_errors import IcmpError

ICMP, ICMPV6 = 1, 58
HEADER, PORTS = 8, 4
UNREACHABLE, TIME_EXCEEDED, FRAGMENTATION_NEEDED = 3, 11, 4
"""Types of ICMP, and the code of the first that says which size would fit (RFC 1191 section 4)."""

UNREACHABLE6, TOO_BIG6, TIME_EXCEEDED6 = 1, 2, 3
"""Types of ICMPv6."""

NAMES: dict[tuple[int, int], tuple[str, ...]] = {
    (4, UNREACHABLE): (
        "net unreachable", "host unreachable", "protocol unreachable", "port unreachable", "fragmentation needed",
        "source route failed", "destination network unknown", "destination host unknown", "source host isolated",
        "network administratively prohibited", "host administratively prohibited",
        "network unreachable for type of service", "host unreachable for type of service",
        "communication administratively prohibited", "host precedence violation", "precedence cutoff in effect",
    ),
    (4, TIME_EXCEEDED): ("time to live exceeded in transit", "fragment reassembly time exceeded"),
    (6, UNREACHABLE6): (
        "no route to destination", "communication administratively prohibited", "beyond scope of source address",
        "address unreachable", "port unreachable", "source address failed ingress/egress policy",
        "reject route to destination",
    ),
    (6, TOO_BIG6): ("packet too big",),
    (6, TIME_EXCEEDED6): ("hop limit exceeded in transit", "fragment reassembly time exceeded"),
}
"""By version of IP and type: the codes in words (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1 and
RFC 4443).
"""

MAX_EXTENSIONS = 8
"""So many extension headers of a quoted packet are stepped over."""

FRAGMENT_OCTETS = 8
EXTENSIONS = (internet.HOP_BY_HOP, internet.ROUTING, internet.DESTINATION)

Quoted = tuple[bytes, bytes, int, int]
"""Where a packet comes from, where it goes, the protocol within, and where that begins."""


def name_of(error: IcmpError) -> str:
    """What an error says, in the words of the RFCs."""
    names = NAMES[error.version, error.kind]
    return names[error.code] if error.code < len(names) else f"{names[0].split()[-1]} with code {error.code}"


def is_too_big(error: IcmpError) -> bool:
    """Whether an error says that a packet is larger than the next hop takes."""
    if error.version == 6:
        return error.kind == TOO_BIG6
    return error.kind == UNREACHABLE and error.code == FRAGMENTATION_NEEDED


def icmp(frame: Frame, at: int, end: int) -> Next | None:
    """ICMP: an error is noted, everything else is passed over."""
    if at + HEADER <= frame.held and frame.octets[at] in (UNREACHABLE, TIME_EXCEEDED):
        _note(frame, 4, at, _in_ipv4(frame, at + HEADER))
    return None


def icmpv6(frame: Frame, at: int, end: int) -> Next | None:
    """The same in IPv6."""
    if at + HEADER <= frame.held and frame.octets[at] in (UNREACHABLE6, TOO_BIG6, TIME_EXCEEDED6):
        _note(frame, 6, at, _in_ipv6(frame, at + HEADER))
    return None


def _note(frame: Frame, version: int, at: int, quoted: Quoted | None) -> None:
    """Note what an error says of the packet that it quotes, if that is UDP or TCP with its ports."""
    if quoted is None:
        return
    src, dst, protocol, begin = quoted
    if protocol not in (internet.UDP, internet.TCP) or begin + PORTS > frame.held or src != frame.dst:
        return
    kind, code = frame.octets[at], frame.octets[at + 1]
    sport, dport = frame.u16(begin), frame.u16(begin + 2)
    error = IcmpError(version, kind, code, frame.src, protocol, src, sport, dst, dport)
    # The size stands in the last 16 of the 32 bits that are left of the header (RFC 1191), or in all (RFC 4443).
    mtu = int.from_bytes(frame.octets[at + (6 if version == 4 else 4) : at + HEADER], "big") if is_too_big(error) else 0
    frame.errors.add(error, frame.time, frame.place, mtu)


def _in_ipv4(frame: Frame, at: int) -> Quoted | None:
    """What the IPv4 header at `at` says; None where it is not whole, or is that of a later fragment."""
    octets = frame.octets
    if at + 20 > frame.held or octets[at] >> 4 != 4 or frame.u16(at + 6) & internet.FRAGMENT_OFFSET:
        return None
    header = (octets[at] & 0x0F) * 4
    if header < 20:
        return None
    return octets[at + 12 : at + 16], octets[at + 16 : at + 20], octets[at + 9], at + header


def _in_ipv6(frame: Frame, at: int) -> Quoted | None:
    """The same of IPv6, behind its extension headers (RFC 8200 section 4)."""
    octets = frame.octets
    if at + 40 > frame.held or octets[at] >> 4 != 6:
        return None
    src, dst, protocol = octets[at + 8 : at + 24], octets[at + 24 : at + 40], octets[at + 6]
    at += 40
    for _ in range(MAX_EXTENSIONS):
        if protocol not in EXTENSIONS and protocol != internet.FRAGMENT:
            break
        if at + FRAGMENT_OCTETS > frame.held:
            return None
        following, octet = octets[at], octets[at + 1]
        if protocol == internet.FRAGMENT and frame.u16(at + 2) & 0xFFF8:
            return None
        at += FRAGMENT_OCTETS if protocol == internet.FRAGMENT else (octet + 1) * 8
        protocol = following
    return src, dst, protocol, at


PROTOCOLS: dict[int, Reader] = {ICMP: icmp, ICMPV6: icmpv6}
