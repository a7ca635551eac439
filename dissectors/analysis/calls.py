"""The calls of a capture by Call-ID, as many as are kept, and what the others leave behind."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Container, Mapping
from itertools import islice, takewhile

from dissectors.analysis.budget import Bounds, Budget
from dissectors.analysis.call import KINDS, CallState
from dissectors.analysis.departed import Departed
from dissectors.analysis.dialogs import Dialogs
from dissectors.analysis.negotiation import MAX_OCTETS, Negotiation
from dissectors.protocols import sip
from dissectors.wire.datagram import Datagram
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct

MAX_GONE, MAX_GONE_AT = 1 << 19, 64
GRACE = 32_000_000_000
"""Media may begin before the first message that was captured and end after the last, by so many nanoseconds."""

MAX_WELL = 256
"""How many calls that ended well, and how many transactions outside of calls, are held that nobody complains of."""

MAX_COMPLAINED = 64
"""How many calls that ended well are held because something else was wrong with them."""

MAX_TEXTS = 1 << 26
"""Octets of bodies that are kept of all calls together."""

TRANSACTION, WELL, OTHERWISE, ATTEMPT, TALK = range(5)
"""What makes room first: what is no call, then calls that ended well, those that ended otherwise or that somebody
complains of, those that nobody answered yet, and those that go on."""

RANKS = {
    "ended": WELL, "rejected": OTHERWISE, "cancelled": OTHERWISE, "unanswered": ATTEMPT, "ringing": ATTEMPT,
    "established": TALK, "fragment": ATTEMPT,
}  # fmt: skip
OPEN = ("unanswered", "ringing", "established")


class Gone(Struct, frozen=True):
    """What is left of a call that made room, at each place where its media went: when it was, in nanoseconds."""

    start: int
    end: int

    def near(self, other: Gone) -> bool:
        """Whether no stream can be between the two without being near one of them."""
        return max(other.start - self.end, self.start - other.end) <= 2 * GRACE

    def joined(self, other: Gone) -> Gone:
        """Both as one."""
        return Gone(min(self.start, other.start), max(self.end, other.end))


class Calls:
    """Every Call-ID, at most `limit` of them, and what those that made room leave behind.

    Of calls that ended well, and of transactions outside of calls, `well` are told of; those beyond may be let go.

    Where there is no room, transactions go first (they are over 32 seconds after their last message, whatever came of
    them: RFC 3261 section 17.1), then calls that ended well, and calls that go on last; of each kind the one that has
    been silent longest. `retired` counts by (kind, outcome); `gone` holds where the media of these calls went, at most
    `places`, and `passed` as many places of transactions; `evicted` counts those that were given up while they were
    open. A Call-ID that comes back is `returned`, and was counted before. `texts` and `descriptions` are what may still
    be kept of bodies and of what they describe; a body that finds no room keeps an empty text.
    """

    def __init__(self, limit: int, well: int | None = None, places: int = MAX_GONE) -> None:
        self.limit = limit
        self.well = limit if well is None else well
        self.places = places
        self.evicted = 0
        self.texts, self.descriptions = Budget(MAX_TEXTS), Budget(MAX_OCTETS)
        self.bounds = Bounds()
        self.calls: dict[str, CallState] = {}
        self.retired: Counter[tuple[str, str]] = Counter()
        self.gone: OrderedDict[tuple[str, int], list[Gone]] = OrderedDict()
        self.passed: OrderedDict[tuple[str, int], list[Gone]] = OrderedDict()
        self._ranked: tuple[OrderedDict[str, None], ...] = tuple(OrderedDict() for _ in range(TALK + 1))
        self._complained: set[str] = set()
        self._let_go = Departed()

    @property
    def bounds_hit(self) -> Mapping[str, int]:
        """What was given up because a bound was hit, by name."""
        refused = {"texts": self.texts.refused, "descriptions": self.descriptions.refused}
        known = {"Call-IDs that were let go": self._let_go.forgotten}
        return {"calls": self.evicted, **refused, **known, **self.bounds.hits}

    def feed(self, datagram: Datagram, message: sip.Message) -> tuple[Malformed, ...]:
        """Take one message; gives back what was wrong with the descriptions in it.

        A message without Call-ID belongs to a call of its own name, the empty one.
        """
        identity = message.identity()
        call_id = identity.call_id or ""
        call = self.calls.pop(call_id, None)
        if call is None:
            call = CallState(
                call_id, KINDS.get(identity.method or "", "other"), datagram.time, datagram.time,
                Negotiation(self.descriptions, self.bounds), Dialogs(self.bounds), self.texts, self.bounds,
                returned=call_id in self._let_go,
            )  # fmt: skip
            if len(self.calls) >= self.limit:
                self._make_room()
        self.calls[call_id] = call
        broken = call.feed(datagram, message, identity)
        self._rank(call)
        return broken

    @property
    def surplus(self) -> int:
        """How many transactions and calls that ended well there are beyond those that are told of."""
        return sum(max(0, len(self._ranked[rank]) - self.well) for rank in (TRANSACTION, WELL))

    def leaving(self, before: int) -> list[CallState]:
        """Those beyond, the oldest first, as far as they are silent since before that time, in nanoseconds."""
        leaving: list[CallState] = []
        for names in (self._ranked[TRANSACTION], self._ranked[WELL]):
            oldest = (self.calls[name] for name in islice(names, max(0, len(names) - self.well)))
            leaving += takewhile(lambda call: call.last < before, oldest)
        return leaving

    def keep(self, call: CallState) -> bool:
        """Let a call stay of which somebody does complain, if there is room for one more."""
        if len(self._complained) >= MAX_COMPLAINED:
            return False
        self._complained.add(call.call_id)
        self._rank(call)
        return True

    def forget_places(self, used: Container[tuple[str, int]], before: int) -> None:
        """Forget what went on at places before that time, in nanoseconds, unless the place is still in use."""
        for table in (self.gone, self.passed):
            for place in [place for place, left in table.items() if left[-1].end < before and place not in used]:
                del table[place]

    def _rank(self, call: CallState) -> None:
        """Put a call behind all others of its rank."""
        outcome = call.outcome
        rank = TRANSACTION if call.kind != "call" else RANKS[outcome]
        if outcome == "fragment" and call.ended is not None:
            rank = WELL
        if call.call_id in self._complained:
            rank = max(rank, OTHERWISE)
        if call.rank is not None and call.rank != rank:
            del self._ranked[call.rank][call.call_id]
        call.rank = rank
        self._ranked[rank][call.call_id] = None
        self._ranked[rank].move_to_end(call.call_id)

    def _make_room(self) -> None:
        """Let go of the call that is silent longest of those that make room first."""
        names = next(names for names in self._ranked if names)
        call = self.calls[next(iter(names))]
        self.evicted += call.outcome in OPEN
        self.let_go(call)

    def let_go(self, call: CallState) -> None:
        """Count a call, remember it and where its media went, and give back what it holds."""
        if call.rank is not None:
            del self._ranked[call.rank][call.call_id]
        self._complained.discard(call.call_id)
        del self.calls[call.call_id]
        self.texts.give_back(call.kept)
        self.descriptions.give_back(call.negotiation.kept)
        if not call.returned:
            self.retired[call.kind, call.outcome] += 1
        self._let_go.add(call.call_id)
        self._leave(call)

    def _leave(self, call: CallState) -> None:
        """Remember where a call's media went, and where a transaction passed."""
        left = Gone(call.start, call.last)
        places = {(line.address, line.port) for line in call.announced if line.address and line.port}
        signalled = {(flow.src, flow.sport) for flow in call.pairs}
        # Where everything shares a port, media go where the signalling does, whether or not an SDP was seen.
        for place in places | signalled if call.kind == "call" else places:
            there = self.gone.setdefault(place, [])
            there.append(there.pop().joined(left) if there and there[-1].near(left) else left)
            del there[:-MAX_GONE_AT]
        for place in signalled if call.kind != "call" else ():
            self.passed[place] = [self.passed[place][0].joined(left) if place in self.passed else left]
        for table in (self.gone, self.passed):
            while len(table) > self.places:
                table.popitem(last=False)
