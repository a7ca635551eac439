"""Sessions one after another on one 5-tuple."""

from __future__ import annotations

from tests.finding_cases.session import both, checks, closed
from tests.stories import A, B, Story, agreed, hello, report, talk


def again(story: Story, ours: bytes = b"CCCC", theirs: bytes = b"DDDD") -> Story:
    """The same under other fragments."""
    return [(*told[:3], told[3].replace(b"AAAA", ours).replace(b"BBBB", theirs)) for told in story]


FIRST: Story = [*both(0, 4), *agreed(100), *talk(start=200, seconds=8), *talk(B, A, 78, start=210, seconds=8)]
SECOND: Story = [*agreed(20_100), *talk(ssrc=79, start=20_200, seconds=8), *talk(B, A, 80, start=20_210, seconds=8)]


def test_a_5_tuple_that_is_used_again_with_everything_new_has_two_sessions() -> None:
    made = report([*FIRST, *closed(9000), *again(both(20_000, 4)), *SECOND])
    one, two = made.sessions
    assert [[side.fragments for side in each.sides] for each in (one, two)] == [
        [("AAAA",), ("BBBB",)], [("CCCC",), ("DDDD",)],
    ]
    assert (one.handshakes, one.streams, two.handshakes, two.streams) == ((0,), (0, 1), (1,), (2, 3))
    assert (one.first, one.ended, two.first, two.ended) == (0.0, 9.0, 20.0, None)
    assert one.checks == two.checks == (0, 1)
    assert [(pair.state, pair.requests, pair.answered) for each in (one, two) for pair in each.pairs] == [
        ("used", 8, 8), ("used", 8, 8),
    ]


def test_one_session_goes_on_where_anything_does() -> None:
    renewed = again(both(20_000, 4))
    kept = [*talk(start=20_200, first=600, origin=400 * 160, seconds=8), *talk(B, A, 80, start=20_210, seconds=8)]
    for later in (
        [*both(20_000, 4), *SECOND],
        [*renewed, *agreed(20_100), *kept],
        [*renewed, *SECOND[4:]],
        [*renewed, *SECOND, *checks(24_000, 2)],
        [*renewed, *SECOND, *talk(ssrc=81, start=5000, seconds=20)],
    ):
        assert len(report([*FIRST, *later]).sessions) == 1


def test_an_attempt_that_failed_is_part_of_the_session_that_came_of_it() -> None:
    tried = [(100, A, B, hello()), (1100, A, B, hello())]
    assert len(report([*both(0, 4), *tried, *again(both(20_000, 4)), *SECOND]).sessions) == 1
