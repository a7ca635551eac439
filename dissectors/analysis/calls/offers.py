"""What calls that are held unread say of their media: a few descriptions, but for what differs from call to call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dissectors.analysis.calls.descriptions import as_told
from dissectors.analysis.calls.media_lines import UNSPECIFIED_ADDRESSES
from dissectors.mux.entry import Entry
from dissectors.wire.datagram import Endpoint
from dissectors.wire.inflate import LIMITS, Limits, inflate

if TYPE_CHECKING:
    from dissectors.protocols.sip_usual import Described, Usual

LABEL = ("deflate",)

MAX_SHAPES = 256
"""So many descriptions are kept once, but for what differs from call to call."""

INTRICATE = (b"a=rtpID", b"a=crypto", b"a=key-mgmt", b"a=ice", b"a=fingerprint", b"a=candidate")
"""What differs from call to call, too, where a call is no plain one."""


class Reading:
    """Reads the descriptions of calls that are held unread: those that say nothing unusual, of which there are a few.

    `asks` looks at one; bodies are inflated within `limits`.
    """

    __slots__ = ("_asks", "_limits", "_shapes")

    def __init__(self, asks: Callable[[bytes], Described | None], limits: Limits = LIMITS) -> None:
        self._asks, self._limits = asks, limits
        self._shapes: dict[bytes, bytes] = {}

    def offered(self, entry: Entry, usual: Usual) -> Offer | None:
        """What a message says of media, if that is nothing unusual."""
        if not usual.octets:
            return None
        body = usual.body
        if usual.packed:
            inflated = inflate(body, LABEL, self._limits)
            if inflated.status != "complete" or inflated.encoding != "zlib" or inflated.deviations:
                return None
            body = inflated.octets
        found = self._asks(body)
        if found is None or not usual.fits(len(body)):
            return None
        shape = self._shapes.get(found.rest)
        if shape is None:
            if any([words in found.rest for words in INTRICATE]):
                return None
            if len(self._shapes) >= MAX_SHAPES:
                self._shapes.clear()
            shape = self._shapes[found.rest] = found.rest
        address = as_told(found.address)
        if address in UNSPECIFIED_ADDRESSES:
            return None
        return Offer(shape, found.owner, address, found.port, found.ssrc, found.is_facetime, len(body), entry)


class Offer:
    """What one side said of its media, and in which frame of which file.

    Its shape is all but the address and port where it wants them, its source and what never matters; it takes so many
    `octets`, inflated. `owner` says whose it is, until it is answered.
    """

    __slots__ = ("address", "file", "frame", "is_facetime", "octets", "owner", "port", "shape", "ssrc")

    def __init__(
        self, shape: bytes, owner: bytes, address: str, port: int, ssrc: int | None, is_facetime: bool, octets: int,
        entry: Entry,
    ) -> None:
        self.shape, self.ssrc, self.is_facetime, self.octets = shape, ssrc, is_facetime, octets
        self.owner: bytes | None = owner
        self.address, self.port = address, port
        self.file, self.frame = entry.file, entry.frame

    @property
    def end(self) -> Endpoint:
        """Where it wants media."""
        return self.address, self.port

    def repeats(self, other: Offer) -> bool:
        """Whether another one said the same, whoever made it."""
        return (
            self.shape == other.shape and self.address == other.address and self.port == other.port
            and self.ssrc == other.ssrc
        )
