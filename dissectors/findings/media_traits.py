"""What the media of calls have: most calls agree once on one line of sound, and both sides keep to that.

A trait is there unless it is known that it is not: who asks for one sees every call that his rule may be about, and
others. So the seconds here are fewer than those of the rules, and the packets not fewer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from dissectors.analysis.calls.media_lines import OTHER_SIDE, UNSPECIFIED_ADDRESSES
from dissectors.findings.moments import marks
from dissectors.findings.outlines import Outline
from dissectors.report import Call, Description, Format, Media, Place, Stream
from dissectors.wire.values import astuple

INTRICATE = "intricate"
"""Something was described that is not one offer with one answer, each of one line of sound and nothing besides, by
which both sides may speak: RTP/AVP without keys and without ICE, with a codec in common."""

UNNAMED = "unnamed"
"""Lines: nothing names one of their codecs."""

CROWDED, ASTRAY, UNLISTED, ONE_WAY = "crowded", "astray", "unlisted", "one-way"
"""Streams: more than one of a side, or of one SSRC; one that does not go from where its side wants media to where the
other one does, all the time; one with a payload type that only one side lists; not both sides are heard."""

PACED = "paced"
"""A line says how many milliseconds a packet has, and a stream that goes there may have others."""

EARLY, LATE, STOPPED, OUTLIVING = "early", "late", "stopped", "outliving"
"""More of them: one that began before the answer, and one that began some time after it; one that stopped some time
before the end of the call, and one that went on after it."""

NEVER = float("inf")
SOON_SECONDS = 1.0
STRAY_PACKETS = 5
"""How much later than the answer, or earlier than the end, is some time; and how few packets nobody hears."""

TOLERATED_MS = 0.5
"""What differs less is the same frame."""

SOUND, RTP = "audio", "RTP/AVP"
SOUND_KINDS = (SOUND, None)
BESIDE = frozenset(("telephone-event", "cn", "red", "ulpfec", "rtx", "flexfec-03"))
"""What is no codec by itself."""

Accepted = Collection[tuple[object, ...]]
"""The CSeq and the tags of From and To of what was accepted."""


Known = tuple[frozenset[str], bool, frozenset[str], tuple[Format, ...]]
"""Of formats the codecs, whether all have a name, the payload types as written, and they."""

Way = tuple[str | None, int, str | None, int, float, frozenset[str], Media]
"""From which address and port, to which ones, since when, with which payload types, and to which line media may go."""


def codecs(formats: Iterable[Format]) -> frozenset[str]:
    """The codecs of formats by name, or by payload type where nothing names them."""
    return frozenset([(each.codec or f"payload type {each.payload_type}").lower() for each in formats]) - BESIDE


def keeps_pace(milliseconds: float, line: Media) -> bool:
    """Whether frames of so many milliseconds are what a line asks for."""
    if line.maxptime and milliseconds > line.maxptime + TOLERATED_MS:
        return False
    return not line.ptime or abs(milliseconds - line.ptime) <= TOLERATED_MS


class MediaTraits:
    """Looks at calls one after the other; remembers the lists of formats, of which all calls have the same few."""

    def __init__(self) -> None:
        self._formats: dict[int, Known] = {}

    def add(
        self, found: set[str | int], call: Call, described: Sequence[Description],
        streams: Sequence[Outline | Stream], accepted: Accepted, places: Collection[Place],
    ) -> None:
        """Add what a call has by what was `described` in it, but for an offer that was made again.

        `accepted` are the 2xx to its INVITEs, `places` all of their frames.
        """
        plain = self._is_plain(found, call, described, accepted, places)
        if described and not plain:
            found.update((INTRICATE, UNNAMED, PACED))
        if streams:
            self._of_streams(found, call, streams, self._ways(described) if plain else {})

    def _is_plain(
        self, found: set[str | int], call: Call, described: Sequence[Description], accepted: Accepted,
        places: Collection[Place],
    ) -> bool:
        # The hops of a proxy have the same 2xx once more.
        if len(described) != 2 or call.signalling != "SIP" or len({*accepted}) != 1:
            return False
        offer, answer = described
        if offer.role != "offer" or answer.role != "answer" or answer.state != "agreed" or answer.place not in places:
            return False
        if answer.answers != offer.place or OTHER_SIDE.get(offer.side) != answer.side:
            return False
        if offer.session == answer.session or (answer.from_tag, answer.to_tag) not in [each[1:] for each in accepted]:
            return False
        if offer.deviations or answer.deviations or len(offer.media) != 1 or len(answer.media) != 1:
            return False
        ours, theirs = offer.media[0], answer.media[0]
        if not self._is_plain_line(found, ours) or not self._is_plain_line(found, theirs):
            return False
        if (ours.address, ours.port) == (theirs.address, theirs.port):
            return False
        return not self._known(ours.formats)[0].isdisjoint(self._known(theirs.formats)[0])

    def _is_plain_line(self, found: set[str | int], line: Media) -> bool:
        # All fields at once: to ask for one after the other takes longer.
        (
            kind, address, port, profile, direction, formats, _, _, rtp_id, _, encryption, candidates, suites,
            fingerprint, setup, endpoints, keys, ufrag, ice_lite, _, _, _, _, _, _, _, _, fax, _,
        ) = astuple(line)
        if kind != SOUND or profile != RTP or direction != "sendrecv" or not port or not address:
            return False
        if encryption or suites or keys or fingerprint or setup or fax is not None or rtp_id is not None:
            return False
        if candidates or endpoints or ufrag or ice_lite or address in UNSPECIFIED_ADDRESSES:
            return False
        if not self._known(formats)[1]:
            found.add(UNNAMED)
        return True

    def _known(self, formats: tuple[Format, ...]) -> Known:
        """What is known of formats."""
        known = self._formats.get(id(formats))
        if known is None:
            named = all([each.certainty == "certain" for each in formats])
            types = frozenset([each.payload_type for each in formats])
            known = self._formats[id(formats)] = codecs(formats), named, types, formats
        return known

    def _of_streams(
        self, found: set[str | int], call: Call, streams: Sequence[Outline | Stream],
        ways: dict[str | None, Way],
    ) -> None:
        soon = NEVER if call.answered is None else call.answered + SOON_SECONDS
        answered, ended = call.answered or 0.0, NEVER if call.ended is None else call.ended
        late = -NEVER if call.ended is None else call.ended - SOON_SECONDS
        heard, sources = [], set()
        for stream in streams:
            first, last, sender = stream.first, stream.last, stream.sender
            if first < answered:
                found.add(EARLY)
            if first > soon:
                found.add(LATE)
            if last > ended:
                found.add(OUTLIVING)
            if last < late:
                found.add(STOPPED)
            if stream.packets > STRAY_PACKETS and stream.kind in SOUND_KINDS:
                heard.append(sender)
            sources.add(stream.ssrc)
            if not isinstance(stream, Outline) and len(stream.flows) > 1:
                found.add(ASTRAY)
            way = ways.get(sender)
            if way is None:
                found.update((ASTRAY, UNLISTED))
                continue
            src, sport, dst, dport, begun, types, line = way
            if stream.src != src or stream.sport != sport or stream.dst != dst or stream.dport != dport or last < begun:
                found.add(ASTRAY)
            for phase in stream.payload_types:
                if str(phase.payload_type) not in types:
                    found.add(UNLISTED)
            if line.ptime or line.maxptime:
                length = _frame_ms(stream)
                if length is None or not keeps_pace(length, line):
                    found.add(PACED)
        if not heard or not OTHER_SIDE.keys() <= {*heard}:
            found.add(ONE_WAY)
        if len(sources) < len(streams) or len(streams) > len({*heard}):
            found.add(CROWDED)

    def _ways(self, described: Sequence[Description]) -> dict[str | None, Way]:
        """From where each side wants media to where the other one does, since when, and with which payload types."""
        offer, answer = described
        ours, theirs = offer.media[0], answer.media[0]
        here, there = (ours.address, ours.port), (theirs.address, theirs.port)
        types = self._known(ours.formats)[2]
        if theirs.formats is not ours.formats:
            types &= self._known(theirs.formats)[2]
        return {
            offer.side: (*here, *there, answer.time, types, theirs),
            answer.side: (*there, *here, answer.time, types, ours),
        }


def _frame_ms(stream: Outline | Stream) -> float | None:
    """How long all frames of a stream are; None where that is not known, or some differ."""
    if isinstance(stream, Outline):
        return stream.frame_ms
    return None if stream.timing is None or marks(stream, "rhythm") else stream.timing.frame_ms
