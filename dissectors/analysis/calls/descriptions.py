"""What an offer or answer says of media: lines, formats, and the codec behind a payload type without rtpmap."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from dissectors.limits.remembered import remembered
from dissectors.limits.texts import length_of
from dissectors.protocols import payload_types, sdp, sdp_attributes, sdp_media
from dissectors.protocols.rtp_extensions import NAMES
from dissectors.report import Certainty, ExtensionName, FaxParameters, Format, Key, Media, SourceGroup
from dissectors.wire.addresses import packed_address, written_address
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import Struct, replace

SHA_256 = "sha-256"
CANDIDATE_KINDS = {kind: kind for kind in ("host", "srflx", "prflx", "relay")}
"""What RFC 8445 section 5.1.1 knows; another word is nobody's."""

TRANSPORT_WIDE = "transport-wide-cc"
MAX_REMEMBERED_FORMATS, MAX_REMEMBERED_LENGTH = 256, 2048
"""Lists of formats that are remembered, and how many characters say one of them."""

MAX_CANDIDATES = 64
MAX_GROUPS, MAX_GROUPED = 16, 16
MAX_EXTENSIONS, MAX_RIDS, MAX_WORD = 32, 16, 32
MAX_BUNDLES = 8


class Codec(Struct, frozen=True):
    """A codec and its RTP clock in Hz, how sure that is, and from what."""

    name: str | None
    clock: int | None
    channels: int | None
    certainty: Certainty
    source: str


UNKNOWN_CODEC = Codec(None, None, None, "unknown", "a dynamic payload type without rtpmap")


def codec_of(payload_type: int, rtpmaps: Mapping[int, sdp.RtpMap] | None, facetime: bool) -> Codec:
    """The codec of a payload type: from its rtpmap, RFC 3551's static table, or a hint of what FaceTime sends."""
    if rtpmaps and (mapped := rtpmaps.get(payload_type)):
        return Codec(mapped.encoding, mapped.clock, mapped.channels, "certain", "rtpmap")
    hint = payload_types.hint(payload_type, facetime)
    if hint is None:
        return UNKNOWN_CODEC
    return Codec(hint.codec, hint.clock, None, hint.certainty, hint.source)


def formats(media: sdp.Media, facetime: bool) -> tuple[Format, ...]:
    """Every payload type of a media line, in order, explained."""
    named, written = media.named, media.formats
    maps, parameters = tuple(named.get("rtpmap", ())), tuple(named.get("fmtp", ()))
    rtp_profile = "RTP" in media.profile.upper()
    explained = _formats if length_of((*maps, *parameters, *written)) > MAX_REMEMBERED_LENGTH else _formats_again
    return explained(written, maps, parameters, rtp_profile, facetime)


def _formats(
    written: tuple[str, ...], maps: tuple[str, ...], parameters: tuple[str, ...], rtp_profile: bool, facetime: bool
) -> tuple[Format, ...]:
    explained, rtpmaps, fmtps = [], sdp_media.rtpmaps(maps), sdp_media.fmtps(parameters)
    secondary = sdp_media.secondary(fmtps)
    for text in written:
        number = sdp.number(text, 128)
        rtp = number is not None and rtp_profile
        codec = codec_of(number, rtpmaps, facetime) if rtp and number is not None else UNKNOWN_CODEC
        explained.append(
            Format(
                payload_type=text,
                codec=codec.name,
                clock=codec.clock,
                channels=codec.channels,
                certainty=codec.certainty,
                source=codec.source if rtp else "not an RTP format",
                secondary=number in secondary,
                parameters=fmtps.get(str(number)) if number is not None else None,
            )
        )
    return tuple(explained)


_formats_again = lru_cache(MAX_REMEMBERED_FORMATS)(_formats)
"""Programs offer the same formats again and again: they are kept once."""


def lines(description: sdp.Description, facetime: bool) -> tuple[Media, ...]:
    """The media lines of a description, each with the address that applies to it (RFC 8866 section 5.7)."""
    found = tuple([whole_line(media, description, facetime) for media in description.media])
    return bundled(found, bundles(description)) if any([line.bundle_only for line in found]) else found


def bundles(description: sdp.Description) -> tuple[tuple[str, ...], ...]:
    """The groups of lines that are to share a transport, as many as are looked at (RFC 9143)."""
    said = [value.split() for name, value in description.attributes if name == "group" and value]
    return tuple([tuple(words[1:]) for words in said if words[:1] == ["BUNDLE"]][:MAX_BUNDLES])


def bundled(lines: tuple[Media, ...], groups: tuple[tuple[str, ...], ...]) -> tuple[Media, ...]:
    """The lines of a description; one that is bundle-only has the transport of the first of its group that has one."""
    found = []
    for line in lines:
        if line.bundle_only and not line.port:
            mids = [mid for group in groups if line.mid in group for mid in group]
            tagged = min((other for other in lines if other.port and other.mid in mids),
                         key=lambda other: mids.index(other.mid or ""), default=line)
            line = replace(line, address=tagged.address, port=tagged.port)
        found.append(line)
    return tuple(found)


def whole_line(media: sdp.Media, description: sdp.Description, facetime: bool) -> Media:
    """Any line, with all that it says."""
    rtcp, candidates, crypto = media.rtcp, media.candidates, media.crypto
    return Media(
        kind=media.kind,
        address=address_of(media, description),
        port=media.port,
        profile=media.profile,
        direction=media.direction,
        formats=formats(media, facetime),
        rtcp_port=rtcp.port if rtcp else None,
        rtcp_mux=media.rtcp_mux,
        rtp_id=media.rtp_id,
        ssrcs=tuple(media.ssrcs),
        encryption=encryption(media, description),
        candidates=len(candidates),
        suites=tuple([each.suite for each in crypto]),
        fingerprint=fingerprint(media),
        setup=media.setup,
        endpoints=tuple([endpoint(each.address, each.port) for each in candidates[:MAX_CANDIDATES]]),
        keys=tuple([Key(each.tag, each.suite, each.key_octets) for each in crypto]),
        ufrag=media.ice_ufrag,
        ice_lite=media.get("ice-lite") is not None,
        candidate_kinds=tuple([CANDIDATE_KINDS.get(each.type, "") for each in candidates[:MAX_CANDIDATES]]),
        ptime=media.ptime,
        maxptime=media.maxptime,
        transport_wide=transport_wide(media),
        groups=groups(media),
        mid=media.get("mid") if "mid" in media.named else None,
        extensions=extensions(media),
        rids=rids(media),
        fax=fax(media),
        bundle_only="bundle-only" in media.named,
    )


def with_candidate(line: Media, found: sdp_attributes.Candidate) -> Media:
    """A line with one candidate more, where that is none that it has."""
    end = endpoint(found.address, found.port)
    if end in line.endpoints or len(line.endpoints) >= MAX_CANDIDATES:
        return line
    return replace(
        line, candidates=line.candidates + 1, endpoints=(*line.endpoints, end),
        candidate_kinds=(*line.candidate_kinds, CANDIDATE_KINDS.get(found.type, "")),
    )


def groups(media: sdp.Media) -> tuple[SourceGroup, ...]:
    """The sources that belong together, as many as are looked at; a line with anything else is left out."""
    found = []
    for value in media.named.get("ssrc-group", ())[:MAX_GROUPS]:
        semantics, *ssrcs = value.split(" ")[: MAX_GROUPED + 1]
        if ssrcs and all(ssrc.isdecimal() and len(ssrc) <= 10 for ssrc in ssrcs):
            found.append(SourceGroup(semantics, tuple(map(int, ssrcs))))
    return tuple(found)


def extensions(media: sdp.Media) -> tuple[ExtensionName, ...]:
    """The header extensions that a media line names, as many as are looked at (RFC 8285 section 8)."""
    found = []
    for value in media.named.get("extmap", ())[:MAX_EXTENSIONS]:
        first, _, rest = value.partition(" ")
        number, uri = first.partition("/")[0], rest.strip().partition(" ")[0]
        if number.isdecimal() and len(number) <= 3 and uri:
            found.append(ExtensionName(int(number), uri, NAMES.get(uri)))
    return tuple(found)


def rids(media: sdp.Media) -> tuple[str, ...]:
    """The layers of a picture that a media line names (RFC 8851), as many as are looked at."""
    values = media.named.get("rid", ())[:MAX_RIDS]
    return tuple([rid for value in values if (rid := value.partition(" ")[0])])


def fax(media: sdp.Media) -> FaxParameters | None:
    """What a line for an image says of T.38; senders write the names in large letters and in small ones."""
    if media.kind != "image":
        return None
    said = {name.lower(): values[0].strip()[:MAX_WORD] for name, values in media.named.items()}
    version = said.get("t38faxversion", "")
    return FaxParameters(
        int(version) if version.isascii() and version.isdecimal() else None,
        said.get("t38faxratemanagement", ""), said.get("t38faxudpec", ""),
    )


def transport_wide(media: sdp.Media) -> int | None:
    """The id of the header extension with transport-wide numbers, whichever version of its draft a=extmap names."""
    for value in media.named.get("extmap", ()):
        number = value.replace("/", " ").split(" ")[0]
        if TRANSPORT_WIDE in value and number.isdecimal() and len(number) <= 3:
            return int(number)
    return None


def fingerprint(media: sdp.Media) -> str | None:
    """The SHA-256 fingerprint of the certificate that DTLS will show, the only one that is computed of those shown."""
    found = media.fingerprint
    return found.digest if found and found.function == SHA_256 else None


def address_of(media: sdp.Media, description: sdp.Description) -> str | None:
    """The connection address of a media line, its own or the description's, in the form that datagrams are told in."""
    connection = media.connection or description.connection
    return None if connection is None else as_told(connection.address)


def as_told(address: str) -> str:
    """An address in the form that datagrams are told in; one of IPv4 has one form only."""
    return address if ":" not in address else _rewritten(address)


@remembered
def _rewritten(address: str) -> str:
    """One of IPv6 in that form; as it is where it is none."""
    try:
        return written_address(packed_address(address))
    except ValueError:
        return address


def encryption(media: sdp.Media, description: sdp.Description) -> str | None:
    """How SRTP keys are agreed: SDES (RFC 4568), DTLS (RFC 5764), MIKEY (RFC 4567), ZRTP (RFC 6189), or None."""
    if media.crypto:
        return "SDES"
    names = {name.lower() for name, _ in (*media.attributes, *description.attributes)}
    if "fingerprint" in names:
        return "DTLS"
    if "key-mgmt" in names:
        return "MIKEY"
    if "zrtp-hash" in names:
        return "ZRTP"
    return None
