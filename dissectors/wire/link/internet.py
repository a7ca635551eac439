"""The network layer: IPv4 and IPv6 with what may stand between them and UDP, and the tunnels that need no UDP."""
from __future__ import annotations

import struct

from dissectors.wire.link.fragments import MAX_DATAGRAM_OCTETS
from dissectors.wire.link.headers import (
    ETHERNET,
    ETHERTYPE,
    IPV4,
    IPV6,
    LINK,
    PROTOCOL,
    TRANSPARENT_ETHERNET,
    Frame,
    Next,
    Reader,
)
from dissectors.wire.tcp import Segment

HOP_BY_HOP, TCP, UDP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION = 0, 6, 17, 43, 44, 51, 60

MORE_FRAGMENTS = 0x2000
FRAGMENT_OFFSET = 0x1FFF


def ipv4(frame: Frame, at: int, end: int) -> Next | None:
    """IPv4 (RFC 791); a fragment leads on only when it makes its datagram whole."""
    octets = frame.octets
    if at >= frame.held or octets[at] >> 4 != 4:
        return Next(ETHERTYPE, IPV6, at, end) if at < frame.held and octets[at] >> 4 == 6 else None
    header = (octets[at] & 0x0F) * 4
    if header < 20 or at + header > frame.held:
        return None
    _within(frame, "IPv4")
    total, identification, fragment = struct.unpack_from("!HHH", octets, at + 2)
    # A total length of zero is what segmentation offload leaves behind: the frame's own length holds then.
    if total >= header:
        end = at + total
        frame.held = min(frame.held, end)
    frame.src, frame.dst = octets[at + 12 : at + 16], octets[at + 16 : at + 20]
    frame.identification = identification
    protocol = octets[at + 9]
    if fragment & (MORE_FRAGMENTS | FRAGMENT_OFFSET):
        key = (frame.src, frame.dst, identification, protocol)
        offset, more = (fragment & FRAGMENT_OFFSET) * 8, bool(fragment & MORE_FRAGMENTS)
        return reassemble(frame, key, protocol, at + header, end, offset, more)
    return Next(PROTOCOL, protocol, at + header, end)


def ipv6(frame: Frame, at: int, end: int) -> Next | None:
    """The fixed header of IPv6 (RFC 8200)."""
    octets = frame.octets
    if at + 40 > frame.held or octets[at] >> 4 != 6:
        return Next(ETHERTYPE, IPV4, at, end) if at < frame.held and octets[at] >> 4 == 4 else None
    _within(frame, "IPv6")
    length = frame.u16(at + 4)
    # Zero stands for a jumbo payload, or for segmentation offload.
    if length:
        end = at + 40 + length
        frame.held = min(frame.held, end)
    frame.src, frame.dst = octets[at + 8 : at + 24], octets[at + 24 : at + 40]
    frame.identification = 0
    return Next(PROTOCOL, octets[at + 6], at + 40, end)


def _within(frame: Frame, name: str) -> None:
    if frame.ip:
        frame.seen(f"{name} in IP")
    frame.ip = True


def extension(frame: Frame, at: int, end: int) -> Next | None:
    """An extension header that says its length in units of 8 octets beyond the first 8 (RFC 8200 section 4)."""
    if at + 2 > frame.held:
        return None
    return Next(PROTOCOL, frame.octets[at], at + (frame.octets[at + 1] + 1) * 8, end)


def authentication(frame: Frame, at: int, end: int) -> Next | None:
    """The authentication header, which counts 4-octet units less 2 (RFC 4302 section 2.2)."""
    if at + 2 > frame.held:
        return None
    frame.seen("AH")
    return Next(PROTOCOL, frame.octets[at], at + (frame.octets[at + 1] + 2) * 4, end)


def fragment_header(frame: Frame, at: int, end: int) -> Next | None:
    """IPv6's fragment header; one that is the whole datagram is stepped over (RFC 6946)."""
    if at + 8 > frame.held:
        return None
    protocol, _, fragment, identification = struct.unpack_from("!BBHI", frame.octets, at)
    if not fragment & 0xFFF9:
        return Next(PROTOCOL, protocol, at + 8, end)
    frame.identification = identification
    key = (frame.src, frame.dst, identification)
    return reassemble(frame, key, protocol, at + 8, end, fragment & 0xFFF8, bool(fragment & 1))


def reassemble(
    frame: Frame, key: tuple[object, ...], protocol: int, at: int, end: int, offset: int, more: bool
) -> Next | None:
    """The next header in the datagram that this fragment completes; the frame continues in the reassembled octets.

    A fragment that the capture cut can complete nothing, so a first one is read as the cut datagram that it begins.
    """
    if end > frame.held:
        frame.fragments.cut += 1
        return None if offset else Next(PROTOCOL, protocol, at, at + MAX_DATAGRAM_OCTETS)
    whole = frame.fragments.add(key, offset, frame.octets[at:end], not more, frame.time, frame.place, protocol)
    if whole is None:
        return None
    frame.octets, frame.held = whole, len(whole)
    return Next(PROTOCOL, protocol, 0, len(whole))


def in_ip(frame: Frame, at: int, end: int) -> Next | None:
    """IPv4 or IPv6 within IP (RFC 2003, RFC 2473)."""
    return Next(ETHERTYPE, IPV4, at, end)


def gre(frame: Frame, at: int, end: int) -> Next | None:
    """GRE (RFC 2784, RFC 2890), also PPTP's (RFC 2637), with Ethernet, PPP or a mirrored frame inside."""
    if at + 4 > frame.held:
        return None
    flags, protocol = frame.u16(at), frame.u16(at + 2)
    if flags & 7 > 1 or flags & 0x4000:
        return None
    frame.seen("GRE")
    sequenced = bool(flags & 0x1000)
    enhanced = flags & 7 == 1 and flags & 0x0080
    at += 4 + sum(4 for present in (flags & 0x8000, flags & 0x2000, sequenced, enhanced) if present)
    if protocol == 0x88BE:
        frame.seen("ERSPAN")
        return Next(LINK, ETHERNET, at + (8 if sequenced else 0), end)
    if protocol == 0x22EB:
        frame.seen("ERSPAN")
        subheader = at + 12 <= frame.held and frame.octets[at + 11] & 1
        return Next(LINK, ETHERNET, at + (20 if subheader else 12), end)
    return Next(ETHERTYPE, protocol, at, end)


def ethernet_in_ip(frame: Frame, at: int, end: int) -> Next | None:
    """EtherIP (RFC 3378)."""
    frame.seen("EtherIP")
    return Next(ETHERTYPE, TRANSPARENT_ETHERNET, at + 2, end)


def mpls_in_ip(frame: Frame, at: int, end: int) -> Next | None:
    """MPLS in IP (RFC 4023)."""
    return Next(ETHERTYPE, 0x8847, at, end)


def tcp(frame: Frame, at: int, end: int) -> Next | None:
    """A TCP segment (RFC 9293 section 3.1)."""
    octets = frame.octets
    if at + 20 > frame.held:
        return None
    sport, dport, sequence, acknowledgement, offset, flags = struct.unpack_from("!HHIIBB", octets, at)
    start = at + (offset >> 4) * 4
    payload = octets[start : frame.held]
    frame.segments.add(sport, dport, payload)
    if start >= at + 20 and end >= start:
        frame.tcp.append(
            Segment(
                frame.src, sport, frame.dst, dport, sequence, acknowledgement, flags, payload, end - start,
                frame.identification,
            )
        )
    return None


SCTP_HEADER, SCTP_DATA, SCTP_DATA_HEADER, MAX_SCTP_CHUNKS = 12, 0, 16, 16


def sctp(frame: Frame, at: int, end: int) -> Next | None:
    """SCTP is not read: packets with data are counted by what their first data are (RFC 9260 section 3.3.1)."""
    place = at + SCTP_HEADER
    for _ in range(MAX_SCTP_CHUNKS):
        if place + SCTP_DATA_HEADER > frame.held:
            break
        if frame.octets[place] == SCTP_DATA:
            number = int.from_bytes(frame.octets[place + 12 : place + 16], "big")
            frame.segments.add_sctp(frame.src, frame.u16(at), frame.dst, frame.u16(at + 2), number, end - at)
            break
        place += max(4, frame.u16(place + 2) + 3 & ~3)
    return None


ETHERTYPES: dict[int, Reader] = {IPV4: ipv4, IPV6: ipv6}

PROTOCOLS: dict[int, Reader] = {
    HOP_BY_HOP: extension,
    4: in_ip,
    TCP: tcp,
    41: in_ip,
    ROUTING: extension,
    FRAGMENT: fragment_header,
    47: gre,
    AUTHENTICATION: authentication,
    DESTINATION: extension,
    97: ethernet_in_ip,
    132: sctp,
    135: extension,
    137: mpls_in_ip,
    139: extension,
    140: extension,
}
"""By IP protocol number; 135, 139 and 140 are IPv6's mobility, HIP and shim headers."""
