"""Frames of several rings are brought into the order of their times."""

from __future__ import annotations

import random
import struct

import pytest

from dissectors.sources.interface.order import NEVER_NS, Order
from dissectors.sources.pcapng_blocks import head
from dissectors.wire.captures.pcapng import PcapngWalker
from dissectors.wire.captures.records import Record
from tests.made import A, B, frame, rtp
from tests.sources.interface.blocks import block, blocks


def parts(seed: int, count: int) -> list[list[list[Record]]]:
    """What rings deliver in three visits: in order each, together not, and some at the same time."""
    chance = random.Random(seed)
    octets = frame(A, B, rtp(1))
    visits: list[list[list[Record]]] = [[], [], []]
    for n in range(count):
        times = sorted(chance.randrange(500) for _ in range(chance.randrange(60)))
        records = [Record(0, moment, 1, octets + bytes([n, i]), 120) for i, moment in enumerate(times)]
        ends = (0, chance.randrange(200, 350), chance.randrange(350, 450), 500)
        for visit, begin, end in zip(visits, ends, ends[1:], strict=False):
            visit.append([record for record in records if begin <= record.time < end])
    return visits


def as_blocks(records: list[Record], number: int) -> bytes:
    made = b""
    for _, moment, _, octets, original in records:
        total = 32 + (len(octets) + 3 & ~3)
        made += struct.pack("<7I", 6, total, number, 0, moment, len(octets), original)
        made += octets.ljust(total - 32, b"\0") + struct.pack("<I", total)
    return made


@pytest.mark.parametrize("seed", range(20))
def test_frames_of_several_rings_come_in_order_of_time_and_the_same_in_both(seed: int) -> None:
    delivered = parts(seed, 3)
    plain, other = Order(3, 8), Order(3, 8)
    walker = PcapngWalker()
    list(walker.feed(head([(1, "a"), (1, "b"), (1, "c")], 0)))
    shown: list[Record] = []
    for visit, until in zip(delivered, (199, 349, NEVER_NS), strict=True):
        plain._until = other._until = until
        records = plain.records([(n, list(part)) for n, part in enumerate(visit)])
        octets, count = other.octets([(n, as_blocks(part, n)) for n, part in enumerate(visit)])
        again = list(walker.feed(octets))
        assert [one._replace(frame=0) for one in again] == records and count == len(records)
        assert [one.time for one in records] == sorted(one.time for one in records)
        assert all(one.time <= until for one in records)
        shown += records
        assert plain.held == other.held
    assert sorted(shown) == sorted(one for visit in delivered for part in visit for one in part)
    assert not plain.held


def test_a_frame_waits_until_every_ring_has_been_heard() -> None:
    def at(moment: int) -> bytes:
        made = bytearray(block([(frame(A, B, rtp(1)), 114, 1, 0, 0, 0)], cooked=False))
        made[40:48] = struct.pack("=II", *divmod(moment, 1_000_000_000))
        return bytes(made)

    now = 1_700_000_000_000_000_000
    order = Order(2, most=2)
    order.visited([(0, at(now))], over=False)
    early, late = Record(1, now - 90_000_000, 1, b"", 0), Record(2, now, 1, b"", 0)
    assert order.records([(0, [early, late])]) == [early] and order.held
    order.visited([(1, at(now + 5)), (0, at(now + 9)), (0, at(now + 70_000_000))], over=False)
    between = Record(3, now - 1_000_000, 1, b"", 0)
    # A ring that has delivered as much as it may has more: nothing that is later than that can be told yet.
    assert order.records([(1, [between])]) == [between, late]
    order.visited([], over=True)
    assert order.records([]) == [] and not order.held


@pytest.mark.parametrize("wrong", [-3600, 70 * 365 * 86_400], ids=["set back", "far ahead for one frame"])
def test_frames_of_several_rings_go_on_when_a_clock_is_set(wrong: int) -> None:
    def at(moment: int) -> bytes:
        made = bytearray(block([(frame(A, B, rtp(1)), 114, 1, 0, 0, 0)], cooked=False))
        made[40:48] = struct.pack("=II", *divmod(moment, 1_000_000_000))
        return bytes(made)

    now, shown = 1_700_000_000_000_000_000, []
    other = now + wrong * 1_000_000_000
    later = [now + 10_000_000, now + 20_000_000] if wrong > 0 else [other + 10_000_000, other + 20_000_000]
    order = Order(2, most=2)
    for moment in (now, other, *later):
        order.visited([(0, at(moment))], over=False)
        shown += order.records([(0, [Record(0, moment, 1, b"", 0)])])
    assert {record.time for record in shown} >= {now, other}
    order.visited([], over=True)
    assert len(shown + order.records([])) == 4


def test_blocks_that_lie_are_an_error_and_never_read_beyond() -> None:
    made = as_blocks(parts(1, 1)[0][0], 0)
    chance = random.Random(7)
    for _ in range(2000):
        octets = bytearray(made)
        for _ in range(chance.randrange(1, 4)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        try:
            blocks.merged([bytes(octets[: chance.randrange(len(octets) + 1)]), made], chance.choice((300, NEVER_NS)))
        except IndexError:
            continue
