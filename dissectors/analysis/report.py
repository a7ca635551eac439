"""What the analysis hands out: frozen values whose field names are the keys of the JSON document.

Times are seconds since the epoch, durations seconds, delays and jitter milliseconds where the name ends in `_ms`.
A `frame` counts from 1 within its `file`, and `file` from 0 in the order of `capture.files`. Ids (`flow`, `call`,
`stream`) are the positions in the lists of the same report, from 0. `certainty` is one of `certain`, `high`, `medium`,
`low`, `unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SCHEMA = "muxshark/report/1"

Severity = Literal["error", "warning", "note"]
Certainty = Literal["certain", "high", "medium", "low", "unknown"]


@dataclass(frozen=True, slots=True)
class Place:
    """One frame of one file."""

    file: int
    frame: int


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """One file as it was read. `comments` are those that the file itself carries; `dropped` is what it reports lost."""

    name: str
    format: str
    link_types: tuple[str, ...]
    frames: int
    cut: bool
    comments: tuple[str, ...]
    dropped: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that was counted by name: a protocol, an encapsulation, a TCP port that looks like SIP."""

    name: str
    count: int
    octets: int | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """The whole timeline. `datagrams` counts UDP headers, `inside` what TURN carried in some of them."""

    files: tuple[CaptureFile, ...]
    frames: int
    datagrams: int
    inside: int
    first: float | None
    last: float | None
    duration: float
    protocols: tuple[Seen, ...]
    encapsulations: tuple[Seen, ...]
    not_analysed: tuple[Seen, ...]
    tcp_segments: int
    scan: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A directed 5-tuple. `protocols` are the classes of its datagrams, most frequent first."""

    src: str
    sport: int
    dst: str
    dport: int
    inside: str
    first: float
    last: float
    datagrams: int
    octets: int
    protocols: tuple[Seen, ...]
    encrypted: int


@dataclass(frozen=True, slots=True)
class Body:
    """A message's body: lengths in octets on the wire and inflated, what was found, what the label claimed."""

    content_type: str | None
    compressed_length: int
    inflated_length: int
    encoding: str
    label: str | None
    status: str
    text: str
    deviations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a message weighs, in octets of UDP payload: as sent, with its body inflated, and with long header names too.

    `compact` counts the headers that were written by their compact name.
    """

    sent: int
    inflated: int
    long: int
    compact: int


@dataclass(frozen=True, slots=True)
class Message:
    """One SIP message of a call. `method` is that of the CSeq for a response; `status` is None for a request.

    `side` is `caller` or `callee`, as the tags tell; `headers` are the names as they were written, in order;
    `uri` is the target of a request, `to_tag` the tag of To, by which forks differ.
    """

    place: Place
    time: float
    src: str
    sport: int
    dst: str
    dport: int
    length: int
    method: str
    status: int | None
    reason: str | None
    cseq: int | None
    summary: str
    compact: bool
    retransmission: bool
    user_agent: str | None
    body: Body | None
    deviations: tuple[str, ...]
    side: str = ""
    headers: tuple[str, ...] = ()
    sizes: Sizes | None = None
    uri: str | None = None
    to_tag: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One payload type of a media line, explained. `source` says where codec and clock come from."""

    payload_type: str
    codec: str | None
    clock: int | None
    channels: int | None
    certainty: Certainty
    source: str
    secondary: bool
    parameters: str | None


@dataclass(frozen=True, slots=True)
class Media:
    """One media line of an offer or answer.

    `suites` are the SRTP suites of its a=crypto lines; `fingerprint` is that of the certificate which DTLS will show;
    `endpoints` are `address:port` of the candidates.
    """

    kind: str
    address: str | None
    port: int
    profile: str
    direction: str
    formats: tuple[Format, ...]
    rtcp_port: int | None
    rtcp_mux: bool
    rtp_id: int | None
    ssrcs: tuple[int, ...]
    encryption: str | None
    candidates: int
    suites: tuple[str, ...] = ()
    fingerprint: str | None = None
    setup: str | None = None
    endpoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """An offer or an answer (RFC 3264): where it stood, and which side made it; its text is in that message's body.

    `answers` is where the offer stood that an answer belongs to, on the same hop where it was captured there.
    """

    role: Literal["offer", "answer"]
    place: Place
    origin: str | None
    name: str | None
    media: tuple[Media, ...]
    deviations: tuple[str, ...]
    side: str = ""
    answers: Place | None = None


@dataclass(frozen=True, slots=True)
class Dialog:
    """A Call-ID with its tags and its RFC 3261 state: calling, proceeding, early, confirmed, terminated."""

    call_id: str
    from_tag: str | None
    to_tag: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Call:
    """Every dialog of one Call-ID, which is `call_id` (empty where a message has none), and their streams.

    `outcome` is one of `ringing`, `established` (still open at the end), `ended`, `rejected`, `cancelled`,
    `unanswered`, `fragment` (only a part of it is in the capture), `no call` (OPTIONS, REGISTER and the like).
    `streams` are positions in the report's list.
    """

    call_id: str
    kind: Literal["call", "registration", "subscription", "message", "options", "other"]
    outcome: str
    caller: str | None
    callee: str | None
    start: float
    ringing: float | None
    answered: float | None
    ended: float | None
    ended_by: str | None
    status: int | None
    dialogs: tuple[Dialog, ...]
    user_agents: tuple[str, ...]
    messages: tuple[Message, ...]
    descriptions: tuple[Description, ...]
    streams: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Phase:
    """How long a payload type was sent."""

    payload_type: int
    first: float
    last: float
    packets: int


@dataclass(frozen=True, slots=True)
class RtcpView:
    """What the receiver of a stream reported of it last, and the extremes. `round_trip_ms` from LSR and DLSR.

    `last` is when it last did. `mos` is what an extended report (RFC 3611 section 4.7) says of the listening quality.
    """

    reports: int
    fraction_lost: float
    cumulative_lost: int
    jitter: int
    jitter_ms: float | None
    round_trip_ms: float | None
    last: float = 0.0
    mos: float | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """The datagrams of one payload type: how many, and the sizes of their payloads in octets."""

    payload_type: int
    codec: str | None
    packets: int
    octets: int
    smallest: int
    largest: int


@dataclass(frozen=True, slots=True)
class Timing:
    """How a stream's timestamps run against the time of the capture.

    `rate` is timestamp units a second, as measured, `error_ppm` its standard error. `drift_ppm` is how much faster than
    its nominal clock the sender runs (None where that cannot be told). `frame` is the usual timestamp step from one
    datagram to the next, `frame_ms` the same as a duration. `silence` is the share of time (0 to 1) for which the
    sender paused; `jumps` counts timestamp steps that no clock explains. `real_time` is False where the datagrams were
    captured at another speed than that at which they are played. `evidence` says all this in words.
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


@dataclass(frozen=True, slots=True)
class Quality:
    """How it will have sounded (ITU-T G.107, simplified), and how losses came in a row.

    `mos` (1 to 4.5) and `r_factor` are None where the codec has no published values; `basis` says from what they come,
    the assumed one-way delay included. `loss_runs` counts runs of losses, `longest_loss_run` is in datagrams.
    """

    mos: float | None
    r_factor: float | None
    basis: str
    delay_ms: float
    loss_runs: int
    longest_loss_run: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A stream up to a moment: `packets` and `lost` since its beginning; jitter then, None where the clock differs."""

    time: float
    packets: int
    lost: int
    jitter_ms: float | None


@dataclass(frozen=True, slots=True)
class Digit:
    """A telephone event (RFC 4733): the key that was pressed, when it began, and for how long."""

    digit: str
    time: float
    duration_ms: float | None
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Stream:
    """One RTP stream: an SSRC in one direction.

    `lost` is RFC 3550 appendix A.3 without duplicates; `jitter_ms` is RFC 3550 section 6.4.1 with `clock`, None where
    the clock is unknown. `flows` are positions in the report's list, several where ICE moved the stream. `sender` is
    the side of the call that sends it, `end` when its source said goodbye in RTCP.
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


@dataclass(frozen=True, slots=True)
class Check:
    """STUN between two endpoints: connectivity checks, keep-alives or a server asked, in one direction.

    `src` sent the requests. Round-trip times are those of answered requests. `relayed` is what a TURN server allocated,
    `lifetime` for how many seconds. A retransmission is no further one of the `requests`; `silent` counts
    what was sent after the last answer, retransmissions among it.
    """

    src: str
    sport: int
    dst: str
    dport: int
    kind: str
    requests: int
    answered: int
    errors: tuple[str, ...]
    indications: int
    first: float
    last: float
    round_trip_ms: float | None
    maximum_round_trip_ms: float | None
    mapped: str | None
    username: str | None
    role: str | None
    nominated: bool
    software: str | None
    relayed: str | None = None
    lifetime: int | None = None
    silent: int = 0
    last_answer: float | None = None
    place: Place = Place(0, 0)


@dataclass(frozen=True, slots=True)
class Handshake:
    """A DTLS handshake (RFC 6347, RFC 9147) as far as it is in the clear; `src` is the client.

    `outcome` is `complete` (both sides went on encrypted), `failed` (a fatal alert), `unanswered` (no ServerHello) or
    `unfinished`. Fingerprints are SHA-256 as `a=fingerprint` writes them; DTLS 1.3 hides them. `hellos` counts
    ClientHellos, of which a handshake needs one or, with a cookie, two.
    """

    src: str
    sport: int
    dst: str
    dport: int
    version: str | None
    cipher_suite: str | None
    srtp_profile: str | None
    offered_profiles: tuple[str, ...]
    client_fingerprint: str | None
    server_fingerprint: str | None
    outcome: str
    alert: str | None
    hellos: int
    first: float
    last: float
    place: Place


@dataclass(frozen=True, slots=True)
class Protection:
    """How much RTCP of a 5-tuple, both directions together, is encrypted and how much is in the clear."""

    src: str
    sport: int
    dst: str
    dport: int
    encrypted: int
    clear: int
    place: Place


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know: what, why it matters, what to do, how sure, and the frames that show it.

    `call` and `stream` are positions in the report's lists, None where the finding is about the whole capture.
    """

    id: str
    severity: Severity
    certainty: Certainty
    what: str
    why: str
    fix: str
    places: tuple[Place, ...]
    call: int | None = None
    stream: int | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything that was counted, what is not listed included.

    `outcomes` counts SIP transactions by kind and outcome, as in `call, ended`. `calls_left_out` and
    `streams_left_out` are not in the lists: they ended well in a capture that holds more than a report can.
    """

    outcomes: tuple[Seen, ...]
    calls: int
    streams: int
    packets: int
    lost: int
    calls_left_out: int
    streams_left_out: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is said of a capture."""

    schema: str
    capture: Capture
    flows: tuple[Flow, ...]
    calls: tuple[Call, ...]
    streams: tuple[Stream, ...]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    handshakes: tuple[Handshake, ...] = ()
    protection: tuple[Protection, ...] = ()
    totals: Totals | None = None
