"""Frames that a program has in its hands, as records: pairs of time and octets, and packets of Scapy.

Scapy is not imported: a packet says by the name of its first layer which link type it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Protocol

from dissectors.wire.captures.records import MAX_TIME_NS, Record
from dissectors.wire.link.link_names import LINK_NAMES

ETHERNET, RAW = 1, 101
NUMBERS = {name: number for number, name in LINK_NAMES.items()} | {"RAW": RAW, "EN10MB": ETHERNET}
FIRST_LAYERS = {
    "Ether": ETHERNET, "Dot3": ETHERNET, "IP": RAW, "IPv6": RAW, "Loopback": 0, "LoopbackOpenBSD": 108, "PPP": 9,
    "HDLC": 50, "PPPoE": 51, "Dot11": 105, "CookedLinux": 113, "PrismHeader": 119, "RadioTap": 127, "PPI": 192,
    "CookedLinuxV2": 276,
}
"""By the name of a layer of Scapy: the LINKTYPE of a packet that begins with it."""


class Packet(Protocol):
    """What is asked of a packet that is no pair, such as one of Scapy."""

    @property
    def time(self) -> Any: ...

    def __bytes__(self) -> bytes: ...


def records(packets: Iterable[tuple[Any, Any] | Packet], link: str | int | None) -> Iterator[Record]:
    """A record for each packet, numbered from 1."""
    named = None if link is None else link_number(link)
    for frame, packet in enumerate(packets, 1):
        if isinstance(packet, (tuple, list)):
            time, octets = packet
            number, original = ETHERNET if named is None else named, None
        else:
            time, octets = packet.time, bytes(packet)
            number, original = first_layer(packet) if named is None else named, getattr(packet, "wirelen", None)
        held = memoryview(octets).tobytes()
        yield Record(frame, nanoseconds(time), number, held, max(original or 0, len(held)))


def nanoseconds(seconds: Any) -> int:
    """Seconds since the epoch as a record has them: exact where they are no float, within what a record can say."""
    whole = int(seconds * 10**9) if isinstance(seconds, (int, Decimal)) else round(float(seconds) * 1e9)
    return min(max(whole, 0), MAX_TIME_NS)


def link_number(link: str | int) -> int:
    """The LINKTYPE of that number or name, in any case, also as LINKTYPE_… or DLT_…; raises ValueError for others."""
    if not isinstance(link, str):
        return int(link)
    name = link.upper().removeprefix("LINKTYPE_").removeprefix("DLT_")
    if name not in NUMBERS:
        raise ValueError(f"no link type {link!r}; ETHERNET, RAW and LINUX_SLL are some, and any number is")
    return NUMBERS[name]


def first_layer(packet: Packet) -> int:
    """The LINKTYPE that a packet's class tells, else Ethernet; raises ValueError for a layer of Scapy that is none."""
    kinds = type(packet).__mro__
    for kind in kinds:
        if kind.__name__ in FIRST_LAYERS:
            return FIRST_LAYERS[kind.__name__]
    if any(kind.__module__.partition(".")[0] == "scapy" for kind in kinds):
        raise ValueError(f"a packet begins with {kinds[0].__name__}: say its link type with link=")
    return ETHERNET
