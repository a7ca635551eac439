"""The hops of a call that is held unread: how far it came on each 5-tuple on which it signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dissectors.mux.flows import FlowState

if TYPE_CHECKING:
    from dissectors.protocols.sip_usual import Usual

ASKED: Final = 0
TRIED: Final = 1
PROCEEDING: Final = 2
ANSWERED: Final = 3
ACKNOWLEDGED: Final = 4
HUNG_UP: Final = 5
OVER: Final = 6
CHALLENGED: Final = 7
SETTLED: Final = 8
"""How far a call came on a hop; its INVITE may be challenged first, which is settled by an ACK, and be sent once more.
"""


MAX_HOPS: Final = 4
"""On more 5-tuples no call stays unread; the one past all proxies is one of them."""


class Hop:
    """One 5-tuple on which a call signals: the flow of what began it, its INVITE, its BYE, and how far it came there.

    `first` is the INVITE as it was sent last, or that of the first hop where this one has none; `heard` says that there
    was a response, `rang` and `progressed` that 180 and 183 were among them.
    """

    __slots__ = ("bye", "first", "flow", "heard", "pair", "progressed", "rang", "stage")

    def __init__(self, flow: FlowState, first: Usual, stage: int) -> None:
        self.flow, self.pair, self.first, self.stage = flow, flow.pair, first, stage
        self.bye: Usual | None = None
        self.heard = self.progressed = self.rang = False

    def is_new(self, usual: Usual) -> bool:
        """Whether this is a request, on another branch than the INVITE and the BYE of this hop."""
        return usual.is_new(self.first) and (self.bye is None or usual.is_new(self.bye))
