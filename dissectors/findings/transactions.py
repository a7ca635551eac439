"""The messages of a call, put together as transactions (RFC 3261 section 17), hop by hop."""

from __future__ import annotations

from collections import defaultdict

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.rule import Facts, PerCall
from dissectors.report import Call, Message
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import Struct, field

WITH_TRANSACTIONS = ("SIP", "Verto")
"""Signalling whose requests are all answered: elsewhere a missing answer says nothing."""


class Hop(Struct):
    """A request between two endpoints, sent once or again, and what came back to it there."""

    requests: list[Message] = field(default_factory=list)
    responses: list[Message] = field(default_factory=list)

    @property
    def first(self) -> Message:
        """The request as it was sent first."""
        return self.requests[0]

    @property
    def repeated(self) -> int:
        """How often the request was sent again."""
        return sum(message.retransmission for message in self.requests)

    @property
    def final(self) -> Message | None:
        """The first final response."""
        return _final(self.responses)

    @property
    def to(self) -> str:
        """`address:port` of the next hop."""
        return endpoint(self.first.dst, self.first.dport)


class Transaction(Struct):
    """A request with what answered it; `requests` and `responses` hold retransmissions and further hops too.

    Copies of a packet are left out: nothing was sent again.
    """

    method: str
    side: str
    requests: list[Message] = field(default_factory=list)
    responses: list[Message] = field(default_factory=list)

    @property
    def hops(self) -> list[Hop]:
        """Each hop, and each branch of a fork, by itself.

        A response comes back to the branch of its request, whatever address it is sent to; a branch that several hosts
        send belongs to no proxy, and there the address decides, too.
        """
        found: dict[tuple[str | int | None, ...], Hop] = {}
        senders: dict[str | None, set[str]] = defaultdict(set)
        for each in self.requests:
            found.setdefault((*hop_of(each), each.branch), Hop()).requests.append(each)
            senders[each.branch].add(each.src)
        answers: dict[tuple[str | None, ...], list[Message]] = defaultdict(list)
        for each in self.responses:
            to = each.dst if each.branch is None or len(senders[each.branch]) != 1 else ""
            answers[each.branch, to, "" if each.branch else each.src].append(each)
        for hop in found.values():
            sent = hop.first
            to = sent.src if sent.branch is None or len(senders[sent.branch]) != 1 else ""
            hop.responses = answers[sent.branch, to, "" if sent.branch else sent.dst]
        return list(found.values())

    @property
    def is_answered(self) -> bool:
        """Whether it was seen on one hop alone, and answered there for good."""
        requests, responses = self.requests, self.responses
        if len(requests) != 1 or len(responses) != 1 or responses[0].branch != requests[0].branch:
            return False
        sent, came = requests[0], responses[0]
        return (came.status or 0) >= 200 and (sent.branch is not None or came.dst == sent.src and came.src == sent.dst)

    @property
    def repeated(self) -> int:
        """How often the request was sent again on the hop where that was most often."""
        return max((hop.repeated for hop in self.hops), default=0)

    @property
    def final(self) -> Message | None:
        """The first final response."""
        return _final(self.responses)


def transactions(facts: Facts) -> PerCall[list[Transaction]]:
    """Of each call, the transactions whose request was captured, in order."""
    return facts.each(_of)


def hop_of(message: Message) -> tuple[str, int, str, int]:
    """The two endpoints of a message."""
    return message.src, message.sport, message.dst, message.dport


def _of(call: Call) -> list[Transaction]:
    found: dict[tuple[str, str, int | None, bool], Transaction] = {}
    inside: set[str | None] = set()
    for message in call.messages if call.signalling in WITH_TRANSACTIONS else ():
        if message.copy:
            continue
        side = message.side if message.status is None else OTHER_SIDE.get(message.side, "")
        key = (side, message.method, message.cseq, False)
        transaction = found.get(key)
        if message.status is None and message.to_tag and transaction and _begins(transaction, message):
            # A request within the dialog under the number of the one that began it: only the branch tells them apart.
            inside.add(message.branch)
        if message.branch in inside and message.branch is not None:
            key = (side, message.method, message.cseq, True)
            transaction = found.get(key)
        if transaction is None:
            transaction = found[key] = Transaction(message.method, side)
        (transaction.requests if message.status is None else transaction.responses).append(message)
    return [each for each in found.values() if each.requests]


def _begins(transaction: Transaction, message: Message) -> bool:
    """Whether a transaction began the dialog that a request belongs to, which is none of its own."""
    if message.method != "INVITE" or not transaction.requests or transaction.requests[0].to_tag is not None:
        return False
    return message.branch not in {each.branch for each in transaction.requests}


def _final(responses: list[Message]) -> Message | None:
    return next((message for message in responses if (message.status or 0) >= 200), None)
