"""Sound in a page: a player over the time axis, with what is missing, and a policy that lets nothing else in."""

from __future__ import annotations

import io
import re

from dissectors.outputs.html import page as pages
from dissectors.outputs.html.sounds import sounds
from dissectors.outputs.view import Heard, View
from dissectors.wire.values import replace
from tests import reports
from tests.outputs.html.test_page import Read, check

REPORT = reports.report()
BEGIN = REPORT.capture.first or 0.0
HEARD = Heard(
    REPORT.calls[0].call_id, "audio/ogg", b"sound", BEGIN + REPORT.capture.duration / 4, REPORT.capture.duration / 2,
    3.5,
    (("caller", (0.0, 0.5)), ("callee", (1.0, 0.25))), (("callee", 0.5, 0.04),),
)


def made(*heard: Heard) -> str:
    return "".join(pages.write(REPORT, View(io.StringIO(), heard=heard)))


def test_a_page_plays_what_it_holds_and_nothing_else() -> None:
    read = Read(made(HEARD))
    assert read.values("src") == ["data:audio/ogg;base64,c291bmQ="]
    (said,) = (a["content"] or "" for _, a in read.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert said.startswith("default-src 'none'; media-src data:; style-src 'sha256-") and "unsafe" not in said
    assert "caller left, callee right · 0.04 s missing · the last 3.5 s have no room in this page" in read.text
    assert "40.0 ms missing" in read.text


def test_a_page_without_sound_may_play_none() -> None:
    text = made()
    assert "media-src" not in text and "<audio" not in text
    check(text)


def test_sound_stands_where_it_was() -> None:
    (one,) = sounds(REPORT, View(io.StringIO(), heard=(HEARD,)))
    assert (one.begin, one.width, one.call) == (250.0, 500.0, 0)
    assert abs(one.scale * REPORT.capture.duration - 1000) < 1e-6
    (_, caller, none), (_, callee, (hole,)) = one.sides
    assert caller.points == "375.0,48.0 625.0,24.0" and callee.worst == "100 % at the loudest" and not none
    assert abs(hole.x - (250 + 0.5 * one.scale)) < 0.01


def test_sound_of_a_call_that_is_not_in_the_report_is_left_out() -> None:
    assert not re.search("<audio", made(replace(HEARD, call_id="another")))
    assert "Sound</h3>" in made(replace(HEARD, call_id=None))
