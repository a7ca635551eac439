"""Calls, with their dialogs and their offers and answers."""

from __future__ import annotations

from typing import Literal

from dissectors.report.message import Message
from dissectors.report.place import Certainty, Place
from dissectors.report.video import ExtensionName
from dissectors.wire.values import Struct

CallOutcome = Literal[
    "ringing", "established", "ended", "rejected", "unreachable", "unanswered", "cancelled", "fragment",
    "registered", "refused", "abandoned", "answered",
]
"""What a Call-ID came to, as one word; see `Call`."""


class Format(Struct, frozen=True):
    """One payload type of a media line, explained. `source` says where codec and clock come from."""

    payload_type: str
    codec: str | None
    clock: int | None
    channels: int | None
    certainty: Certainty
    source: str
    secondary: bool
    parameters: str | None


class Key(Struct, frozen=True):
    """An a=crypto line (RFC 4568): its tag, its suite, and the length of its key with salt in octets, None if unknown.

    The key itself is not kept.
    """

    tag: int
    suite: str
    octets: int | None


class SourceGroup(Struct, frozen=True):
    """Sources that belong together (a=ssrc-group, RFC 5576): under `FID` the second repairs the first."""

    semantics: str
    ssrcs: tuple[int, ...]


class FaxParameters(Struct, frozen=True):
    """What a media line says of T.38 (ITU-T T.38 annex D): None, or empty, where it does not say it."""

    version: int | None
    rate_management: str
    error_correction: str


class Media(Struct, frozen=True):
    """One media line of an offer or answer.

    `suites` are the SRTP suites of its a=crypto lines, `keys` these lines in order; `fingerprint` is that of the DTLS
    certificate; `endpoints` are `address:port` of the candidates. `ufrag` is ICE's user name fragment; `ice_lite` says
    that this side only answers checks. `ptime` and `maxptime` are the milliseconds of media in a packet that it wants,
    and takes at most. `candidate_kinds` are the kinds of `endpoints`. `transport_wide` is the id of the header
    extension with transport-wide numbers (a=extmap), `groups` are those of its sources. `mid` names the line,
    `extensions` are its header extensions, `rids` the layers of its picture that it sends or takes (a=rid), `fax`
    what it says of T.38. Where it is `bundle_only` (RFC 9143 section 6), its port 0 refuses nothing: `address` and
    `port` are those of the line whose transport it shares.
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
    keys: tuple[Key, ...] = ()
    ufrag: str | None = None
    ice_lite: bool = False
    candidate_kinds: tuple[str, ...] = ()
    ptime: float | None = None
    maxptime: float | None = None
    transport_wide: int | None = None
    groups: tuple[SourceGroup, ...] = ()
    mid: str | None = None
    extensions: tuple[ExtensionName, ...] = ()
    rids: tuple[str, ...] = ()
    fax: FaxParameters | None = None
    bundle_only: bool = False


class Description(Struct, frozen=True):
    """An offer or an answer (RFC 3264): its place, and the side that made it; its text is in that message's body.

    `answers` is the place of the offer that an answer belongs to, on the same hop if that was captured. `time` is that
    of its message, `method`, `from_tag` and `to_tag` are that message's. `session` is the whole o= line, which must
    change when anything else does. `exchange` numbers the offers of a call with what answers them, hops and forks
    included; `state` says what became of that: `open`, `agreed`, or `refused` by a final response. `broken` are the
    deviations that are about a line that cannot be read at all. `bundles` are the groups of its lines, by their `mid`,
    that are to share a transport (RFC 9143); those of an answer do.
    """

    role: Literal["offer", "answer"]
    place: Place
    origin: str | None
    name: str | None
    media: tuple[Media, ...]
    deviations: tuple[str, ...]
    side: str = ""
    answers: Place | None = None
    time: float = 0.0
    method: str = ""
    from_tag: str | None = None
    to_tag: str | None = None
    session: str | None = None
    exchange: int = 0
    state: Literal["open", "agreed", "refused"] = "open"
    broken: tuple[str, ...] = ()
    bundles: tuple[tuple[str, ...], ...] = ()


class Dialog(Struct, frozen=True):
    """A Call-ID with its tags and its RFC 3261 state: calling, proceeding, early, confirmed, terminated."""

    call_id: str
    from_tag: str | None
    to_tag: str | None
    state: str


class Call(Struct, frozen=True):
    """Every dialog of one Call-ID, `call_id` (empty if a message has none), and their streams.

    The `outcome` of a call is `ringing` or `established` (still open at the end), `ended`, `rejected`, `unreachable`
    (refused with 408, 430 or 480), `cancelled` (the CANCEL took effect), `unanswered`, or `fragment` (only a part of it
    is in the capture). A call that only tries is `ringing`, too, as long as nobody can have given it up: 32 seconds
    without any response, 180 after a provisional one; then its `ringing` is None. That of a registration is
    `registered`, `refused`, `abandoned` (a challenge was the last response, and nobody followed it) or `unanswered`;
    that of anything else `answered`, `refused` or `unanswered`. A Call-ID is of the kind `call` as of its first INVITE,
    and begins there.

    `streams` are positions in the report's list. `returned` says that it was counted and removed before; only its
    later messages are here. `number` counts Call-IDs from 1 in the order in which they came: the same whatever a filter
    or a time window leaves. `signalling` is the protocol of its messages.
    """

    call_id: str
    kind: Literal["call", "registration", "subscription", "message", "options", "other"]
    outcome: CallOutcome
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
    returned: bool = False
    number: int = 0
    signalling: str = "SIP"

    def talked(self, last: float | None) -> float | None:
        """Seconds from the answer to the end, or up to the `last` time where the end was not seen; None without answer.
        """
        if self.answered is None:
            return None
        end = self.ended if self.ended is not None else last
        return 0.0 if end is None else end - self.answered

    @property
    def begun_before(self) -> bool:
        """Whether its INVITE came before the capture: the first that is here is a response, or a re-INVITE."""
        first: Message | None = None
        for each in self.messages:
            if each.method == "INVITE" and (first is None or each.time < first.time):
                first = each
        return first is not None and (first.status is not None or first.to_tag is not None)
