"""What the messages of a call have, in one walk: most rules are about what nearly all calls have nothing of."""

from __future__ import annotations

from dissectors.findings.rule import Facts
from dissectors.report import Call
from dissectors.wire.values import Struct


class Traits(Struct, frozen=True):
    """The methods of a call's requests, the names of the headers that decide, and what there is among its messages.

    `refused` are responses from 300 on, `copied` packets that were captured twice, `compact` names of one letter.
    """

    requests: frozenset[str]
    deciding: frozenset[str]
    refused: bool
    copied: bool
    compact: bool


def traits(facts: Facts) -> list[Traits]:
    """Of each call what its messages have."""
    return facts.once(_of_calls)


def _of_calls(facts: Facts) -> list[Traits]:
    return [_of(call) for call in facts.calls]


def _of(call: Call) -> Traits:
    requests: set[str] = set()
    deciding: set[str] = set()
    refused = copied = compact = False
    for message in call.messages:
        if message.status is None:
            requests.add(message.method)
        elif message.status >= 300:
            refused = True
        for header in message.deciding:
            deciding.add(header.name)
        if message.copy:
            copied = True
        if message.sizes is not None and message.sizes.compact:
            compact = True
    return Traits(frozenset(requests), frozenset(deciding), refused, copied, compact)
