"""The calls of a capture by Call-ID, as many as are kept, and what the others leave behind."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Container, Iterable
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from dissectors.analysis.calls.call import KINDS, CallState
from dissectors.analysis.calls.carried import Carried
from dissectors.analysis.calls.negotiation import MAX_DESCRIPTION_OCTETS, Negotiation
from dissectors.analysis.calls.outcomes import counted_as
from dissectors.limits.budget import Bounds, Budget
from dissectors.limits.retired import RecentlyRetired
from dissectors.limits.table import Table
from dissectors.limits.texts import MAX_TEXT_OCTETS, Held, Texts
from dissectors.protocols import sip
from dissectors.wire.datagram import Datagram, Endpoint
from dissectors.wire.errors import Malformed
from dissectors.wire.inflate import LIMITS, Limits
from dissectors.wire.masking import masked_value
from dissectors.wire.values import Struct

if TYPE_CHECKING:
    from dissectors.analysis.calls.begun import Waiting
    from dissectors.mux.entry import Entry
    from dissectors.protocols.sip_usual import Usual
    from dissectors.report import Call, Message

MAX_UNREAD_OCTETS, UNREAD_OCTETS = 1 << 27, 640
"""Octets that messages take which are held unread, and what one of them takes beside its own."""

MAX_RETIRED_ENDPOINTS = 1 << 19
"""Addresses and ports that are remembered of calls that were retired."""

MAX_INTERVALS_PER_ENDPOINT = 64

MEDIA_MARGIN_NS = 32_000_000_000
"""Media may begin so long before the first message that was captured, and end so long after the last."""

MIN_CHANGED = 1024
"""So many calls may have changed, and twice as many as are held, before they are no longer told apart."""

MAX_FINISHED_CALLS = 256
"""Calls that ended well, and transactions outside of calls, that are held although they are over."""

MAX_KEPT_FOR_ERRORS = 64
"""Calls that ended well and are held because a rule found an error in them."""

TRANSACTION, ENDED_WELL, ENDED_BADLY, ATTEMPT, ESTABLISHED = range(5)
"""The order in which calls make room: first what is no call, then calls that ended well, calls that ended otherwise or
have errors, calls that nobody answered yet, and last the calls that go on."""

RANKS = {
    "ended": ENDED_WELL, "rejected": ENDED_BADLY, "unreachable": ENDED_BADLY, "cancelled": ENDED_BADLY,
    "unanswered": ATTEMPT, "ringing": ATTEMPT, "established": ESTABLISHED, "fragment": ATTEMPT,
}
OPEN = ("unanswered", "ringing", "established")


class RetiredInterval(Struct, frozen=True):
    """What is left of a call that made room, at each endpoint where its media went: when it was, in nanoseconds.

    `fax` says that it agreed on UDPTL there.
    """

    start: int
    end: int
    fax: bool = False

    def near(self, other: RetiredInterval) -> bool:
        """Whether no stream can be between the two without being near one of them."""
        return max(other.start - self.end, self.start - other.end) <= 2 * MEDIA_MARGIN_NS

    def joined(self, other: RetiredInterval) -> RetiredInterval:
        """Both as one."""
        return RetiredInterval(min(self.start, other.start), max(self.end, other.end), self.fax or other.fax)


class Calls:
    """Every Call-ID, at most `limit` of them, and what is remembered of retired ones.

    At most `max_finished` calls that ended well are held, and as many transactions outside of calls; the engine retires
    the others.

    Where there is no room, transactions go first: they are over 32 seconds after their last message (RFC 3261 section
    17.1). Then go calls that ended well, and last the calls that go on; of each kind the one that has been silent
    longest goes first. `retired` counts calls by (kind, outcome). `retired_media` holds when retired calls had media at
    an endpoint, `retired_signalling` the same of transactions, for at most `max_endpoints` each. `bounds` counts what
    is given up, calls only where they were open. A Call-ID that comes back is `returned`, and was counted before; what
    it comes to then counts in its place.
    `texts` and `descriptions` are what may still be kept of texts and of what they describe; a text that finds no room
    is empty. `changed` are the Call-IDs of calls that were fed, or are gone, since somebody made it empty; it is None
    as long as nobody wants to know, and once there are more than are worth knowing.

    What comes by `hold` stays unread where nobody needs to know more: then there is an `Exchange` or a `Talk` in the
    place of a call, until it is opened; bodies are inflated within `limits`.
    """

    def __init__(
        self, limit: int, max_finished: int | None = None, max_endpoints: int = MAX_RETIRED_ENDPOINTS,
        bounds: Bounds | None = None, texts: Texts | None = None, limits: Limits = LIMITS,
    ) -> None:
        self.limit, self.limits = limit, limits
        self.max_finished = limit if max_finished is None else max_finished
        self.bounds = bounds = bounds or Bounds()
        self.texts, self.descriptions = texts or Texts(MAX_TEXT_OCTETS, bounds), Budget(MAX_DESCRIPTION_OCTETS)
        self.calls: dict[str, CallState | Waiting] = {}
        self._unread = 0
        self._begins: Callable[[Entry, Usual, int], Waiting | None] | None = None
        self.retired: Counter[tuple[str, str]] = Counter()
        self.retired_media: Table[Endpoint, list[RetiredInterval]] = Table(
            "media of retired calls", max_endpoints, bounds
        )
        self.retired_signalling: Table[Endpoint, list[RetiredInterval]] = Table(
            "signalling of retired transactions", max_endpoints, bounds
        )
        self._ranked: tuple[OrderedDict[str, None], ...] = tuple(OrderedDict() for _ in range(ESTABLISHED + 1))
        self.changed: dict[str, None] | None = None
        self._met = 0
        self._kept_for_errors: set[str] = set()
        self._recently_retired = RecentlyRetired("Call-IDs that were let go", bounds)
        self._results: list[tuple[str, str]] = []
        self._counted: dict[str, tuple[str, str]] = {}

    def take(self, datagram: Datagram, messages: tuple[sip.Message, ...]) -> tuple[Malformed, ...]:
        """Take all messages of a datagram, as `feed` takes one."""
        if len(messages) == 1:
            return self.feed(datagram, messages[0])
        return tuple([malformed for message in messages for malformed in self.feed(datagram, message)])

    def feed(self, datagram: Datagram, message: sip.Message) -> tuple[Malformed, ...]:
        """Take one message; gives back what was wrong with the descriptions in it.

        A message without Call-ID belongs to a call of its own name, the empty one.
        """
        carried = Carried(datagram, message)
        identity = carried.identity
        call_id = identity.call_id or ""
        known = self.calls.pop(call_id, None)
        if known is None:
            before = self._recently_retired.number(call_id)
            self._met += not before
            if before:
                self._counted[call_id] = self._results[self._recently_retired.mark(call_id)]
            call = self._begun(
                call_id, KINDS.get(identity.method or "", "other"), carried.time, before > 0, before or self._met,
                carried.signalling,
            )
            if len(self.calls) >= self.limit:
                self._make_room()
        else:
            call = known if isinstance(known, CallState) else self._opened(known)
        # By the one text that the call has.
        self.calls[call.call_id] = call
        self._note(call.call_id)
        broken = call.feed(carried)
        self._rank(call)
        return broken

    def hold(self, entry: Entry, usual: Usual) -> tuple[Malformed, ...]:
        """Take one message that is written as usual; it stays unread as long as its exchange goes well.

        Gives back what was wrong with the descriptions in it where it does not.
        """
        call_id = usual.call_id
        known = self.calls.get(call_id)
        if known is None:
            new = self._begun_unread(entry, usual)
            if new is not None:
                self._met += 1
                if len(self.calls) >= self.limit:
                    self._make_room()
                self.calls[new.call_id] = new
                self._stay_unread(new, entry)
                return ()
        elif not isinstance(known, CallState) and known.feed(entry, usual):
            # Behind all others, by the one text that it has.
            del self.calls[call_id]
            self.calls[known.call_id] = known
            self._stay_unread(known, entry)
            return ()
        return self.feed(entry.datagram, sip.parse(entry.payload, self.limits))

    def _begun_unread(self, entry: Entry, usual: Usual) -> Waiting | None:
        """What a message begins that may stay unread."""
        if not usual.begins or self._unread >= MAX_UNREAD_OCTETS or self._recently_retired.number(usual.call_id):
            return None
        begins = self._begins
        if begins is None:
            # Many captures hold nothing unread.
            from dissectors.analysis.calls.begun import Begun

            begins = self._begins = Begun(self.limits)
        return begins(entry, usual, self._met + 1)

    def _stay_unread(self, unread: Waiting, entry: Entry) -> None:
        """Count what came, and put it behind all others of its rank."""
        self._unread += len(entry.payload) + UNREAD_OCTETS
        self._note(unread.call_id)
        before = unread.rank
        unread.rank = TRANSACTION if unread.kind != "call" else RANKS[unread.outcome]
        self._stand(unread.call_id, before, unread.rank)

    def opened(self) -> list[CallState]:
        """All that are held, each of them read."""
        # By name: what was unread shall be gone before the next one is read.
        return [self.open(self.calls[name]) for name in [*self.calls]]

    def open(self, call: CallState | Waiting) -> CallState:
        """A call as it is, or what becomes of what is unread once it is read; it stands in the same place."""
        if isinstance(call, CallState):
            return call
        known = self.calls.get(call.call_id)
        if known is not call:
            # It was opened before, or is gone.
            return known if isinstance(known, CallState) else self.read_apart(call)
        made = self.calls[call.call_id] = self._opened(call)
        self._note(call.call_id)
        return made

    def read_apart(self, unread: Waiting) -> CallState:
        """What becomes of what is unread, without anything else that is held; it stays as it is."""
        alone = Calls(1, limits=self.limits)
        for datagram, message in unread.messages(self.limits):
            alone.feed(datagram, message)
        return alone.open(alone.calls[unread.call_id])

    def shown(self, owner: str) -> str:
        """An address as calls show it."""
        return owner if self.texts.secrets else masked_value(owner)

    def _opened(self, unread: Waiting) -> CallState:
        made = self._begun(unread.call_id, unread.kind, unread.start, False, unread.number, "SIP")
        for datagram, message in unread.messages(self.limits):
            made.feed(Carried(datagram, message))
        made.rank = unread.rank
        self._read(unread)
        return made

    def _read(self, unread: Waiting) -> None:
        """Count what is held unread no longer."""
        self._unread -= unread.octets + UNREAD_OCTETS * len(unread.entries)

    def _begun(
        self, call_id: str, kind: str, time: int, returned: bool, number: int, signalling: str
    ) -> CallState:
        return CallState(
            call_id, kind, time, Negotiation(self.descriptions, self.bounds), Held(self.texts), self.bounds, returned,
            number, signalling,
        )

    @property
    def surplus(self) -> int:
        """How many finished transactions and calls there are beyond those that are held."""
        return sum(max(0, len(self._ranked[rank]) - self.max_finished) for rank in (TRANSACTION, ENDED_WELL))

    def finished(self, recent: Container[int]) -> list[CallState | Waiting]:
        """Finished ones beyond those that are held, oldest first, whose last message is not of a recent time."""
        finished: list[CallState | Waiting] = []
        for names in (self._ranked[TRANSACTION], self._ranked[ENDED_WELL]):
            oldest = (self.calls[name] for name in islice(names, max(0, len(names) - self.max_finished)))
            finished += takewhile(lambda call: call.last not in recent, oldest)
        return finished

    def remembers(self, endpoint: Endpoint) -> bool:
        """Whether anything is remembered of retired calls at an endpoint."""
        return endpoint in self.retired_media or endpoint in self.retired_signalling

    def keep_for_error(self, call: CallState) -> bool:
        """Hold a call in which a rule found an error, if there is room for one more."""
        if len(self._kept_for_errors) >= MAX_KEPT_FOR_ERRORS:
            return False
        self._kept_for_errors.add(call.call_id)
        self._rank(call)
        return True

    def forget_endpoints(
        self, endpoints: Iterable[Endpoint], in_use: Callable[[Endpoint], bool], recent: Container[int]
    ) -> None:
        """Forget what went on at these endpoints and did not end at a recent time, unless they are still in use."""
        for endpoint in endpoints:
            for table in (self.retired_media, self.retired_signalling):
                left = table.get(endpoint)
                if left is not None and left[-1].end not in recent and not in_use(endpoint):
                    del table[endpoint]

    def _note(self, call_id: str) -> None:
        """Note that a call has changed; where calls come and go unasked, it is cheaper to look at all of them."""
        if self.changed is not None:
            self.changed[call_id] = None
            if len(self.changed) > MIN_CHANGED + 2 * len(self.calls):
                self.changed = None

    def _rank(self, call: CallState) -> None:
        """Put a call behind all others of its rank."""
        outcome = call.came_to()
        rank = TRANSACTION if call.kind != "call" else RANKS[outcome]
        if outcome == "fragment" and call.ended is not None:
            rank = ENDED_WELL
        if call.call_id in self._kept_for_errors:
            rank = max(rank, ENDED_BADLY)
        before = call.rank
        call.rank = rank
        self._stand(call.call_id, before, rank)

    def _stand(self, call_id: str, before: int | None, rank: int) -> None:
        """Put a call behind all others of a rank, given the one that it had before."""
        if before == rank:
            self._ranked[rank].move_to_end(call_id)
            return
        if before is not None:
            del self._ranked[before][call_id]
        self._ranked[rank][call_id] = None

    def _make_room(self) -> None:
        """Let go of the call that is silent longest of those that make room first."""
        names = next(names for names in self._ranked if names)
        call = self.calls[next(iter(names))]
        if call.outcome in OPEN:
            self.bounds.hit("calls")
        self.retire(call)

    def retire(self, call: CallState | Waiting) -> None:
        """Count a call, remember it and its endpoints, and give back what it holds."""
        self.let_go(call)
        self._remember_endpoints(call)

    def let_go(self, call: CallState | Waiting) -> None:
        """The same, and nothing is remembered of its endpoints."""
        call_id = call.call_id
        if not isinstance(call, CallState):
            self._read(call)
        if call.rank is not None:
            del self._ranked[call.rank][call_id]
        self._kept_for_errors.discard(call_id)
        del self.calls[call_id]
        self._note(call_id)
        call.release()
        invited = isinstance(call, CallState) and call.returned and _invited(call.messages)
        result = self._count(self.retired, call_id, (call.kind, call.outcome), invited)
        self._counted.pop(call_id, None)
        if result not in self._results:
            self._results.append(result)
        self._recently_retired.add(call_id, call.number, self._results.index(result))

    def outcomes(self, held: Iterable[Call]) -> Counter[tuple[str, str]]:
        """How many Call-IDs of each kind came to what: of those that are held, and of all others."""
        new, retired = Counter[tuple[str, str]](), self.retired.copy()
        for call in held:
            invited = call.returned and _invited(call.messages)
            counts = retired if call.call_id in self._counted else new
            self._count(counts, call.call_id, (call.kind, call.outcome), invited)
        return new + retired

    def _count(
        self, counts: Counter[tuple[str, str]], call_id: str, result: tuple[str, str], invited: bool
    ) -> tuple[str, str]:
        """Count a Call-ID, in the place of what was counted before it came back; gives back what it came to."""
        before = self._counted.get(call_id)
        if before is not None:
            result = counted_as(before, result, invited)
            counts[before] -= 1
        counts[result] += 1
        return result

    def _remember_endpoints(self, call: CallState | Waiting) -> None:
        """Remember when a call had media at its endpoints, and when a transaction used them."""
        if not isinstance(call, CallState) and call.kind != "call":
            self.remember_signalling(call.start, call.last, call.ends)
            return
        announced, signalled = endpoints_of(call)
        fax = fax_ends(call) if isinstance(call, CallState) else ()
        # Where everything shares a port, media go where the signalling does, whether or not an SDP was seen.
        self.remember_media(call.start, call.last, announced | signalled if call.kind == "call" else announced, fax)
        if call.kind != "call":
            self.remember_signalling(call.start, call.last, signalled)

    def remember_media(
        self, start: int, end: int, endpoints: Iterable[Endpoint], fax: Container[Endpoint] = ()
    ) -> None:
        """Remember that a call may have had media at endpoints at a time, in nanoseconds, and at some of them `fax`."""
        for endpoint in endpoints:
            used = RetiredInterval(start, end, endpoint in fax)
            intervals = self.retired_media.use(endpoint)
            if intervals is None:
                self.retired_media[endpoint] = [used]
                continue
            intervals.append(intervals.pop().joined(used) if intervals[-1].near(used) else used)
            if len(intervals) > MAX_INTERVALS_PER_ENDPOINT:
                self.bounds.hit("times of retired calls at an endpoint")
                del intervals[0]

    def remember_signalling(self, start: int, end: int, signalled: Iterable[Endpoint]) -> None:
        """Remember that transactions used endpoints at a time, in nanoseconds."""
        used = RetiredInterval(start, end)
        for endpoint in signalled:
            # Many use the same server: what it has stands there already, and only its time goes on.
            before = self.retired_signalling.use(endpoint)
            if before is None:
                self.retired_signalling[endpoint] = [used]
            elif used.start < before[0].start or used.end > before[0].end:
                before[0] = before[0].joined(used)


def _invited(messages: Iterable[Message]) -> bool:
    """Whether any of these belongs to an INVITE."""
    return any([message.method == "INVITE" for message in messages])


def endpoints_of(call: CallState | Waiting) -> tuple[set[Endpoint], set[Endpoint]]:
    """Where a call wants to receive media, and where it signalled."""
    if not isinstance(call, CallState):
        return {*call.announced}, {*call.signalled}
    announced = {(line.address, line.port) for line in call.announced if line.address and line.port}
    return announced, {(flow[0], flow[1]) for flow in call.pairs}


def fax_ends(call: CallState) -> dict[Endpoint, int]:
    """Where a call is to receive UDPTL (RFC 3362), and since when, if both sides agreed on it.

    Behind NAT that is the announced port of a host that signalled.
    """
    lines = [line for line in call.negotiation.announced if line.port and "UDPTL" in line.media.profile.upper()]
    lines = [line for line in lines if line.offered.state == "agreed"] if len(lines) > 1 else []
    if len({line.side for line in lines}) < 2:
        return {}
    return {
        (host, line.port): line.time
        for line in reversed(lines)
        for host in {line.address, *call.hosts[line.side]}
        if host is not None
    }
