"""The flows of a report that are made where somebody looks at one: as a tuple of all of them."""

from __future__ import annotations

import pickle
from itertools import islice
from typing import Any

import pytest

from dissectors.engine.engine import Engine
from dissectors.mux import scan as interpreted
from dissectors.outputs.export import document
from dissectors.report import Flow, Report
from dissectors.report.flows import Flows, numbered, pairs, recognised, with_ports
from tests.made import A, B, Sent, records, rtp, stun

compiled = pytest.importorskip("dissectors.mux.compiled.scan", reason="no compiled scan was built here")


def sent() -> list[Sent]:
    """Foreign questions and answers, datagrams that may be QUIC, and in between a stream and a check."""
    found: list[Sent] = []
    for number in range(700):
        client = (f"192.0.2.{number % 200}" if number % 3 else f"2001:db8::{number:x}", 2000 + number)
        server = ("198.51.100.53" if number % 3 else "2001:db8:1::53", 53)
        found += [(client, server, b"\xf0\1" * 20), (server, client, b"\x45" * (40 + number % 9))]
        found += [(client, server, b"\xff")] * (number % 4 == 0)
        if number in (0, 300, 301, 302):
            found += [(A, B, rtp(number + n)) for n in range(4)]
        if number == 500:
            found += [(B, A, stun())]
    return found


def told(twin: Any) -> Report:
    """The report on these, by a scan."""
    scanner, engine = twin(), Engine()
    for batch in scanner.scan(records(sent())):
        engine.feed(batch)
    engine.feed(scanner.finish(engine.announced()))
    return engine.report(scanner, (), last=True)


OURS, THEIRS = told(compiled.Scanner), told(interpreted.Scanner)


def test_they_are_the_flows_of_the_other_scan() -> None:
    assert isinstance(OURS.flows, Flows) and isinstance(THEIRS.flows, tuple)
    assert OURS.flows == THEIRS.flows and tuple(OURS.flows) == THEIRS.flows and hash(OURS.flows) == hash(THEIRS.flows)
    assert OURS.flows != THEIRS.flows[1:] and len(OURS.flows) == len(THEIRS.flows)
    assert OURS.findings == THEIRS.findings


def test_no_rule_walks_over_those_that_are_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Flows, "__iter__")
    monkeypatch.setattr(Flows, "__getitem__", None)
    assert told(compiled.Scanner).findings == THEIRS.findings


def test_each_is_found_by_its_position_and_so_are_several() -> None:
    ours, theirs = OURS.flows, THEIRS.flows
    assert [ours[n] for n in range(-len(ours), len(ours))] == [*theirs, *theirs]
    assert ours[3:900:7] == theirs[3:900:7] and ours[::-1] == theirs[::-1]
    for beyond in (len(ours), -len(ours) - 1):
        with pytest.raises(IndexError):
            ours[beyond]


def test_who_looks_for_some_finds_them_without_the_others() -> None:
    assert 0 < len(recognised(OURS.flows)) < 10 and recognised(THEIRS.flows) is THEIRS.flows
    assert {A[0], B[0]} <= {flow.src for flow in recognised(OURS.flows)}
    assert all(OURS.flows[position] is flow for position, flow in numbered(OURS.flows))
    assert [*numbered(THEIRS.flows)] == [*enumerate(THEIRS.flows)]
    assert pairs(OURS.flows) == pairs(THEIRS.flows) == {(flow.src, flow.dst) for flow in THEIRS.flows}
    near = [sorted(map(place, with_ports(each.flows, {2044, A[1]}))) for each in (OURS, THEIRS)]
    assert near[0] == near[1] and len(near[0]) == 4


def place(flow: Flow) -> tuple[Any, ...]:
    return flow.src, flow.sport, flow.dst, flow.dport, flow.datagrams


def test_they_are_a_tuple_for_another_process() -> None:
    assert pickle.loads(pickle.dumps(OURS.flows)) == THEIRS.flows


def test_they_are_written_as_the_others_are() -> None:
    ours, theirs = ("".join(document(report)).split('"flows": ')[1] for report in (OURS, THEIRS))
    assert ours == theirs


def test_what_waits_still_is_written_as_nothing_so_far() -> None:
    scanner, engine = compiled.Scanner(), Engine()
    for batch in scanner.scan(records([(A, B, b"\x45" * 40), (("192.0.2.77", 9), B, b"\0\1")])):
        engine.feed(batch)
    report = engine.report(scanner, ())
    text = "".join(document(report)).split('"flows": ')[1]
    assert [flow.protocols for flow in report.flows] == [(), report.flows[1].protocols]
    assert text.count('"protocols":[]') == 1 and text.count('"count":1') == 1
    # It says what was so when it was made.
    engine.feed(scanner.finish(engine.announced()))
    assert "".join(document(report)).endswith(text) and [*islice(report.flows, 1)][0].protocols == ()
