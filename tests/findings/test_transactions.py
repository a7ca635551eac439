"""Messages put together as transactions, and those as hops."""

from __future__ import annotations

from dissectors.findings.rule import Facts
from dissectors.findings.transactions import Transaction, transactions
from tests.finding_cases.exchanges import PROXY, onward, repeated
from tests.finding_cases.plain import INVITE, again
from tests.stories import A, B, Story, dialled, report, response


def of(story: Story) -> list[Transaction]:
    made = report(story)
    facts = Facts(made.capture, made.flows, made.calls, made.streams, made.checks, made.handshakes, made.protection, ())
    return transactions(facts)[0]


def test_copies_are_left_out() -> None:
    first, _ = of([each for one in dialled() for each in (one, *again(one, one[0] + 2))])
    assert (len(first.requests), len(first.responses), first.repeated) == (1, 2, 0)


def test_repeats_are_those_of_the_hop_that_has_most() -> None:
    proxied = [(time, src, PROXY, octets) for time, src, _, octets in repeated(INVITE, 2)]
    (first,) = of([*proxied, *repeated(onward(INVITE, PROXY, B, 5, "p"), 3)])
    assert first.repeated == 3 and [hop.repeated for hop in first.hops] == [2, 3]
    assert [hop.to for hop in first.hops] == ["192.0.2.9:5060", "203.0.113.2:16402"]


def test_a_response_belongs_to_the_hop_of_its_branch() -> None:
    trying = response(20, 100, "Trying")
    (first,) = of([(0, A, PROXY, INVITE[3]), onward(INVITE, PROXY, B, 5, "p"), onward(trying, B, PROXY, 0, "p")])
    assert [len(hop.responses) for hop in first.hops] == [0, 1]
    assert first.final is None and [hop.final for hop in first.hops] == [None, None]
