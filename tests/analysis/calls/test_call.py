"""Calls that no dialog names, and what a call does not keep."""

from __future__ import annotations

import pytest

from dissectors.analysis.calls.table import Calls
from dissectors.protocols.sip import parse
from dissectors.queries.comparison import compare
from dissectors.queries.filters import wanted
from dissectors.queries.selection import select
from dissectors.wire.datagram import Datagram, Flow
from tests.made import A, B, Endpoint, Sent, report
from tests.signalling import CALLER, INVITE, THEIRS, asks, message, says

C: Endpoint = ("192.0.2.3", 5060)


def probes(name: str) -> list[Sent]:
    asked = [message("OPTIONS sip:b@x SIP/2.0", f"{n} OPTIONS", tags=(CALLER, "")) for n in (1, 2)]
    named = [f"Call-ID: {name}{n}".encode() for n in range(2)]
    return [(A, B, each.replace(b"Call-ID: one", call_id)) for each, call_id in zip(asked, named, strict=True)]


def test_a_call_without_a_dialog_is_known_by_its_call_id() -> None:
    told = report(probes("id"))
    assert [(call.kind, call.call_id, call.dialogs) for call in told.calls] == [
        ("options", "id0", ()), ("options", "id1", ()),
    ]
    assert [call.call_id for call in select(told, wanted("callid==id1")).calls] == ["id1"]


def test_calls_without_dialogs_are_compared_by_their_call_ids() -> None:
    told = report([*probes("id"), (B, A, says(200, 1, method="OPTIONS").replace(b"Call-ID: one", b"Call-ID: id0"))])
    compared = compare(told, told)
    assert all(not pair.facts and not any(each.body for each in pair.messages) for pair in compared.calls)
    assert all(each.first == each.second for pair in compared.calls for each in pair.messages)


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([asks("OPTIONS", 1, b"", f"User-Agent: {n}") for n in range(20)], "user agents of calls: 4"),
        ([says(180, 1, tags=(CALLER, str(n))) for n in range(70)], "dialogs: 6"),
        ([asks("INVITE", 1, tags=(str(n), "")) for n in range(20)], "tags of calls: 4"),
    ],
)
def test_what_a_call_does_not_keep_is_told(messages: list[bytes], said: str) -> None:
    hits = [each.what for each in report([(A, B, each) for each in messages]).findings if each.id == "bound-hit"]
    assert f"{said} given up" in hits


def test_a_long_name_is_one_name_however_often_it_is_sent() -> None:
    told = report([(A, B, asks("OPTIONS", 1, b"", f"User-Agent: {'x' * 1500}")) for _ in range(20)])
    assert [len(agent) for call in told.calls for agent in call.user_agents] == [1024]
    assert not [each for each in told.findings if "user agents" in each.what]


def test_hosts_and_flows_that_a_call_does_not_keep_are_told() -> None:
    hits = [each.what for each in report([(("192.0.2.1", 5000 + n), B, INVITE) for n in range(40)]).findings]
    assert "5-tuples of calls: 8 given up" in hits
    hits = [each.what for each in report([((f"192.0.2.{n}", 5060), C, INVITE) for n in range(1, 22)]).findings]
    assert "hosts of calls: 5 given up" in hits


def test_an_ordinary_call_makes_nothing_of_what_it_has_not_got() -> None:
    calls = Calls(4)
    for time, (src, dst, octets) in enumerate([
        (A, B, INVITE), (B, A, says(180, 1)), (B, A, says(200, 1, THEIRS)), (A, B, asks("ACK", 1))
    ]):
        calls.feed(Datagram(0, time + 1, 0, time, Flow(*src, *dst), octets, len(octets)), parse(octets))
    (call,) = calls.opened()
    assert (call.cancelling, call.registering) == (None, None)
    assert call.pairs == (Flow(*A, *B), Flow(*B, *A))
    first, answer = (call.messages[number] for number in (0, 2))
    offered, answered = call.descriptions
    assert offered.place is first.place and offered.time is first.time
    assert answered.place is answer.place and answered.answers is first.place
    assert [line.address is line.sent_from for line in call.announced] == [True, True]
