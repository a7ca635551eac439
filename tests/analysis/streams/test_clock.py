"""The clock of a stream: its rate read off the wire, its drift, and time that is not real."""

from __future__ import annotations

import random

import pytest

from tests.stories import A, B, Story, impaired, only, report, rtp, talk


@pytest.mark.parametrize("fast", [-200, -50, 0, 50, 200])
@pytest.mark.parametrize("jitter", [0, 2, 4])
def test_drift_is_measured_within_five_parts_in_a_million(fast: float, jitter: float) -> None:
    story, _ = impaired(3, 0.05, jitter=jitter, fast=fast)
    timing = only(story).timing
    assert timing is not None and timing.drift_ppm is not None and timing.error_ppm is not None
    assert timing.drift_ppm == pytest.approx(fast, abs=5)
    assert timing.error_ppm < 10


@pytest.mark.parametrize("fast", [-200, 37])
@pytest.mark.parametrize(("payload_type", "step", "every"), [(0, 160, 20), (111, 960, 20), (106, 480, 30)])
@pytest.mark.parametrize(("jitter", "loss", "late"), [(8, 0.3, 0.0), (3, 0.1, 0.05), (15, 0.05, 0.0)])
def test_drift_is_seen_through_jitter_that_only_ever_delays(
    fast: float, payload_type: int, step: int, every: float, jitter: float, loss: float, late: float
) -> None:
    dice = random.Random(11)
    story = talk(
        payload_type=payload_type, step=step, every=every, seconds=60, fast=fast, first=65_000, origin=0xFFFF_0000,
        lost=lambda n: n > 3 and dice.random() < loss,
        delay=lambda n: abs(dice.gauss(0, jitter)) + 30 * (dice.random() < late),
    )
    timing = only(story).timing
    assert timing is not None and timing.drift_ppm == pytest.approx(fast, abs=5)
    assert timing.error_ppm is not None and timing.error_ppm < 5


def test_a_queue_that_delays_for_seconds_bends_no_drift() -> None:
    story = talk(seconds=60, fast=100, delay=lambda n: 80.0 if 2000 <= n < 2400 else 0.0)
    timing = only(story).timing
    assert timing is not None and timing.drift_ppm == pytest.approx(100, abs=5)


def test_drift_of_a_long_stream_is_kept_in_few_points() -> None:
    timing = only(talk(seconds=400, fast=-60, delay=lambda n: (n * 7919 % 97) / 8)).timing
    assert timing is not None and timing.drift_ppm == pytest.approx(-60, abs=2)


CLOCKS = [
    (0, 160, 20, 8000), (9, 160, 20, 8000), (111, 960, 20, 48000), (104, 480, 20, 24000), (106, 480, 30, 16000),
    (96, 3000, 1000 / 30, 90000),
]


@pytest.mark.parametrize(("payload_type", "step", "every", "clock"), CLOCKS)
@pytest.mark.parametrize("impairment", ["none", "loss", "jitter", "short"])
def test_the_clock_is_read_off_the_wire(
    payload_type: int, step: int, every: float, clock: int, impairment: str
) -> None:
    dice = random.Random(payload_type)
    story = talk(
        payload_type=payload_type, step=step, every=every, seconds=3 if impairment == "short" else 20,
        lost=lambda n: impairment == "loss" and n > 5 and dice.random() < 0.2,
        delay=lambda n: abs(dice.gauss(0, 5)) if impairment == "jitter" else 0.0,
    )
    stream = only(story)
    assert stream.clock == clock
    assert stream.timing is not None and stream.timing.real_time
    assert stream.timing.frame == step


RARER = [
    (111, 120, 2.5, 48000), (111, 240, 5, 48000), (111, 480, 10, 48000), (111, 2880, 60, 48000),
    (111, 5760, 120, 48000), (97, 800, 100, 8000), (98, 480, 60, 8000), (98, 960, 60, 16000),
    (105, 480, 480 / 22.05, 22050), (105, 1024, 1024 / 44.1, 44100), (100, 640, 20, 32000),
]


@pytest.mark.parametrize(("payload_type", "step", "every", "clock"), [*CLOCKS, *RARER])
@pytest.mark.parametrize("seed", range(2))
def test_ten_per_cent_of_loss_and_reordering_hide_no_clock(
    payload_type: int, step: int, every: float, clock: int, seed: int
) -> None:
    dice = random.Random(seed)
    stream = only(
        talk(
            payload_type=payload_type, step=step, every=every, seconds=max(6.0, every * 0.06),
            lost=lambda n: n > 5 and dice.random() < 0.1,
            delay=lambda n: 1.5 * every if dice.random() < 0.05 else 0.0,
        )
    )
    assert (stream.clock, stream.timing and stream.timing.frame) == (clock, step)
    assert stream.reordered and stream.lost


def pictures(seed: int, rate: float, kind: str) -> Story:
    """Eight seconds of video: pictures of several datagrams, now and then a large one, told as `kind` has it."""
    dice = random.Random(seed)
    order = list(range(int(rate * 8)))
    if kind == "out of order":  # as with B-frames: 0 3 1 2 6 4 5
        order = [0, *(n + k for n in range(0, len(order) - 3, 3) for k in (3, 1, 2))]
    story: Story = []
    sequence = 0
    for place, picture in enumerate(order):
        if kind == "skipping" and dice.random() < 0.3:
            continue
        parts = dice.randint(8, 20) if place % 30 == 0 else dice.randint(1, 4)
        gap = 0.8 * 1000 / rate / parts if kind == "paced" else 0.05
        at = 1000 + place * 1000 / rate + (abs(dice.gauss(0, 6)) if kind == "jittery" else 0)
        for part in range(parts):
            sequence += 1
            if kind != "lossy" or sequence < 6 or dice.random() > 0.1:
                octets = rtp(sequence, 77, 96, round(picture * 90000 / rate), bytes(1000), part == parts - 1)
                story.append((at + part * gap, A, B, octets))
    return story


@pytest.mark.parametrize("rate", [12.5, 15, 23.976, 25, 29.97, 30, 50, 59.94])
@pytest.mark.parametrize("kind", ["even", "out of order", "skipping", "paced", "jittery", "lossy"])
def test_the_clock_of_video_is_read_at_any_rate_of_pictures(rate: float, kind: str) -> None:
    made = report(pictures(int(rate), rate, kind))
    (stream,) = made.streams
    assert stream.clock == 90000
    assert not {each.id for each in made.findings} & {"stream-jitter", "clock-drift", "time-not-real", "timestamp-jump"}


def test_a_dozen_datagrams_tell_no_clock_and_say_so() -> None:
    stream = only(talk(payload_type=97, seconds=0.24))
    assert stream.clock is None and "too little" in stream.source and stream.packets == 12


@pytest.mark.parametrize("speed", [1.25, 4, 5, 8, 10])
@pytest.mark.parametrize(
    ("clock", "step"),
    [(8000, 160), (16000, 320), (16000, 480), (24000, 480), (48000, 960), (44100, 1024), (90000, 3750)],
)
def test_at_another_speed_the_true_clock_is_among_those_named(clock: int, step: int, speed: float) -> None:
    stream = only(talk(payload_type=98, step=step, every=1000 * step / clock / speed, seconds=8 / speed))
    assert stream.clock is None and f"if the clock is {clock:,} Hz" in stream.source
    assert f"{speed:.3g} times" in stream.source and "faster than real time" in stream.source
    assert stream.timing is not None and stream.timing.real_time is False


def test_a_slope_near_a_usual_clock_is_taken_for_it_with_less_certainty() -> None:
    stream = only(talk(payload_type=98, step=320, every=20 * 1.035, seconds=8))
    assert (stream.clock, stream.certainty) == (16000, "low") and "near enough" in stream.source


def test_a_capture_that_was_slowed_down_gets_no_clock_either() -> None:
    stream = only(talk(payload_type=98, step=160, every=40, seconds=8))
    assert stream.clock is None and "slower than real time (0.5 times, if the clock is 8,000 Hz)" in stream.source


def test_a_frame_that_could_be_another_s_at_twice_the_speed_is_said_to_be_unsure() -> None:
    stream = only(talk(payload_type=97, step=160, every=10, seconds=4))
    assert (stream.clock, stream.certainty) == (16000, "low")
    assert "2 times, if the clock is 8,000 Hz" in stream.source


def test_silence_does_not_bend_the_clock() -> None:
    story = [
        told
        for n in range(20)
        for told in talk(
            payload_type=111, step=960, seconds=0.6, start=1000 + n * 1400, first=n * 30, origin=n * 1400 * 48
        )
    ]
    stream = only(story)
    assert stream.timing is not None
    assert stream.clock == 48000 and stream.timing.silence == pytest.approx(1 - 0.6 / 1.4, abs=0.03)
    assert stream.lost == 0


@pytest.mark.parametrize(("payload_type", "step"), [(97, 960), (96, 3600), (98, 160)])
def test_what_was_captured_faster_than_real_time_gets_no_wrong_clock(payload_type: int, step: int) -> None:
    real = 75.0 if step == 3600 else 20
    stream = only(talk(payload_type=payload_type, step=step, every=(40 if step == 3600 else 20) / 4, seconds=3))
    assert stream.clock is None and "faster than real time" in stream.source, (stream.source, real)
    assert stream.jitter_ms is None
    assert stream.timing is not None and stream.timing.real_time is False


def test_a_known_clock_at_another_speed_says_so_and_gives_no_score() -> None:
    stream = only(talk(every=5, seconds=3))
    assert stream.timing is not None and stream.quality is not None
    assert stream.timing.real_time is False and "4 times faster" in stream.timing.evidence
    assert stream.quality.mos is None and stream.timing.drift_ppm is None
