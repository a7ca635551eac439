"""The fields of a SIP message, as Scapy has fields: parts of the start line, and headers."""

from __future__ import annotations

from random import choice, randint
from typing import Any

from scapy.fields import Field
from scapy.packet import Packet
from scapy.volatile import RandBin, RandNum, VolatileValue

from dissectors.layers.headers import Headers, octets_of, visible
from dissectors.protocols.sip_headers import NAMES

MAX_RANDOM_HEADERS = 6
"""How many header fields `fuzz` makes up at most."""

_NAMES = sorted(set(NAMES.values()))


class Word(Field[Any, bytes]):
    """One part of the start line; the layer puts the line together."""

    def addfield(self, pkt: Packet | None, s: bytes, val: Any) -> bytes:
        """The part alone, for Scapy's pictures of a packet."""
        return s if val is None else s + octets_of(val)

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        """Without quotes."""
        return visible(x)

    def randval(self) -> Any:
        """Any octets, for `fuzz`."""
        return RandBin(RandNum(0, 40))


class Version(Word):
    """The version, which `fuzz` leaves as it is: without it the message is none."""

    def randval(self) -> Any:
        """None."""
        return None


class HeadersField(Field[Headers, bytes]):
    """The headers, given as `Headers`, pairs, a mapping, text or raw lines."""

    ismutable = True

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        """Headers of their own."""
        return x if isinstance(x, RandHeaders) else Headers(x if x is not None else ())

    def randval(self) -> Any:
        """Any headers after those that you gave, for `fuzz`."""
        return RandHeaders()

    def i2repr(self, pkt: Packet | None, x: Headers) -> str:
        """A header field a line, whatever it holds."""
        return "".join(f"\n{visible(name)}: {visible(value)}" for name, value in x.items())

    def addfield(self, pkt: Packet | None, s: bytes, val: Headers | None) -> bytes:
        """The lines."""
        return s + b"".join(val.lines if val else ())


class RandHeaders(VolatileValue[Headers]):
    """A few header fields at random, after those that are given."""

    def __init__(self, given: Headers | None = None) -> None:
        self.given = given or Headers()

    def _fix(self) -> Headers:
        headers = Headers(self.given)
        for _ in range(randint(0, MAX_RANDOM_HEADERS)):
            headers.add(choice(_NAMES), bytes(RandBin(RandNum(0, 40))))
        return headers
