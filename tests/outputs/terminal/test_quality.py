"""What the report for people says of quality, clocks, digits and DTLS."""

from __future__ import annotations

import pytest

from dissectors.outputs.escape import IN_ASCII
from dissectors.outputs.terminal.lines import Page, cells
from dissectors.outputs.terminal.quality import handshakes, quality, sparkline
from dissectors.report import Digit, Handshake, Moment, Place, Quality, Timing
from tests.reports import HOSTILE, START, report, stream

TIMING = Timing(24_004.0, 3.2, 166.7, 480, 20.0, 0.25, 0, True, "timestamps advance")
SOUNDED = Quality(3.41, 66.0, "E-model for PCMU", 100.0, 7, 5)
TIMELINE = tuple(Moment(START + n, 50 * n, n, 2.0 * n) for n in range(1, 41))
FULL = {"timing": TIMING, "quality": SOUNDED, "timeline": TIMELINE, "digits": (Digit("5", START + 3, 80.0, "certain"),)}


def text(width: int = 140, everything: bool = False, **changes: object) -> list[str]:
    page = Page(width=width, zero=START, everything=everything)
    made = report(streams=(stream(**{**FULL, **changes}),))
    return ["".join(part.text for part in line) for line in quality(page, made)]


def test_a_row_holds_score_frame_drift_silence_and_runs() -> None:
    row = next(line for line in text() if "0xBE22948D" in line)
    for said in ("3.41", "20 ms", "+167 ppm ± 3", "25%", "7", "5", "up to 80.0 ms"):
        assert said in row
    assert any("keys pressed: 5 at 3.0" in line for line in text())
    assert any("E-model for PCMU" in line for line in text(everything=True))


def test_a_capture_faster_than_real_time_is_said_in_words() -> None:
    fast = Timing(96_000.0, 3.2, None, 480, 20.0, None, 0, False, "captured 4 times faster than they are played")
    lines = text(timing=fast)
    assert any("4 × real time" in line for line in lines) and any("4 times faster" in line for line in lines)


def test_jitter_over_time_rises_with_its_bars() -> None:
    bars = sparkline(stream(**FULL)).split()[0]
    assert bars[0] == "▁" and bars[-1] == "█" and list(bars) == sorted(bars) and len(bars) <= 32
    assert bars.translate(IN_ASCII).isascii()


def test_a_stream_of_which_nothing_is_known_has_no_row() -> None:
    assert text(timing=None, quality=None, digits=()) == []


@pytest.mark.parametrize("width", [50, 80, 120])
def test_it_keeps_to_the_page(width: int) -> None:
    assert all(cells(line) <= width for line in text(width))


def test_dtls_is_told_with_its_outcome_and_nothing_raw() -> None:
    shake = Handshake(
        "192.0.2.1", 16402, "192.0.2.2", 16402, "DTLS 1.2", HOSTILE, "SRTP_AES128_CM_HMAC_SHA1_80", (), None, None,
        "failed", HOSTILE, 2, START, START + 1, Place(0, 3),
    )
    lines = ["".join(part.text for part in line) for line in handshakes(Page(width=160), report(handshakes=(shake,)))]
    row = lines[2]
    assert "failed" in row and "SRTP_AES128_CM_HMAC_SHA1_80" in row and row.isprintable()
    assert handshakes(Page(), report()) == []


@pytest.mark.parametrize("plain", [False, True])
def test_of_many_streams_the_first_dozen_are_told_and_all_with_everything(plain: bool) -> None:
    made = report(streams=tuple(stream(**{**FULL, "ssrc": 0x10000 + n}) for n in range(30)))
    for everything, rows in ((False, 12), (True, 30)):
        page = Page(width=140, plain=plain, zero=START, everything=everything)
        lines = ["".join(part.text for part in line) for line in quality(page, made)]
        assert sum("up to 80.0 ms" in line for line in lines) == rows
        assert ("  … and 18 more (--all)" in lines) != everything
