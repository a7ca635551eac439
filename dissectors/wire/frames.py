"""From a captured frame to its UDP datagrams, whatever lies between.

The commonest frame (Ethernet, IPv4 without options or fragments, UDP) is read in one step; everything else walks from
header to header through three tables: by LINKTYPE, by EtherType and by IP protocol.
"""
from __future__ import annotations

import struct
from collections.abc import Sequence

from dissectors.wire import internet, links, tunnels
from dissectors.wire.fragments import Fragments
from dissectors.wire.headers import ETHERNET, LINK, Frame, Next, Reader, Udp
from dissectors.wire.records import Record
from dissectors.wire.segments import Segments

__all__ = ["DEPTH", "Frames", "Udp"]

DEPTH = 32
"""How many headers of one frame are read before it is given up as nested without end."""

READERS: tuple[dict[int, Reader], ...] = (
    links.LINKS,
    links.ETHERTYPES | internet.ETHERTYPES,
    internet.PROTOCOLS | tunnels.PROTOCOLS,
)
"""The tables by number space: LINK, ETHERTYPE, PROTOCOL."""

COMMON_SIZE = 42
COMMON_TYPE = 0x0800
COMMON_VERSION = 0x45
COMMON_PROTOCOL = 17
common = struct.Struct("!12x HBxH 2xHxB 2x4s4s HHH").unpack_from


class Frames:
    """The link layer and what lies between it and UDP, for all the frames of a capture.

    `frames` counts what was given, `not_ip` frames in which no IP was found, `datagrams` UDP headers, `unsupported`
    frames by LINKTYPE that is not read, `encapsulations` headers by name, `too_deep` frames given up for their nesting.
    `fragments` and `segments` keep their own counts.
    """

    __slots__ = (
        "_frame", "datagrams", "encapsulations", "fragments", "frames", "not_ip", "segments", "too_deep", "unsupported"
    )

    def __init__(self, fragments: Fragments | None = None) -> None:
        self.frames = self.not_ip = self.datagrams = self.too_deep = 0
        self.unsupported: dict[int, int] = {}
        self.encapsulations: dict[str, int] = {}
        self.fragments = fragments or Fragments()
        self.segments = Segments()
        self._frame = Frame(self.encapsulations, self.fragments, self.segments)

    @property
    def tcp_seen(self) -> dict[tuple[int, str], int]:
        """TCP segments by (port, what they look like)."""
        return self.segments.seen

    def udp(self, record: Record) -> Sequence[Udp]:
        """The UDP datagrams of a frame, the outermost first; never raises.

        A fragmented datagram comes with the frame that completes it.
        """
        self.frames += 1
        octets = record.octets
        if record.link == ETHERNET and len(octets) >= COMMON_SIZE:
            kind, version, total, fragment, protocol, src, dst, sport, dport, length = common(octets)
            if (
                kind == COMMON_TYPE
                and version == COMMON_VERSION
                and protocol == COMMON_PROTOCOL
                and not fragment & 0x3FFF
                and 8 <= length <= total - 20
                and dport not in tunnels.TUNNELS
                and sport not in tunnels.TUNNELS
            ):
                self.datagrams += 1
                payload = octets[COMMON_SIZE : 34 + length]
                return (tuple.__new__(Udp, (0, src, dst, sport, dport, payload, length - 8)),)
        return self._walk(record)

    def _walk(self, record: Record) -> Sequence[Udp]:
        frame, octets = self._frame, record.octets
        frame.begin(octets, record.time)
        step: Next | None = Next(LINK, record.link, 0, max(record.original, len(octets)))
        for _ in range(DEPTH):
            if step is None:
                break
            reader = READERS[step.space].get(step.number)
            if reader is None:
                if step.space == LINK:
                    self.unsupported[step.number] = self.unsupported.get(step.number, 0) + 1
                break
            step = reader(frame, step.at, step.end)
        else:
            self.too_deep += step is not None
        self.not_ip += not frame.ip
        self.datagrams += len(frame.found)
        return frame.found
