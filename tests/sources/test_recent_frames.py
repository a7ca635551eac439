"""The ring of recent frames: bounded in time and octets, numbered as the session numbers them."""

from __future__ import annotations

from dissectors.sources.pcapng_blocks import head
from dissectors.sources.recent_frames import Held, RecentFrames
from dissectors.wire.captures.records import Record
from dissectors.wire.link.link_names import LINK_NAMES

SECOND = 1_000_000_000


def records(count: int, size: int = 100, every: int = SECOND, first: int = 1) -> list[Record]:
    """Frames of one size, one every so many nanoseconds; each second one of another link layer."""
    links = sorted(LINK_NAMES)[:2]
    return [
        Record(number, number * every, links[number % 2], number.to_bytes(4, "big") * (size // 4), size + number)
        for number in range(first, first + count)
    ]


def numbers(held: Held) -> list[int]:
    return [record.frame for chunk in held.chunks for record in held.records(chunk)]


def test_frames_come_back_as_they_were() -> None:
    ring = RecentFrames(60, 1 << 20)
    sent = records(10)
    ring.write(sent[:3])
    ring.write(sent[3:])
    held = ring.held()
    assert [record for chunk in held.chunks for record in held.records(chunk)] == sent
    assert (held.first, held.last, ring.frames) == (1, 10, 10)


def test_what_is_older_than_the_time_that_is_held_goes() -> None:
    ring = RecentFrames(60, 1 << 30)
    ring.write(records(1000))
    held = ring.held()
    assert 938 <= held.first <= 940 and held.last == 1000
    assert numbers(held) == list(range(1, 1002 - held.first))


def test_no_more_octets_are_held_than_asked_for() -> None:
    ring = RecentFrames(1e6, 1 << 20)
    for number in range(1, 20_001, 100):
        ring.write(records(100, 1000, 1000, number))
        assert ring.octets <= 1 << 20
    held = ring.held()
    assert held.last == 20_000 and 700 < held.last - held.first < 1100


def test_what_was_given_does_not_change_when_more_comes() -> None:
    ring = RecentFrames(1e6, 1 << 20)
    ring.write(records(5))
    held = ring.held()
    ring.write(records(5, first=6))
    assert numbers(held) == [1, 2, 3, 4, 5] and numbers(ring.held()) == list(range(1, 11))


def test_blocks_of_a_source_are_held_as_they_are() -> None:
    made = RecentFrames(60, 1 << 20)
    made.write(records(4))
    octets = b"".join(part for chunk in made.held().chunks for part in chunk.parts)
    links = [record.link for record in records(2)]
    ring = RecentFrames(60, 1 << 20, head=head([(link, "eth0") for link in links], 0))
    ring.write_octets(octets, 4)
    ring.write_octets(b"", 0)
    held = ring.held()
    assert [record for chunk in held.chunks for record in held.records(chunk)] == records(4)


def test_what_will_go_soon_is_in_danger_and_nothing_while_there_is_room() -> None:
    ring = RecentFrames(100, 1 << 30)
    assert ring.in_danger() == 0
    ring.write(records(60))
    assert ring.in_danger() == 0
    ring.write(records(40, first=61))
    assert 20 * SECOND <= ring.in_danger() <= 30 * SECOND
    full = RecentFrames(1e6, 1 << 20)
    full.write(records(10_000, 1000, 1000))
    assert full.held().chunks[0].until <= full.in_danger() < 10_000 * 1000
