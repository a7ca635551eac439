"""What receivers ask of a stream by RTCP, what of its losses was repaired, and what counts its packets."""

from __future__ import annotations

from typing import Literal

from dissectors.report.place import Place
from dissectors.wire.values import Struct


class Estimate(Struct, frozen=True):
    """What a receiver can take by its own estimate, in bits per second (REMB), at a moment."""

    time: float
    bitrate: int
    place: Place


class RequestBurst(Struct, frozen=True):
    """The longest series of requests for a key frame: when it began, its seconds, and how many there were.

    `answered` says whether a key frame came within a second of one of them; None where that cannot be told. `by` says
    how key frames were told: by the `payload`, by the dependency `descriptor`, or, as a guess, by their `size`: three
    times the usual one. `key_frames` is how many came, None where they are guessed, or more than are kept.
    """

    time: float
    seconds: float
    requests: int
    answered: bool | None
    places: tuple[Place, ...]
    by: Literal["payload", "descriptor", "size"] | None = None
    key_frames: int | None = None


class FeedbackView(Struct, frozen=True):
    """What receivers asked of a source by RTCP (RFC 4585, RFC 5104), and said of it.

    `nacks`, `pli`, `fir`, `sli`, `remb`, `transport_wide` and `congestion_control` (RFC 8888) count messages, `asked`
    the packets that NACKs asked for, repetitions included. `first` and `last` are the times of the first and the last
    of all these, `nacks_per_second` and `requests_per_second` (PLI and FIR) rates over the time of the stream.
    `burst` is the longest series of requests for a key frame. `estimates` are those of REMB over time, at most 64.
    """

    nacks: int
    asked: int
    pli: int
    fir: int
    sli: int
    remb: int
    transport_wide: int
    congestion_control: int
    first: float
    last: float
    nacks_per_second: float | None
    requests_per_second: float | None
    burst: RequestBurst | None
    estimates: tuple[Estimate, ...]


class Repair(Struct, frozen=True):
    """What was sent again of a stream, and how fast.

    `asked` are the numbers that NACKs named, `answered` those of them that came afterwards: `by_rtx` with RTX (RFC
    4588), `by_number` under their own number. `lost` are the missing numbers that were looked at, `restored` those of
    them that RTX brought, `in_time` those that it brought before a receiver plays without them. `longest_left` is the
    longest run of losses that stays. `median_ms` and `longest_ms` say how long it took from the NACK (or, without one,
    from the gap) to the repair. `rtx_ssrc` is the source of RTX, `rtx_packets` are its packets. `more` says that more
    happened than was looked at. `fec` is what else repairs the stream: `red` (RFC 2198), whose restored packets count
    as such, `ulpfec` (RFC 5109) or `flexfec` (RFC 8627), which are counted and not decoded: `fec_packets` of them, of
    the source `fec_ssrc` where that is another one. `rtx_read` says that the numbers in RTX can be read, whatever they
    name.
    """

    asked: int
    answered: int
    by_rtx: int
    by_number: int
    lost: int
    restored: int
    in_time: int
    longest_left: int
    median_ms: float | None
    longest_ms: float | None
    rtx_ssrc: int | None
    rtx_packets: int
    first_repair: float | None
    unanswered: float | None
    place: Place | None
    more: bool
    fec: str | None = None
    fec_packets: int = 0
    fec_ssrc: int | None = None
    rtx_read: bool = False


class TransportNumbers(Struct, frozen=True):
    """A header extension with transport-wide numbers: its id, whether SDP announced it, and what came back.

    `counts` says that its values count packets; `feedback` counts the transport-wide feedback and congestion control
    feedback that the receiver sent back, about whichever source.
    """

    extension: int
    announced: bool
    counts: bool
    feedback: int


class Unsent(Struct, frozen=True):
    """An SSRC that RTCP names and that no stream of the capture has: `src` reports on it, or asks for something of it.

    `inside` names the carrier as in `Flow`. `reports` counts report blocks; the others are as in `FeedbackView`.
    """

    ssrc: int
    src: str
    sport: int
    dst: str
    dport: int
    inside: str
    reports: int
    nacks: int
    pli: int
    fir: int
    first: float
    last: float
    place: Place
