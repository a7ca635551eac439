"""What a description says, as those ask for it who track calls; of a usual one only that is read which is its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dissectors.analysis.calls.descriptions import as_told, bundles, formats, lines, whole_line
from dissectors.limits.remembered import Remembered
from dissectors.protocols import sdp
from dissectors.protocols.sdp import parse as parse_sdp
from dissectors.protocols.sdp_sections import read_media
from dissectors.protocols.sdp_usual import brief
from dissectors.report import Format, Media

if TYPE_CHECKING:
    from dissectors.protocols.sdp_usual import Brief

FACETIME_ORIGIN = "GKVoiceChatService"
USUAL = frozenset(("rtpmap", "fmtp", "ptime", "rtcp-mux", "sendrecv", "sendonly", "recvonly", "inactive"))
"""What a line of sound has, but for its sources, whose call agrees on nothing else."""

UsualPart = tuple[
    str, str, tuple[Format, ...], bool, float | None, str | None, Mapping[int, sdp.RtpMap], int
]
"""Of such a line profile, direction and formats, whether RTCP goes to the same port, a=ptime, the address of its own
c=, what a=rtpmap say by payload type, and how many formats and attributes it has.
"""


class Described:
    """A description: `owner` is its o=, with `username` and `address`, and `name` its s=.

    `lines` are its media, `rtpmaps` what a=rtpmap of each of them say by payload type, and `listed` counts the formats
    and attributes of all. `bundles`, `deviations` and `unreadable` are as the report has them.
    """

    __slots__ = (
        "address", "bundles", "deviations", "lines", "listed", "name", "owner", "rtpmaps", "unreadable", "username",
    )

    def __init__(
        self, owner: str | None, username: str | None, address: str | None, name: str | None, lines: tuple[Media, ...],
        rtpmaps: tuple[Mapping[int, sdp.RtpMap], ...], listed: int, deviations: tuple[str, ...],
        unreadable: tuple[str, ...], bundles: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        self.owner, self.username, self.name = owner, username, name
        self.lines, self.rtpmaps, self.listed = lines, rtpmaps, listed
        self.deviations, self.unreadable, self.bundles = deviations, unreadable, bundles
        self.address = address
        # The same text as a line has, which most have.
        for line in lines:
            if line.address == address:
                self.address = line.address
                break

    @property
    def facetime(self) -> bool:
        """Whether its origin says that this is FaceTime."""
        return self.username == FACETIME_ORIGIN


def read(octets: bytes, facetime: bool, sender: str) -> Described:
    """Read a description that `sender` said, in FaceTime or not; raises Malformed as `sdp.parse` does.

    An address of its media that is the sender's is the same text.
    """
    said = brief(octets)
    return _whole(parse_sdp(octets), facetime) if said is None else _by_lines(said, octets, facetime, sender)


def _by_lines(said: Brief, octets: bytes, facetime: bool, sender: str) -> Described:
    """A description in brief, with each of its lines that is not usual read whole."""
    owner, username, address, name, connected, media = said
    if username == FACETIME_ORIGIN:
        facetime = True
    whole: sdp.Description | None = None
    found: list[Media] = []
    rtpmaps, listed = [], 0
    for kind, port, rest, sources, count in media:
        part = None if kind == "image" else _parts.recall((rest, facetime))
        if part is None:
            if whole is None:
                whole = parse_sdp(octets)
            line = whole.media[len(found)]
            found.append(whole_line(line, whole, facetime))
            rtpmaps.append(line.rtpmaps)
            listed += len(line.formats) + len(line.attributes)
            continue
        profile, direction, explained, rtcp_mux, ptime, own, maps, many = part
        receives = own or connected
        if receives != sender:
            receives = as_told(receives)
        # In the order of its fields: to name so many costs more than all that is in them.
        found.append(Media(
            kind, sender if receives == sender else receives, port, profile, direction,
            explained, None, rtcp_mux, None, sources, None, 0, (), None, None, (), (), None, False, (), ptime,
        ))
        rtpmaps.append(maps)
        listed += many + count
    # What is odd is so in a line that is not usual.
    deviations, unreadable = ((), ()) if whole is None else (whole.deviations, whole.broken)
    return Described(owner, username, address, name, tuple(found), tuple(rtpmaps), listed, deviations, unreadable)


def _read_part(said: tuple[str, bool]) -> UsualPart | None:
    """What follows the port of a usual line, but for sources; None where it is another one."""
    rest, facetime = said
    known = read_media(rest)
    if known is None or not USUAL.issuperset(known[5]):
        return None
    profile, written, own, _, attributes, named, maps, *_ = known
    media = sdp.Media("", 0, 1, profile, written, None, (), attributes, (), named, {}, {})
    return (
        profile, media.direction, formats(media, facetime), "rtcp-mux" in named, media.ptime,
        None if own is None else own.address, maps, len(written) + len(attributes),
    )


_parts = Remembered(_read_part)
"""Programs say the same of their media again and again: it is read once."""


def _whole(description: sdp.Description, facetime: bool) -> Described:
    """Any description, with all that it says."""
    origin, owner, username, address = description.origin, None, None, None
    if origin is not None:
        username, number, version, nettype, addrtype, address = origin
        owner = f"{username} {number} {version} {nettype} {addrtype} {address}"
    media = description.media
    return Described(
        owner, username, address, description.name, lines(description, facetime or username == FACETIME_ORIGIN),
        tuple([line.rtpmaps for line in media]), sum([len(line.formats) + len(line.attributes) for line in media]),
        description.deviations, description.broken, bundles(description),
    )
