"""Streams and checks, with what is known of them."""

from __future__ import annotations

import re

from dissectors.report import RtcpView
from tests.pages import section, shown
from tests.reports import report, stream


def test_a_stream_shows_loss_jitter_gap_and_how_sure_the_codec_is() -> None:
    (line,) = (line for line in shown(report(), 160).splitlines() if "0xBE22948D  AAC" in line)
    assert line.split() == "→ 0xBE22948D AAC-ELD 24 kHz high 1,000 2.0 % 2.2 ms 5.5 ms 61.5 ms 41.0 ms 10.0 s".split()


def test_a_narrow_terminal_keeps_what_matters_of_a_stream() -> None:
    (line,) = (line for line in shown(report()).splitlines() if "0xBE22948D  AAC" in line)
    assert "1,000" in line and "2.0 %" in line and "2.2 ms" in line


def test_forty_columns_tell_a_stream_with_its_loss_its_jitter_and_its_ssrc() -> None:
    text = " ".join(" ".join(section(shown(report(), 40), "Streams")).split())
    assert "→ 0xBE22948D · AAC-ELD 24 kHz · 1,000 packets · 2.0 % lost · jitter 2.2 ms · 10.0 s" in text


def test_forty_columns_tell_a_check_with_its_answers_and_its_delay() -> None:
    text = " ".join(" ".join(section(shown(report(), 40), "Connectivity")).split())
    assert "192.0.2.1:16402 → 192.0.2.2:16402 4 asked · 3 answered · round trip 12.5 ms" in text


def test_a_jitter_that_no_clock_explains_is_not_shown_as_one() -> None:
    made = report(streams=(stream(jitter_ms=154_288_363.0, maximum_jitter_ms=2e8),))
    text = shown(made, 160)
    assert "its timestamps follow no clock, so no jitter" in text
    assert not re.search(r"\d (h|days)\b", "\n".join(section(text, "Streams")))


def test_a_round_trip_of_nothing_says_where_the_capture_was_made() -> None:
    made = report(streams=(stream(rtcp=RtcpView(3, 0.02, 20, 54, 2.25, 0.01)),))
    text = shown(made, 160)
    assert "captured beside its receiver, so no round trip between the two" in " ".join(text.split())
    assert re.search(r"61\.5 ms +– +10\.0 s", text) and " 0.0 ms" not in text
