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
class Message:
    """One SIP message of a call. `method` is that of the CSeq for a response; `status` is None for a request."""

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
    """One media line of an offer or answer."""

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


@dataclass(frozen=True, slots=True)
class Description:
    """An offer or an answer (RFC 3264): where it stood; its text is in the body of that message."""

    role: Literal["offer", "answer"]
    place: Place
    origin: str | None
    name: str | None
    media: tuple[Media, ...]
    deviations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dialog:
    """A Call-ID with its tags and its RFC 3261 state: calling, proceeding, early, confirmed, terminated."""

    call_id: str
    from_tag: str | None
    to_tag: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Call:
    """Dialogs and the streams that they negotiated.

    `outcome` is one of `ringing`, `established` (still open at the end), `ended`, `rejected`, `cancelled`,
    `unanswered`, `fragment` (only a part of it is in the capture), `no call` (OPTIONS, REGISTER and the like).
    `streams` are positions in the report's list.
    """

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
    """What the receiver of a stream reported of it last, and the extremes. `round_trip_ms` from LSR and DLSR."""

    reports: int
    fraction_lost: float
    cumulative_lost: int
    jitter: int
    jitter_ms: float | None
    round_trip_ms: float | None


@dataclass(frozen=True, slots=True)
class Stream:
    """One RTP stream: an SSRC in one direction.

    `lost` is RFC 3550 appendix A.3 without duplicates; `jitter_ms` is RFC 3550 section 6.4.1 with `clock`, None where
    the clock is unknown. `flows` are positions in the report's list, several where ICE moved the stream.
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


@dataclass(frozen=True, slots=True)
class Check:
    """STUN between two endpoints: connectivity checks, keep-alives or a server asked, in one direction.

    `src` sent the requests. Round-trip times are those of answered requests.
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
class Report:
    """Everything that is said of a capture."""

    schema: str
    capture: Capture
    flows: tuple[Flow, ...]
    calls: tuple[Call, ...]
    streams: tuple[Stream, ...]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
