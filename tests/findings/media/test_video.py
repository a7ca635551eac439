"""Pictures that stand still: by loss, held back, or because the sender says nothing."""

from __future__ import annotations

from tests.finding_cases.video import film, held_back
from tests.stories import Story, report


def frozen(story: Story) -> list[str]:
    return [each.what for each in report(story).findings if each.id == "video-frozen"]


def test_the_finding_says_how_long_when_and_what_is_missing() -> None:
    (what,) = frozen(film(lost=lambda frame: 120 <= frame < 165))
    assert what.endswith("for 1.5 s, 4 s into the stream; 135 packets of that time are missing")


def test_frames_that_were_held_back_come_late() -> None:
    (what,) = frozen(film(late=held_back))
    assert "for 1.5 s, 4 s into the stream; the timestamps went on by 0.0 s only" in what


def test_several_freezes_are_one_finding_with_their_sum() -> None:
    (what,) = frozen(film(20, lost=lambda frame: frame % 150 >= 110))
    assert what.endswith("; 3 times, 4.1 s in all")


def test_a_sender_that_pauses_and_short_gaps_are_no_fault() -> None:
    assert not frozen(film(still=5000))
    assert not frozen(film(lost=lambda frame: 120 <= frame < 140))
    assert not frozen(film(still=3000, lost=lambda frame: frame == 150))


def test_the_slides_of_a_screen_do_not_freeze() -> None:
    slides = [each for n, each in enumerate(film(60)) if n // 3 % 30 == 0]
    assert not frozen([each for n, each in enumerate(slides) if not 60 <= n < 90])
