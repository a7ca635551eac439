"""Numbers that are missing although no packet is."""

from __future__ import annotations

from tests.finding_cases.numbers import numbered
from tests.found import found, ids
from tests.stories import A, B, Story, only, report, rtp, talk

LOSS = {"stream-loss", "loss-bursts", "quality-poor", "sequence-skipped"}


def test_numbers_that_go_by_two_are_no_loss() -> None:
    """Where no two numbers follow, payloads say how long a frame is."""
    made = report(numbered(2))
    assert ids(made) & LOSS == {"sequence-skipped"}
    (stream,) = made.streams
    assert stream.lost == stream.miscounted == 494 and stream.loss_rate == 0.0
    assert stream.quality is not None and stream.quality.mos is not None and stream.quality.mos > 4


def test_what_is_lost_beside_is_told_as_loss() -> None:
    kept = [told for n, told in enumerate(numbered(2)) if n % 20 != 7]
    stream = only(kept)
    assert abs(stream.rated_loss[0] - 24) <= 1 and abs(stream.miscounted - 494) <= 1
    assert ids(report(kept)) >= {"sequence-skipped", "stream-loss"}


def test_frames_that_were_to_come_between_are_lost() -> None:
    """A relay may write timestamps of its own without a gap; but then too few packets come for the time."""
    for story in (
        talk(lost=lambda n: n % 2 == 1), talk(lost=lambda n: n % 10 in (3, 4)), numbered(2, step=80),
        [(1020 + 40 * n, A, B, rtp(2 * n, 77, 0, 160 * n)) for n in range(250)],
    ):
        assert not found(story, "sequence-skipped") and found(story, "stream-loss")


def test_two_streams_that_are_counted_together_lose_nothing() -> None:
    story: Story = []
    number = 0
    for n in range(250):
        count = 2 + (n % 25 == 0)
        for k in range(count):
            pictures = rtp(number, 88, 96, 3600 * n, bytes(900), k == count - 1)
            story.append((1020 + 40 * n + k, (A[0], A[1] + 2), (B[0], B[1] + 2), pictures))
            number += 1
        for k in range(2):
            story.append((1025 + 40 * n + 20 * k, A, B, rtp(number, 77, 0, 320 * n + 160 * k)))
            number += 1
    made = report(story)
    assert ids(made) & LOSS == {"sequence-skipped"}
    sound, pictures = sorted((each.what for each in made.findings if each.id == "sequence-skipped"), key=len)[::-1]
    assert sound.endswith("have no room for more packets; SSRC 0x00000058 of the same sender has as many packets")
    assert pictures.endswith("are left out; SSRC 0x0000004D of the same sender has as many packets")
