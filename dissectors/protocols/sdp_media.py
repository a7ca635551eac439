"""A description of SDP, its media, and what their attributes mean (RFC 8866 section 5.14)."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, TypeVar

from dissectors.protocols import sdp_attributes
from dissectors.protocols.sdp_attributes import Candidate, Crypto, Fingerprint, Rtcp, RtpMap, number
from dissectors.protocols.sdp_lines import Attribute, Bandwidth, Connection, Origin, Timing
from dissectors.wire.patterns import pattern
from dissectors.wire.values import Struct

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
Value = TypeVar("Value")

_DIRECTIONS: dict[str, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "sendonly",
    "recvonly": "recvonly",
    "inactive": "inactive",
}
NO_RTPMAPS: Mapping[int, RtpMap] = {}
MAX_REMEMBERED_RTPMAPS, MAX_REMEMBERED_LENGTH = 256, 1024
"""Lists of a=rtpmap that are remembered, and how many characters one has."""

_WORDS = pattern(r"[;\s]+")
_DECIMAL = pattern(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def read_all(values: Sequence[str], read: Callable[[str], Value | None]) -> tuple[Value, ...]:
    """The values that can be read, in order."""
    return tuple([found for value in values if (found := read(value)) is not None]) if values else ()


def by_name(attributes: Sequence[Attribute]) -> dict[str, list[str]]:
    """The values of the attributes of each name, in order; a property counts as empty."""
    named: dict[str, list[str]] = {}
    for name, value in attributes:
        if name in named:
            named[name].append(value or "")
        else:
            named[name] = [value or ""]
    return named


def rtpmaps(values: Sequence[str]) -> Mapping[int, RtpMap]:
    """The a=rtpmap values by payload type; the first of several counts."""
    if not values:
        return NO_RTPMAPS
    return _rtpmaps(tuple(values)) if sum(map(len, values)) <= MAX_REMEMBERED_LENGTH else _read_rtpmaps(values)


def _read_rtpmaps(values: Sequence[str]) -> Mapping[int, RtpMap]:
    return dict(reversed(read_all(values, sdp_attributes.rtpmap)))


_rtpmaps = lru_cache(MAX_REMEMBERED_RTPMAPS)(_read_rtpmaps)
"""Programs offer the same codecs again and again: each list is kept once."""


def fmtps(values: Sequence[str]) -> dict[str, str]:
    """The a=fmtp values by format as written; the first of several counts."""
    if not values:
        return {}
    pairs = [value.partition(" ") for value in values]
    return {first: rest.strip() for first, _, rest in reversed(pairs)}


def secondary(fmtps: Mapping[str, str]) -> frozenset[int]:
    """As `Media.secondary`."""
    written = [name for name, text in fmtps.items() if "sec" in text and "sec" in _WORDS().split(text)]
    return frozenset([payload_type for name in written if (payload_type := number(name, 128)) is not None])


class Media(Struct, frozen=True):
    """One media description (RFC 8866 section 5.14).

    `connection` is its own or else the description's; `inherited` are the attributes of the description, which hold
    for direction, setup, fingerprint and ICE where the media has none of its own. `named` are its own attributes by
    their names; `rtpmaps` is what a=rtpmap says by payload type, `fmtps` what a=fmtp says by format as written.
    """

    kind: str
    port: int
    count: int
    profile: str
    formats: tuple[str, ...]
    connection: Connection | None
    bandwidths: tuple[Bandwidth, ...]
    attributes: tuple[Attribute, ...]
    inherited: tuple[Attribute, ...]
    named: Mapping[str, Sequence[str]]
    rtpmaps: Mapping[int, RtpMap]
    fmtps: Mapping[str, str]

    def all(self, name: str) -> tuple[str, ...]:
        """The values of every attribute of that name of this media, in order; a property counts as empty."""
        return tuple(self.named.get(name, ()))

    def get(self, name: str) -> str | None:
        """The first value of an attribute, of this media or else inherited; None when there is none."""
        if name in self.named:
            return self.named[name][0]
        return next((value or "" for named, value in self.inherited if named == name), None)

    def _first(self, name: str) -> str:
        return self.named[name][0].strip() if name in self.named else ""

    def fmtp(self, payload_type: int | str) -> str | None:
        """The format parameters of a payload type or format name, as written; None when there are none."""
        return self.fmtps.get(str(payload_type))

    @property
    def secondary(self) -> frozenset[int]:
        """Payload types whose fmtp holds FaceTime's word `sec`: secondary, not the first choice."""
        return secondary(self.fmtps)

    @property
    def direction(self) -> Direction:
        """RFC 8866 section 6.7: of the media, else of the description, else sendrecv."""
        said = [name for name in _DIRECTIONS.values() if name in self.named]
        if len(said) == 1:
            return said[0]
        for name, _ in (*self.attributes, *self.inherited):
            if name in _DIRECTIONS:
                return _DIRECTIONS[name]
        return "sendrecv"

    @property
    def rtcp(self) -> Rtcp | None:
        """RFC 3605; without it RTCP goes to the next port, or to the same one with `rtcp_mux`."""
        return next(iter(read_all(self.named.get("rtcp", ()), sdp_attributes.rtcp)), None)

    @property
    def rtcp_mux(self) -> bool:
        """RFC 5761 section 5.1.1."""
        return "rtcp-mux" in self.named or "rtcp-mux-only" in self.named

    @property
    def ptime(self) -> float | None:
        """Milliseconds of media in a datagram (RFC 8866 section 6.4)."""
        return self._milliseconds("ptime")

    @property
    def maxptime(self) -> float | None:
        """Milliseconds of media in a datagram at most (RFC 8866 section 6.5)."""
        return self._milliseconds("maxptime")

    def _milliseconds(self, name: str) -> float | None:
        found = _DECIMAL().fullmatch(self._first(name))
        return float(found[0]) if found else None

    @property
    def rtp_id(self) -> int | None:
        """FaceTime's a=rtpID: 32 bits, probably the SSRC."""
        return number(self._first("rtpID"))

    @property
    def ssrcs(self) -> dict[int, str | None]:
        """Announced SSRCs in order with their cname, None where it is not said (RFC 5576)."""
        found: dict[int, str | None] = {}
        for value in self.named.get("ssrc", ()):
            first, _, rest = value.partition(" ")
            ssrc = number(first)
            if ssrc is not None:
                name, _, text = rest.strip().partition(":")
                found[ssrc] = found.get(ssrc) or (text if name == "cname" else None)
        return found

    @property
    def crypto(self) -> tuple[Crypto, ...]:
        """SDES offers or the accepted one (RFC 4568)."""
        return read_all(self.named.get("crypto", ()), sdp_attributes.crypto)

    @property
    def fingerprint(self) -> Fingerprint | None:
        """Of the certificate that DTLS will show (RFC 8122)."""
        value = self.get("fingerprint")
        return sdp_attributes.fingerprint(value) if value else None

    @property
    def setup(self) -> str | None:
        """Who opens DTLS: active, passive, actpass or holdconn (RFC 4145)."""
        return self.get("setup")

    @property
    def ice_ufrag(self) -> str | None:
        return self.get("ice-ufrag")

    @property
    def ice_pwd(self) -> str | None:
        return self.get("ice-pwd")

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """RFC 8839 section 5.1; those that cannot be read are left out."""
        return read_all(self.named.get("candidate", ()), sdp_attributes.candidate)


class Description(Struct, frozen=True):
    """A session description. `lines` is every line in order as (type, value); `deviations` are phrases for people.

    `broken` are those of them that are about a line that cannot be read at all.
    """

    version: str
    origin: Origin | None
    name: str | None
    connection: Connection | None
    bandwidths: tuple[Bandwidth, ...]
    times: tuple[Timing, ...]
    attributes: tuple[Attribute, ...]
    media: tuple[Media, ...]
    lines: tuple[tuple[str, str], ...]
    deviations: tuple[str, ...]
    broken: tuple[str, ...] = ()

    def get(self, name: str) -> str | None:
        """The first value of an attribute of the description itself; empty for a property, None when absent."""
        return next((a.value or "" for a in self.attributes if a.name == name), None)
