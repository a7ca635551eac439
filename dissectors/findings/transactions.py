"""The messages of a call, put together as transactions (RFC 3261 section 17)."""

from __future__ import annotations

from dissectors.findings.rule import Facts
from dissectors.report import Call, Message
from dissectors.wire.values import Struct, field

OTHER = {"caller": "callee", "callee": "caller", "": ""}


class Transaction(Struct):
    """A request with what answered it; `requests` and `responses` hold retransmissions and further hops too."""

    method: str
    side: str
    requests: list[Message] = field(default_factory=list)
    responses: list[Message] = field(default_factory=list)

    @property
    def repeated(self) -> int:
        """How often the request was sent again on the same hop."""
        return sum(message.retransmission for message in self.requests)

    @property
    def final(self) -> Message | None:
        """The first final response."""
        return next((message for message in self.responses if (message.status or 0) >= 200), None)


def transactions(facts: Facts) -> list[list[Transaction]]:
    """Of each call, the transactions whose request was captured, in order."""
    return facts.once(_of_calls)


def _of_calls(facts: Facts) -> list[list[Transaction]]:
    return [_of(call) for call in facts.calls]


def _of(call: Call) -> list[Transaction]:
    found: dict[tuple[str, str, int | None], Transaction] = {}
    for message in call.messages:
        side = message.side if message.status is None else OTHER[message.side]
        key = (side, message.method, message.cseq)
        transaction = found.setdefault(key, Transaction(message.method, side))
        (transaction.requests if message.status is None else transaction.responses).append(message)
    return [each for each in found.values() if each.requests]
