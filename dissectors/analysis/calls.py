"""The calls of a capture by Call-ID, as many as are kept, and what the others leave behind."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Container, Mapping
from itertools import islice, takewhile

from dissectors.analysis.budget import Bounds, Budget
from dissectors.analysis.call import KINDS, CallState
from dissectors.analysis.dialogs import Dialogs
from dissectors.analysis.negotiation import MAX_OCTETS, Negotiation
from dissectors.protocols import sip
from dissectors.wire.datagram import Datagram, Malformed
from dissectors.wire.values import Struct

MAX_GONE, MAX_GONE_AT = 1 << 19, 64
MAX_WELL = 256
"""How many calls that ended well are held, that nobody complains of."""

MAX_COMPLAINED = 64
"""How many calls that ended well are held because something else was wrong with them."""

MAX_TEXTS = 1 << 26
"""Octets of bodies that are kept of all calls together."""

WELL = ("ended", "answered")
"""Outcomes of which nobody complains."""


class Gone(Struct, frozen=True):
    """What is left of a call that made room: when it was, and where its media went; times are nanoseconds."""

    start: int
    end: int


class Calls:
    """Every Call-ID, at most `limit` of them and `well` that ended well, and what those that made room leave behind.

    A call that has ended well makes room first, then the one that has been silent longest; so what is kept beyond the
    bound is what is open and what went wrong. `retired` counts by (kind, outcome); `gone` holds where the media of
    these calls went, `evicted` counts those that were given up while they were open. `texts` and `descriptions` are
    what may still be kept of bodies and of what they describe; a body that finds no room keeps an empty text.
    """

    def __init__(self, limit: int, well: int | None = None) -> None:
        self.limit = limit
        self.well = limit if well is None else well
        self.evicted = 0
        self.texts, self.descriptions = Budget(MAX_TEXTS), Budget(MAX_OCTETS)
        self.bounds = Bounds()
        self.calls: dict[str, CallState] = {}
        self.retired: Counter[tuple[str, str]] = Counter()
        self.gone: OrderedDict[tuple[str, int], list[Gone]] = OrderedDict()
        self._well: OrderedDict[str, None] = OrderedDict()
        self._complained: set[str] = set()

    @property
    def bounds_hit(self) -> Mapping[str, int]:
        """What was given up because a bound was hit, by name."""
        refused = {"texts": self.texts.refused, "descriptions": self.descriptions.refused}
        return {"calls": self.evicted, **refused, **self.bounds.hits}

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
            )  # fmt: skip
            if len(self.calls) >= self.limit:
                self._make_room()
        self.calls[call_id] = call
        broken = call.feed(datagram, message, identity)
        if _ended_well(call) and call_id not in self._complained:
            self._well[call_id] = None
            self._well.move_to_end(call_id)
        else:
            self._well.pop(call_id, None)
        return broken

    @property
    def surplus(self) -> int:
        """How many calls ended well beyond those that are told of."""
        return len(self._well) - self.well

    def leaving(self, before: int) -> list[CallState]:
        """Those beyond, the first that ended first, as far as they are silent since that time in nanoseconds."""
        oldest = (self.calls[name] for name in islice(self._well, max(0, self.surplus)))
        return list(takewhile(lambda call: call.last < before, oldest))

    def keep(self, call: CallState) -> bool:
        """Let a call stay of which somebody does complain, if there is room for one more."""
        if len(self._complained) >= MAX_COMPLAINED:
            return False
        self._well.pop(call.call_id, None)
        self._complained.add(call.call_id)
        return True

    def forget_places(self, used: Container[tuple[str, int]], before: int) -> None:
        """Let go of where media went before that time, in nanoseconds, unless the place is still in use."""
        for place in [place for place, left in self.gone.items() if left[-1].end < before and place not in used]:
            del self.gone[place]

    def _make_room(self) -> None:
        """Let go of the call that ended well longest ago, else of the one that is silent longest."""
        name = next(iter(self._well), None)
        if name is None:
            name = next(iter(self.calls))
            self.evicted += self.calls[name].ended is None
        self.let_go(self.calls[name])

    def let_go(self, call: CallState) -> None:
        """Count a call, remember where its media went, and give back what it holds."""
        self._well.pop(call.call_id, None)
        self._complained.discard(call.call_id)
        del self.calls[call.call_id]
        self.texts.give_back(call.kept)
        self.descriptions.give_back(call.negotiation.kept)
        self.retired[call.kind, call.outcome] += 1
        left = Gone(call.start, call.last)
        places = {(line.address, line.port) for line in call.announced if line.address and line.port}
        # Where everything shares a port, media go where the signalling does, whether or not an SDP was seen.
        for address, port in places | {(flow.src, flow.sport) for flow in call.pairs}:
            there = self.gone.setdefault((address or "", port), [])
            there.append(left)
            del there[:-MAX_GONE_AT]
        while len(self.gone) > MAX_GONE:
            self.gone.popitem(last=False)


def _ended_well(call: CallState) -> bool:
    """Whether a call is over and nobody complains of it; what was seen of its end alone is no reason to."""
    outcome = call.outcome
    return outcome in WELL and call.kind != "registration" or outcome == "fragment" and call.ended is not None
