"""The five packets of RTCP that RFC 3550 section 6 defines: SR, RR, SDES, BYE and APP."""
from __future__ import annotations

import struct
from collections.abc import Sequence

from dissectors.limits.remembered import Remembered
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct

HEADER = 4
SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, GOODBYE = 200, 201, 202, 203
REPORT_BLOCK = 24
SENDER_INFO = 20
BEFORE_BLOCKS = 8
"""Octets of a report before its blocks, but for the sender information."""

MAX_NAMED = 4
"""How many sources a summary names."""

SENDER, BLOCK = struct.Struct("!IQIII"), struct.Struct("!IIIIII")
"""The source of a sender report with its sender information, and a report block."""


ITEMS: dict[int, str] = {
    1: "CNAME",
    2: "NAME",
    3: "EMAIL",
    4: "PHONE",
    5: "LOC",
    6: "TOOL",
    7: "NOTE",
    8: "PRIV",
    12: "RtpStreamId",
    13: "RepairedRtpStreamId",
    14: "CCID",
    15: "MID",
}


class ReportBlock(Struct, frozen=True):
    """A receiver's view of the source `ssrc` (section 6.4.1).

    `fraction_lost` is 0 to 1 since the last report; `cumulative_lost` has a sign, as duplicates count against losses.
    `highest_sequence` is extended by the cycles in its upper 16 bits. `jitter` is in timestamp units, `lsr` the middle
    32 bits of an NTP time (0 for none), `dlsr` seconds.
    """

    ssrc: int
    fraction_lost: float
    cumulative_lost: int
    highest_sequence: int
    jitter: int
    lsr: int
    dlsr: float


class SenderReport(Struct, frozen=True):
    """SR (section 6.4.1): `ntp` has 64 bits, `packets` and `octets` count what was sent since the start."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int
    reports: tuple[ReportBlock, ...]
    extension: bytes

    @property
    def name(self) -> str:
        """Its abbreviation."""
        return "SR"

    @property
    def text(self) -> str:
        """A summary for a list."""
        return f"SR {self.packets} packets sent" + _reported(self.reports)


class ReceiverReport(Struct, frozen=True):
    """RR (section 6.4.2)."""

    ssrc: int
    reports: tuple[ReportBlock, ...]
    extension: bytes

    @property
    def name(self) -> str:
        """Its abbreviation."""
        return "RR"

    @property
    def text(self) -> str:
        """A summary for a list."""
        return "RR" + _reported(self.reports)


class Chunk(Struct, frozen=True):
    """A source's description of itself: pairs of an item's name and its text (section 6.5).

    `terminated` says whether a NUL ends the items, as it must.
    """

    ssrc: int
    items: tuple[tuple[str, str], ...]
    terminated: bool


class SourceDescription(Struct, frozen=True):
    """SDES (section 6.5)."""

    chunks: tuple[Chunk, ...]

    @property
    def name(self) -> str:
        """Its abbreviation."""
        return "SDES"

    @property
    def ssrc(self) -> int | None:
        """The first source described."""
        return self.chunks[0].ssrc if self.chunks else None

    @property
    def text(self) -> str:
        """A summary for a list."""
        items = [f"{name} {text!r}" for chunk in self.chunks for name, text in chunk.items]
        return f"SDES ({', '.join(items[:4])})" if items else "SDES"


class Bye(Struct, frozen=True):
    """BYE (section 6.6): the sources that leave, and why."""

    sources: tuple[int, ...]
    reason: str

    @property
    def name(self) -> str:
        """Its abbreviation."""
        return "BYE"

    @property
    def ssrc(self) -> int | None:
        """The first source that leaves."""
        return self.sources[0] if self.sources else None

    @property
    def text(self) -> str:
        """A summary for a list."""
        left = f"BYE of {named(self.sources)}" if self.sources else "BYE"
        return f"{left} ({self.reason!r})" if self.reason else left


class App(Struct, frozen=True):
    """APP (section 6.7): `application` is the four-letter name that its maker chose."""

    ssrc: int
    subtype: int
    application: str
    data: bytes

    @property
    def name(self) -> str:
        """Its abbreviation."""
        return "APP"

    @property
    def text(self) -> str:
        """A summary for a list."""
        return f"APP {self.application!r}"


def read_sender_report(count: int, body: bytes, place: int) -> SenderReport:
    """Read an SR from the octets after its header, which lie at `place`; raises `Malformed`."""
    start = 4 + SENDER_INFO
    reports, extension = _reports(count, body, start, place)
    ssrc, ntp, rtp_timestamp, packets, octets = SENDER.unpack_from(body)
    return SenderReport(ssrc, ntp, rtp_timestamp, packets, octets, reports, extension)


def read_receiver_report(count: int, body: bytes, place: int) -> ReceiverReport:
    """Read an RR, as `read_sender_report` does an SR."""
    reports, extension = _reports(count, body, 4, place)
    return ReceiverReport(int.from_bytes(body[:4], "big"), reports, extension)


def _reports(count: int, body: bytes, start: int, place: int) -> tuple[tuple[ReportBlock, ...], bytes]:
    end = start + REPORT_BLOCK * count
    if end > len(body):
        raise Malformed("RTCP", place, f"a report with {count} blocks needs {end} bytes, {len(body)} are here")
    blocks = []
    at = start
    while at < end:
        blocks.append(read_block(body, at))
        at += REPORT_BLOCK
    return tuple(blocks), body[end:]


def read_block(body: bytes, at: int) -> ReportBlock:
    """Read the report block that begins at `at`, and is whole."""
    ssrc, losses, highest, jitter, lsr, dlsr = BLOCK.unpack_from(body, at)
    return ReportBlock(ssrc, (losses >> 24) / 256, cumulative(losses), highest, jitter, lsr, dlsr / 65536)


def cumulative(losses: int) -> int:
    """The 24 bits of a report block that count what was lost, which have a sign."""
    lost = losses & 0xFFFFFF
    return lost - 0x1000000 if lost & 0x800000 else lost


def number_at(octets: bytes, at: int) -> int:
    """The 32-bit number at `at`."""
    high, low = octets[at] << 8 | octets[at + 1], octets[at + 2] << 8 | octets[at + 3]
    return high << 16 | low


def _reported(reports: tuple[ReportBlock, ...]) -> str:
    if not reports:
        return ""
    worst = max(block.fraction_lost for block in reports)
    about = named([block.ssrc for block in reports])
    return f" ({len(reports)} report{'s' * (len(reports) > 1)} on {about}, {worst:.1%} lost)"


def named(sources: Sequence[int]) -> str:
    """Sources in hexadecimal, the first few of them."""
    more = f" and {len(sources) - MAX_NAMED} more" if len(sources) > MAX_NAMED else ""
    return " ".join([f"0x{ssrc:08X}" for ssrc in sources[:MAX_NAMED]]) + more


def read_source_description(count: int, body: bytes, place: int) -> SourceDescription:
    """Read an SDES with `count` chunks; raises `Malformed` where a chunk or an item does not fit."""
    chunks = []
    offset = 0
    for _ in range(count):
        chunk, offset = _chunk(body, offset, place)
        chunks.append(chunk)
    return SourceDescription(tuple(chunks))


def _chunk(body: bytes, offset: int, place: int) -> tuple[Chunk, int]:
    if offset + 4 > len(body):
        raise Malformed("RTCP", place + offset, f"a chunk names its source, {len(body) - offset} bytes are left")
    ssrc = int.from_bytes(body[offset:offset + 4], "big")
    offset += 4
    items: list[tuple[str, str]] = []
    while offset < len(body) and body[offset]:
        start = offset + 2
        end = start + body[offset + 1] if start <= len(body) else start
        if end > len(body):
            raise Malformed("RTCP", place + offset, f"an SDES item ends {end - len(body)} bytes after its packet")
        items.append((ITEMS.get(body[offset], f"item {body[offset]}"), _text(body[start:end])))
        offset = end
    # The NUL that ends the items is followed by others up to the next word.
    return Chunk(ssrc, tuple(items), offset < len(body)), (offset + 4) // 4 * 4


def read_bye(count: int, body: bytes, place: int) -> Bye:
    """Read a BYE of `count` sources; raises `Malformed` where they or the reason do not fit."""
    end = 4 * count
    if end > len(body):
        raise Malformed("RTCP", place, f"a BYE of {count} sources needs {end} bytes, {len(body)} are here")
    sources = tuple(int.from_bytes(body[at:at + 4], "big") for at in range(0, end, 4))
    if end == len(body):
        return Bye(sources, "")
    stop = end + 1 + body[end]
    if stop > len(body):
        raise Malformed("RTCP", place + end, f"a reason needs {body[end]} bytes, {len(body) - end - 1} are left")
    return Bye(sources, _text(body[end + 1:stop]))


def glance(payload: bytes) -> tuple[int, tuple[int, ...]] | None:
    """About how many sources a datagram reports that is one SR or RR, and which leave by it.

    Behind the report there may be a description of who sends it, and a goodbye. None where it is another one, has
    padding or an extension, or anything of it cannot be read.
    """
    size = len(payload)
    if size < BEFORE_BLOCKS or payload[0] & 0xE0 != 0x80:
        return None
    blocks, kind = payload[0] & 0x1F, payload[1]
    if kind != SENDER_REPORT and kind != RECEIVER_REPORT:
        return None
    end = BEFORE_BLOCKS + (SENDER_INFO if kind == SENDER_REPORT else 0) + REPORT_BLOCK * blocks
    if end > size or _end(payload) != end:
        return None
    if end == size:
        return blocks, ()
    leaving = _leaving.recall(payload[end:])
    return None if leaving is None else (blocks, leaving)


def _end(octets: bytes) -> int:
    """Where the first packet ends."""
    return HEADER + 4 * (octets[2] << 8 | octets[3])


def _read_leaving(octets: bytes) -> tuple[int, ...] | None:
    """Who leaves by these octets, if they are an SDES, a BYE or both, without padding, and can be read."""
    rest = octets
    leaving: tuple[int, ...] = ()
    try:
        if _begins(rest, DESCRIPTION):
            end = _end(rest)
            read_source_description(rest[0] & 0x1F, rest[HEADER:end], HEADER)
            rest = rest[end:]
        if _begins(rest, GOODBYE):
            end = _end(rest)
            leaving = read_bye(rest[0] & 0x1F, rest[HEADER:end], HEADER).sources
            rest = rest[end:]
    except Malformed:
        return None
    return None if rest else leaving


def _begins(octets: bytes, kind: int) -> bool:
    """Whether a whole packet of that type begins there, without padding."""
    return len(octets) >= HEADER and octets[0] & 0xE0 == 0x80 and octets[1] == kind and _end(octets) <= len(octets)


_leaving = Remembered(_read_leaving)
"""A source describes itself in the same octets again and again, and says once that it leaves."""


def read_app(count: int, body: bytes, place: int) -> App:
    """Read an APP; raises `Malformed` without source and name."""
    if len(body) < 8:
        raise Malformed("RTCP", place, f"an APP needs 8 bytes, {len(body)} are here")
    application = body[4:8].decode("ascii", "backslashreplace")
    return App(int.from_bytes(body[:4], "big"), count, application, body[8:])


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace")
