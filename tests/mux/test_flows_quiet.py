"""Flows on which nothing was recognised: in both scans the same, whatever becomes of them, and without objects."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from dissectors.mux import scan as interpreted
from dissectors.mux.flows import FlowKey, packed, written_out
from tests import made
from tests.made import Endpoint, Sent, records
from tests.twins import pcap, same

compiled = pytest.importorskip("dissectors.mux.compiled.scan", reason="no compiled scan was built here")


def payloads(chance: random.Random) -> list[bytes]:
    """A datagram of each kind: foreign, and what may be media, RTCP, DTLS, QUIC, STUN and TURN, certain and not."""
    number, ssrc = chance.randrange(4), chance.choice((1, 70_000, 70_001))
    return [
        b"\0\1" + chance.randbytes(30), b"\xff" * 12, b"<12>Apr 12 11:37:35 kernel: ACCEPT",
        made.rtp(number, ssrc), made.rtp(chance.randrange(1 << 16), ssrc, chance.randrange(128)), made.srtcp(ssrc),
        made.rtcp(ssrc), made.stun(), b"\x2d" + chance.randbytes(39), b"\x45" + chance.randbytes(39),
        b"\xc3\0\0\0\1" + chance.randbytes(1195), b"\x40\1\0\x14" + made.rtp(number, ssrc)[:20],
        b"\0\1\0\0" + bytes(range(16)), b"\1\1\0\0" + bytes(range(16)), made.rtp(number, ssrc)[:12],
    ]


def traffic(seed: int, hosts: int, count: int) -> list[Sent]:
    """Datagrams of all kinds between few ends, most of them of a kind that nothing may confirm."""
    chance = random.Random(seed)
    ends: list[Endpoint] = [
        (f"192.0.2.{number}", chance.choice((4000, 5000, 53, 4569))) for number in range(1, hosts + 1)
    ]
    rare = chance.choice((0, 0.05, 0.3))
    sent: list[Sent] = []
    for _ in range(count):
        kinds = payloads(chance)
        kinds = kinds if chance.random() < rare else [kinds[place] for place in (0, 1, 2, 4, 8, 9)]
        sent.append((chance.choice(ends), chance.choice(ends), chance.choice(kinds)))
    return sent


@pytest.mark.parametrize("seed", range(60))
def test_flows_that_are_recognised_late_or_never_are_the_same_in_both(seed: int) -> None:
    bounds = random.Random(seed).choice((
        None, interpreted.Bounds(flows=6, streams=3, waiting=8), interpreted.Bounds(flows=20, streams=9, waiting=5),
        interpreted.Bounds(flows=9, streams=9, waiting=50),
    ))
    same(pcap(records(traffic(seed, 3 + seed % 9, 250))), bounds=bounds)


def test_many_foreign_flows_that_give_way_are_the_same_in_both() -> None:
    sent: list[Sent] = []
    chance = random.Random(1)
    for number in range(6000):
        client = (f"198.51.{number % 7}.{number % 250}", 2000 + number)
        sent += [(client, made.B, chance.randbytes(40)), (made.B, client, chance.randbytes(40))]
    same(pcap(records(sent)), bounds=interpreted.Bounds(flows=1500, streams=100, waiting=700))


def test_a_foreign_flow_is_no_object_until_somebody_needs_one() -> None:
    scanner = compiled.Scanner()
    questions: list[Sent] = [((made.A[0], 2000 + n), made.B, b"\0\1" + bytes(30)) for n in range(40)]
    confirmed: list[Sent] = [(made.A, made.B, b"\x2d" * 40), (made.B, made.A, b"\0\1"), (made.A, made.B, made.stun())]
    for _ in scanner.scan(records([*questions, *confirmed])):
        pass
    assert [flow.flow.src for flow in scanner.flows.recognised()] == [made.A[0], made.B[0]]
    assert len(scanner.flows.quiet()) == 40 and len(scanner.flows) == 42
    (asked,) = scanner.flows.with_ports({2007})
    assert asked is scanner.flows.get(asked.flow) and len(scanner.flows.quiet()) == 39
    assert [asked] == [flow for flow in scanner.flows if flow.number == 7]


class Tables:
    """The table of each scan, with the same flows in it."""

    def __init__(self, sent: list[Sent]) -> None:
        self.scanners: list[Any] = [interpreted.Scanner(), compiled.Scanner()]
        for scanner in self.scanners:
            for _ in scanner.scan(records(sent)):
                pass

    def told(self, ask: Any) -> list[Any]:
        """What each table says, and that both say the same."""
        theirs, ours = (ask(scanner.flows) for scanner in self.scanners)
        assert theirs == ours
        return list(ours)


@pytest.mark.parametrize("seed", range(20))
def test_flows_are_found_by_their_ends_numbers_and_ports_as_in_the_other(seed: int) -> None:
    chance = random.Random(seed)
    tables = Tables(traffic(seed, 8, 200))
    numbers = [flow.number for flow in tables.scanners[0].flows]
    for _ in range(12):
        end = (f"192.0.2.{chance.randrange(1, 9)}", chance.choice((4000, 5000, 53, 4569)))
        here = tables.told(lambda table, end=end: [flow.number for flow in table.at(end)])
        assert tables.told(lambda table, end=end: [table.count_at(end)]) == [len(here)]
        some = chance.sample(numbers, 5)
        tables.told(lambda table, some=some: [flow.number for flow in table.numbered(some)])
        gone = chance.choice(numbers)
        for scanner in tables.scanners:
            scanner.forget([], [flow for flow in scanner.flows if flow.number == gone])
        ports = {chance.choice((4000, 5000, 53, 4569))}
        tables.told(lambda table, ports=ports: [flow.number for flow in table.with_ports(ports)])
        places = {(f"192.0.2.{chance.randrange(1, 9)}", 4000), ("a name", 1), ("192.0.2.99", 53)}
        tables.told(lambda table, places=places: [flow.number for flow in table.with_ends(places)])
        tables.told(lambda table: [(flow.number, flow.key, flow.counts, flow.last, flow.open) for flow in table])
        if chance.random() < 0.2:
            tables.told(lambda table: [table.forget_groups()])
        more = traffic(chance.randrange(1 << 30), 8, 5)
        for scanner in tables.scanners:
            for _ in scanner.scan(records(more)):
                pass
        numbers = [flow.number for flow in tables.scanners[0].flows]
        assert len(tables.scanners[1].flows) == len(numbers)


def alone(keys: list[FlowKey], here: FlowKey, there: FlowKey) -> Any:
    """What `lone_ends` says of two flows that carried all there is, by a look at every flow."""
    if here.reverse != there or here.transport != "udp":
        return None
    ends = (here.src, here.sport), (here.dst, here.dport)
    for one, other in (ends, ends[::-1]):
        if sum(one in ((key.src, key.sport), (key.dst, key.dport)) for key in keys) == 2:
            return one, other
    return None


@pytest.mark.parametrize("seed", range(20))
def test_flows_that_are_alone_at_an_end_are_those_that_nothing_else_is_at(seed: int) -> None:
    chance, found = random.Random(seed), 0
    ends = [(f"192.0.2.{number}", 5060) for number in range(1, 10)] + [(f"2001:db8::{n}", 5060) for n in range(1, 5)]
    tables = Tables([])
    for _ in range(15):
        sent: list[Sent] = []
        for _ in range(4):
            one, other = chance.sample(ends[:9] if chance.random() < 0.7 else ends[9:], 2)
            kind = chance.choice((made.stun(), b"\0\1" + bytes(30)))
            sent += [(one, other, kind)] + chance.randrange(3) * [(other, one, kind)]
        gone = chance.sample(range(40), 12)
        named = FlowKey(chance.choice((b"", packed(chance.choice(ends)[0]) or b"")), 5060, bytes(4), 5060, "", "tcp")
        for scanner in tables.scanners:
            for _ in scanner.scan(records(sent)):
                pass
            if named.src:
                scanner.flows.find(named)
            scanner.forget([], [flow for flow in scanner.flows if flow.number % 40 in gone])
        keys = {flow.number: flow.key for flow in tables.scanners[0].flows}
        for here, there in itertools.permutations(keys, 2):
            if keys[here].reverse != keys[there] and chance.random() < 0.9:
                continue
            expected = alone([*keys.values()], keys[here], keys[there])
            for table in (scanner.flows for scanner in tables.scanners):
                both = [*table.numbered((here, there))]
                datagrams = sum(flow.datagrams for flow in both)
                assert table.lone_ends(*both, datagrams) == expected
                assert table.lone_ends(*both, datagrams + 1) is None
                if expected is not None:
                    others = sum(not {*both[0].flow.ends}.isdisjoint(flow.flow.ends) for flow in table)
                    assert table.lone_pair(both[0].flow) == (None if others > 2 else (*both,))
            found += expected is not None
    assert found > 10


def test_no_flow_is_alone_once_any_gave_way_or_it_is_gone() -> None:
    for twin in (interpreted.Scanner, compiled.Scanner):
        scanner: Any = twin(interpreted.Bounds(flows=4))
        for _ in scanner.scan(records([(made.A, made.B, made.stun()), (made.B, made.A, made.stun())])):
            pass
        here, there = scanner.flows
        assert scanner.flows.lone_ends(here, there, 2) == (
            (packed(made.A[0]), made.A[1]), (packed(made.B[0]), made.B[1])
        )
        for _ in scanner.scan(records([(made.A, ("192.0.2.77", n), made.stun()) for n in range(1, 4)])):
            pass
        back = next(flow for flow in scanner.flows if flow.flow.dport == 3)
        assert scanner.flows.lone_ends(there, here, 2) is None and back.open
        twice = twin()
        for _ in twice.scan(records([(made.A, made.B, made.stun()), (made.B, made.A, made.stun())])):
            pass
        here, there = twice.flows
        twice.forget([], [here])
        assert twice.flows.lone_ends(here, there, 2) is None is twice.flows.lone_ends(there, here, 2)


def test_what_quiet_flows_say_is_what_their_states_say() -> None:
    scanner = compiled.Scanner()
    six = bytes(15)
    sent: list[Sent] = [((f"192.0.2.{n % 9}", 2000 + n), made.B, b"\xff" * (n + 1)) for n in range(30)]
    sent += [((f"2001:db8::{n}", 53), ("2001:db8::ff", 99), b"\x2d" * 40 + six) for n in range(1, 30)]
    for _ in scanner.scan(records(sent)):
        pass
    for last in (False, True):
        quiet, states = scanner.flows.quiet(last), list(scanner.flows)
        told = [
            (flow.src, flow.sport, flow.dst, flow.dport, state.first / 1e9, state.last / 1e9, state.datagrams,
             state.octets, state.encrypted, sum(state.counts))
            for state in states for flow in (written_out(state.key),)
        ]
        assert quiet.values(0, len(quiet)) == told and not quiet.settled
        assert quiet.pairs() == {(each[0], each[2]) for each in told}
        assert quiet.with_ports({2003, 99}) == [n for n, each in enumerate(told) if each[1] == 2003 or each[3] == 99]
        assert [quiet.before(state.number) for state in states] == [*range(len(states))]
    assert packed("2001:db8::1") == states[-29].key.src
