"""REGISTER and OPTIONS that go well, held as the octets that came: nobody needs to read most of them.

A busy server answers them without number. What is over is only counted, as long as no rule has anything to say about
it, and of these that can be said beforehand. Whatever goes another way is opened: its messages are read, one after the
other, as if they had been read at once. Only room for texts and descriptions is not taken meanwhile: where it is full,
others are told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.analysis.calls.outcomes import CHALLENGES
from dissectors.analysis.calls.unread import Unread
from dissectors.mux.entry import Entry
from dissectors.report import CallOutcome

if TYPE_CHECKING:
    from dissectors.protocols.sip_usual import Usual

TRYING = 100
"""The one provisional response that says nothing."""


class Exchange(Unread):
    """A request, perhaps a challenge and the request once more, and the 2xx to it, of one Call-ID on one 5-tuple.

    `first` began it, `asked` is the request that waits for its response; `status` is that of the last final one.
    """

    __slots__ = ("asked", "first", "status", "tried")

    announced: tuple[()] = ()

    def __init__(self, entry: Entry, usual: Usual, number: int) -> None:
        super().__init__(entry, usual, number, "registration" if usual.is_registration else "options")
        self.first = usual
        self.asked: Usual | None = usual
        self.status: int | None = None
        self.tried = False

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
        first = self.entries[0]
        flow, there = entry.flow, first.flow
        # What goes back has the same pair, and is not the flow itself.
        if entry.time <= self.last or flow.pair is not there.pair or (flow is there) != (usual.status == 0):
            return False
        if not (self._response(usual) if usual.status else self._request(usual)):
            return False
        self.take(entry)
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
