"""Calls that go well, held as the octets that came: an INVITE, its answer and a BYE, beside the media of both sides.

All of its messages are on one 5-tuple, and of what goes well nothing is told but how often. As of an `Exchange`,
whatever goes another way is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from dissectors.analysis.calls.descriptions import as_told
from dissectors.analysis.calls.media_lines import UNSPECIFIED_ADDRESSES
from dissectors.analysis.calls.outcomes import CHALLENGES
from dissectors.analysis.calls.unread import Unread
from dissectors.mux.entry import Entry
from dissectors.report import CallOutcome
from dissectors.wire.datagram import UDP, Endpoint
from dissectors.wire.inflate import LIMITS, Limits, inflate

if TYPE_CHECKING:
    from dissectors.protocols.sip_usual import Described, Usual

ASKED: Final = 0
TRIED: Final = 1
RANG: Final = 2
ANSWERED: Final = 3
ACKNOWLEDGED: Final = 4
HUNG_UP: Final = 5
OVER: Final = 6
CHALLENGED: Final = 7
SETTLED: Final = 8
"""How far a call came; its INVITE may be challenged first, which is settled by an ACK, and be sent once more."""

INVITE: Final = 3
ACK: Final = 4
BYE: Final = 5
"""Methods, as `sip_usual` has them."""

TRYING: Final = 100
RINGING: Final = 180
OK: Final = 200
LABEL = ("deflate",)
MAX_TIMED_NS: Final = 50_000_000_000
"""So soon after a call began no session timer of `LEAST_EXPIRES` has expired, or is about to."""

MAX_SHAPES = 256
"""So many descriptions are kept once, but for what differs from call to call."""

INTRICATE = (b"a=rtpID", b"a=crypto", b"a=key-mgmt", b"a=ice", b"a=fingerprint", b"a=candidate")
"""What differs from call to call, too, where a call is no plain one."""

OUTCOMES: tuple[CallOutcome, ...] = (
    "unanswered", "unanswered", "ringing", "established", "established", "ended", "ended", "rejected", "rejected",
)
"""What a call came to, by how far it came."""


class Reading:
    """Reads the descriptions of calls that are held unread: those that say nothing unusual, of which there are a few.

    `asks` looks at one; bodies are inflated within `limits`.
    """

    __slots__ = ("_asks", "_limits", "_shapes")

    def __init__(self, asks: Callable[[bytes], Described | None], limits: Limits = LIMITS) -> None:
        self._asks, self._limits = asks, limits
        self._shapes: dict[bytes, bytes] = {}

    def offered(self, entry: Entry, usual: Usual) -> Offer | None:
        """What a message says of media, if that is nothing unusual."""
        if not usual.octets:
            return None
        body = usual.body
        if usual.packed:
            inflated = inflate(body, LABEL, self._limits)
            if inflated.status != "complete" or inflated.encoding != "zlib" or inflated.deviations:
                return None
            body = inflated.octets
        found = self._asks(body)
        if found is None or not usual.fits(len(body)):
            return None
        shape = self._shapes.get(found.rest)
        if shape is None:
            if any([words in found.rest for words in INTRICATE]):
                return None
            if len(self._shapes) >= MAX_SHAPES:
                self._shapes.clear()
            shape = self._shapes[found.rest] = found.rest
        end = as_told(found.address), found.port
        if end[0] in UNSPECIFIED_ADDRESSES:
            return None
        return Offer(shape, found.owner, end, found.ssrc, found.is_facetime, entry)


class Offer:
    """What one side said of its media, and in which frame of which file.

    Its shape is all but the end where it wants them, its source and what never matters.
    """

    __slots__ = ("end", "file", "frame", "is_facetime", "owner", "shape", "ssrc")

    def __init__(
        self, shape: bytes, owner: bytes, end: Endpoint, ssrc: int | None, is_facetime: bool, entry: Entry
    ) -> None:
        self.shape, self.owner, self.end, self.ssrc, self.is_facetime = shape, owner, end, ssrc, is_facetime
        self.file, self.frame = entry.file, entry.frame

    def repeats(self, other: Offer) -> bool:
        """Whether another one said the same, whoever made it."""
        return self.shape == other.shape and self.end == other.end and self.ssrc == other.ssrc


class Talk(Unread):
    """One such call: how far it came, what both sides `offered` (caller first), when it was `answered` and `ended`.

    `accepted` is the 2xx to its INVITE, or what rang before, `bye` the BYE; `calls_off` says that the caller sent that.
    `heard` is when it rang or was answered first. Where its INVITE was challenged, `challenge` is that response, and
    `first` the INVITE with credentials.
    """

    __slots__ = (
        "accepted", "answered", "bye", "calls_off", "challenge", "ended", "heard", "is_viceroy", "offered", "reading",
        "stage",
    )

    def __init__(self, entry: Entry, usual: Usual, number: int, reading: Reading, offer: Offer) -> None:
        super().__init__(entry, usual, number, "call")
        self.reading = reading
        self.offered: tuple[Offer, ...] = (offer,)
        self.stage = ASKED
        self.challenge: Usual | None = None
        self.accepted: Usual | None = None
        self.bye: Usual | None = None
        self.heard: int | None = None
        self.answered: int | None = None
        self.ended: int | None = None
        self.calls_off = False
        self.is_viceroy: bool = usual.is_viceroy

    @property
    def announced(self) -> tuple[Endpoint, ...]:
        """Where its sides want media, as far as they said so."""
        return tuple([each.end for each in self.offered])

    @property
    def outcome(self) -> CallOutcome:
        """What it came to so far; see `report.Call`."""
        return OUTCOMES[self.stage]

    @property
    def facetime(self) -> bool:
        """Whether a user agent or an origin says that this is FaceTime."""
        return self.is_viceroy or any([each.is_facetime for each in self.offered])

    def feed(self, entry: Entry, usual: Usual) -> bool:
        """Take the next message if it is in good order; else nothing is taken, and the call has to be opened."""
        first = self.entries[0]
        flow, there = entry.flow, first.flow
        # What goes back has the same pair, and is not the flow itself.
        if entry.time <= self.last or flow.pair is not there.pair or not usual.fits(0):
            return False
        forth = flow is there
        if not (self._response(entry, usual, forth) if usual.status else self._request(entry, usual, forth)):
            return False
        if self.stage == HUNG_UP:
            self.ended = entry.time
        elif self.stage == ANSWERED:
            self.answered = entry.time
        if self.heard is None and RANG <= self.stage < CHALLENGED:
            self.heard = entry.time
        self.take(entry)
        self.is_viceroy |= usual.is_viceroy
        return True

    def _request(self, entry: Entry, usual: Usual, forth: bool) -> bool:
        """Take an ACK, a BYE or what follows a challenge; nothing of `answered` or `ended` is known before."""
        first, accepted, challenge = self.first, self.accepted, self.challenge
        if accepted is None:
            return forth and challenge is not None and self._follow(entry, usual, challenge)
        if usual.octets or challenge is not None and not usual.is_new(challenge):
            return False
        if self.stage == ANSWERED and usual.method == ACK:
            if not forth or usual.sequence != first.sequence or not usual.same_tags(accepted):
                return False
            self.stage = ACKNOWLEDGED
            return True
        if self.stage != ACKNOWLEDGED or usual.method != BYE or not usual.is_new(first):
            return False
        if accepted.timed and entry.time - self.start > MAX_TIMED_NS:
            return False
        if forth:
            if usual.sequence <= first.sequence or not usual.same_tags(accepted):
                return False
        elif not usual.comes_back(accepted):
            return False
        self.stage, self.bye, self.calls_off = HUNG_UP, usual, forth
        return True

    def _follow(self, entry: Entry, usual: Usual, challenge: Usual) -> bool:
        """Take the ACK to a challenge, and the INVITE with credentials that offers the same."""
        first = self.first
        if self.stage == CHALLENGED:
            if usual.method != ACK or usual.octets or usual.sequence != first.sequence or usual.is_new(first):
                return False
            if not usual.same_tags(challenge):
                return False
            self.stage = SETTLED
            return True
        if self.stage != SETTLED or not usual.credentials or not usual.follows(first):
            return False
        offer = self.reading.offered(entry, usual)
        if offer is None or not offer.repeats(self.offered[0]):
            return False
        self.first, self.offered, self.stage = usual, (offer,), ASKED
        return True

    def _response(self, entry: Entry, usual: Usual, forth: bool) -> bool:
        if self.stage == HUNG_UP:
            bye = self.bye
            if bye is None or forth == self.calls_off or usual.status != OK or usual.octets or not usual.answers(bye):
                return False
            if not usual.same_tags(bye):
                return False
            self.stage = OVER
            return True
        first, before = self.first, self.accepted
        if self.stage >= ANSWERED or forth or not usual.answers(first):
            return False
        if usual.status == TRYING:
            if self.stage != ASKED or usual.octets:
                return False
            self.stage = TRIED
            return True
        if not usual.is_made_by(first) or before is not None and not usual.same_tags(before):
            return False
        if usual.status in CHALLENGES:
            if self.stage > TRIED or usual.octets or self.challenge is not None or first.credentials:
                return False
            self.challenge, self.stage = usual, CHALLENGED
            return True
        if usual.status == RINGING:
            if self.stage >= RANG or usual.octets:
                return False
            self.stage = RANG
        elif usual.status == OK:
            offer = self.reading.offered(entry, usual)
            if offer is None or offer.owner == self.offered[0].owner:
                return False
            self.offered = self.offered[0], offer
            self.stage = ANSWERED
        else:
            return False
        self.accepted = usual
        return True


def begun(entry: Entry, usual: Usual, number: int, reading: Reading) -> Talk | None:
    """The call that an INVITE begins; None where it has to be read."""
    _, _, _, _, inside, transport = entry.flow.flow
    if usual.method != INVITE or inside or transport != UDP:
        return None
    offer = reading.offered(entry, usual)
    return None if offer is None else Talk(entry, usual, number, reading, offer)
