"""Calls that go well, held as the octets that came: an INVITE, its answer and a BYE, beside the media of both sides.

Its messages are on one 5-tuple, or on one for each hop through proxies, and the later ones may go past these.
Of what goes well nothing is told but how often. As of an `Exchange`, whatever goes another way is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dissectors.analysis.calls.hops import (
    ACKNOWLEDGED,
    ANSWERED,
    ASKED,
    CHALLENGED,
    HUNG_UP,
    MAX_HOPS,
    OVER,
    PROCEEDING,
    SETTLED,
    TRIED,
    Hop,
)
from dissectors.analysis.calls.offers import Offer, Reading
from dissectors.analysis.calls.outcomes import CHALLENGES
from dissectors.analysis.calls.unread import Unread
from dissectors.mux.entry import Entry
from dissectors.report import CallOutcome
from dissectors.wire.datagram import TCP, UDP, Endpoint, Flow

if TYPE_CHECKING:
    from dissectors.protocols.sip_usual import Usual

INVITE: Final = 3
ACK: Final = 4
BYE: Final = 5
"""Methods, as `sip_usual` has them."""

TRYING: Final = 100
RINGING: Final = 180
PROGRESS: Final = 183
OK: Final = 200
MAX_TIMED_NS: Final = 50_000_000_000
"""So soon after a call began no session timer of `LEAST_EXPIRES` has expired, or is about to."""


class Talk(Unread):
    """One such call by its `hops`: what both sides `offered` (caller first), when it was `answered` and `ended`.

    `accepted` is the first 2xx to its INVITE, or the last provisional response before it that is more than 100, `bye`
    the first BYE; `calls_off` says that the caller sent that, `timed` that a 2xx has a session timer. `heard` is when
    the first of these responses came, `rang` says that one was 180. `described` is the first one with an answer; each
    later description repeats that. Where its INVITE was challenged, `challenge` is that response.
    """

    __slots__ = (
        "accepted", "answered", "bye", "calls_off", "challenge", "described", "ended", "heard", "hops", "is_viceroy",
        "offered", "rang", "reading", "timed",
    )

    def __init__(self, entry: Entry, usual: Usual, number: int, reading: Reading, offer: Offer) -> None:
        super().__init__(entry, usual, number, "call")
        self.reading = reading
        self.offered: tuple[Offer, ...] = (offer,)
        self.hops: tuple[Hop, ...] = (Hop(entry.flow, usual, ASKED),)
        self.challenge: Usual | None = None
        self.accepted: Usual | None = None
        self.described: Usual | None = None
        self.bye: Usual | None = None
        self.heard: int | None = None
        self.answered: int | None = None
        self.ended: int | None = None
        self.calls_off = self.rang = self.timed = False
        self.is_viceroy: bool = usual.is_viceroy

    @property
    def announced(self) -> tuple[Endpoint, ...]:
        """Where its sides want media, as far as they said so."""
        return tuple([each.end for each in self.offered])

    @property
    def outcome(self) -> CallOutcome:
        """What it came to so far; see `report.Call`."""
        if self.answered is not None:
            return "established" if self.ended is None else "ended"
        if self.hops[0].stage >= CHALLENGED:
            return "rejected"
        return "ringing" if self.rang else "unanswered"

    @property
    def is_over(self) -> bool:
        """Whether all was said on each hop."""
        return all([hop.stage == OVER for hop in self.hops])

    @property
    def facetime(self) -> bool:
        """Whether a user agent or an origin says that this is FaceTime."""
        return self.is_viceroy or any([each.is_facetime for each in self.offered])

    @property
    def transport(self) -> str:
        """Over what it signals, on each hop."""
        return self.hops[0].flow.transport

    @property
    def pairs(self) -> tuple[Flow, ...]:
        """The 5-tuples, as each end sees them."""
        return tuple([flow for hop in self.hops for flow in (hop.flow.flow, hop.flow.flow.reverse)])

    @property
    def signalled(self) -> tuple[Endpoint, ...]:
        """Where it signals: at the ends of its hops."""
        return tuple([end for hop in self.hops for end in hop.flow.flow.ends])

    @property
    def hosts(self) -> tuple[list[str], list[str]]:
        """The hosts that each side signals from, caller first, some twice; a proxy speaks for both."""
        asked = [hop.flow.flow for hop in self.hops]
        answers = [hop.flow.flow for hop in self.hops if hop.heard]
        return [flow.src for flow in asked], [flow.dst for flow in answers]

    def feed(self, entry: Entry, usual: Usual) -> bool:
        """Take the next message if it is in good order; else nothing is taken, and the call has to be opened."""
        flow, time = entry.flow, entry.time
        if time <= self.last or not usual.fits(0):
            return False
        hop = self._on(flow.pair)
        if hop is None:
            hop = self._further(entry, usual)
            if hop is None:
                return False
            self.hops = *self.hops, hop
        else:
            # What goes back has the same pair, and is not the flow itself.
            forth = flow is hop.flow
            if usual.status:
                if not self._response(hop, entry, usual, forth):
                    return False
                hop.heard = True
            elif not self._request(hop, entry, usual, forth):
                return False
        stage = hop.stage
        if stage == HUNG_UP and self.ended is None:
            self.ended = time
        elif stage == ANSWERED and self.answered is None:
            self.answered = time
        if self.heard is None and PROCEEDING <= stage < CHALLENGED:
            self.heard = time
        self.take(entry)
        self.is_viceroy |= usual.is_viceroy
        return True

    def _on(self, pair: object) -> Hop | None:
        """The hop that has a 5-tuple."""
        for hop in self.hops:
            if hop.pair is pair:
                return hop
        return None

    def _further(self, entry: Entry, usual: Usual) -> Hop | None:
        """The hop that an INVITE begins which a proxy passes on, or an ACK that goes past all of them."""
        hops, state = self.hops, entry.flow
        flow = state.flow
        if len(hops) == MAX_HOPS or flow.inside or flow.transport != self.transport or flow in self.pairs:
            return None
        for hop in hops:
            if not hop.is_new(usual):
                return None
        first, challenge = hops[0].first, self.challenge
        if challenge is not None and not usual.is_new(challenge):
            return None
        if self.heard is None:
            if hops[0].stage > TRIED or not usual.passes_on(first) or not usual.fits(self.offered[0].octets):
                return None
            return Hop(state, usual, ASKED)
        if usual.method != ACK or usual.octets or usual.sequence != first.sequence:
            return None
        if len(hops) == 1 or not usual.same_tags(self.accepted):  # type: ignore[arg-type]  # it was heard
            return None
        if flow.ends != (self.signalled[0], self.signalled[-1]) or any([hop.stage != ANSWERED for hop in hops]):
            return None
        for hop in hops:
            hop.stage = OVER
        return Hop(state, first, ACKNOWLEDGED)

    def _all_came_to(self, stage: int) -> bool:
        """Whether it came so far on each hop."""
        for hop in self.hops:
            if hop.stage < stage:
                return False
        return True

    def _request(self, hop: Hop, entry: Entry, usual: Usual, forth: bool) -> bool:
        """Take an ACK, a BYE or what follows a challenge."""
        first, accepted, challenge = hop.first, self.accepted, self.challenge
        if accepted is None:
            return forth and challenge is not None and self._follow(hop, entry, usual)
        if usual.octets or challenge is not None and not usual.is_new(challenge):
            return False
        if hop.stage == ANSWERED and usual.method == ACK:
            if not forth or usual.sequence != first.sequence or not usual.same_tags(accepted):
                return False
            if not self._all_came_to(ANSWERED):
                return False
            hop.stage = ACKNOWLEDGED
            return True
        return usual.method == BYE and self._hang_up(hop, entry, usual, forth)

    def _hang_up(self, hop: Hop, entry: Entry, usual: Usual, forth: bool) -> bool:
        """Take a BYE, or what a proxy passes on of it."""
        if hop.stage != ACKNOWLEDGED or not self._all_came_to(ACKNOWLEDGED):
            return False
        for each in self.hops:
            if not each.is_new(usual):
                return False
        if self.timed and entry.time - self.start > MAX_TIMED_NS:
            return False
        if self.bye is not None and not usual.passes_on(self.bye):
            return False
        first = hop.first
        accepted: Usual = self.accepted  # type: ignore[assignment]  # it was acknowledged
        if forth:
            if usual.sequence <= first.sequence or not usual.same_tags(accepted):
                return False
        elif not usual.comes_back(accepted):
            return False
        if self.bye is None:
            self.bye = usual
        hop.stage, hop.bye, self.calls_off = HUNG_UP, usual, forth
        return True

    def _follow(self, hop: Hop, entry: Entry, usual: Usual) -> bool:
        """Take the ACK to a challenge, and the INVITE with credentials that offers the same."""
        first = hop.first
        if hop.stage == CHALLENGED:
            if usual.method != ACK or usual.octets or usual.sequence != first.sequence or usual.is_new(first):
                return False
            if not usual.same_tags(self.challenge):  # type: ignore[arg-type]  # it was challenged
                return False
            hop.stage = SETTLED
            return True
        if hop.stage != SETTLED or not usual.credentials or not usual.follows(first):
            return False
        offer = self.reading.offered(entry, usual)
        if offer is None or not offer.repeats(self.offered[0]):
            return False
        hop.first, hop.stage, self.offered = usual, ASKED, (offer,)
        return True

    def _response(self, hop: Hop, entry: Entry, usual: Usual, forth: bool) -> bool:
        if hop.stage == HUNG_UP:
            bye: Usual = hop.bye  # type: ignore[assignment]  # it has one
            if forth == self.calls_off or usual.status != OK or usual.octets or not usual.answers(bye):
                return False
            if not usual.same_tags(bye):
                return False
            hop.stage = OVER
            return True
        first, before = hop.first, self.accepted
        if hop.stage >= ANSWERED or forth or not usual.answers(first):
            return False
        if usual.status == TRYING:
            if hop.stage != ASKED or usual.octets:
                return False
            hop.stage = TRIED
            return True
        if not usual.is_made_by(first) or before is not None and not usual.same_tags(before):
            return False
        if usual.status in CHALLENGES:
            if hop.stage > TRIED or usual.octets or self.challenge is not None or first.credentials:
                return False
            if len(self.hops) > 1:
                return False
            self.challenge, hop.stage = usual, CHALLENGED
            return True
        if usual.status in (RINGING, PROGRESS):
            return self._proceed(hop, entry, usual)
        if usual.status != OK or not self._accept(entry, usual):
            return False
        hop.stage = ANSWERED
        return True

    def _proceed(self, hop: Hop, entry: Entry, usual: Usual) -> bool:
        """Take what says that it rings or goes on, each once on a hop, with the answer or without."""
        rings = usual.status == RINGING
        if self.answered is not None or (hop.rang if rings else hop.progressed):
            return False
        if usual.octets and not self._take_answer(entry, usual):
            return False
        if rings:
            hop.rang = self.rang = True
        else:
            hop.progressed = True
        self.accepted, hop.stage = usual, PROCEEDING
        return True

    def _accept(self, entry: Entry, usual: Usual) -> bool:
        """Take a 2xx with its answer, or what a proxy passes on of it."""
        if self.answered is not None:
            if not usual.passes_on(self.accepted):  # type: ignore[arg-type]  # this is why it was answered
                return False
            if not usual.fits(self.offered[-1].octets):
                return False
        elif not self._take_answer(entry, usual):
            return False
        else:
            self.accepted = usual
        self.timed |= usual.timed
        return True

    def _take_answer(self, entry: Entry, usual: Usual) -> bool:
        """Take the answer that is in a response, or what repeats it to the octet."""
        described = self.described
        if described is not None:
            return usual.same_description(described) and usual.fits(self.offered[-1].octets)
        offer, asked = self.reading.offered(entry, usual), self.offered[0]
        if offer is None or offer.owner == asked.owner:
            return False
        self.offered, self.described = (asked, offer), usual
        # The next answer is compared with this one, and no owner any more.
        offer.owner = asked.owner = None
        return True


def begun(entry: Entry, usual: Usual, number: int, reading: Reading) -> Talk | None:
    """The call that an INVITE begins; None where it has to be read."""
    if usual.method != INVITE or entry.flow.inside or entry.flow.transport not in (UDP, TCP):
        return None
    offer = reading.offered(entry, usual)
    return None if offer is None else Talk(entry, usual, number, reading, offer)
