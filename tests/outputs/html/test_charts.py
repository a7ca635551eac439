"""Charts over the time of the capture: what is drawn is what the timeline says."""

from __future__ import annotations

import pytest

from dissectors.outputs.html.charts import MAX_POINTS, MAX_STREAMS, Picture, pictures, ticks
from dissectors.outputs.terminal.lines import Page
from dissectors.report import Stream
from dissectors.report.stream import Digit, Gap, Moment
from tests.reports import START, finding, report, stream

PAGE = Page(zero=START)
LINE = (
    Moment(START + 3, 50, 0, 1.0, 8000), Moment(START + 4, 90, 10, 20.0, 16000), Moment(START + 5, 140, 10, 2.0, 24000)
)


def picture(one: Stream) -> Picture:
    return pictures(PAGE, report(streams=(one,)))[0][0]


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, _, y in (pair.partition(",") for pair in text.split(" "))]


def test_loss_is_that_of_each_interval() -> None:
    loss, jitter, rate = picture(stream(timeline=LINE)).charts
    values = [round(loss.most * (1 - y / 48)) for _, y in points(loss.points)]
    assert values == [0, 0, 20, 0] and loss.worst == "20.0 % at most"
    assert jitter.worst == "20.0 ms at most" and rate.worst == "64.0 kbit/s at most"
    assert [x for x, _ in points(loss.points)] == pytest.approx([1000 * s / 13 for s in (2, 3, 4, 5)], abs=0.1)


def test_a_little_noise_does_not_fill_the_chart() -> None:
    quiet = tuple(Moment(START + 3 + i, 50 * (i + 1), 0, 0.2, 8000 * (i + 1)) for i in range(4))
    jitter = picture(stream(timeline=quiet)).charts[1]
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
