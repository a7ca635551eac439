"""Frames taken apart and put together again: another payload, other ports, with lengths and checksums that fit.

The way to a UDP header is walked with the readers of `wire.link`, so that both see the same frames; dpkt builds the
packet that holds it. What lies around is copied; its lengths follow.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from dissectors.wire.captures.records import Record
from dissectors.wire.link import internet, links
from dissectors.wire.link.fragments import Fragments
from dissectors.wire.link.frames import DEPTH, READERS
from dissectors.wire.link.headers import ETHERNET, ETHERTYPE, IPV4, IPV6, LINK, PROTOCOL, Frame, Next, Udp
from dissectors.wire.link.segments import Segments

MAX_IPV4_OCTETS, MAX_IPV6_PAYLOAD = 0xFFFF, 0xFFFF
UDP_HEADER = 8
SMALLEST_ETHERTYPE = 0x0600
PPPOE = 0x8864
SHORTEST_FRAME = 60
"""Octets of the shortest frame of Ethernet: shorter packets are padded to them."""

GTP_PORT = 2152
GRE, GRE_SUM = 47, 0x80
"""GRE, and the bit of its first octet that says that it has a sum."""

if TYPE_CHECKING:
    import dpkt

Inner: TypeAlias = "dpkt.udp.UDP | dpkt.tcp.TCP"
"""What a packet that changes carries."""


class Way(NamedTuple):
    """A UDP datagram of a frame and the headers before it, from the outermost to that of UDP itself."""

    udp: Udp
    steps: tuple[Next, ...]


def ways(record: Record) -> list[Way]:
    """The UDP datagrams that a frame holds whole by itself, the outermost first."""
    frame, steps, found = walked(record)
    return [
        Way(udp, tuple(steps[: at + 1])) for at, udp in zip(found, frame.found, strict=True)
    ]


def joined(record: Record, udps: Sequence[Udp]) -> Udp | None:
    """The datagram that holds all of these one behind the other (as offload leaves them); None where none does."""
    if len(udps) < 2:
        return None
    found = ways(record)
    if len(found) != 1 or found[0].udp.payload != b"".join(udp.payload for udp in udps):
        return None
    return found[0].udp


def walked(record: Record, fragments: Fragments | None = None) -> tuple[Frame, list[Next], list[int]]:
    """The frame as read, every header on the way, and the numbers of those that are UDP.

    With the `fragments` of earlier frames it may go on in the datagram that this one makes whole.
    """
    frame = Frame({}, fragments or Fragments(), Segments())
    frame.begin(record.octets, record.time)
    steps: list[Next] = []
    found: list[int] = []
    step: Next | None = Next(LINK, record.link, 0, max(record.original, len(record.octets)))
    while step is not None and len(steps) < DEPTH:
        reader = READERS[step.space].get(step.number)
        steps.append(step)
        step = reader(frame, step.at, step.end) if reader is not None else None
        found += [len(steps) - 1] * (len(frame.found) - len(found))
    return frame, steps, found


def with_payload(record: Record, way: Way, payload: bytes) -> Record | None:
    """The frame with another payload in this datagram; None where what lies around does not allow that."""
    ip = network(way.steps)
    udp = way.steps[-1].at
    if ip is None or any(step.space == PROTOCOL and step.number in SEALED for step in way.steps):
        return None
    datagram = _datagram(record.octets[udp : udp + UDP_HEADER], payload)
    return _rebuilt(record, way.steps[: way.steps.index(ip) + 1], record.octets[ip.at : udp], datagram)


def with_segment(record: Record, steps: list[Next], header: bytes, payload: bytes) -> Record | None:
    """The frame with another segment of TCP in the place of the one at its end; None where that is not allowed."""
    import dpkt

    ip = network(steps)
    if ip is None or any(step.space == PROTOCOL and step.number in SEALED for step in steps):
        return None
    before = record.octets[ip.at : steps[-1].at]
    segment = dpkt.tcp.TCP(header)
    segment.data, segment.sum = payload, 0
    return _rebuilt(record, tuple(steps[: steps.index(ip) + 1]), before, segment)


def merged(record: Record, udp: Udp, payload: bytes) -> Record | None:
    """The frame of the fragment that made a datagram whole, with the whole datagram, and another payload."""
    frame, steps, _ = walked(record)
    ip = network(steps)
    if ip is None or not frame.fragments.seen:
        return None
    octets = record.octets
    header = octets[ip.at : ip.at + 4 * (octets[ip.at] & 0x0F)]
    if ip.number == IPV6:
        fragment = steps[-1]
        if fragment.number != internet.FRAGMENT or fragment.at != ip.at + 40:
            return None
        header = octets[ip.at : ip.at + 6] + octets[fragment.at : fragment.at + 1] + octets[ip.at + 7 : ip.at + 40]
    datagram = _datagram(struct.pack("!HHHH", udp.sport, udp.dport, 0, 0), payload)
    return _rebuilt(record, tuple(steps[: steps.index(ip) + 1]), header, datagram)


def unfragmented(record: Record, octets: bytes) -> Record | None:
    """The frame of a fragment with all that IP carries, as it would be on a path without limits."""
    _, steps, _ = walked(record)
    ip = network(steps)
    if ip is None:
        return None
    header = bytearray(record.octets[ip.at : ip.at + 4 * (record.octets[ip.at] & 0x0F)])
    if record.octets[ip.at] >> 4 == 4:
        if len(header) + len(octets) > MAX_IPV4_OCTETS:
            return None
        header[2:4] = (len(header) + len(octets)).to_bytes(2, "big")
        header[6:8] = bytes(2)
        header[10:12] = bytes(2)
        header[10:12] = sum_of(bytes(header), udp=False).to_bytes(2, "big")
    else:
        fragment = steps[-1]
        if fragment.number != internet.FRAGMENT or fragment.at + 8 - ip.at - 48 + len(octets) > MAX_IPV6_PAYLOAD:
            return None
        # Every extension before it stays; the one before it, or the fixed header, says what follows.
        header = bytearray(record.octets[ip.at : fragment.at + 8])
        header[4:6] = (len(header) - 40 + len(octets)).to_bytes(2, "big")
        header[-6:-4] = bytes(2)
    before = _length(record.octets, ip, max(record.original, len(record.octets)))
    outer = bytearray(record.octets[: ip.at])
    more = len(header) + len(octets) - (before or 0)
    if not all(lengthened(outer, record.octets, step, more) for step in reversed(steps[: steps.index(ip)])):
        return None
    frame = bytes(outer) + bytes(header) + octets
    return Record(record.frame, record.time, record.link, frame, len(frame))


def network(steps: Sequence[Next]) -> Next | None:
    """The innermost header of IP."""
    return next((step for step in reversed(steps) if step.space == ETHERTYPE and step.number in (IPV4, IPV6)), None)


def _datagram(header: bytes, payload: bytes) -> dpkt.udp.UDP:
    import dpkt

    sport, dport = struct.unpack_from("!HH", header)
    return dpkt.udp.UDP(sport=sport, dport=dport, ulen=UDP_HEADER + len(payload), sum=0, data=payload)


def _rebuilt(record: Record, steps: tuple[Next, ...], header: bytes, datagram: Inner) -> Record | None:
    """The frame with another packet in the place of the innermost one, whose header is the last of `steps`."""
    octets, ip = record.octets, steps[-1]
    before = _length(octets, ip, max(record.original, len(octets)))
    packet = _ipv4(header, datagram) if header[0] >> 4 == 4 else _ipv6(header, datagram)
    if packet is None or before is None:
        return None
    outer = bytearray(octets[: ip.at])
    if not all(lengthened(outer, octets, step, len(packet) - before) for step in reversed(steps[:-1])):
        return None
    frame = _with_sums(bytes(outer) + packet, steps)
    if record.link == ETHERNET and len(frame) < SHORTEST_FRAME <= len(octets):
        frame += bytes(SHORTEST_FRAME - len(frame))
    return Record(record.frame, record.time, record.link, frame, len(frame))


def _with_sums(frame: bytes, steps: tuple[Next, ...]) -> bytes:
    """The frame with the sums of tunnels of GRE, which are over all that they carry, from the innermost outwards."""
    tunnels = [step.at for step in steps if step.space == PROTOCOL and step.number == GRE]
    if not any(frame[at] & GRE_SUM for at in tunnels):
        return frame
    octets = bytearray(frame)
    for at in reversed([at for at in tunnels if frame[at] & GRE_SUM]):
        octets[at + 4 : at + 6] = bytes(2)
        sum = sum_of(bytes(octets[at : _end_around(octets, steps, at)]), udp=False)
        octets[at + 4 : at + 6] = sum.to_bytes(2, "big")
    return bytes(octets)


def _end_around(octets: bytearray, steps: tuple[Next, ...], at: int) -> int:
    """Where the packet of IP ends that carries what stands there."""
    ip = next(step for step in reversed(steps) if step.at < at and (step.space, step.number) in NETWORKS)
    return ip.at + (_length(bytes(octets), ip, len(octets)) or 0)


def _length(octets: bytes, ip: Next, end: int) -> int | None:
    """How long the packet of IP is that begins there."""
    if octets[ip.at] >> 4 == 4:
        total = int.from_bytes(octets[ip.at + 2 : ip.at + 4], "big")
        return total or end - ip.at
    total = int.from_bytes(octets[ip.at + 4 : ip.at + 6], "big")
    return 40 + total if total else end - ip.at


def _ipv4(header: bytes, datagram: Inner) -> bytes | None:
    import dpkt

    total = len(header) + len(datagram)
    if total > MAX_IPV4_OCTETS:
        return None
    packet = dpkt.ip.IP(header[:2] + struct.pack("!H", len(header)) + header[4:])
    packet.data = datagram
    packet.mf = packet.offset = packet.sum = 0
    return bytes(packet)


def _ipv6(header: bytes, datagram: Inner) -> bytes | None:
    """The fixed header and what extends it stay as they are."""
    import dpkt

    length = len(header) - 40 + len(datagram)
    if length > MAX_IPV6_PAYLOAD:
        return None
    octets, protocol = bytes(datagram), internet.UDP if isinstance(datagram, dpkt.udp.UDP) else internet.TCP
    pseudo = header[8:40] + struct.pack("!IxxxB", len(octets), protocol)
    datagram.sum = sum_of(pseudo + octets, udp=True)
    return header[:4] + struct.pack("!H", length) + header[6:] + bytes(datagram)


def lengthened(outer: bytearray, octets: bytes, step: Next, more: int) -> bool:
    """Let a header that lies around the packet say that it holds so many octets more; False where that is too hard."""
    write = AROUND.get((step.space, step.number))
    if write is None:
        return (step.space, step.number) in WITHOUT_LENGTH
    return write(outer, step.at, more)


def add(outer: bytearray, at: int, more: int) -> bool:
    """Add to a 16-bit length, unless it is zero."""
    value = int.from_bytes(outer[at : at + 2], "big")
    if value and not 0 < value + more <= 0xFFFF:
        return False
    outer[at : at + 2] = (value + more if value else 0).to_bytes(2, "big")
    return True


def _around_ipv4(outer: bytearray, at: int, more: int) -> bool:
    end = at + 4 * (outer[at] & 0x0F)
    if not add(outer, at + 2, more):
        return False
    outer[at + 10 : at + 12] = bytes(2)
    outer[at + 10 : at + 12] = sum_of(bytes(outer[at:end]), udp=False).to_bytes(2, "big")
    return True


def _around_udp(outer: bytearray, at: int, more: int) -> bool:
    """UDP of a tunnel goes without a checksum; GTP has a length of its own, and ESP a seal that would break."""
    sport, dport = struct.unpack_from("!HH", outer, at)
    if {sport, dport} & SEALED_PORTS:
        return False
    fits = add(outer, at + 4, more)
    outer[at + 6 : at + 8] = bytes(2)
    return fits and (GTP_PORT not in (sport, dport) or add(outer, at + UDP_HEADER + 2, more))


def _around_ethernet(outer: bytearray, at: int, more: int) -> bool:
    kind = int.from_bytes(outer[at + 12 : at + 14], "big")
    return kind >= SMALLEST_ETHERTYPE or add(outer, at + 12, more)


def _around_vlan(outer: bytearray, at: int, more: int) -> bool:
    kind = int.from_bytes(outer[at + 2 : at + 4], "big")
    return kind >= SMALLEST_ETHERTYPE or add(outer, at + 2, more)


SEALED, SEALED_PORTS = {50, 51}, {4500, 6343}
"""What seals what it carries, or carries samples of it: ESP, AH, sFlow."""

NETWORKS = {(ETHERTYPE, IPV4), (ETHERTYPE, IPV6)}

AROUND: dict[tuple[int, int], Callable[[bytearray, int, int], bool]] = {
    (LINK, ETHERNET): _around_ethernet,
    **{(ETHERTYPE, number): _around_vlan for number in (0x8100, 0x88A8, 0x9100, 0x9200)},
    (ETHERTYPE, PPPOE): lambda outer, at, more: add(outer, at + 4, more),
    (ETHERTYPE, 0x6558): _around_ethernet,
    (ETHERTYPE, IPV4): _around_ipv4,
    (ETHERTYPE, IPV6): lambda outer, at, more: add(outer, at + 4, more),
    (PROTOCOL, internet.UDP): _around_udp,
}
"""What has a length, or a sum, that must follow."""

WITHOUT_LENGTH = {
    *((LINK, number) for number in links.LINKS if number not in (239, 192)),
    *((ETHERTYPE, number) for number in (0x8847, 0x8848, 0x880B, 0x88E7, 0x8903, 0x8909, 0x894F)),
    *((PROTOCOL, number) for number in (0, 4, 41, 43, 47, 60, 97, 135, 137, 139, 140)),
}
"""What has none: link layers, labels, tunnels over IP, extension headers."""


def with_ports(record: Record, way: Way, sport: int, dport: int) -> Record:
    """The frame with other ports in this datagram; its sum follows, as wrong as it was before."""
    at = way.steps[-1].at
    old, new = record.octets[at : at + 4], struct.pack("!HH", sport, dport)
    octets = bytearray(record.octets)
    octets[at : at + 4] = new
    adjust(octets, at + 6, old, new)
    whole = record.original <= len(octets)
    return record._replace(octets=_with_sums(bytes(octets), way.steps) if whole else bytes(octets))


def adjust(octets: bytearray, at: int, old: bytes, new: bytes, udp: bool = True) -> None:
    """Let the checksum at `at` follow octets that changed (RFC 1624), as wrong as it was; in UDP zero means none."""
    if at + 2 > len(octets):
        return
    sum = int.from_bytes(octets[at : at + 2], "big")
    if sum or not udp:
        changed = changed_sum(sum, old, new)
        octets[at : at + 2] = (changed or (0xFFFF if udp else 0)).to_bytes(2, "big")


def sum_of(octets: bytes, udp: bool) -> int:
    """The checksum of octets (RFC 1071); in UDP zero means none."""
    import dpkt

    return dpkt.dpkt.in_cksum(octets) or (0xFFFF if udp else 0)


def changed_sum(sum: int, old: bytes, new: bytes) -> int:
    """A checksum after 16-bit words changed (RFC 1624 section 3)."""
    total = ~sum & 0xFFFF
    for place in range(0, len(old), 2):
        total += ~int.from_bytes(old[place : place + 2], "big") & 0xFFFF
        total += int.from_bytes(new[place : place + 2], "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
