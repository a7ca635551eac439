"""The picture of a call: rows over one axis, holes where something is missing, and nothing that a reader could run."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from dissectors.media.picture.draw import COLUMNS, LEFT, LOST, SOUND, Side, sheet
from dissectors.media.picture.shapes import Box, Points, svg
from dissectors.media.track import Channel
from tests import reports
from tests.sounds import samples

RATE = 8000
COUNT = 2 * RATE


def channel(values: list[int]) -> Channel:
    made = Channel()
    made.write(0, b"".join(value.to_bytes(2, "little", signed=True) for value in values))
    return made


def test_sound_is_drawn_where_it_is_and_what_is_missing_too() -> None:
    with channel([*[0] * RATE, *samples(0, RATE)]) as one:
        made = sheet("x", [Side("caller", one, [], [(4000, 8000)])], RATE, 0.0, COUNT)
    bars = [shape for shape in made.shapes if isinstance(shape, Box) and shape.colour == SOUND]
    assert len(bars) == COLUMNS
    middle = LEFT + COLUMNS / 2
    assert all(bar.height == 1 for bar in bars if bar.x < middle - 1)
    assert all(bar.height > 5 for bar in bars if bar.x > middle + 1)
    (hole,) = (shape for shape in made.shapes if isinstance(shape, Box) and shape.colour == LOST)
    assert abs(hole.x - (LEFT + COLUMNS / 4)) < 1 and abs(hole.width - COLUMNS / 4) < 1


def test_a_tone_is_a_line_in_the_spectrum() -> None:
    with channel(samples(0, COUNT)) as one:
        made = sheet("x", [Side("caller", one, [], [])], RATE, 0.0, COUNT)
    (points,) = (shape for shape in made.shapes if isinstance(shape, Points))
    column = [row[COLUMNS // 2] for row in points.rows]
    brightest = len(column) - 1 - max(range(len(column)), key=column.__getitem__)
    assert abs(brightest * RATE / 256 - 440) < RATE / 256 and sum(shade > 40 for shade in column) < 8


def test_words_from_the_wire_are_text() -> None:
    hostile = "<script>alert(1)</script>&\"'"
    with channel(samples(0, COUNT)) as one:
        made = sheet(hostile, [Side(hostile, one, [reports.stream()], [])], RATE, 0.0, COUNT)
    text = "".join(svg(made))
    root = ElementTree.fromstring(text)
    assert {element.tag.split("}")[1] for element in root.iter()} <= {
        "svg", "title", "rect", "text", "polyline", "image",
    }
    assert hostile in [element.text for element in root.iter()]
    assert not re.findall(r'(?:href|src)="(?!data:image/png;base64,)', text)
