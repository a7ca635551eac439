"""The common base of the header readers: the frame being read, and the link from one header to the next.

A reader is a function of the frame, the offset where its header begins and the end that the headers before it claim. It
checks that the octets it needs are there, notes what it learnt in the frame and returns what follows, or None when
nothing follows that can be read. `wire.frames` walks from reader to reader, never deeper than its bound.
"""
from __future__ import annotations

from collections.abc import Callable

from dissectors.wire.link.fragments import Fragments
from dissectors.wire.link.icmp_errors import IcmpErrors
from dissectors.wire.link.segments import Segments
from dissectors.wire.tcp import Segment
from dissectors.wire.values import NamedTuple, Struct

LINK, ETHERTYPE, PROTOCOL = 0, 1, 2
"""The three number spaces: LINKTYPE, EtherType and IP protocol."""

IPV4, IPV6, TRANSPARENT_ETHERNET = 0x0800, 0x86DD, 0x6558
ETHERNET = 1


class Next(NamedTuple):
    """The header that follows: its number in its space, where it begins, and where the octets before say it ends.

    `end` may lie beyond what was captured.
    """

    space: int
    number: int
    at: int
    end: int


class Beside(Struct, frozen=True):
    """What stands in a frame beside what is being read: where it begins, in which octets, and where those end."""

    step: Next
    octets: bytes
    held: int


class Udp(NamedTuple):
    """One UDP datagram of a frame.

    `layer` counts the frame's UDP headers from 0; addresses are 4 or 16 octets; `length` is what the UDP header claims
    for the payload, which is shorter when the capture cut it. `identification` is that of its IP packet, which a copy
    of the packet shares; 0 where there is none.
    """

    layer: int
    src: bytes
    dst: bytes
    sport: int
    dport: int
    payload: bytes
    length: int
    identification: int = 0


class Frame:
    """A frame being opened, and what its headers said so far.

    `held` is the end of what may be read: the captured octets, less any trailer behind an IP packet. `more` is read
    after what leads on from here. `place` is the number of its file and its own there.
    """

    __slots__ = (
        "dst", "encapsulations", "errors", "found", "fragments", "held", "hep", "identification", "ip", "more",
        "octets", "place", "segments", "src", "tcp", "time",
    )

    def __init__(
        self, encapsulations: dict[str, int], fragments: Fragments, segments: Segments,
        errors: IcmpErrors | None = None,
    ) -> None:
        self.encapsulations = encapsulations
        self.errors = errors or IcmpErrors()
        self.fragments = fragments
        self.segments = segments
        self.place = (0, 0)
        self.begin(b"", 0)

    def begin(self, octets: bytes, time: int) -> None:
        """Turn to another frame."""
        self.octets = octets
        self.held = len(octets)
        self.time = time
        self.ip = False
        self.identification = 0
        self.src = self.dst = b""
        self.found: list[Udp] = []
        self.tcp: list[Segment] = []
        self.hep: list[bytes] = []
        self.more: list[Beside] = []

    def beside(self) -> Next | None:
        """Turn to the next of `more`, if there is one."""
        if not self.more:
            return None
        beside = self.more.pop(0)
        self.octets, self.held = beside.octets, beside.held
        return beside.step

    def seen(self, encapsulation: str) -> None:
        """Count an encapsulation by its name."""
        self.encapsulations[encapsulation] = self.encapsulations.get(encapsulation, 0) + 1

    def u16(self, at: int) -> int:
        """The 16-bit number at `at`, which the caller knows to be held."""
        return self.octets[at] << 8 | self.octets[at + 1]


Reader = Callable[[Frame, int, int], Next | None]


def by_version(frame: Frame, at: int, end: int) -> Next | None:
    """The next header if only IP's own version separates IPv4 from IPv6."""
    if at >= frame.held:
        return None
    number = {4: IPV4, 6: IPV6}.get(frame.octets[at] >> 4)
    return Next(ETHERTYPE, number, at, end) if number else None


def by_type(frame: Frame, at: int, end: int, number: int) -> Next | None:
    """The header after an Ethernet type field: an EtherType from 0x0600 on, a length and LLC below (IEEE 802.3)."""
    if number >= 0x0600:
        return Next(ETHERTYPE, number, at, end)
    return llc(frame, at, end)


def llc(frame: Frame, at: int, end: int) -> Next | None:
    """The header after an LLC header (IEEE 802.2): IP by its SAP or by SNAP."""
    octets = frame.octets
    if at + 8 <= frame.held and octets[at : at + 3] == b"\xaa\xaa\x03":
        frame.seen("LLC")
        ethernet_or_bridged = octets[at + 3 : at + 6] in (b"\0\0\0", b"\0\0\xf8")
        return Next(ETHERTYPE, frame.u16(at + 6), at + 8, end) if ethernet_or_bridged else None
    if at + 3 <= frame.held and octets[at : at + 3] == b"\x06\x06\x03":
        frame.seen("LLC")
        return Next(ETHERTYPE, IPV4, at + 3, end)
    return None
