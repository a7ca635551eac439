"""The moments of a stream in the report: each with its time, its frame and its size."""

from __future__ import annotations

from dissectors.report import Mark, Stream
from tests.stories import A, B, Story, only, rtp, talk


def marked(story: Story) -> list[tuple[str, int, int]]:
    """Kind, frame and units of each moment."""
    return [(each.kind, each.place.frame, each.units) for each in only(story).marks]


def one(stream: Stream, kind: str) -> Mark:
    (found,) = (each for each in stream.marks if each.kind == kind)
    return found


def test_nothing_is_told_of_a_stream_at_which_nothing_happened() -> None:
    assert only(talk(seconds=30)).marks == ()


def test_what_happened_is_told_in_order_of_time() -> None:
    story = [told for n, told in enumerate(talk(seconds=20)) if not 300 <= n < 380]
    late, again = story[600], story[500]
    story[600] = (late[0] + 30, *late[1:])
    story.append((again[0] + 1, *again[1:]))
    told = [(kind, frame) for kind, frame, _ in marked(story)]
    assert told == [("pause", 301), ("loss", 301), ("twice", 502), ("late", 603), ("irregular", 604)]
    assert one(only(story), "loss").units == 80 and one(only(story), "pause").units == 81 * 160


def test_where_all_comes_at_one_moment_no_step_is_a_usual_one() -> None:
    numbers = [*range(50), 51, 50, *range(52, 70), *range(80, 110)]
    stream = only([(100.0, A, B, rtp(n, 77, timestamp=160 * n + 480_000 * (n >= 80))) for n in numbers])
    jump = one(stream, "jump")
    assert stream.reordered == 1 and (jump.place.frame, jump.units) == (71, 480_000)


def test_a_restart_is_told_where_the_new_numbers_begin() -> None:
    stream = only([*talk(seconds=4), *talk(start=5020, first=30_000, seconds=4)])
    restart = one(stream, "restart")
    assert (restart.place.frame, restart.time) == (201, 5.02) and stream.restarts == 1


def test_where_a_sender_went_on_unseen_nothing_began_anew() -> None:
    stream = only([*talk(seconds=4), *talk(start=105_020, first=100 + 5200, origin=5200 * 160, seconds=4)])
    assert stream.gaps and stream.gaps[0].place == one(stream, "pause").place
    assert not [each for each in stream.marks if each.kind == "restart"]


def test_digits_and_payload_types_have_their_first_frame() -> None:
    five = [bytes([5, 0x80 * (n > 5), n >> 1, 128]) for n in range(1, 9)]
    events = [(3040 + n * 20, A, B, rtp(201 + n, 77, 101, 16_000, octets)) for n, octets in enumerate(five)]
    stream = only([*talk(seconds=2), *events, *talk(start=3220, first=209, origin=17_600, seconds=2)])
    (digit,) = stream.digits
    assert digit.place is not None and digit.place.frame == 101
    assert [phase.place and phase.place.frame for phase in stream.payload_types] == [1, 101, 109]
