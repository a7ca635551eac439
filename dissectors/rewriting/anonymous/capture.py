"""A capture under other names: every frame is rebuilt of what is understood, and cut behind it.

Laws of this file:
1. An octet stays only where it is known to be nobody's: what is not understood is cut off.
2. Addresses change wherever they stand in headers, and checksums with them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from dissectors import offline
from dissectors.mux.entry import Entry
from dissectors.mux.table import PROTOCOLS, rows_of
from dissectors.protocols.rtp import parse as parse_rtp
from dissectors.protocols.stun_integrity import FINGERPRINT_XOR
from dissectors.rewriting import packets, segments
from dissectors.rewriting.anonymous import remains, rtcp, sealed, secured, stun
from dissectors.rewriting.anonymous.blocks import damage, without_names
from dissectors.rewriting.anonymous.headers import SUMS, Headers, known_end
from dissectors.rewriting.anonymous.heard import FRAME_BITS, LAYER_BITS, MEDIA, PROTOCOL_BITS, Heard, Verdict, hear
from dissectors.rewriting.anonymous.messages import KEEPALIVES, SILENCE, Anonymiser, Wanted
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.streamed import Streamed
from dissectors.rewriting.copying import Made, Maker, Tally, copy
from dissectors.rewriting.courses import Courses, Rewritten, look
from dissectors.wire.captures.records import Record
from dissectors.wire.datagram import UDP
from dissectors.wire.errors import Malformed
from dissectors.wire.link import internet
from dissectors.wire.link.fragments import Fragments
from dissectors.wire.link.headers import Next, Udp
from dissectors.wire.link.tunnels import TUNNELS

if TYPE_CHECKING:
    from dissectors.mux.compiled.masker import Masker

CUT = "are cut to their headers, for what they carry is not understood"
CUT_FRAMES = "are cut away whole, for their link layer is not understood"

DTLS = "DTLS"


def anonymise(
    path: str, output: str, pseudonyms: Pseudonyms, wanted: Wanted, *, force: bool = False, source: str = ""
) -> Tally:
    """Copy a capture under other names; raises CaptureError as `copy` does."""

    learned = secured.Learned(pseudonyms)
    heard = hear(path, partial(_learn, learned))
    anonymiser = Anonymiser(pseudonyms, wanted, learned)
    courses = look(path, Streamed(anonymiser)) if heard.has_tcp else Courses()
    frames = _Frames(anonymiser, heard, pseudonyms, wanted, courses)

    masker = None if wanted.drop else frames.masker()
    streamed = anonymiser.bodies.masked

    def maker() -> Maker:
        courses.begin()
        anonymiser.bodies.masked = streamed
        if masker is not None:
            masker.begin_again()
        frames.begin()
        return frames.make

    with closing(courses):
        tally = copy(
            path, output, maker, force=force, source=source, blocks=without_names, name="", walk=masker,
            made=masker and masker.made, damage=damage,
        )
        if masker is not None and masker.cut:
            tally.left[CUT] += masker.cut
        tally.masked = anonymiser.bodies.masked
        return tally


def _learn(learned: secured.Learned, entry: Entry) -> None:
    """What handshakes in the clear say: SDP may announce a certificate before it comes."""
    is_dtls = PROTOCOLS[entry.protocol] == DTLS and entry.payload.startswith(secured.START)
    if is_dtls and entry.number >= 0 and entry.flow.flow.transport == UDP:
        src, sport, dst, dport = entry.flow.key[:4]
        learned.take(src + dst + sport.to_bytes(2, "big") + dport.to_bytes(2, "big"), entry.payload)


class _Outermost(Fragments):
    """Fragments of which a frame makes one datagram `whole` at most: what is within it, is in the frame made of it."""

    __slots__ = ("whole",)

    def __init__(self) -> None:
        super().__init__()
        self.whole: bytes | None = None

    def add(
        self, key: Hashable, offset: int, octets: bytes, last: bool, time: int, place: tuple[int, int] = (0, 0),
        protocol: int = internet.UDP,
    ) -> bytes | None:
        """As `Fragments.add` does, once for a frame."""
        if self.whole is not None:
            return None
        self.whole = super().add(key, offset, octets, last, time, place, protocol)
        return self.whole


class _Frames:
    def __init__(
        self, datagrams: Anonymiser, heard: Heard, pseudonyms: Pseudonyms, wanted: Wanted, courses: Courses
    ) -> None:
        self._datagrams, self._heard, self._pseudonyms, self._wanted = datagrams, heard, pseudonyms, wanted
        self._courses, self._headers = courses, Headers(pseudonyms)
        self._fragments = _Outermost()

    def masker(self) -> Masker | None:
        """What does the same to plain frames, by the same tables, and asks for the rest; None without a compiler."""
        if not offline.is_compiled():
            return None
        from dissectors.mux.compiled.masker import Masker

        pseudonyms, datagrams = self._pseudonyms, self._datagrams
        return Masker(
            streams=self._heard.streams, others=self._heard.others, bits=(FRAME_BITS, LAYER_BITS, PROTOCOL_BITS),
            media=rows_of((MEDIA,)), silence=bytes(SILENCE.get(number, b"\0")[0] for number in range(0x80)),
            link=self._headers.link, address=pseudonyms.address, port=pseudonyms.port, noise=pseudonyms.noise,
            datagram=datagrams.datagram, attribute=datagrams.attribute, control=partial(rtcp.packet, names=pseudonyms),
            kept_attributes=datagrams.stun.kept_attributes, addresses=stun.ADDRESSES, xored=stun.XORED,
            texts=stun.TEXTS, username=stun.USERNAME, fingerprint=stun.FINGERPRINT, mask=FINGERPRINT_XOR,
            kept_control=rtcp.KEPT_CONTROL,
            blanks=KEEPALIVES, events=self._heard.events, numbered=self._heard.numbered,
            connections=self._courses.ways, options=segments.KNOWN_OPTIONS,
            header=partial(remains.header, names=pseudonyms),
        )

    def make(self, record: Record, udps: Sequence[Udp], fragments: bool, tally: Tally) -> Made:
        """The frame under other names."""
        made = self._made(record, udps, fragments, tally)
        if made.record is None or len(udps) < 2 and not (udps and {udps[0].sport, udps[0].dport} & TUNNELS.keys()):
            return made
        return made._replace(record=sealed.summed(made.record, record))

    def _made(self, record: Record, udps: Sequence[Udp], fragments: bool, tally: Tally) -> Made:
        walk, steps, found = packets.walked(record)
        if walk.fragments.seen:
            whole = self._whole(record, fragments)
            if whole is not None:
                return self._made(whole, udps, True, tally)._replace(merged=True)
        verdict = self._heard.of(record.frame, udps, len(udps) - 1) if udps else None
        octets, known = self._headers.rewritten(record, steps)
        if not known:
            tally.left[CUT if octets else CUT_FRAMES] += 1
            return Made(_cut(record, octets, len(octets)))
        plain = record._replace(octets=bytes(octets))
        if udps and len(found) == len(udps) and found[-1] == len(steps) - 1:
            made = self._datagram(plain, packets.Way(udps[-1], tuple(steps)), verdict)
            if made is not None:
                return Made(made)
        elif packets.joined(record, udps) is not None and found[-1] == len(steps) - 1:
            made = self._joined(plain, record, packets.Way(udps[0], tuple(steps)), udps)
            if made is not None:
                return Made(made)
        elif (one := segments.found(walk, steps)) is not None:
            made = self._segment(plain, one)
            if made is not None:
                if len(made.octets) < made.original:
                    tally.left[CUT] += 1
                return Made(made)
        tally.left[CUT] += 1
        if walk.fragments.seen:
            end = known_end(octets, steps)
            kept = remains.fragment(octets, steps[-1], end, self._datagrams)
            return Made(_cut(record, octets, end) if kept is None else record._replace(octets=kept))
        protocol = "" if verdict is None else verdict.protocol
        return Made(self._remains(plain, record, steps, udps, found, protocol))

    def begin(self) -> None:
        """A copy begins."""
        self._fragments = _Outermost()

    def _whole(self, record: Record, is_last: bool) -> Record | None:
        """The frame of the fragment that makes a datagram whole, with all of it; None for any other."""
        self._fragments.whole = None
        packets.walked(record, self._fragments)
        whole = self._fragments.whole
        return packets.unfragmented(record, whole) if is_last and whole is not None else None

    def _remains(
        self, plain: Record, record: Record, steps: list[Next], udps: Sequence[Udp], found: list[int], protocol: str
    ) -> Record:
        """What is left of a frame that is not understood: its headers, and what says of which kind it is."""
        end = known_end(bytearray(plain.octets), steps)
        if not udps or not found or found[-1] != len(steps) - 1:
            return _cut(record, bytearray(plain.octets), end)
        payload = udps[-1].payload
        kept = remains.header(payload, udps[-1].length, self._pseudonyms, protocol)
        octets = bytearray(plain.octets[:end] + kept)
        if len(kept) == len(payload) == udps[-1].length and len(kept) % 2 == 0:
            # Nothing is cut off, so that the sum can be checked.
            packets.adjust(octets, end - packets.UDP_HEADER + SUMS[internet.UDP], payload, kept)
        return plain._replace(octets=bytes(octets), original=max(record.original, len(octets)))

    def _joined(self, plain: Record, record: Record, way: packets.Way, udps: Sequence[Udp]) -> Record | None:
        """The frame with all packets rewritten that offload holds together; None where one is not understood."""
        new = [self._payload(udp, self._heard.of(record.frame, udps, number)) for number, udp in enumerate(udps)]
        whole = all(udp.length == len(udp.payload) for udp in udps) and None not in new
        # Payloads that are dropped leave no place for the headers behind them.
        if not whole or self._wanted.drop:
            return None
        return packets.with_payload(plain, way, b"".join(filter(None, new)))

    def _segment(self, plain: Record, one: segments.Found) -> Record | None:
        """The frame with its segment of TCP as far as it is understood; None where that is too hard."""
        octets = bytearray(plain.octets)
        segments.without_foreign_options(octets, one.at)
        start, held = one.payload_at(plain.octets), len(one.segment.payload)
        segment = one.segment
        if not sealed.is_sealed(plain.octets, one.steps):
            # What pads a frame may be anything that was in memory.
            octets[start + held :] = bytes(max(0, len(octets) - start - held))
        new = self._courses.of(segment) or Rewritten(segment.sequence, segment.acknowledgement, segment.payload, 0, ())
        whole = held == segment.length and new.known == len(new.payload)
        changed = plain._replace(octets=bytes(octets))
        made = segments.rewritten(changed, one, new, self._courses)
        if made is None and whole:
            same = new._replace(payload=segment.payload)
            kept = segments.rewritten(changed, one, same, self._courses)
            made = None if kept is None else sealed.with_payload(
                kept, one.steps, kept.octets[one.at : start], new.payload, start + held)
        if made is None or whole:
            return made
        end = start + new.known * (held == segment.length)
        if end > start:
            return _cut(made, bytearray(made.octets), end)
        return made._replace(octets=made.octets[:start] + remains.tls(segment.payload))

    def _payload(self, udp: Udp, verdict: Verdict | None) -> bytes | None:
        if verdict is None:
            return None
        if verdict.protocol == MEDIA:
            return self._datagrams.media(udp.payload, verdict.encrypted, verdict.read)
        return self._datagrams.datagram(verdict.protocol, udp.payload, verdict.encrypted)

    def _datagram(self, plain: Record, way: packets.Way, verdict: Verdict | None) -> Record | None:
        """The frame with the last of its datagrams rewritten; None where that is not understood."""
        if verdict is None:
            return None
        udp = way.udp
        is_rtp = verdict.protocol == MEDIA
        if len(udp.payload) < udp.length and not is_rtp:
            return None
        new = self._payload(udp, verdict)
        if new is None:
            return None
        start = way.steps[-1].at + packets.UDP_HEADER
        if len(udp.payload) < udp.length:
            octets = plain.octets[:start] + new
            return plain._replace(octets=octets)
        made = packets.with_payload(plain, way, new)
        if made is None:
            header = plain.octets[start - packets.UDP_HEADER : start]
            made = sealed.with_payload(plain, list(way.steps), header, new, start + len(udp.payload))
        if made is None or not (is_rtp and self._wanted.drop):
            return made
        return made._replace(octets=made.octets[: start + _media_header(udp.payload)])

def _media_header(payload: bytes) -> int:
    try:
        packet = parse_rtp(payload)
    except Malformed:
        return 0
    return len(payload) - len(packet.payload) - packet.padding_length


def _cut(record: Record, octets: bytearray, end: int) -> Record:
    """The frame as far as it is understood; its length on the wire stays."""
    return record._replace(octets=bytes(octets[:end]))
