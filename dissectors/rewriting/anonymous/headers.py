"""Headers under other names: addresses become others wherever they stand, and checksums with them."""

from __future__ import annotations

from collections.abc import Callable

from dissectors.rewriting import packets
from dissectors.rewriting.anonymous import carriers
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.wire.captures.records import Record
from dissectors.wire.link import internet
from dissectors.wire.link.headers import ETHERNET, ETHERTYPE, IPV4, IPV6, LINK, PROTOCOL, TRANSPARENT_ETHERNET, Next

BARE_LINKS = frozenset((0, 9, 12, 14, 50, 51, 101, 104, 108, 219, 228, 229))
"""Link layers without addresses of their own."""

COOKED, COOKED_2 = 113, 276
ADDRESS_SIZES = {IPV4: 4, IPV6: 16}
TCP_HEADER, ICMP_START, SENDER_OCTETS = 20, 4, 8
LINK_HEADERS = {ETHERNET: 14, COOKED: 16, COOKED_2: 20}
NO_OPERATION = b"\x01"

ICMP, ICMP6 = 1, 58
SUMS = {internet.UDP: 6, internet.TCP: 16, ICMP6: 2}
"""Where the sum stands that covers addresses, by IP's number."""


class Headers:
    """Those of link layers, of IP, and the ports behind it."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def link(self, link: int, header: bytes) -> bytes:
        """A header of a link layer, and the tags behind it."""
        octets = bytearray(header)
        rewrite = REWRITERS.get((LINK, link))
        if rewrite is not None:
            rewrite(self, octets, 0)
        return bytes(octets)

    def rewritten(self, record: Record, steps: list[Next]) -> tuple[bytearray, bool]:
        """The octets with other addresses, as far as headers are understood, and whether all of them are."""
        octets = bytearray(record.octets)
        has_addresses = False
        for place, step in enumerate(steps):
            key = step.space, step.number
            rewrite = REWRITERS.get(key)
            if step.space == PROTOCOL and step.number in SUMS:
                self._ports(octets, step)
            if rewrite is not None:
                if not rewrite(self, octets, step.at):
                    return octets[: step.at], False
                if key in ((ETHERTYPE, IPV4), (ETHERTYPE, IPV6)):
                    has_addresses = True
                    self._sum(octets, record.octets, step, steps[place + 1 :])
            elif step is not steps[-1]:
                is_bare = step.space == LINK and step.number in BARE_LINKS
                if not is_bare and not carriers.rewrite(octets, step, steps[place + 1], self._pseudonyms):
                    return octets[: step.at] or bytearray(carriers.PSEUDO_HEADERS.get(record.link, 0)), False
            elif step.space == LINK and step.number not in BARE_LINKS:
                return octets[: step.at] or bytearray(carriers.PSEUDO_HEADERS.get(record.link, 0)), False
        return (octets, True) if has_addresses else (octets[: known_end(octets, steps)], False)

    def _sum(self, octets: bytearray, before: bytes, ip: Next, following: list[Next]) -> None:
        """Let the sum of what follows in the packet agree with its other addresses."""
        size = ADDRESS_SIZES[IPV4 if octets[ip.at] >> 4 == 4 else IPV6]
        begin = ip.at + (12 if size == 4 else 8)
        for step in following:
            if step.space != PROTOCOL:
                return
            place = SUMS.get(step.number)
            if place is not None:
                old, new = before[begin : begin + 2 * size], bytes(octets[begin : begin + 2 * size])
                last = carriers.last_stop(before, following)
                if last:
                    old, new = old[:size] + last, new[:size] + self._pseudonyms.address(last)
                packets.adjust(octets, step.at + place, old, new, step.number == internet.UDP)
            if step.number not in carriers.BETWEEN:
                return

    def _ports(self, octets: bytearray, step: Next) -> None:
        """Other ports of UDP and TCP, where they are asked for."""
        at = step.at
        if not self._pseudonyms.moves_ports or step.number == ICMP6 or at + 4 > len(octets):
            return
        before = bytes(octets[at : at + 4])
        for place in (at, at + 2):
            port = self._pseudonyms.port(int.from_bytes(octets[place : place + 2], "big"))
            octets[place : place + 2] = port.to_bytes(2, "big")
        packets.adjust(octets, at + SUMS[step.number], before, bytes(octets[at : at + 4]), step.number == internet.UDP)

    def _ethernet(self, octets: bytearray, at: int) -> bool:
        for place in (at, at + 6):
            octets[place : place + 6] = self._station(octets[place : place + 6])
        return True

    def _station(self, address: bytes | bytearray) -> bytes:
        whole = bytes(address)
        if len(whole) == 6:
            return self._pseudonyms.station(whole)
        return self._pseudonyms.octets("station", whole, len(whole))

    def _cooked(self, octets: bytearray, at: int) -> bool:
        self._sender(octets, at + 6, int.from_bytes(octets[at + 4 : at + 6], "big"))
        return True

    def _cooked_2(self, octets: bytearray, at: int) -> bool:
        self._sender(octets, at + 12, octets[at + 11] if at + 11 < len(octets) else 0)
        return True

    def _sender(self, octets: bytearray, at: int, size: int) -> None:
        """The address in eight octets; those of them that are none of it may be anything that was in memory."""
        room = octets[at : at + SENDER_OCTETS]
        address = room[: min(size, SENDER_OCTETS)]
        octets[at : at + len(room)] = (self._station(address) if address else b"") + bytes(len(room) - len(address))

    def _ipv4(self, octets: bytearray, at: int) -> bool:
        if at >= len(octets):
            return False
        size = 4 * (octets[at] & 0x0F)
        if octets[at] >> 4 != 4:
            return self._ipv6(octets, at)
        if size < 20 or at + size > len(octets):
            return False
        old = bytes(octets[at + 12 : at + size])
        for place in (at + 12, at + 16):
            octets[place : place + 4] = self._pseudonyms.address(bytes(octets[place : place + 4]))
        octets[at + 20 : at + size] = NO_OPERATION * (size - 20)
        packets.adjust(octets, at + 10, old, bytes(octets[at + 12 : at + size]), udp=False)
        return True

    def _ipv6(self, octets: bytearray, at: int) -> bool:
        if at + 40 > len(octets):
            return False
        for place in (at + 8, at + 24):
            octets[place : place + 16] = self._pseudonyms.address(bytes(octets[place : place + 16]))
        return True


REWRITERS: dict[tuple[int, int], Callable[[Headers, bytearray, int], bool]] = {
    (LINK, ETHERNET): Headers._ethernet,
    (ETHERTYPE, TRANSPARENT_ETHERNET): Headers._ethernet,
    (LINK, COOKED): Headers._cooked,
    (LINK, COOKED_2): Headers._cooked_2,
    (ETHERTYPE, IPV4): Headers._ipv4,
    (ETHERTYPE, IPV6): Headers._ipv6,
}
"""By number space and number: how addresses in a header become others."""

def known_end(octets: bytearray, steps: list[Next]) -> int:
    """Where what is understood of a frame ends: behind the last header that holds only numbers."""
    last = steps[-1]
    if last.space == LINK:
        return last.at + LINK_HEADERS.get(last.number, 0)
    if last.space == PROTOCOL and last.number == internet.UDP:
        return last.at + packets.UDP_HEADER
    if last.space == PROTOCOL and last.number == internet.TCP and last.at + TCP_HEADER <= len(octets):
        return last.at + TCP_HEADER
    if last.space == PROTOCOL and last.number in (ICMP, ICMP6):
        return last.at + ICMP_START
    if last.space == ETHERTYPE and last.number == IPV4 and octets[last.at] >> 4 == 4:
        return last.at + 4 * (octets[last.at] & 0x0F)
    if last.space == ETHERTYPE and last.number in (IPV4, IPV6):
        return last.at + 40
    return last.at
