"""From a captured frame to its UDP datagrams and TCP segments, whatever lies between.

The commonest frames (IPv4 without options or fragments straight behind the link layer, then UDP) are read in one step;
everything else walks from header to header through three tables: by LINKTYPE, by EtherType and by IP protocol.
"""
from __future__ import annotations

import struct
from collections.abc import Sequence

from dissectors.wire import hep
from dissectors.wire.captures import erf
from dissectors.wire.captures.records import Record
from dissectors.wire.link import icmp, internet, links, offload, tunnels
from dissectors.wire.link.fragments import Fragments
from dissectors.wire.link.headers import LINK, Frame, Next, Reader, Udp
from dissectors.wire.link.icmp_errors import IcmpErrors
from dissectors.wire.link.segments import Segments
from dissectors.wire.tcp import Segment

__all__ = ["DEPTH", "Frames", "Udp"]

DEPTH = 128
"""How many headers of one frame are read before it is given up as nested without end."""

READERS: tuple[dict[int, Reader], ...] = (
    links.LINKS | erf.LINKS,
    links.ETHERTYPES | internet.ETHERTYPES,
    internet.PROTOCOLS | tunnels.PROTOCOLS | icmp.PROTOCOLS,
)
"""The tables by number space: LINK, ETHERTYPE, PROTOCOL."""

COMMON: dict[int, tuple[int, int, bytes]] = {
    0: (4, 0, b"\2\0\0\0"),
    1: (14, 12, b"\x08\0"),
    12: (0, 0, b""),
    101: (0, 0, b""),
    113: (16, 14, b"\x08\0"),
    228: (0, 0, b""),
    276: (20, 0, b"\x08\0"),
}
"""By LINKTYPE: where IPv4 begins when these octets stand at this place."""

MAX_PLACES = 8
PLAIN_IPV4 = 0x45
IPV4_AND_UDP = 28
ipv4_and_udp = struct.Struct("!BxH HHxB 2x4s4s HHH").unpack_from


class Frames:
    """The link layer and what lies between it and UDP, for all the frames of a capture.

    `frames` counts what was given, `not_ip` frames in which no IP was found, `datagrams` UDP headers, `unsupported`
    frames by LINKTYPE that is not read, `encapsulations` headers by name, `too_deep` frames given up for their nesting.
    `joined` counts frames in which offload holds several packets, `first_joined` are the first of them.
    `fragments`, `segments` and `errors`, those of ICMP, keep their own counts. `tcp` are the TCP segments of the last
    frame that was read, `hep` its datagrams of HEP.
    """

    __slots__ = (
        "_frame", "datagrams", "encapsulations", "errors", "first_joined", "fragments", "frames", "hep", "joined",
        "not_ip", "segments", "tcp", "too_deep", "unsupported",
    )

    def __init__(self, fragments: Fragments | None = None, errors: IcmpErrors | None = None) -> None:
        self.frames = self.not_ip = self.datagrams = self.too_deep = self.joined = 0
        self.first_joined: list[tuple[int, int]] = []
        self.unsupported: dict[int, int] = {}
        self.encapsulations: dict[str, int] = {}
        self.fragments = fragments or Fragments()
        self.segments = Segments()
        self.errors = errors or IcmpErrors()
        self.tcp: Sequence[Segment] = ()
        self.hep: Sequence[bytes] = ()
        self._frame = Frame(self.encapsulations, self.fragments, self.segments, self.errors)

    @property
    def tcp_seen(self) -> dict[tuple[int, str], int]:
        """TCP segments by (port, what they look like)."""
        return self.segments.seen

    def udp(self, record: Record, file: int = 0) -> Sequence[Udp]:
        """The UDP datagrams of a frame of a file, the outermost first; never raises.

        A fragmented datagram comes with the frame that completes it.
        """
        self.frames += 1
        self.tcp = self.hep = ()
        octets = record.octets
        common = COMMON.get(record.link)
        if common is not None:
            at, place, mark = common
            if len(octets) >= at + IPV4_AND_UDP and octets.startswith(mark, place):
                version, total, number, fragment, protocol, src, dst, sport, dport, length = ipv4_and_udp(octets, at)
                if (
                    version == PLAIN_IPV4
                    and protocol == internet.UDP
                    and not fragment & 0x3FFF
                    and 8 <= length <= total - 20
                    and length <= offload.LARGEST_USUAL + 8
                    and dport not in tunnels.TUNNELS
                    and sport not in tunnels.TUNNELS
                    and not octets.startswith(hep.MARKS, at + IPV4_AND_UDP)
                ):
                    self.datagrams += 1
                    payload = octets[at + IPV4_AND_UDP : at + 20 + length]
                    return (tuple.__new__(Udp, (0, src, dst, sport, dport, payload, length - 8, number)),)
        return self._walk(record, file)

    def _walk(self, record: Record, file: int = 0) -> Sequence[Udp]:
        frame, octets = self._frame, record.octets
        frame.place = file, record.frame
        frame.begin(octets, record.time)
        step: Next | None = Next(LINK, record.link, 0, max(record.original, len(octets)))
        for _ in range(DEPTH):
            if step is None:
                break
            reader = READERS[step.space].get(step.number)
            if reader is not None:
                step = reader(frame, step.at, step.end)
            else:
                if step.space == LINK:
                    self.unsupported[step.number] = self.unsupported.get(step.number, 0) + 1
                step = None
            if step is None:
                step = frame.beside()
        else:
            self.too_deep += step is not None
        self.not_ip += not frame.ip
        found: Sequence[Udp] = frame.found
        if any([each.length > offload.LARGEST_USUAL for each in found]):
            found = self._apart(record, file, found)
        self.datagrams += len(found)
        self.tcp, self.hep = frame.tcp, frame.hep
        return found

    def _apart(self, record: Record, file: int, found: Sequence[Udp]) -> Sequence[Udp]:
        """The datagrams of a frame, those apart that offload holds together."""
        parts = [part for each in found for part in offload.apart(each)]
        if len(parts) > len(found):
            self.joined += 1
            if len(self.first_joined) < MAX_PLACES:
                self.first_joined.append((file, record.frame))
        return parts
