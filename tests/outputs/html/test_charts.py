"""Charts over the time of the capture: what is drawn is what the timeline says."""

from __future__ import annotations

import pytest

from dissectors.outputs.html.charts import MAX_POINTS, MAX_STREAMS, Chart, Picture, pictures, ticks
from dissectors.outputs.terminal.lines import Page
from dissectors.report import Place, Stream
from dissectors.report.repair import Estimate, FeedbackView, RequestBurst
from dissectors.report.stream import Digit, Gap, Mark, Moment, Timing
from dissectors.report.video import Freeze, KeyFrame, KeyFrames, Video
from dissectors.wire.values import replace
from tests.reports import START, finding, report, stream

PAGE = Page(zero=START)
LINE = (
    Moment(START + 3, 50, 0, 1.0, 8000), Moment(START + 4, 90, 10, 20.0, 16000), Moment(START + 5, 140, 10, 2.0, 24000)
)


def picture(one: Stream) -> Picture:
    return pictures(PAGE, report(streams=(one,)))[0][0]


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, _, y in (pair.partition(",") for pair in text.split(" "))]


def values(chart: Chart) -> list[int]:
    return [round(chart.least + (chart.most - chart.least) * (1 - y / 48)) for _, y in points(chart.points)]


def test_loss_is_that_of_each_interval() -> None:
    loss, jitter, rate = picture(stream(timeline=LINE, last=START + 5)).charts
    assert values(loss) == [0, 0, 20, 0] and loss.worst == "20.0 % at most"
    assert jitter.worst == "20.0 ms at most" and rate.worst == "64.0 kbit/s at most"
    assert [x for x, _ in points(loss.points)] == pytest.approx([1000 * s / 13 for s in (2, 3, 4, 5)], abs=0.1)


def test_what_was_lost_after_the_last_moment_is_drawn() -> None:
    loss, _, rate = picture(stream(timeline=LINE, packets=145, lost=15, octets=25_000, last=START + 6)).charts
    assert values(loss)[-1] == 50 and points(loss.points)[-1][0] == pytest.approx(1000 * 6 / 13, abs=0.1)
    assert values(rate)[-1] == 8


VIDEO = Video(
    90, 30.0, 33.3, 0, 9000, 1, 0.5, (Freeze(START + 5, 0.5, 0.5, 0, Place(0, 9)),),
    KeyFrames(1, "payload", "certain", (KeyFrame(START + 3, 9000, Place(0, 5)),)),
)


def test_pictures_and_key_frames_of_video_are_drawn() -> None:
    line = tuple(replace(one, frames=frames) for one, frames in zip(LINE, (30, 45, 75), strict=True))
    made = picture(stream(timeline=line, video=VIDEO))
    assert [chart.name for chart in made.charts] == ["loss", "jitter", "bitrate", "pictures"]
    assert values(made.charts[-1]) == [30, 30, 15, 30]
    told = [(event.text, event.style) for event in made.events]
    assert told == [
        ("3.000: key frame, 9,000 bytes", "key"), ("4.500: the picture stood still for 500 ms", "gap"),
    ]
    assert {"key frames": "1", "frozen": "1 ×, 500 ms"}.items() <= {name: text for name, text, _ in made.facts}.items()


def test_what_a_receiver_asks_for_and_can_take_is_drawn() -> None:
    burst = RequestBurst(START + 4, 2.0, 40, False, ())
    estimates = (Estimate(START + 3, 900_000, Place(0, 7)), Estimate(START + 5, 300_000, Place(0, 8)))
    asked = FeedbackView(0, 0, 40, 0, 0, 2, 0, 0, START + 3, START + 5, None, None, burst, estimates)
    made = picture(stream(timeline=LINE, feedback=asked))
    estimate = next(chart for chart in made.charts if chart.name == "estimate")
    assert values(estimate) == pytest.approx([900, 900, 300], abs=2)
    assert made.events[0].text == "4.000: 40 requests for a key frame in 2.00 s" and made.events[0].width > 100


def timing(drift: float | None, real_time: bool | None = True) -> Timing:
    return Timing(24000.0, 0.1, drift, 480, 20.0, 0.0, 0, real_time, "")


def test_a_clock_that_drifts_or_steps_is_drawn() -> None:
    step = Mark("step", START + 7, Place(0, 20), 0, 70.0)
    clock = picture(stream(timeline=LINE, timing=timing(-200.0), marks=(step,))).charts[-1]
    assert clock.name == "clock" and values(clock) == [0, 1, 71, 72]
    assert clock.worst == "media 72.0 ms later at the end than their timestamps say"
    early = picture(stream(timeline=LINE, timing=timing(500.0))).charts[-1]
    assert values(early) == [0, -5] and "5.0 ms earlier" in early.worst


@pytest.mark.parametrize("told", [timing(20.0), timing(None), timing(500.0, real_time=False)])
def test_a_clock_that_is_right_or_unknown_has_no_chart(told: Timing) -> None:
    assert "clock" not in [chart.name for chart in picture(stream(timeline=LINE, timing=told)).charts]


def test_marks_are_said_in_words() -> None:
    marks = (
        Mark("loss", START + 3, Place(0, 5), 7), Mark("step", START + 4, Place(0, 6), 0, -12.0),
        Mark("pause", START + 5, Place(0, 7), 8000, 1000.0),
    )
    assert [event.text for event in picture(stream(marks=marks)).events] == [
        "3.000: the most packets lost at once: 7", "4.000: the media come 12.0 ms earlier from here on",
        "5.000: the sender paused for 1,000 ms",
    ]


def test_a_little_noise_does_not_fill_the_chart() -> None:
    quiet = tuple(Moment(START + 3 + i, 50 * (i + 1), 0, 0.2, 8000 * (i + 1)) for i in range(4))
    jitter = picture(stream(timeline=quiet, jitter_ms=0.2)).charts[1]
    assert min(y for _, y in points(jitter.points)) > 40


def test_a_stream_without_a_timeline_has_no_chart() -> None:
    assert picture(stream()).charts == []


def test_gaps_keys_and_their_moments_are_drawn() -> None:
    events = picture(stream(
        gaps=(Gap(START + 4, 1.3, 65),), digits=(Digit("5", START + 6, 80.0, "certain"),)
    )).events
    assert [(event.style, event.x, event.width) for event in events] == [("gap", 307.7, 100.0), ("key", 461.5, 1.5)]
    assert events[0].text == "4.000: nothing came for 1,300 ms, 65 missing"


def test_a_long_timeline_is_thinned_and_keeps_its_loss() -> None:
    long = tuple(Moment(START + 2 + i / 100, 10 * i, i, 1.0, 100 * i) for i in range(1, 1001))
    drawn = points(picture(stream(timeline=long)).charts[0].points)
    assert len(drawn) <= MAX_POINTS + 2 and drawn[-1][0] == pytest.approx(1000 * 12 / 13, abs=0.1)


def test_among_many_streams_those_with_trouble_are_shown() -> None:
    many = tuple(stream(lost=0, ssrc=i) for i in range(MAX_STREAMS + 5))
    made, more = pictures(PAGE, report(streams=many, findings=(finding(stream=MAX_STREAMS + 2),)))
    assert more == 5 and made[0].position == MAX_STREAMS + 2


def test_loss_is_marked_by_how_bad_it_is() -> None:
    styles = {name: style for name, _, style in picture(stream(lost_fraction=0.08)).facts}
    assert styles["lost"] == "bad" and styles["packets"] == "" and styles["protection"] == "odd"


def test_the_axis_runs_from_end_to_end() -> None:
    marks = ticks(PAGE, report())
    assert marks[0] == (0.0, "0.000") and marks[-1] == (100.0, "13.000")
