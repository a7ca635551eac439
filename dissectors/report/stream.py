"""RTP streams: their sender and codec, their quality on arrival, and the reports of their receiver."""

from __future__ import annotations

from typing import Literal

from dissectors.report.heard import Heard
from dissectors.report.place import Certainty, Place
from dissectors.report.randomness import Randomness
from dissectors.report.repair import FeedbackView, Repair, TransportNumbers
from dissectors.report.video import AudioLevels, Delay, HeaderExtension, LipSync, Orientation, Video
from dissectors.wire.values import Struct

MarkKind = Literal[
    "jump", "step", "pause", "late", "twice", "loss", "irregular", "restart", "rhythm", "alternation"
]


class Mark(Struct, frozen=True):
    """A moment of a stream, with the frame that shows it; `kind` says what happened.

    `jump`: the timestamp moved by `units` that no clock explains, to `timestamp`. `step`: from here on the media come
    so many milliseconds later (below zero, earlier) against their timestamps. `pause`: so long nothing came, and the
    timestamp moved by `units`. `loss`: the most sequence numbers, `units`, that were left out at once. `irregular`:
    the datagram that came at the most unexpected moment. `late`, `twice`: the first one that did. `restart`: the
    sequence numbers went on elsewhere. `rhythm`: from here on frames of `units`, until the next such mark.
    `alternation`: timestamps went back to another clock `units` times, as two sources under one SSRC have it.
    """

    kind: MarkKind
    time: float
    place: Place
    units: int = 0
    milliseconds: float | None = None
    timestamp: int | None = None


class SenderClock(Struct, frozen=True):
    """What the last sender reports of a stream say, against what was sent: the middle of so many `reports`.

    `media_ms` is how far their timestamp is ahead of the media that were sent at that time (below zero: behind),
    `spread_ms` how much that differs among them; `wallclock_ms` is how far their NTP time is ahead of the capture's,
    which says little of one host alone. `time` and `place` are those of the first of these reports. `rate` is how many
    timestamp units, and `wallclock_rate` how many seconds of NTP time, pass in a second from report to report; None
    where that is uneven.
    """

    reports: int
    media_ms: float
    spread_ms: float
    wallclock_ms: float
    time: float
    place: Place
    rate: float | None = None
    wallclock_rate: float | None = None


class Phase(Struct, frozen=True):
    """How long a payload type was sent, and the frame with which it began."""

    payload_type: int
    first: float
    last: float
    packets: int
    place: Place | None = None


class RtcpView(Struct, frozen=True):
    """The last report of a stream's receiver, and the extremes of all its reports. `round_trip_ms` from LSR and DLSR.

    `first` and `last` are the times of its first and last report; `lost_at_first` is the cumulative number of the first
    one, and may include losses from before the capture. `highest_sequence` is the greatest extended highest sequence
    number of all reports: 0 where the receiver got nothing. `mos` is the listening quality by an extended report (RFC
    3611 section 4.7).
    """

    reports: int
    fraction_lost: float
    cumulative_lost: int
    jitter: int
    jitter_ms: float | None
    round_trip_ms: float | None
    last: float = 0.0
    mos: float | None = None
    first: float = 0.0
    lost_at_first: int = 0
    highest_sequence: int | None = None


class Payload(Struct, frozen=True):
    """The datagrams of one payload type: how many, and the sizes of their payloads in octets."""

    payload_type: int
    codec: str | None
    packets: int
    octets: int
    smallest: int
    largest: int


class Timing(Struct, frozen=True):
    """How a stream's timestamps run against the time of the capture.

    `rate` is the measured timestamp units per second, `error_ppm` its standard error. `drift_ppm` is how much faster
    than its nominal clock the sender runs (None if unknown). `frame` is the usual timestamp step from one datagram to
    the next, `frame_ms` the same as a duration. `silence` is the share of time (0 to 1) in which the sender paused;
    `jumps` counts timestamp steps that no clock explains. `real_time` is False if the capture runs at another speed
    than the media. `evidence` says all this in words. `rhythm_ms` is how far apart frames of comfort noise come.
    `together` counts datagrams that came within 2 ms of the one before, with another timestamp, `unnumbered` frames
    that are missing by the timestamps, one or two at a time, although no number is.
    """

    rate: float | None
    error_ppm: float | None
    drift_ppm: float | None
    frame: int | None
    frame_ms: float | None
    silence: float | None
    jumps: int
    real_time: bool | None
    evidence: str
    rhythm_ms: float | None = None
    together: int = 0
    unnumbered: int = 0


Scale = Literal["narrowband", "wideband"]


class Quality(Struct, frozen=True):
    """The estimated speech quality (ITU-T G.107, simplified, and G.107.1), and the runs of losses.

    `mos` (1 to 4.5) and `r_factor` are None if the codec has no published values; `basis` names their inputs, also the
    assumed one-way delay. `loss_runs` counts runs of losses, `longest_loss_run` is in datagrams. `scale` is that of the
    model: scores of wideband cannot be compared with others.
    """

    mos: float | None
    r_factor: float | None
    basis: str
    delay_ms: float
    loss_runs: int
    longest_loss_run: int
    scale: Scale = "narrowband"


class Moment(Struct, frozen=True):
    """A stream at one moment: `packets`, `lost` and `octets` since its beginning (octets as of the stream: those of UDP
    payloads); the jitter, None if the clock differs. `frames` of video have ended until then.
    """

    time: float
    packets: int
    lost: int
    jitter_ms: float | None
    octets: int = 0
    frames: int = 0


class Gap(Struct, frozen=True):
    """A time without datagrams of a stream although its sender went on: start, length, missing datagrams.

    `place` is the first frame behind it. Where it is `counted`, what is missing is part of what the stream lost.
    """

    start: float
    seconds: float
    missing: int
    place: Place | None = None
    counted: bool = False


class Swell(Struct, frozen=True):
    """From when to when all datagrams came later than those before and behind, by so many milliseconds at most."""

    start: float
    end: float
    milliseconds: float


class Stalls(Struct, frozen=True):
    """Regular times in which nothing came, and behind which what was held back came at once.

    So many were measured, of so many milliseconds at least and at most; one comes `every` so many seconds. `time` and
    `place` are those of the first datagram behind the first one.
    """

    measured: int
    every: float
    least_ms: float
    most_ms: float
    time: float
    place: Place


class Digit(Struct, frozen=True):
    """A telephone event (RFC 4733): the pressed key, its start, its duration and its first frame.

    All of it should have one RTP timestamp; `timestamps` counts those that it has.
    """

    digit: str
    time: float
    duration_ms: float | None
    certainty: Certainty
    place: Place | None = None
    timestamps: int = 1


class Decrypted(Struct, frozen=True):
    """What became of a stream's datagrams of SRTP when keys were tried; `suites` are those of the keys that fitted.

    `reused` counts datagrams whose index protected something else under the same key before.
    """

    verified: int
    failed: int
    unread: int
    suites: tuple[str, ...]
    reused: int = 0


class Stream(Struct, frozen=True):
    """One RTP stream: an SSRC in one direction.

    `lost` is RFC 3550 appendix A.3 without duplicates; `jitter_ms` is RFC 3550 section 6.4.1 with `clock`, None where
    the clock is unknown. `flows` are positions in the report's list, several if ICE moved the stream. `sender` is the
    side of the call that sends it, `end` the time of the RTCP BYE of its source. `mid`, `rid` and `repaired_rid` are
    what its header extensions say; `repairs` is the SSRC of the stream that it repairs, `simulcast` are the SSRCs of
    all layers of its picture. `ways` are the positions of what is the same stream on other ways, behind a relay for
    instance, `way_of` that of the first of them. `reused` counts datagrams that have the number of the one before, and
    another timestamp; `reused_place` is the first of them. `lip_sync` compares a picture with the sender's sound. Of
    the duplicates, `copies` are the same IP packet again, `sent_twice` came in another, as far as these are numbered.
    `decrypted` is None where no keys were given, `randomness` where payloads were not read (`--encryption`), `heard`
    where they were not decoded (`--audio`).
    Of the `lost`, `miscounted` are numbers that the sender left out: its timestamps have no room for their packets.
    `continues` is the position of the same stream before it moved here, where the two are listed apart. `swells` are
    times in which sound came later than before and after, `stalls` says that it comes to a halt regularly.
    """

    ssrc: int
    flows: tuple[int, ...]
    src: str
    sport: int
    dst: str
    dport: int
    inside: str
    call: int | None
    joined_by: str | None
    kind: str | None
    codec: str | None
    clock: int | None
    certainty: Certainty
    source: str
    evidence: str
    encrypted: bool
    payload_types: tuple[Phase, ...]
    packets: int
    octets: int
    first: float
    last: float
    first_place: Place
    last_place: Place
    lost: int
    lost_fraction: float
    duplicates: int
    reordered: int
    restarts: int
    largest_gap_ms: float
    jitter_ms: float | None
    maximum_jitter_ms: float | None
    extension_profiles: tuple[str, ...]
    rtcp: RtcpView | None
    payloads: tuple[Payload, ...] = ()
    timing: Timing | None = None
    quality: Quality | None = None
    timeline: tuple[Moment, ...] = ()
    digits: tuple[Digit, ...] = ()
    sender: str | None = None
    end: float | None = None
    gaps: tuple[Gap, ...] = ()
    marks: tuple[Mark, ...] = ()
    sender_clock: SenderClock | None = None
    feedback: FeedbackView | None = None
    repair: Repair | None = None
    numbering: TransportNumbers | None = None
    extensions: tuple[HeaderExtension, ...] = ()
    mid: str | None = None
    rid: str | None = None
    repaired_rid: str | None = None
    audio_levels: AudioLevels | None = None
    orientations: tuple[Orientation, ...] = ()
    delays: tuple[Delay, ...] = ()
    video: Video | None = None
    repairs: int | None = None
    simulcast: tuple[int, ...] = ()
    ways: tuple[int, ...] = ()
    way_of: int | None = None
    reused: int = 0
    reused_place: Place | None = None
    lip_sync: LipSync | None = None
    copies: int = 0
    sent_twice: int = 0
    decrypted: Decrypted | None = None
    randomness: Randomness | None = None
    heard: Heard | None = None
    continues: int | None = None
    miscounted: int = 0
    swells: tuple[Swell, ...] = ()
    stalls: Stalls | None = None

    @property
    def rated_loss(self) -> tuple[int, int]:
        """How many were lost of how many that were sent, but for long gaps: these are moments, and no rate.

        A number that the sender left out is no loss.
        """
        missing = self.miscounted + (sum([gap.missing for gap in self.gaps if gap.counted]) if self.gaps else 0)
        return max(0, self.lost - missing), max(0, self.lost + self.packets - self.duplicates - missing)

    @property
    def loss_rate(self) -> float:
        """The share of these."""
        lost, sent = self.rated_loss
        return lost / sent if sent else 0.0
