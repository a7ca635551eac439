"""What of one Call-ID is held as the octets that came, because nobody needs to read it as long as it goes well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dissectors.mux.entry import Entry
from dissectors.mux.flows import FlowState
from dissectors.protocols import sip
from dissectors.wire.datagram import Datagram, Endpoint, Flow
from dissectors.wire.inflate import Limits

if TYPE_CHECKING:
    from dissectors.protocols.sip_usual import Usual


class Kept:
    """What is needed of an `Entry` whose message stays unread; `datagram` is it for whoever reads it after all."""

    __slots__ = ("file", "flow", "frame", "identification", "layer", "payload", "time")

    file: int
    layer: int
    frame: int
    time: int
    flow: FlowState
    payload: bytes
    identification: int

    @property
    def datagram(self) -> Datagram:
        """The datagram, which was captured whole."""
        return Datagram(
            self.file, self.frame, self.layer, self.time, self.flow.flow, self.payload, len(self.payload),
            self.identification,
        )


class Unread:
    """Messages of one Call-ID, on one 5-tuple or on one for each hop.

    It says of itself what `CallState` does. Times are nanoseconds; `octets` are those of its messages.
    """

    __slots__ = ("_ends", "call_id", "entries", "kind", "last", "number", "octets", "rank", "start")

    returned = False

    def __init__(self, entry: Entry, usual: Usual, number: int, kind: str) -> None:
        self.call_id: str = usual.call_id
        self.kind = kind
        self.start = self.last = entry.time
        self.number = number
        self.octets = len(entry.payload)
        self.rank: int | None = None
        # Exact, where a list takes room for more.
        self.entries: tuple[Kept, ...] = (kept(entry),)
        self._ends: tuple[Endpoint, Endpoint] | None = None

    def take(self, entry: Entry) -> None:
        """Hold one more message."""
        self.entries += (kept(entry),)
        self.octets += len(entry.payload)
        self.last = entry.time

    @property
    def signalled(self) -> tuple[Endpoint, ...]:
        """Where it signals."""
        return self.ends

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
    def flows(self) -> tuple[FlowState, ...]:
        """All flows of the scan on which it was, in the order of their first messages."""
        return self.there_and_back() or tuple(dict.fromkeys([entry.flow for entry in self.entries]))

    def count_on(self, flow: FlowState) -> int:
        """How many of its messages came on a flow of the scan."""
        count = 0
        for entry in self.entries:
            if entry.flow is flow:
                count += 1
        return count

    @property
    def ends(self) -> tuple[Endpoint, Endpoint]:
        """Between which addresses and ports the first of them was."""
        if self._ends is None:
            src, sport, dst, dport, _, _ = self.entries[0].flow.flow
            self._ends = (src, sport), (dst, dport)
        return self._ends

    def messages(self, limits: Limits) -> Iterator[tuple[Datagram, sip.Message]]:
        """What came, read now."""
        for entry in self.entries:
            yield entry.datagram, sip.parse(entry.payload, limits)

    def release(self) -> None:
        """Nothing is held of any budget."""


def kept(entry: Entry) -> Kept:
    """What is kept of an entry; a function has typed arguments when it is compiled, a constructor has not."""
    made = Kept()
    made.file, made.frame, made.layer, made.time = entry.file, entry.frame, entry.layer, entry.time
    made.flow, made.payload, made.identification = entry.flow, entry.payload, entry.identification
    return made
