"""The clock of a sender: a step is no drift, a jump is neither, and time that is not real is that of all streams."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from dissectors.report import Finding
from tests.finding_cases.numbers import mixed, stepped
from tests.finding_cases.presence import reinvite
from tests.finding_cases.session import both
from tests.finding_cases.video import film
from tests.found import found, frames, ids
from tests.made import Endpoint
from tests.stories import A, B, Story, description, dialled, hung_up, report, rtp, talk

CLOCKS = {"clock-drift", "clock-step", "timestamp-jump", "time-not-real", "clock-differs", "silence-suppressed"}


def told(story: Story) -> set[str]:
    """What is said of the clock."""
    return ids(report(story)) & CLOCKS


def only(story: Story, id: str) -> Finding:
    (one,) = found(story, id)
    return one


@pytest.mark.parametrize("milliseconds", [30, 70, 500, 3000])
def test_a_pause_of_the_sender_is_a_step_with_its_size_moment_and_frame(milliseconds: int) -> None:
    story = stepped(milliseconds)
    assert told(story) == {"clock-step"}
    step = only(story, "clock-step")
    assert f"a step of {milliseconds:,} ms, {12 + milliseconds / 1000:.2f} s into the stream" in step.what
    assert frames(step) == [601] and step.time == pytest.approx(1.02 + 12 + milliseconds / 1000)
    assert step.severity == ("note" if milliseconds < 50 else "warning")


def test_a_sender_that_skips_is_early_from_there_on() -> None:
    story = [each for each in talk(seconds=30) if not 12_000 <= each[0] < 12_060]
    story = [(time - 60 * (time > 12_000), *rest) for time, *rest in story]
    renumbered = [
        (time, src, dst, octets[:2] + (100 + n).to_bytes(2, "big") + octets[4:])
        for n, (time, src, dst, octets) in enumerate(story)
    ]
    step = only(renumbered, "clock-step")
    assert "a step of 60 ms" in step.what and "earlier" in step.what
    assert told(renumbered) == {"clock-step"}


@pytest.mark.parametrize(("payload_type", "step", "clock"), [(111, 960, 48000), (0, 160, 8000)])
def test_a_step_within_a_drift_is_told_beside_it(payload_type: int, step: int, clock: int) -> None:
    story = talk(
        seconds=60, fast=-300, payload_type=payload_type, step=step, first=65_000, origin=0xFFFF_0000,
        delay=lambda n: 70.0 if n >= 1500 else 0.0,
    )
    assert told(story) == {"clock-drift", "clock-step"}
    assert "a step of 70 ms" in only(story, "clock-step").what
    assert "-300 ppm" in only(story, "clock-drift").what or "-299 ppm" in only(story, "clock-drift").what


def test_two_steps_are_one_finding_with_both_frames() -> None:
    story = talk(seconds=40, delay=lambda n: 40.0 * (n >= 500) + 90.0 * (n >= 1200))
    step = only(story, "clock-step")
    assert "a step of 90 ms" in step.what and "the largest of 2" in step.what
    assert frames(step) == [1201, 501]


def test_queues_and_jitter_are_no_steps() -> None:
    dice = random.Random(5)
    queues = [dice.uniform(0, 60) for _ in range(5)]
    story = talk(seconds=60, delay=lambda n: queues[n // 100 % 5] + abs(dice.gauss(0, 8)))
    assert not told(story)
    stalled = talk(seconds=30, delay=lambda n: max(0.0, 400 - 20.0 * (n - 600)) if n >= 600 else 0.0)
    assert not told(stalled)


def test_a_slope_that_the_halves_do_not_share_is_no_drift() -> None:
    story = talk(seconds=60, delay=lambda n: max(0, n - 1500) * 0.02)
    assert "clock-drift" not in told(story)


@pytest.mark.parametrize(
    ("clock", "step", "payload_type"), [(8000, 160, 0), (48000, 960, 111), (90000, 3000, 96)]
)
@pytest.mark.parametrize("seconds", [-360, -2, 2, 360])
def test_a_jump_has_its_direction_and_size_and_is_nothing_else(
    clock: int, step: int, payload_type: int, seconds: int
) -> None:
    count = 300
    every = 1000 * step / clock
    origin = 0xFFFF_FFFF - 200 * step
    story = talk(payload_type=payload_type, step=step, every=every, seconds=count * every / 1000, origin=origin)
    story += talk(
        payload_type=payload_type, step=step, every=every, seconds=count * every / 1000, start=1020 + count * every,
        first=100 + count, origin=origin + count * step + seconds * clock,
    )
    assert told(story) == {"timestamp-jump"}
    jump = only(story, "timestamp-jump")
    way = "ahead" if seconds > 0 else "back"
    assert f"jump {way} by {abs(seconds) * clock:,} ({abs(seconds)} s)" in jump.what
    assert frames(jump) == [301] and f"{count * every / 1000:.2f} s into the stream" in jump.what
    assert jump.time == pytest.approx(1.02 + count * every / 1000)


def test_packets_with_timestamp_0_among_others_are_counted() -> None:
    story = [
        (1020 + n * 20, A, B, rtp(n, 77, 0, 0 if n % 97 == 60 else 500_000 + n * 160)) for n in range(600)
    ]
    assert told(story) == {"timestamp-jump"}
    jump = only(story, "timestamp-jump")
    assert "12 times" in jump.what and "6 packets with timestamp 0 among others" in jump.what
    assert frames(jump)[:2] == [61, 62]


def test_one_fast_stream_in_a_call_is_no_fast_capture() -> None:
    call = [*dialled(), *talk(every=15, step=160), *talk(B, A, 78), *hung_up()]
    assert not told(call)
    replayed = [(time / 2, *rest) for time, *rest in [*dialled(), *talk(), *talk(B, A, 78), *hung_up()]]
    assert told(replayed) == {"time-not-real"}


@pytest.mark.parametrize(
    ("announced", "step", "seen"), [(48000, 160, 8000), (16000, 160, 8000), (8000, 320, 16000), (48000, 320, 16000)]
)
def test_a_clock_that_is_slower_than_announced_is_told_like_a_faster_one(announced: int, step: int, seen: int) -> None:
    ends = [description(*end, f"a=rtpmap:97 x/{announced}", media="RTP/AVP 97") for end in (A, B)]
    right = talk(B, A, 78, payload_type=97, step=announced // 50)
    story = [*dialled(*ends), *talk(payload_type=97, step=step), *right, *hung_up()]
    assert told(story) == {"clock-differs"}
    assert f"at {announced:,} Hz, timestamps advance as {seen:,} Hz do" in only(story, "clock-differs").what


OPUS = [description(*end, "a=rtpmap:111 opus/48000/2", media="RTP/AVP 111") for end in (A, B)]
VP8 = [description(*end, "a=rtpmap:96 VP8/90000", media="RTP/AVP 96", kind="video") for end in (A, B)]


def running(fast: float, seconds: float = 30, ends: list[bytes] = OPUS, **changes: object) -> Story:
    """A call whose caller's clock runs so many parts in a million fast; the other side's is right."""
    common = {"payload_type": 111, "step": 960, "seconds": seconds}
    theirs = talk(B, A, 78, **common)  # type: ignore[arg-type]
    ours = talk(fast=fast, **{**common, **changes})  # type: ignore[arg-type]
    return [*dialled(*ends), *ours, *theirs, *hung_up(1020 + 1000 * seconds)]


@pytest.mark.parametrize("fast", [-200_000, -30_000, -11_000, 11_000, 30_000, 200_000])
def test_a_clock_that_is_off_by_some_per_cent_is_told_slow_or_fast(fast: int) -> None:
    story = running(fast)
    assert told(story) == {"clock-differs"}
    way = "fast" if fast > 0 else "slow"
    rate = 48_000 * (1 + fast / 1e6)
    found = only(story, "clock-differs")
    assert f"opus at 48,000 Hz, timestamps advance {rate:,.0f} a second, {abs(fast) / 1e4:.1f}% too {way}" in found.what
    assert found.severity == "warning" and frames(found) == [5]


def pictures(src: Endpoint, dst: Endpoint, ssrc: int, step: int, every: Callable[[int], float]) -> Story:
    """Pictures of two packets each, of which the n-th leaves after so many milliseconds."""
    return [
        (1020 + every(n) + half, src, dst, rtp(2 * n + half, ssrc, 96, n * step, bytes(900), marker=half == 1))
        for n in range(900)
        for half in (0, 1)
    ]


def test_pictures_of_an_even_rate_are_told_and_those_of_a_varying_one_are_not() -> None:
    call = [*dialled(*VP8), *pictures(B, A, 78, 3000, lambda n: n * 100 / 3), *hung_up(32_000)]
    (told_of,) = found([*call, *pictures(A, B, 77, 2910, lambda n: n * 100 / 3)], "clock-differs")
    assert "VP8 at 90,000 Hz, timestamps advance 87,300 a second, 3.0% too slow" in told_of.what
    varying = pictures(A, B, 77, 2910, lambda n: n * 100 / 3 + 40 * max(0, n % 300 - 200))
    assert "clock-differs" not in told([*call, *varying])


@pytest.mark.parametrize(
    "story",
    [
        running(-30_000, 15),
        running(-30_000, lost=lambda n: 400 <= n < 415),
        running(0, delay=lambda n: n // 250 * 150.0),
        running(0, delay=lambda n: max(0, n - 750) * 1.2),
        [(time * 1.03, *rest) for time, *rest in running(0)],
        [(time * 0.97, *rest) for time, *rest in running(0)],
        talk(fast=-30_000, seconds=30, payload_type=111, step=960),
    ],
    ids=["short", "a gap", "pauses", "half of it", "slower capture", "faster capture", "alone"],
)
def test_what_may_have_another_cause_is_no_clock_that_is_off(story: Story) -> None:
    assert "clock-differs" not in told(story)


def test_an_encrypted_stream_is_held_against_the_other_direction() -> None:
    story = [each for each in running(-30_000) if each[3][0] == 0x80]
    assert "against the clock of the other direction" in only(story, "clock-differs").what


@pytest.mark.parametrize(("step", "times"), [(154, 1), (166, 1), (140, 0)])
def test_frames_of_nearly_the_other_direction_s_length_are_of_its_clock(step: int, times: int) -> None:
    sent = [*talk(seconds=40, payload_type=111, step=step), *talk(B, A, 78, seconds=40, payload_type=111)]
    off = found([*both(0, 16), *sent], "clock-differs")
    assert len(off) == times and all("against the clock of the other direction" in each.what for each in off)


@pytest.mark.parametrize("apart", [41_000, 5_000_000, 2_000_000_000])
def test_two_sources_are_told_however_far_their_clocks_are_apart(apart: int) -> None:
    made = report(mixed(apart))
    assert "ssrc-two-sources" in ids(made) and not ids(made) & CLOCKS


def test_pictures_out_of_order_and_timestamps_of_0_are_not_two_sources() -> None:
    order = [0, *(n + k for n in range(0, 297, 3) for k in (3, 1, 2))]
    pictures = [(1000 + n * 40, A, B, rtp(n, 77, 96, shown * 3600, bytes(900))) for n, shown in enumerate(order)]
    zeros = [(1020 + n * 20, A, B, rtp(n, 77, 0, 0 if n % 5 == 4 else 500_000 + n * 160)) for n in range(400)]
    assert "ssrc-two-sources" not in ids(report(pictures)) | ids(report(zeros))


@pytest.mark.parametrize("seconds", [-360, -5, 5, 360])
def test_a_jump_in_the_first_second_is_one_too(seconds: int) -> None:
    story = [*talk(seconds=0.5), *talk(start=1520, first=125, origin=25 * 160 + seconds * 8000, seconds=15)]
    assert told(story) == {"timestamp-jump"}
    assert frames(only(story, "timestamp-jump")) == [26]


def test_jumps_of_pictures_in_several_packets_are_told() -> None:
    story: Story = []
    for n in range(300):
        stamp = n * 3000 - 900_000 * (n >= 150)
        story += [(1000 + n * 100 / 3 + k, A, B, rtp(3 * n + k, 77, 96, stamp, bytes(900), k == 2)) for k in range(3)]
    assert told(story) == {"timestamp-jump"}
    jump = only(story, "timestamp-jump")
    assert "back by 90" in jump.what and "(10 s)" in jump.what and frames(jump) == [451]


def test_a_key_and_a_talkspurt_excuse_a_step() -> None:
    key = [(13_020 + n * 20, A, B, rtp(700 + n, 77, 101, 96_000, bytes([5, 128 * (n > 6), n, 0]))) for n in range(10)]
    keyed = [*talk(seconds=12), *key, *talk(start=13_220, first=710, origin=96_160, seconds=16)]
    assert "clock-step" not in told(keyed)
    spurts = [
        each for n in range(20)
        for each in talk(seconds=1, start=1020 + n * 1500 + 60 * (n > 9), first=100 + n * 50, origin=n * 12_000)
    ]
    assert [each.severity for each in found(spurts, "clock-step")] == ["note"]


@pytest.mark.parametrize("at", [4, 6])
def test_a_step_is_told_in_a_call_of_ten_seconds(at: int) -> None:
    step = only(talk(seconds=11, delay=lambda n: 70.0 if n >= 50 * at else 0.0), "clock-step")
    assert "a step of 70 ms" in step.what


@pytest.mark.parametrize("milliseconds", [7, -12])
@pytest.mark.parametrize(("seconds", "at"), [(11, 1), (15, 3), (20, 6), (30, 6), (60, 12)])
def test_a_small_step_early_in_a_stream_is_no_drift(seconds: int, at: int, milliseconds: float) -> None:
    def delay(n: int) -> float:
        return milliseconds * (n >= 50 * at)

    assert not told(talk(seconds=seconds, delay=delay))
    assert "clock-drift" in told(talk(seconds=seconds, fast=300))


@pytest.mark.parametrize(
    ("seconds", "words"), [(2, "(2 s)"), (-360, "(360 s)"), (3600, "(60 min 0 s)"), (44_700, "(12 h 25 min)")]
)
def test_a_long_jump_is_told_in_hours_and_minutes(seconds: int, words: str) -> None:
    story = [*talk(seconds=4, payload_type=111, step=960)]
    story += talk(start=5020, first=300, origin=200 * 960 + seconds * 48_000, seconds=4, payload_type=111, step=960)
    assert words in only(story, "timestamp-jump").what


def test_what_comes_out_of_order_does_not_jump() -> None:
    held = film(40, late=lambda frame: 2000 + (frame - 600) * 2 - (frame - 600) * 100 / 3 if 600 <= frame < 660 else 0)
    assert not found(held, "timestamp-jump") and found(held, "stream-reordered")
    anew = [(t, A, B, rtp(5000 + n, 79, 96, 10**9 + n // 3 * 3000, bytes(900))) for n, (t, *_) in enumerate(film(9))]
    (told_of,) = found([*held, *((t + 41_000, *rest) for t, *rest in anew)], "timestamp-jump")
    assert len(frames(told_of)) == 1


def test_a_payload_type_that_changes_its_meaning_has_no_one_clock() -> None:
    opus, wide = (
        [description(*end, f"a=rtpmap:96 {name}", media="RTP/AVP 96") for end in (A, B)]
        for name in ("opus/48000/2", "AMR-WB/16000")
    )
    sound = [
        *talk(seconds=5, payload_type=96, step=960),
        *talk(start=6020, first=350, origin=240_000, payload_type=96, step=320),
    ]
    story = [*dialled(*opus), *sound]
    assert "time-not-real" not in told([*story, *reinvite(6000, *wide, 2)])
    assert "time-not-real" in told([*dialled(*wide), *sound])


@pytest.mark.parametrize(("step", "sharing", "words"), [
    (20, 1, "timestamps advance 1,000 a second, 87.5% too slow, as milliseconds do"),
    (160, 2, "timestamps advance 4,000 a second, 50.0% too slow"),
    (16, 1, "timestamps advance 800 a second, 90.0% too slow"),
])
def test_a_clock_that_is_off_by_a_factor_is_told_after_some_seconds(step: int, sharing: int, words: str) -> None:
    sent = [(1020 + 20 * n, A, B, rtp(n, 77, 0, n // sharing * step)) for n in range(600)]
    (told_of,) = found([*dialled(), *sent, *talk(B, A, 78, seconds=12), *hung_up(13_500)], "clock-differs")
    assert told_of.what.endswith(words)


def test_a_sender_that_stops_its_clock_is_not_slow() -> None:
    """With nothing to say its timestamps stand still, and packets do not come."""
    sent = [(1020 + 20 * n, A, B, rtp(m, 77, 0, 160 * m)) for m, n in enumerate(n for n in range(600) if n % 20 < 8)]
    assert not found([*dialled(), *sent, *talk(B, A, 78, seconds=12), *hung_up(13_500)], "clock-differs")
