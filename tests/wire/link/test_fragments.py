"""Fragments become datagrams again, within bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.link.fragments import FRAGMENT_TIMEOUT_NS, Fragments
from dissectors.wire.link.frames import Frames, Udp
from tests.ip_frames import A, B, ethernet, ipv4, ipv6, record, udp


def fragments4(datagram: bytes, sizes: list[int], ident: int = 1) -> list[bytes]:
    frames, at = [], 0
    for size in sizes:
        last = at + size >= len(datagram)
        fragment = at // 8 | (0 if last else 0x2000)
        frames.append(ethernet(ipv4(datagram[at : at + size], fragment=fragment, ident=ident)))
        at += size
    return frames


@given(st.permutations(range(4)))
def test_ipv4_fragments_are_put_together_in_any_order(order: list[int]) -> None:
    payload = bytes(range(100))
    pieces = fragments4(udp(payload), [24, 32, 40, 99])
    frames = Frames()
    found = [list(frames.udp(record(pieces[place], number=n))) for n, place in enumerate(order, 1)]
    assert found[:3] == [[], [], []]
    assert found[3] == [Udp(0, A, B, 16402, 16403, payload, 100, 1)]
    assert (frames.fragments.reassembled, frames.fragments.incomplete, frames.fragments.overlaps) == (1, 0, 0)


def test_ipv6_fragments_are_put_together() -> None:
    datagram = udp(bytes(100))
    first = ipv6(b"\x11\0\0\1\0\0\0\7" + datagram[:64], 44)
    second = ipv6(b"\x11\0\0\x40\0\0\0\7" + datagram[64:], 44)
    frames = Frames()
    assert not frames.udp(record(second, 101))
    assert frames.udp(record(first, 101))[0].payload == bytes(100)


def test_of_overlapping_fragments_the_first_octets_stay() -> None:
    fragments = Fragments()
    assert fragments.add("key", 8, b"B" * 8, False, 0) is None
    assert fragments.add("key", 0, b"a" * 24, False, 0) is None
    assert fragments.add("key", 16, b"c" * 16, True, 0) == b"a" * 8 + b"B" * 8 + b"a" * 8 + b"c" * 8
    assert fragments.overlaps == 2


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 40)), max_size=12))
def test_reassembly_agrees_with_painting_only_blank_octets(pieces: list[tuple[int, int]]) -> None:
    fragments = Fragments()
    canvas: list[int | None] = [None] * 200
    for number, (unit, size) in enumerate(pieces):
        assert fragments.add(1, unit * 8, bytes([number]) * size, False, 0) is None
        for at in range(unit * 8, unit * 8 + size):
            canvas[at] = number if canvas[at] is None else canvas[at]
    blank = [at for at in range(200) if canvas[at] is None]
    whole = None
    for at in blank:
        whole = fragments.add(1, at, b"\xff", at == 199, 0)
    assert whole == bytes(255 if number is None else number for number in canvas)


def test_what_never_becomes_whole_is_counted_and_forgotten_in_time() -> None:
    first, second = fragments4(udp(bytes(100)), [64, 99])
    frames = Frames()
    assert not frames.udp(record(first))
    assert (frames.fragments.waiting, frames.fragments.incomplete) == (1, 1)
    assert not frames.udp(record(second, time=FRAGMENT_TIMEOUT_NS + 1))
    assert (frames.fragments.forgotten, frames.fragments.incomplete) == (1, 2)


def test_reassembly_is_bounded_in_datagrams_and_in_octets() -> None:
    fragments = Fragments(octets=100_000, most=50)
    for key in range(200):
        fragments.add(key, 0, b"x" * 8, False, 0)
    assert (fragments.waiting, fragments.forgotten) == (50, 150)
    for key in range(300, 320):
        fragments.add(key, 0, b"x" * 30_000, False, 0)
    assert fragments.waiting == 3
    for offset in range(0, 65_000, 16):
        fragments.add("tiny", offset, b"x" * 8, False, 0)
    assert fragments.waiting == 1 and fragments.forgotten > 218


def test_fragments_that_cannot_be_true_are_refused() -> None:
    fragments = Fragments()
    fragments.add(1, 65_528, b"x" * 16, False, 0)
    fragments.add(1, 0, b"", False, 0)
    assert (fragments.refused, fragments.waiting) == (2, 0)
    fragments.add(1, 8, b"x" * 8, True, 0)
    fragments.add(1, 16, b"x" * 8, False, 0)
    assert fragments.refused == 3
    fragments.add(2, 16, b"x" * 8, False, 0)
    fragments.add(2, 8, b"x" * 8, True, 0)
    assert fragments.refused == 4
    assert fragments.add(1, 0, b"x" * 8, False, 0) == b"x" * 16


def test_a_fragment_that_runs_on_behind_the_known_end_counts_as_far_as_it_fits() -> None:
    fragments = Fragments()
    fragments.add(1, 0, b"a" * 8, False, 0)
    fragments.add(1, 24, b"c" * 8, True, 0)
    assert fragments.add(1, 0, b"b" * 40, False, 0) == b"a" * 8 + b"b" * 16 + b"c" * 8
    assert (fragments.refused, fragments.overlaps) == (0, 2)


def test_a_first_fragment_that_the_capture_cut_is_read_as_a_cut_datagram() -> None:
    first = fragments4(udp(bytes(2000)), [1480, 999])[0]
    frames = Frames()
    (found,) = frames.udp(record(first[:100], original=len(first)))
    assert (len(found.payload), found.length) == (100 - 42, 2000)
    assert frames.fragments.cut == 1


def test_what_did_not_become_whole_is_told_with_its_beginning_its_frame_and_its_time() -> None:
    frames = Frames()
    pieces = fragments4(udp(bytes(range(100))), [24, 32, 99])
    late = fragments4(udp(bytes(100)), [24, 99], ident=2)
    frames.udp(record(pieces[0], number=7), 3)
    frames.udp(record(late[1], number=8), 3)
    told = [(each.protocol, each.head[8:], each.octets, each.place) for each in frames.fragments.lost()]
    assert told == [(17, bytes(range(16)), 24, (3, 7)), (17, b"", 84, (3, 8))]
    frames.udp(record(pieces[1], number=9), 3)
    frames.udp(record(pieces[2], number=10), 3)
    assert [each.place for each in frames.fragments.lost()] == [(3, 8)]
    after = record(late[1], number=11)._replace(time=FRAGMENT_TIMEOUT_NS * 3)
    frames.udp(after, 3)
    assert [each.place for each in frames.fragments.lost()] == [(3, 8), (3, 11)]


@given(st.permutations([(copy, half) for copy in range(3) for half in range(2)]))
def test_copies_of_one_datagram_become_whole_each_in_any_order(order: list[tuple[int, int]]) -> None:
    payload = bytes(range(200))
    halves = fragments4(udp(payload), [104, 199])
    frames = Frames()
    found = [each.payload for _, half in order for each in frames.udp(record(halves[half]))]
    assert found == [payload] * 3
    assert (frames.fragments.incomplete, frames.fragments.overlaps, frames.fragments.lost()) == (0, 0, [])


def test_a_copy_of_a_fragment_is_no_datagram_that_was_lost() -> None:
    first, second = fragments4(udp(bytes(range(200))), [104, 199])
    for order in ((first, first, second), (first, second, second), (second, first, second), (second, second, first)):
        frames = Frames()
        assert sum(len(frames.udp(record(each, number=number))) for number, each in enumerate(order, 1)) == 1
        assert (frames.fragments.incomplete, frames.fragments.lost()) == (0, [])
        frames.udp(record(first, time=FRAGMENT_TIMEOUT_NS * 2))
        assert (frames.fragments.incomplete, frames.fragments.forgotten) == (0, 0)


def test_a_copy_that_was_cut_in_other_places_becomes_whole_too() -> None:
    payload = bytes(range(200))
    one, two = fragments4(udp(payload), [104, 199]), fragments4(udp(payload), [96, 48, 199])
    frames = Frames()
    pieces = [one[0], two[0], one[1], two[2], two[1]]
    found = [each.payload for piece in pieces for each in frames.udp(record(piece))]
    assert found == [payload, payload] and frames.fragments.incomplete == 0


def test_another_datagram_with_the_same_number_is_lost_although_the_first_became_whole() -> None:
    first, second = fragments4(udp(bytes(range(200))), [104, 199])
    other = fragments4(udp(bytes(200)), [104, 199])
    frames = Frames()
    for number, piece in enumerate((first, second, other[1]), 1):
        frames.udp(record(piece, number=number))
    assert [each.place for each in frames.fragments.lost()] == [(0, 3)]


def test_a_datagram_that_is_lost_in_every_copy_is_one_that_was_lost() -> None:
    first, second = fragments4(udp(bytes(range(200))), [104, 199])
    frames = Frames()
    for number, piece in enumerate((first, first, first), 1):
        frames.udp(record(piece, number=number))
    assert (frames.fragments.incomplete, [each.place for each in frames.fragments.lost()]) == (1, [(0, 1)])
    frames.udp(record(second, number=4, time=FRAGMENT_TIMEOUT_NS * 2))
    assert [each.place for each in frames.fragments.lost()] == [(0, 3), (0, 4)]


def test_copies_without_end_are_bounded() -> None:
    fragments = Fragments(octets=1 << 20, most=50)
    for _ in range(100):
        fragments.add("one", 0, b"x" * 8, False, 0)
    assert (fragments.waiting, fragments.overlaps) == (1, 92)
    for key in range(200):
        for offset, last in ((0, False), (30_000, True), (0, False)):
            fragments.add(key, offset, b"y" * 30_000, last, 0)
    assert fragments.reassembled == 200 and fragments.waiting == 0
    assert fragments.forgotten == 1
