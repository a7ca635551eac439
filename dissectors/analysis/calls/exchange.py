"""REGISTER and OPTIONS that go well, held as the octets that came: nobody needs to read most of them.

A busy server answers them without number. What is over is only counted, as long as no rule has anything to say about
it, and of these that can be said beforehand. Whatever goes another way is opened: its messages are read, one after the
other, as if they had been read at once. Only the room for texts is not taken meanwhile: where it is full, more is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dissectors.analysis.calls.outcomes import CHALLENGES
from dissectors.mux.entry import Entry
from dissectors.mux.flows import FlowState
from dissectors.protocols import sip
from dissectors.report import CallOutcome
from dissectors.wire.datagram import Datagram, Endpoint, Flow

if TYPE_CHECKING:
    from dissectors.protocols.sip_usual import Usual

TRYING = 100
"""The one provisional response that says nothing."""



class Exchange:
    """A request, perhaps a challenge and the request once more, and the 2xx to it, of one Call-ID on one 5-tuple.

    What it says of itself is what `CallState` says of a call. `asked` is the request that waits for its response;
    `status` is that of the last final one. Times are nanoseconds; `octets` are those of its messages.
    """

    __slots__ = (
        "asked", "call_id", "entries", "first", "kind", "last", "number", "octets", "rank", "start", "status", "tried",
    )

    returned = False
    announced: tuple[()] = ()

    def __init__(self, entry: Entry, usual: Usual, number: int) -> None:
        self.call_id: str = usual.call_id
        self.kind = "registration" if usual.is_registration else "options"
        self.start = self.last = entry.time
        self.number = number
        self.octets = len(entry.payload)
        self.rank: int | None = None
        self.entries = [entry]
        self.first = usual
        self.asked: Usual | None = usual
        self.status: int | None = None
        self.tried = False

    @property
    def pairs(self) -> tuple[Flow, ...]:
        """The 5-tuple, as each end sees it."""
        flow = self.entries[0].flow.flow
        return flow, flow.reverse

    def there_and_back(self) -> tuple[FlowState, FlowState] | None:
        """The two flows of the scan on which it was, first that of the request; None where there are more or fewer."""
        here = there = self.entries[0].flow
        for entry in self.entries:
            flow = entry.flow
            if flow is not here:
                if there is not here and there is not flow:
                    return None
                there = flow
        return None if there is here else (here, there)

    @property
    def ends(self) -> tuple[Endpoint, Endpoint]:
        """Between which addresses and ports it was."""
        src, sport, dst, dport, _, _ = self.entries[0].flow.flow
        return (src, sport), (dst, dport)

    @property
    def outcome(self) -> CallOutcome:
        """What it came to so far; see `report.Call`."""
        if self.status is None:
            return "unanswered"
        if self.status >= 300:
            return "refused" if self.asked is not None and self.asked.credentials else "abandoned"
        return "registered" if self.kind == "registration" else "answered"

    @property
    def went_well(self) -> bool:
        """Whether it is over and was accepted."""
        return self.status is not None and self.status < 300

    def feed(self, entry: Entry, usual: Usual) -> bool:
        """Take the next message if it is in good order; else nothing is taken, and the exchange has to be opened."""
        flow, there = entry.flow, self.entries[0].flow
        # What goes back has the same pair, and is not the flow itself.
        if entry.time <= self.last or flow.pair is not there.pair or (flow is there) != (usual.status == 0):
            return False
        if not (self._response(usual) if usual.status else self._request(usual)):
            return False
        self.entries.append(entry)
        self.octets += len(entry.payload)
        self.last = entry.time
        return True

    def _request(self, usual: Usual) -> bool:
        if self.asked is not None or self.went_well or not usual.follows(self.first):
            return False
        self.asked, self.tried = usual, False
        return True

    def _response(self, usual: Usual) -> bool:
        asked, status = self.asked, usual.status
        if asked is None or not usual.answers(asked):
            return False
        if status == TRYING:
            if self.tried:
                return False
            self.tried = True
            return True
        begins = self.kind == "registration" and self.status is None and not asked.credentials
        if not 200 <= status < 300 and not (begins and status in CHALLENGES):
            return False
        self.asked, self.status = None, status
        return True

    def messages(self) -> Iterator[tuple[Datagram, sip.Message]]:
        """What came, read now."""
        for entry in self.entries:
            yield entry.datagram, sip.parse(entry.payload)

    def release(self) -> None:
        """Nothing is held of any budget."""
