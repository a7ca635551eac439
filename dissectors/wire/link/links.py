"""Link layers: what each LINKTYPE puts before the network layer, and what each EtherType is."""
from __future__ import annotations

import struct

from dissectors.wire.link.headers import (
    ETHERNET,
    ETHERTYPE,
    IPV4,
    IPV6,
    LINK,
    TRANSPARENT_ETHERNET,
    Frame,
    Next,
    Reader,
    by_type,
    by_version,
    llc,
)

FAMILIES = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}
"""EtherType by address family: 2 everywhere; IPv6 is 10 on Linux, 24, 28 and 30 on the BSDs and macOS."""

PPP_PROTOCOLS = {0x0021: IPV4, 0x0057: IPV6, 0x0281: 0x8847, 0x0283: 0x8848}


def ethernet(frame: Frame, at: int, end: int) -> Next | None:
    """Ethernet II or IEEE 802.3."""
    if at + 14 > frame.held:
        return None
    return by_type(frame, at + 14, end, frame.u16(at + 12))


def loopback(frame: Frame, at: int, end: int) -> Next | None:
    """NULL, whose address family is in the order of the machine that captured, and LOOP, where it is big-endian."""
    if at + 4 > frame.held:
        return None
    family = frame.octets[at : at + 4]
    number = FAMILIES.get(int.from_bytes(family, "little")) or FAMILIES.get(int.from_bytes(family, "big"))
    return Next(ETHERTYPE, number, at + 4, end) if number else None


def cooked(frame: Frame, at: int, end: int) -> Next | None:
    """Linux cooked capture, version 1."""
    return _cooked(frame, at, end, 14, 16)


def cooked_2(frame: Frame, at: int, end: int) -> Next | None:
    """Linux cooked capture, version 2."""
    return _cooked(frame, at, end, 0, 20)


def _cooked(frame: Frame, at: int, end: int, protocol: int, size: int) -> Next | None:
    if at + size > frame.held:
        return None
    number = frame.u16(at + protocol)
    if number == 0x0004:
        return llc(frame, at + size, end)
    return Next(ETHERTYPE, number, at + size, end)


def ppp(frame: Frame, at: int, end: int) -> Next | None:
    """PPP with or without address and control (RFC 1662), the protocol in one octet or two."""
    octets, held = frame.octets, frame.held
    if octets[at : at + 2] in (b"\x0f\0", b"\x8f\0"):
        return hdlc(frame, at, end)
    if octets[at : at + 2] == b"\xff\x03":
        at += 2
    if at + 2 > held:
        return None
    compressed = octets[at] & 1
    protocol = octets[at] if compressed else frame.u16(at)
    number = PPP_PROTOCOLS.get(protocol)
    return Next(ETHERTYPE, number, at + (1 if compressed else 2), end) if number else None


def hdlc(frame: Frame, at: int, end: int) -> Next | None:
    """Cisco's HDLC: address, control, EtherType."""
    return Next(ETHERTYPE, frame.u16(at + 2), at + 4, end) if at + 4 <= frame.held else None


def pppoe(frame: Frame, at: int, end: int) -> Next | None:
    """A PPPoE session (RFC 2516)."""
    if at + 8 > frame.held or frame.octets[at] != 0x11 or frame.octets[at + 1]:
        return None
    frame.seen("PPPoE")
    return ppp(frame, at + 6, end)


def vlan(frame: Frame, at: int, end: int) -> Next | None:
    """IEEE 802.1Q and 802.1ad tags."""
    if at + 4 > frame.held:
        return None
    frame.seen("VLAN")
    return by_type(frame, at + 4, end, frame.u16(at + 2))


def mpls(frame: Frame, at: int, end: int) -> Next | None:
    """A stack of MPLS labels (RFC 3032): IP by its version, or a pseudowire's control word and Ethernet (RFC 4448)."""
    frame.seen("MPLS")
    while at + 4 <= frame.held:
        bottom = frame.octets[at + 2] & 1
        at += 4
        if bottom:
            break
    if at < frame.held and frame.octets[at] >> 4 == 0:
        return Next(LINK, ETHERNET, at + 4, end)
    return by_version(frame, at, end)


def provider_backbone(frame: Frame, at: int, end: int) -> Next | None:
    """IEEE 802.1ah: a service tag, then the customer's Ethernet."""
    frame.seen("802.1ah")
    return Next(LINK, ETHERNET, at + 4, end)


def fabric_path(frame: Frame, at: int, end: int) -> Next | None:
    """Cisco FabricPath: a tag, then the inner Ethernet."""
    frame.seen("FabricPath")
    return Next(LINK, ETHERNET, at + 2, end)


def metadata(frame: Frame, at: int, end: int) -> Next | None:
    """Cisco's metadata header: version, length in words, options, EtherType."""
    if at + 8 > frame.held:
        return None
    frame.seen("Cisco metadata")
    return by_type(frame, at + 8, end, frame.u16(at + 6))


def nsh(frame: Frame, at: int, end: int) -> Next | None:
    """The network service header (RFC 8300)."""
    if at + 8 > frame.held:
        return None
    frame.seen("NSH")
    at, protocol = at + (frame.octets[at + 1] & 0x3F) * 4, frame.octets[at + 3]
    if protocol == 3:
        return Next(LINK, ETHERNET, at, end)
    number = {1: IPV4, 2: IPV6, 4: 0x894F, 5: 0x8847}.get(protocol)
    return Next(ETHERTYPE, number, at, end) if number else None


def macsec(frame: Frame, at: int, end: int) -> Next | None:
    """IEEE 802.1AE: only what is authenticated without being encrypted can be read; the check value follows it."""
    if at + 16 > frame.held or frame.octets[at] & 0x8C:
        return None
    frame.seen("MACsec")
    at += 14 if frame.octets[at] & 0x20 else 6
    return by_type(frame, at + 2, end, frame.u16(at))


def packet_information(frame: Frame, at: int, end: int) -> Next | None:
    """PPI: a header of tags, little-endian, which names the link layer of what follows."""
    if at + 8 > frame.held:
        return None
    _, _, size, link = struct.unpack_from("<BBHI", frame.octets, at)
    return Next(LINK, link, at + size, end) if size >= 8 else None


def packet_tap(frame: Frame, at: int, end: int) -> Next | None:
    """macOS's PKTAP: a header of the length it says, which names the link layer of what follows."""
    if at + 12 > frame.held:
        return None
    size, _, link = struct.unpack_from("<III", frame.octets, at)
    return Next(LINK, link, at + size, end) if 12 <= size < len(frame.octets) else None


def netfilter_log(frame: Frame, at: int, end: int) -> Next | None:
    """Linux's NFLOG: family, version, resource, then attributes in the machine's order, one of which is the packet."""
    first = at + 4
    for order in "<>":
        at = first
        while at + 4 <= frame.held:
            size, kind = struct.unpack_from(order + "HH", frame.octets, at)
            if size < 4:
                break
            if kind == 9:
                return by_version(frame, at + 4, at + size)
            at += size + -size % 4
    return None


def wireless(frame: Frame, at: int, end: int) -> Next | None:
    """An unprotected IEEE 802.11 data frame."""
    if at + 24 > frame.held:
        return None
    return data_frame(frame, at, end, frame.octets[at], frame.octets[at + 1])


def data_frame(frame: Frame, at: int, end: int, control: int, flags: int) -> Next | None:
    """The next header of an IEEE 802.11 frame with this control field, if it is data in the clear."""
    carries_data = control & 0x0F == 0x08 and not control & 0x40
    if not carries_data or flags & 0x40:
        return None
    at += 24 + (6 if flags & 3 == 3 else 0)
    if control & 0x80:
        at += 6 if flags & 0x80 else 2
    return llc(frame, at, end)


def radiotap(frame: Frame, at: int, end: int) -> Next | None:
    """A radiotap header, little-endian, then IEEE 802.11."""
    octets = frame.octets
    if at + 8 > frame.held:
        return None
    size, present = struct.unpack_from("<HI", octets, at + 2)
    fields = at + 8
    more = present
    while more & 0x80000000 and fields + 4 <= frame.held:
        more = struct.unpack_from("<I", octets, fields)[0]
        fields += 4
    padded = False
    if present & 2:
        # The TSFT field before the flags is aligned to 8 octets from the start of the header.
        flags = fields + (-(fields - at) % 8 + 8 if present & 1 else 0)
        padded = flags < frame.held and bool(octets[flags] & 0x20)
    step = wireless(frame, at + size, end)
    if step is None and padded:
        step = padded_wireless(frame, at + size, end)
    return step if size >= 8 else None


def padded_wireless(frame: Frame, at: int, end: int) -> Next | None:
    """IEEE 802.11 whose QoS header was padded to a multiple of four octets."""
    if at + 2 > frame.held or not frame.octets[at] & 0x80 or frame.octets[at + 1] & 0x40:
        return None
    return llc(frame, at + 24 + (8 if frame.octets[at + 1] & 3 == 3 else 4), end)


def openbsd_log(frame: Frame, at: int, end: int) -> Next | None:
    """OpenBSD's PFLOG: a header whose first octet is its length, rounded up to a word."""
    return by_version(frame, at + (frame.octets[at] + 3 & ~3), end) if at < frame.held else None


def encapsulating(frame: Frame, at: int, end: int) -> Next | None:
    """OpenBSD's ENC: 12 octets, then IP."""
    return by_version(frame, at + 12, end)


LINKS: dict[int, Reader] = {
    0: loopback,
    ETHERNET: ethernet,
    9: ppp,
    12: by_version,
    14: by_version,
    50: ppp,
    51: pppoe,
    101: by_version,
    104: hdlc,
    105: wireless,
    108: loopback,
    109: encapsulating,
    113: cooked,
    117: openbsd_log,
    127: radiotap,
    149: packet_tap,
    192: packet_information,
    219: mpls,
    228: by_version,
    229: by_version,
    239: netfilter_log,
    258: packet_tap,
    276: cooked_2,
}
"""By LINKTYPE number; 149 is a user's number that macOS wrote PKTAP under."""

ETHERTYPES: dict[int, Reader] = {
    0x8100: vlan,
    0x88A8: vlan,
    0x9100: vlan,
    0x9200: vlan,
    0x8847: mpls,
    0x8848: mpls,
    0x8864: pppoe,
    0x880B: ppp,
    0x88E5: macsec,
    0x88E7: provider_backbone,
    0x8903: fabric_path,
    0x8909: metadata,
    0x894F: nsh,
    TRANSPARENT_ETHERNET: ethernet,
}
