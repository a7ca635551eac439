"""What makes something whole together: the frames are remembered, within bounds."""

from __future__ import annotations

from dissectors.limits.budget import Bounds
from dissectors.mux.connections import Connections
from dissectors.queries.traced import MAX_DATAGRAMS, MAX_RUN_FRAMES, TracedFragments, TracedSegments
from tests import tcp_frames
from tests.made import sip
from tests.tcp_frames import A, B, conversation

OPTIONS = sip("OPTIONS sip:x SIP/2.0", "Via: v", "From: f", "To: t", "Call-ID: c", "CSeq: 1 OPTIONS")


def test_the_frames_of_a_whole_datagram_are_told_once() -> None:
    fragments = TracedFragments()
    assert fragments.add("k", 8, b"b" * 8, True, 0, (0, 1)) is None and fragments.completed() == []
    assert fragments.add("k", 0, b"a" * 8, False, 0, (0, 3)) == b"a" * 8 + b"b" * 8
    assert fragments.completed() == [(0, 1), (0, 3)] and fragments.completed() == []


def test_fragments_that_never_become_whole_are_forgotten() -> None:
    fragments = TracedFragments()
    for key in range(MAX_DATAGRAMS + 9):
        fragments.add(key, 8, b"b" * 8, True, 0, (0, key))
    assert len(fragments._parts) == MAX_DATAGRAMS


def placed(
    segments: list[tcp_frames.Segment], groups: dict[bytes, int], mixed: list[int] | None = None
) -> dict[int, set[int]]:
    """The groups of each frame, where a message's group is that of its payload."""
    found: dict[int, set[int]] = {}
    traced = TracedSegments(
        Connections(Bounds()), lambda frame, mine: found.setdefault(frame[1], set()).update(mine), len(groups)
    )
    for number, each in enumerate(segments, 1):
        traced.take(each, (0, number), number, lambda whole: (groups[whole.payload],))
    traced.finish(lambda whole: (groups[whole.payload],))
    if mixed is not None:
        mixed += traced.mixed
    return found


def test_a_segment_in_the_middle_of_a_message_is_the_messages() -> None:
    segments = conversation([(A, OPTIONS)], size=40)
    found = placed(segments, {OPTIONS: 0})
    assert found == {number: {0} for number in range(1, len(segments) + 1)}


def test_what_only_acknowledges_belongs_to_who_used_the_connection_alone() -> None:
    empty = tcp_frames.segment(B, A, tcp_frames.FIRST + 78)
    segments = [*conversation([(A, OPTIONS)]), empty]
    assert placed(segments, {OPTIONS: 0})[4] == {0}
    other = OPTIONS.replace(b"Call-ID: c", b"Call-ID: d")
    segments = [*conversation([(A, OPTIONS), (A, other)]), empty]
    assert placed(segments, {OPTIONS: 0, other: 1}) == {1: {0, 1}, 2: {0, 1}, 3: {0}, 4: {1}}


def test_a_message_that_begins_within_a_segment_keeps_those_before_it() -> None:
    two, three = (OPTIONS.replace(b"Call-ID: c", b"Call-ID: " + name) for name in (b"d", b"e"))
    # Three segments: the second message begins in the middle of one, the third with one.
    parts = [OPTIONS[:40], OPTIONS[40:] + two[:9], two[9:], three]
    segments = conversation([(A, part) for part in parts])
    mixed: list[int] = []
    found = placed(segments, {OPTIONS: 0, two: 1, three: 2}, mixed)
    assert found == {1: {0, 1, 2}, 2: {0, 1, 2}, 3: {0, 1}, 4: {0, 1}, 5: {1}, 6: {2}}
    assert mixed == [1, 2, 0]


def test_messages_in_one_segment_are_counted_for_each_whose_they_are() -> None:
    other = OPTIONS.replace(b"Call-ID: c", b"Call-ID: d")
    mixed: list[int] = []
    assert placed(conversation([(A, OPTIONS + other)]), {OPTIONS: 0, other: 1}, mixed)[3] == {0, 1} and mixed == [1, 1]
    mixed.clear()
    assert placed(conversation([(A, OPTIONS + OPTIONS)]), {OPTIONS: 0}, mixed)[3] == {0} and mixed == [0]


def test_how_far_back_a_message_needs_others_is_bounded() -> None:
    other = OPTIONS.replace(b"Call-ID: c", b"Call-ID: d")
    size = len(OPTIONS)
    octets = OPTIONS * (MAX_RUN_FRAMES + 9) + other
    # Each segment begins in the middle of a message.
    parts = [octets[:5], *(octets[at : at + size] for at in range(5, len(octets), size))]
    found = placed(conversation([(A, part) for part in parts]), {OPTIONS: 0, other: 1})
    kept = [frame for frame, groups in found.items() if 1 in groups]
    assert 9 <= len(kept) <= MAX_RUN_FRAMES and max(kept) == len(parts) + 2
