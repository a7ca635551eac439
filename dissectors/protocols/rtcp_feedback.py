"""The content of RTCP feedback messages (RFC 4585, RFC 5104, RFC 8888, and two of Google's browsers)."""
from __future__ import annotations

from collections.abc import Callable, Iterator

from dissectors.protocols.rtcp_reports import named
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct

TRANSPORT, PAYLOAD = 205, 206

NAMES: dict[tuple[int, int], str] = {
    (TRANSPORT, 1): "NACK",
    (TRANSPORT, 3): "TMMBR",
    (TRANSPORT, 4): "TMMBN",
    (TRANSPORT, 5): "SR-REQ",
    (TRANSPORT, 6): "RAMS",
    (TRANSPORT, 7): "TLLEI",
    (TRANSPORT, 8): "ECN-FB",
    (TRANSPORT, 9): "PAUSE-RESUME",
    (TRANSPORT, 10): "DBI",
    (TRANSPORT, 11): "CCFB",
    (TRANSPORT, 15): "transport-cc",
    (PAYLOAD, 1): "PLI",
    (PAYLOAD, 2): "SLI",
    (PAYLOAD, 3): "RPSI",
    (PAYLOAD, 4): "FIR",
    (PAYLOAD, 5): "TSTR",
    (PAYLOAD, 6): "TSTN",
    (PAYLOAD, 7): "VBCM",
    (PAYLOAD, 8): "PSLEI",
    (PAYLOAD, 9): "ROI",
    (PAYLOAD, 10): "LRR",
    (PAYLOAD, 15): "AFB",
}
"""(packet type, format) → the abbreviation of its RFC."""


class Nack(Struct, frozen=True):
    """Sequence numbers that the receiver misses (RFC 4585 section 6.2.1)."""

    sequences: tuple[int, ...]


class Bitrate(Struct, frozen=True):
    """One entry of TMMBR or TMMBN: bits per second and octets of overhead a packet (RFC 5104 section 4.2.1)."""

    ssrc: int
    bitrate: int
    overhead: int


class Bitrates(Struct, frozen=True):
    """The entries of a TMMBR or TMMBN."""

    entries: tuple[Bitrate, ...]


class Requests(Struct, frozen=True):
    """Pairs of an SSRC and a command number, as FIR has them (RFC 5104 section 4.3.1)."""

    entries: tuple[tuple[int, int], ...]


class Slices(Struct, frozen=True):
    """Lost slices: first macroblock, how many, picture (RFC 4585 section 6.3.2)."""

    entries: tuple[tuple[int, int, int], ...]


class ReferencePicture(Struct, frozen=True):
    """A reference picture selection: the payload type and a string that the codec defines (RFC 4585 section 6.3.3)."""

    payload_type: int
    bits: bytes


class EstimatedBitrate(Struct, frozen=True):
    """REMB: the receiver's estimate in bits per second for these sources together (draft-alvestrand-rmcat-remb)."""

    bitrate: int
    ssrcs: tuple[int, ...]


class TransportWide(Struct, frozen=True):
    """Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions).

    `runs` are pairs of a status (0 not received, 1 and 2 received, 3 reserved) and how many packets in a row have it,
    from `base_sequence` on; they stay runs because eight octets can speak of 65,535 packets. `reference_time_ms` is in
    milliseconds, `deltas_us` in microseconds, one for each packet received.
    """

    base_sequence: int
    status_count: int
    reference_time_ms: int
    feedback_count: int
    runs: tuple[tuple[int, int], ...]
    deltas_us: tuple[int, ...]

    @property
    def received(self) -> int:
        """How many packets arrived."""
        return sum(count for status, count in self.runs if status in (1, 2))

    @property
    def lost(self) -> int:
        """How many packets had not arrived yet."""
        return sum(count for status, count in self.runs if status == 0)


class CongestionControl(Struct, frozen=True):
    """Congestion control feedback (RFC 8888): SSRC, first sequence number and 16-bit metric blocks; then a time."""

    reports: tuple[tuple[int, int, tuple[int, ...]], ...]
    timestamp: int


Control = (
    Nack | Bitrates | Requests | Slices | ReferencePicture | EstimatedBitrate | TransportWide | CongestionControl
)


class Feedback(Struct, frozen=True):
    """A feedback message (RFC 4585 section 6.1).

    `ssrc` is its sender, `media_ssrc` the source that it is about (0 where the control information says which). `fci`
    are the octets of the control information, `control` what they mean, or None. `misfit` says why they do not fit
    their format: some senders took a number for themselves before it was registered.
    """

    packet_type: int
    format: int
    ssrc: int
    media_ssrc: int
    fci: bytes
    control: Control | None
    misfit: str

    @property
    def name(self) -> str:
        """The abbreviation of its RFC; REMB by its own name."""
        if isinstance(self.control, EstimatedBitrate):
            return "REMB"
        kind = "RTPFB" if self.packet_type == TRANSPORT else "PSFB"
        return NAMES.get((self.packet_type, self.format), f"{kind} format {self.format}")

    @property
    def targets(self) -> tuple[int, ...]:
        """The sources that it is about: those that its control information names, or else its media source.

        0 is no source (RFC 5104 section 4.3.1.2; REMB): it stands where the control information says which.
        """
        found: tuple[int, ...] = ()
        if isinstance(self.control, EstimatedBitrate):
            found = self.control.ssrcs
        elif isinstance(self.control, Requests):
            found = tuple([ssrc for ssrc, _ in self.control.entries])
        elif isinstance(self.control, Bitrates):
            found = tuple([entry.ssrc for entry in self.control.entries])
        elif isinstance(self.control, CongestionControl):
            found = tuple([ssrc for ssrc, _, _ in self.control.reports])
        return found or ((self.media_ssrc,) if self.media_ssrc else ())

    @property
    def text(self) -> str:
        """A summary for a list."""
        about = f" for {named(self.targets)}" if self.targets else ""
        if isinstance(self.control, Nack):
            shown = " ".join(map(str, self.control.sequences[:8]))
            return f"NACK{about}: {shown}" + (" …" if len(self.control.sequences) > 8 else "")
        if isinstance(self.control, EstimatedBitrate):
            return f"REMB{about}: {self.control.bitrate} bit/s"
        if isinstance(self.control, TransportWide):
            return f"transport-cc{about}: {self.control.received} received, {self.control.lost} not"
        return self.name + about


def read_feedback(packet_type: int, format_: int, body: bytes, place: int) -> Feedback:
    """Read a feedback message from the octets after its header, which lie at `place`; raises `Malformed`
    without the two sources.
    """
    if len(body) < 8:
        raise Malformed("RTCP", place, f"a feedback message names two sources, {len(body)} bytes are here")
    fci = body[8:]
    reader = CONTROLS.get((packet_type, format_))
    control: Control | None = None
    misfit = ""
    if reader:
        try:
            control = reader(fci, place + 8)
        except Malformed as malformed:
            misfit = malformed.reason
    return Feedback(
        packet_type=packet_type,
        format=format_,
        ssrc=int.from_bytes(body[:4], "big"),
        media_ssrc=int.from_bytes(body[4:8], "big"),
        fci=fci,
        control=control,
        misfit=misfit,
    )


def _entries(fci: bytes, size: int, place: int) -> Iterator[bytes]:
    if len(fci) % size:
        raise Malformed("RTCP", place, f"{len(fci)} bytes are no whole entries of {size}")
    for at in range(0, len(fci), size):
        yield fci[at:at + size]


def _nack(fci: bytes, place: int) -> Nack:
    found: list[int] = []
    for entry in _entries(fci, 4, place):
        first, mask = int.from_bytes(entry[:2], "big"), int.from_bytes(entry[2:], "big")
        found.append(first)
        found += [first + 1 + bit & 0xFFFF for bit in range(16) if mask >> bit & 1]
    return Nack(tuple(found))


def _bitrates(fci: bytes, place: int) -> Bitrates:
    entries = []
    for entry in _entries(fci, 8, place):
        ssrc, value = int.from_bytes(entry[:4], "big"), int.from_bytes(entry[4:], "big")
        entries.append(Bitrate(ssrc, (value >> 9 & 0x1FFFF) << (value >> 26), value & 0x1FF))
    return Bitrates(tuple(entries))


def _requests(fci: bytes, place: int) -> Requests:
    return Requests(tuple((int.from_bytes(entry[:4], "big"), entry[4]) for entry in _entries(fci, 8, place)))


def _slices(fci: bytes, place: int) -> Slices:
    values = (int.from_bytes(entry, "big") for entry in _entries(fci, 4, place))
    return Slices(tuple((value >> 19, value >> 6 & 0x1FFF, value & 0x3F) for value in values))


def _reference_picture(fci: bytes, place: int) -> ReferencePicture:
    if len(fci) < 2 or fci[0] // 8 > len(fci) - 2:
        raise Malformed("RTCP", place, "a reference picture selection has fewer bytes than padding")
    return ReferencePicture(fci[1] & 0x7F, fci[2:len(fci) - fci[0] // 8])


def _application_layer(fci: bytes, place: int) -> EstimatedBitrate | None:
    if fci[:4] != b"REMB":
        return None
    if len(fci) < 8 or len(fci) != 8 + 4 * fci[4]:
        raise Malformed("RTCP", place, "the sources that a REMB counts do not fit")
    value = int.from_bytes(fci[5:8], "big")
    ssrcs = tuple(int.from_bytes(entry, "big") for entry in _entries(fci[8:], 4, place))
    return EstimatedBitrate((value & 0x3FFFF) << (value >> 18), ssrcs)


def _transport_wide(fci: bytes, place: int) -> TransportWide:
    if len(fci) < 8:
        raise Malformed("RTCP", place, f"transport-cc needs 8 bytes, {len(fci)} are here")
    status_count = int.from_bytes(fci[2:4], "big")
    runs: list[tuple[int, int]] = []
    offset, missing = 8, status_count
    while missing:
        if offset + 2 > len(fci):
            raise Malformed("RTCP", place + offset, f"transport-cc lacks the status of {missing} packets")
        for status, count in _status_chunk(int.from_bytes(fci[offset:offset + 2], "big")):
            taken = min(count, missing)
            missing -= taken
            if taken:
                runs.append((status, taken))
        offset += 2
    return TransportWide(
        base_sequence=int.from_bytes(fci[:2], "big"),
        status_count=status_count,
        reference_time_ms=int.from_bytes(fci[4:7], "big", signed=True) * 64,
        feedback_count=fci[7],
        runs=tuple(runs),
        deltas_us=tuple(_deltas(runs, fci, offset, place)),
    )


def _status_chunk(chunk: int) -> list[tuple[int, int]]:
    """A run of one status, or a vector of fourteen one-bit or seven two-bit statuses."""
    if not chunk & 0x8000:
        return [(chunk >> 13 & 3, chunk & 0x1FFF)]
    if chunk & 0x4000:
        return [(chunk >> shift & 3, 1) for shift in range(12, -2, -2)]
    return [(chunk >> shift & 1, 1) for shift in range(13, -1, -1)]


def _deltas(runs: list[tuple[int, int]], fci: bytes, offset: int, place: int) -> Iterator[int]:
    """The receive deltas, a quarter of a millisecond each: one octet for status 1, two with a sign for status 2."""
    for status, count in runs:
        if status not in (1, 2):
            continue
        end = offset + status * count
        if end > len(fci):
            raise Malformed("RTCP", place + offset, f"transport-cc lacks receive deltas: {end - len(fci)} bytes")
        for at in range(offset, end, status):
            yield 250 * int.from_bytes(fci[at:at + status], "big", signed=status == 2)
        offset = end


def _congestion_control(fci: bytes, place: int) -> CongestionControl:
    end = len(fci) - 4
    if end < 0:
        raise Malformed("RTCP", place, "congestion control feedback ends with a time of 4 bytes")
    reports = []
    offset = 0
    while offset < end:
        start = offset + 8
        count = int.from_bytes(fci[offset + 6:start], "big")
        stop = start + 2 * count
        if stop > end:
            raise Malformed("RTCP", place + offset, f"a report of {count} packets does not fit")
        metrics = tuple(int.from_bytes(fci[at:at + 2], "big") for at in range(start, stop, 2))
        ssrc, begin = int.from_bytes(fci[offset:offset + 4], "big"), int.from_bytes(fci[offset + 4:offset + 6], "big")
        reports.append((ssrc, begin, metrics))
        offset = stop + -2 * count % 4
    return CongestionControl(tuple(reports), int.from_bytes(fci[end:], "big"))


CONTROLS: dict[tuple[int, int], Callable[[bytes, int], Control | None]] = {
    (TRANSPORT, 1): _nack,
    (TRANSPORT, 3): _bitrates,
    (TRANSPORT, 4): _bitrates,
    (TRANSPORT, 11): _congestion_control,
    (TRANSPORT, 15): _transport_wide,
    (PAYLOAD, 2): _slices,
    (PAYLOAD, 3): _reference_picture,
    (PAYLOAD, 4): _requests,
    (PAYLOAD, 15): _application_layer,
}
"""(packet type, format) → how its control information is read; others keep their octets."""
