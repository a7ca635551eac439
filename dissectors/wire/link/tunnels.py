"""UDP, and the tunnels that run over it: each is believed only when its port and its header agree."""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from dissectors.wire import hep
from dissectors.wire.link.esp import esp, esp_in_udp
from dissectors.wire.link.headers import (
    ETHERNET,
    ETHERTYPE,
    IPV6,
    LINK,
    TRANSPARENT_ETHERNET,
    Beside,
    Frame,
    Next,
    Reader,
    Udp,
    by_version,
)
from dissectors.wire.link.links import data_frame


def udp(frame: Frame, at: int, end: int) -> Next | None:
    """A UDP datagram (RFC 768), and what it carries when that is a tunnel.

    Where its length is less than a header or more than IP has room for, IP's length holds.
    """
    if at + 8 > frame.held:
        return None
    sport, dport, length = struct.unpack_from("!HHH", frame.octets, at)
    if 8 <= length <= end - at:
        end = at + length
    frame.held = min(frame.held, end)
    start = at + 8
    frame.found.append(
        Udp(
            len(frame.found), frame.src, frame.dst, sport, dport, frame.octets[start : frame.held], end - start,
            frame.identification,
        )
    )
    if frame.octets.startswith(hep.MARKS, start, frame.held):
        frame.seen("HEP")
        frame.hep.append(frame.octets[start : frame.held])
        return None
    tunnel = TUNNELS.get(dport) or TUNNELS.get(sport)
    if tunnel is None:
        return None
    name, reader = tunnel
    step = reader(frame, start, end)
    if step is not None:
        frame.seen(name)
    return step


def vxlan(frame: Frame, at: int, end: int) -> Next | None:
    """VXLAN (RFC 7348): the flag of a valid network identifier, zeros where it reserves octets, then Ethernet."""
    if at + 22 > frame.held or frame.octets[at] != 0x08 or frame.octets[at + 7]:
        return None
    return Next(LINK, ETHERNET, at + 8, end)


def vxlan_gpe(frame: Frame, at: int, end: int) -> Next | None:
    """VXLAN with a protocol field (draft-ietf-nvo3-vxlan-gpe); its flag is not asked for, since some leave it out."""
    if at + 8 > frame.held or not frame.octets[at] & 0x08:
        return None
    protocol = frame.octets[at + 3]
    if protocol in (0, 3):
        return Next(LINK, ETHERNET, at + 8, end)
    number = {1: 0x0800, 2: 0x86DD, 4: 0x894F}.get(protocol)
    return Next(ETHERTYPE, number, at + 8, end) if number else None


def geneve(frame: Frame, at: int, end: int) -> Next | None:
    """Geneve version 0 (RFC 8926)."""
    if at + 8 > frame.held or frame.octets[at] >> 6 or frame.octets[at + 1] & 0x3F or frame.octets[at + 7]:
        return None
    protocol = frame.u16(at + 2)
    if protocol not in GENEVE_PAYLOADS:
        return None
    return Next(ETHERTYPE, protocol, at + 8 + (frame.octets[at] & 0x3F) * 4, end)


GENEVE_PAYLOADS = frozenset((TRANSPARENT_ETHERNET, 0x0800, 0x86DD, 0x8847, 0x894F))

T_PDU = 255


def gtp(frame: Frame, at: int, end: int) -> Next | None:
    """A user's packet in GTP version 1 (3GPP TS 29.281 section 5): optional fields, extension headers, then IP."""
    octets, held = frame.octets, frame.held
    if at + 8 > held or octets[at] & 0xF0 != 0x30 or octets[at + 1] != T_PDU:
        return None
    at, flags = at + 8, octets[at]
    if flags & 0x07:
        at += 4
        following = octets[at - 1] if at <= held and flags & 0x04 else 0
        while following:
            size = octets[at] * 4 if at < held else 0
            if not size or at + size > held:
                return None
            at += size
            following = octets[at - 1]
    return by_version(frame, at, end)


def teredo(frame: Frame, at: int, end: int) -> Next | None:
    """Teredo (RFC 4380 section 5.1.1): authentication and origin indications, then IPv6 that fills the datagram."""
    octets, held = frame.octets, frame.held
    if at + 4 <= held and octets[at : at + 2] == b"\0\1":
        at += 13 + octets[at + 2] + octets[at + 3]
    if octets[at : at + 2] == b"\0\0":
        at += 8
    if at + 40 > held or octets[at] >> 4 != 6 or frame.u16(at + 4) + at + 40 > end:
        return None
    return Next(ETHERTYPE, IPV6, at, end)


def capwap(frame: Frame, at: int, end: int) -> Next | None:
    """CAPWAP's data channel in the clear (RFC 5415 section 4.3): Ethernet, or IEEE 802.11 (RFC 5416).

    Some access points send the two octets of the 802.11 control field in the other order.
    """
    octets = frame.octets
    if at + 8 > frame.held or octets[at]:
        return None
    size, bits = (octets[at + 1] >> 3) * 4, octets[at + 2] << 8 | octets[at + 3]
    fragmented_or_keepalive = bits & 0x0088
    if size < 8 or fragmented_or_keepalive:
        return None
    at += size
    if not bits & 0x0100:
        return Next(LINK, ETHERNET, at, end)
    if at + 24 > frame.held:
        return None
    control, flags = octets[at], octets[at + 1]
    return data_frame(frame, at, end, control, flags) or data_frame(frame, at, end, flags, control)


def lisp(frame: Frame, at: int, end: int) -> Next | None:
    """A packet in LISP's data plane (RFC 9300 section 5): 8 octets, then IP that fills the datagram."""
    return whole_ip(frame, at + 8, end)


def lisp_control(frame: Frame, at: int, end: int) -> Next | None:
    """A control message encapsulated by LISP (RFC 9301 section 5.8): type 8 in 4 octets, then IP that fills it."""
    if at >= frame.held or frame.octets[at] >> 4 != 8:
        return None
    return whole_ip(frame, at + 4, end)


def whole_ip(frame: Frame, at: int, end: int) -> Next | None:
    """IP whose own length ends where the octets around it end."""
    if at + 20 > frame.held:
        return None
    version = frame.octets[at] >> 4
    length = frame.u16(at + 2) if version == 4 else frame.u16(at + 4) + 40
    return by_version(frame, at, end) if at + length == end else None


SAMPLES = {1: 32, 3: 44}
"""By the format of an sFlow sample: octets before its records; 3 is the expanded form."""

SAMPLED = {1: (LINK, ETHERNET), 7: (LINK, 9), 11: (ETHERTYPE, 0x0800), 12: (ETHERTYPE, 0x86DD), 13: (ETHERTYPE, 0x8847)}
"""By the header protocol of an sFlow record: number space and number of what was sampled."""

RAW_HEADER = 1
MOST_SAMPLES = 64


def sflow(frame: Frame, at: int, end: int) -> Next | None:
    """The frames that sFlow version 5 sampled, each as far as the sample goes (sflow.org, sFlow version 5)."""
    octets, held = frame.octets, min(frame.held, end)
    if at + 28 > held or octets[at : at + 7] != b"\0\0\0\5\0\0\0" or octets[at + 7] not in (1, 2):
        return None
    at += 12 if octets[at + 7] == 1 else 24
    for kind, start, stop in _items(octets, at + 16, held):
        if kind in SAMPLES:
            for record, first, last in _items(octets, start + SAMPLES[kind], stop):
                if record == RAW_HEADER and first + 16 <= last:
                    _sample(frame, first, last)
    return frame.beside()


def _items(octets: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Format, first octet and end of the samples of a datagram, or of the records of a sample."""
    for _ in range(MOST_SAMPLES):
        if at + 8 > end:
            return
        kind, size = struct.unpack_from("!II", octets, at)
        at += 8 + size
        if at > end:
            return
        yield kind, at - size, at


def _sample(frame: Frame, at: int, end: int) -> None:
    protocol, length, _, held = struct.unpack_from("!IIII", frame.octets, at)
    if protocol in SAMPLED and at + 16 + held <= end and len(frame.more) < MOST_SAMPLES:
        step = Next(*SAMPLED[protocol], at + 16, at + 16 + max(length, held))
        frame.more.append(Beside(step, frame.octets, at + 16 + held))


TUNNELS: dict[int, tuple[str, Callable[[Frame, int, int], Next | None]]] = {
    2152: ("GTP", gtp),
    3544: ("Teredo", teredo),
    4341: ("LISP", lisp),
    4500: ("ESP in UDP", esp_in_udp),
    4342: ("LISP", lisp_control),
    4789: ("VXLAN", vxlan),
    5247: ("CAPWAP", capwap),
    4790: ("VXLAN-GPE", vxlan_gpe),
    6081: ("Geneve", geneve),
    6343: ("sFlow", sflow),
    8472: ("VXLAN", vxlan),
}
"""By UDP port, on either side."""

PROTOCOLS: dict[int, Reader] = {17: udp, 50: esp}
"""By IP protocol number."""
