"""Headers on the way to UDP under other names: tunnels, extensions of IPv6, seals, wireless, captures' own.

What of them is a number of the network stays, and so does every length; addresses become others, all else is blank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.wire.captures import erf
from dissectors.wire.link import internet
from dissectors.wire.link.esp import INTEGRITY_OCTETS, PADDING, TRAILER
from dissectors.wire.link.headers import ETHERTYPE, LINK, PROTOCOL, Next
from dissectors.wire.link.tunnels import TUNNELS

UDP_HEADER, STATION_OCTETS, ADDRESS_OCTETS = 8, 6, 16
ESP, ESP_IN_UDP = 50, "ESP in UDP"
EXTENSION_START, ROUTING_START, AUTHENTICATION_START = 2, 8, 12
PAD, JUMBO = 1, 0xC2
SEGMENTS, SEGMENT_ROUTING = (0, 2, 4), 4
"""Types of routing headers that are lists of addresses (RFC 2460, 6275, 8754)."""

CHANNEL, OPTIONAL = 0x01, 0x07
TIME, FLAGS, VENDOR, MORE_WORDS = 1, 2, 1 << 30, 1 << 31
"""Bits of radiotap: what its first fields are, fields of a vendor's own, and another word of bits."""

PACKET = 9
"""The attribute of NFLOG that is the packet."""

Writer = Callable[[bytearray, Next, Next, Pseudonyms], object]


def rewrite(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> bool:
    """Let a header that leads on to another one name nobody; False where it is not understood."""
    write = WRITERS.get((step.space, step.number))
    if write is None or following.at > len(octets):
        return False
    return write(octets, step, following, names) is not False


def trailer(octets: bytes | bytearray, at: int, end: int, following: int) -> int | None:
    """Where the integrity check value begins behind the content of ESP that ends at `at`; None where nothing fits."""
    for size in INTEGRITY_OCTETS:
        count = end - at - TRAILER - size
        stop = at + count
        if 0 <= count <= len(PADDING) and octets[at:stop] == PADDING[:count] and (
            octets[stop : stop + TRAILER] == bytes((count, following))
        ):
            return stop + TRAILER
    return None


def end_of(octets: bytes | bytearray, step: Next) -> int:
    """Where what UDP, or IP, carries ends in the frame."""
    if step.number != internet.UDP:
        return min(step.end, len(octets))
    length = int.from_bytes(octets[step.at + 4 : step.at + 6], "big")
    end = step.at + length if UDP_HEADER <= length <= step.end - step.at else step.end
    return min(end, len(octets))


def last_stop(octets: bytes, steps: Sequence[Next]) -> bytes:
    """Where a packet goes at last, if a routing header sends it on: its sum is over that address (RFC 8200, 8.1)."""
    for step, following in zip(steps, steps[1:], strict=False):
        if step.space != PROTOCOL or step.number not in BETWEEN:
            break
        if step.number == internet.ROUTING and octets[step.at + 2] in SEGMENTS and octets[step.at + 3]:
            place = step.at + ROUTING_START
            at = place if octets[step.at + 2] == SEGMENT_ROUTING else following.at - ADDRESS_OCTETS
            return octets[at : at + ADDRESS_OCTETS] if place <= at and following.at <= len(octets) else b""
    return b""


def blank(octets: bytearray, at: int, to: int) -> None:
    """Zeros in the place of octets."""
    octets[at:to] = bytes(max(0, min(to, len(octets)) - at))


def _plain(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    """Nothing but numbers of the network."""


def _tunnel(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> bool:
    ports = (int.from_bytes(octets[at : at + 2], "big") for at in (step.at + 2, step.at))
    name = next((TUNNELS[port][0] for port in ports if port in TUNNELS), "")
    if name not in TUNNELED:
        return False
    TUNNELED[name](octets, Next(PROTOCOL, step.number, step.at + UDP_HEADER, end_of(octets, step)), following, names)
    return True


def _gtp(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    """Extension headers keep their length and what follows them."""
    at = step.at + 12
    while octets[step.at] & OPTIONAL and at < following.at and octets[at]:
        size = 4 * octets[at]
        blank(octets, at + 1, at + size - 1)
        at += size


def _geneve(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    at = step.at + 8
    while at + 4 <= following.at:
        size = 4 + 4 * (octets[at + 3] & 0x1F)
        blank(octets, at + 4, min(at + size, following.at))
        at += size


def _teredo(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    """Authentication is blank; the address of the origin stands inverted (RFC 4380 section 5.1.1)."""
    at = step.at
    if octets[at : at + 2] == b"\0\1":
        size = 13 + octets[at + 2] + octets[at + 3]
        blank(octets, at + 4, at + size)
        at += size
    if octets[at : at + 2] == b"\0\0":
        port = names.port(int.from_bytes(octets[at + 2 : at + 4], "big") ^ 0xFFFF) ^ 0xFFFF
        address = names.address(bytes(octet ^ 0xFF for octet in octets[at + 4 : at + 8]))
        octets[at + 2 : at + 8] = port.to_bytes(2, "big") + bytes(octet ^ 0xFF for octet in address)


def _capwap(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    size = (octets[step.at + 1] >> 3) * 4
    blank(octets, step.at + 8, step.at + size)
    if octets[step.at + 2] & CHANNEL:
        at = step.at + size
        flags = octets[at + 1] if octets[at] & 0x0F == 0x08 else octets[at]
        _stations(octets, at, flags, names)


def _esp(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> bool:
    end = end_of(octets, step) if step.number == ESP else step.end
    found = trailer(octets, following.end, end, following.number)
    if found is None:
        return False
    octets[found:end] = names.octets("seal", bytes(octets[found:end]), end - found)
    return True


def _authentication(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    begin = step.at + AUTHENTICATION_START
    octets[begin : following.at] = names.octets("seal", bytes(octets[begin : following.at]), following.at - begin)


def _begun(size: int) -> Writer:
    """The first octets stay, the others are blank."""

    def write(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
        blank(octets, step.at + size, following.at)

    return write


def _options(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    """Options that only fill up (RFC 8200 section 4.2), but for the length of a jumbo payload (RFC 2675)."""
    at = step.at + EXTENSION_START
    while at + 2 <= following.at:
        size = 1 if not octets[at] else min(2 + octets[at + 1], following.at - at)
        if size > 1 and octets[at] != JUMBO:
            octets[at : at + 2] = bytes((PAD, size - 2))
            blank(octets, at + 2, at + size)
        at += size
    blank(octets, at, following.at)


def _routing(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    kind, at = octets[step.at + 2], step.at + ROUTING_START
    last = following.at
    if kind == SEGMENT_ROUTING:
        last = min(last, at + ADDRESS_OCTETS * (octets[step.at + 4] + 1))
    while kind in SEGMENTS and at + ADDRESS_OCTETS <= last:
        octets[at : at + ADDRESS_OCTETS] = names.address(bytes(octets[at : at + ADDRESS_OCTETS]))
        at += ADDRESS_OCTETS
    blank(octets, at, following.at)


def _security_tag(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    """MACsec's identifier of a channel begins with the address of its station (IEEE 802.1AE section 9.9)."""
    if octets[step.at] & 0x20:
        at = step.at + 6
        octets[at : at + STATION_OCTETS] = names.station(bytes(octets[at : at + STATION_OCTETS]))


def _stations(octets: bytearray, at: int, flags: int, names: Pseudonyms) -> None:
    for place in (at + 4, at + 10, at + 16, *((at + 24,) if flags & 3 == 3 else ())):
        octets[place : place + STATION_OCTETS] = names.station(bytes(octets[place : place + STATION_OCTETS]))


def _wireless(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    _stations(octets, step.at, octets[step.at + 1], names)


def _radiotap(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    """Of a header with fields of a vendor's own, flags alone stay."""
    first, at, vendor = int.from_bytes(octets[step.at + 4 : step.at + 8], "little"), step.at + 4, False
    while True:
        bits = int.from_bytes(octets[at : at + 4], "little")
        at += 4
        vendor = vendor or bool(bits & VENDOR)
        if not bits & MORE_WORDS or at >= following.at:
            break
    end = step.at + int.from_bytes(octets[step.at + 2 : step.at + 4], "little")
    if vendor:
        place = at + (-(at - step.at) % 8 + 8 if first & TIME else 0)
        flags = octets[place] if first & FLAGS else 0
        blank(octets, step.at + 4, end)
        octets[step.at + 4 : step.at + 9] = bytes((FLAGS, 0, 0, 0, flags))
    _stations(octets, end, octets[end + 1], names)


def _packet_information(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    at = step.at + 8
    while at + 4 <= following.at:
        end = at + 4 + int.from_bytes(octets[at + 2 : at + 4], "little")
        blank(octets, at + 4, min(end, following.at))
        at = end


def _netfilter_log(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    """Attributes stay, without what they hold; those behind the packet go."""
    is_little = int.from_bytes(octets[following.at - 2 : following.at], "little") == PACKET
    at = step.at + 4
    while at + 4 < following.at:
        size = max(4, int.from_bytes(octets[at : at + 2], "little" if is_little else "big"))
        blank(octets, at + 4, min(at + size, following.at - 4))
        at += size + -size % 4
    blank(octets, following.end, len(octets))


def _erf(octets: bytearray, step: Next, following: Next, names: Pseudonyms) -> None:
    """Extension headers say that there are further ones, and nothing else."""
    at, kind = step.at + erf.HEADER, octets[step.at + 8]
    while kind & erf.MORE:
        kind = octets[at]
        blank(octets, at + 1, at + 8)
        at += 8
    blank(octets, at, following.at)


TUNNELED: dict[str, Writer] = {
    "GTP": _gtp, "Geneve": _geneve, "Teredo": _teredo, "CAPWAP": _capwap, ESP_IN_UDP: _esp,
    "VXLAN": _plain, "VXLAN-GPE": _plain, "LISP": _plain,
}
"""By the name of a tunnel that UDP carries."""

WRITERS: dict[tuple[int, int], Writer] = {
    **{(ETHERTYPE, number): _plain for number in (
        0x8100, 0x88A8, 0x9100, 0x9200, 0x8847, 0x8848, 0x8864, 0x880B, 0x88E7, 0x8903, 0x8909)},
    **{(PROTOCOL, number): _plain for number in (4, 41, 44, 47, 97, 137)},
    (ETHERTYPE, 0x88E5): _security_tag,
    (ETHERTYPE, 0x894F): _begun(8),
    (PROTOCOL, internet.UDP): _tunnel,
    (PROTOCOL, ESP): _esp,
    (PROTOCOL, internet.AUTHENTICATION): _authentication,
    (PROTOCOL, internet.HOP_BY_HOP): _options,
    (PROTOCOL, internet.DESTINATION): _options,
    (PROTOCOL, internet.ROUTING): _routing,
    **{(PROTOCOL, number): _begun(ROUTING_START) for number in (135, 139, 140)},
    (LINK, 105): _wireless,
    (LINK, 109): _plain,
    (LINK, 117): _begun(4),
    (LINK, 127): _radiotap,
    **{(LINK, number): _begun(12) for number in (149, 258)},
    (LINK, 192): _packet_information,
    (LINK, 239): _netfilter_log,
    (LINK, erf.LINKTYPE): _erf,
}
"""By number space and number: what becomes of the octets from a header to the next one."""

BETWEEN = frozenset((0, 43, 44, ESP, 51, 60, 135, 139, 140))
"""What may stand between IP and what has a sum over its addresses, by IP's number."""

PSEUDO_HEADERS = {
    123: 4, 139: 4, 144: 16, 177: 16, 196: 5, 197: 24, 201: 4, 204: 1, 209: 5, 245: 2, 254: 4,
}
"""Octets that readers want of every frame, by link layer: zeros say nothing (LINKTYPE_SUNATM and others)."""
