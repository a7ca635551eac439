"""The page as a whole: what comes first, how wide it is, and that nothing from the wire gets through raw."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from dissectors.outputs.terminal import calls
from dissectors.outputs.terminal.lines import Line, Page, cells
from dissectors.outputs.terminal.page import pieces, render
from dissectors.outputs.terminal.steps import Beside
from dissectors.outputs.view import View
from dissectors.report import Call, Place
from dissectors.wire.values import replace
from tests.pages import COLOURS, Terminal, piped, section, shown
from tests.reports import call, finding, hostile, message, report, stream


def test_what_is_wrong_comes_before_everything_else_with_its_frames_and_its_fix() -> None:
    text = shown(report(findings=(finding("note"), finding("warning"), finding("error", id="x"))))
    head = text.split("On the wire")[0]
    assert head.index("✖") < head.index("▲") < head.index("●")
    assert "stream-loss  20 of 1,020 packets are lost [frames 17, 99]" in head
    assert head.count("Look at the path.") == 2


def test_a_pipe_gets_one_fact_a_line_without_drawing_or_escape_codes() -> None:
    long = "x" * 300
    text = piped(report(findings=(finding(what=long),)))
    assert "\x1b" not in text and not set("│─▶◀━") & set(text)
    assert f"  warning   #17  {long} [stream-loss, frames 17, 99]" in text.splitlines()
    assert "192.0.2.1:16402  →  192.0.2.2:16402  INVITE" in text


def test_a_terminal_gets_colours_unless_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in render(report(), View(Terminal(), width=80))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", render(report(), View(Terminal(), width=80)))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    wide = "sip:" + "w" * 150 + "@example.org"
    made = report(calls=(call(caller=wide, callee="漢字" * 60),), findings=(finding(what="long " * 60),))
    for text in (shown(made, width), shown(hostile(), width)):
        assert max(cells(line) for line in text.splitlines()) <= width


def test_an_ascii_terminal_gets_ascii() -> None:
    text = COLOURS.sub("", render(report(), View(Terminal("ascii"), width=100)))
    assert text.isascii() and ">|" in text and "INVITE" in text


@pytest.mark.parametrize("options", [{"width": 80}, {"width": 200, "everything": True}])
def test_nothing_from_the_wire_reaches_the_terminal_raw(options: dict[str, object]) -> None:
    text = shown(hostile(), **options)  # type: ignore[arg-type]
    assert text.replace("\n", "").isprintable()
    for each in (text, piped(hostile())):
        assert not set(each) & set("\x1b\x07\r\x9b\u202e\u2028\udcff")
        assert r"\x1b[31mred\x07" in each and "[bold]" in each


def test_hostile_text_cannot_begin_a_line_of_its_own() -> None:
    assert len(piped(hostile()).splitlines()) == len(piped(hostile()).split("\n")) - 1
    assert not any(line.startswith("\x9b") or line.startswith("2J") for line in piped(hostile()).splitlines())


def test_findings_that_are_alike_share_their_advice() -> None:
    many = tuple(finding(what=f"stream {i} lost packets", places=(Place(0, i),)) for i in range(1, 10))
    text = shown(report(findings=many))
    assert text.count("People hear gaps.") == 1 and "… and 5 more like it (--all)" in text
    assert "stream 9 lost packets" in shown(report(findings=many), everything=True)


def test_a_frame_of_several_files_names_its_file() -> None:
    file = report().capture.files[0]
    capture = replace(report().capture, files=(file, replace(file, name="b.pcap")))
    text = shown(report(capture=capture, findings=(finding(places=(Place(1, 5),)),)), 120)
    assert "call.pcap, b.pcap: one call" in text and "b.pcap#5" in text


def test_a_long_report_is_laid_out_call_by_call_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out: list[str] = []
    real = calls.call_in_full

    def call_in_full(page: Page, one: Call, around: Beside, title: str, leg: str) -> list[Line]:
        laid_out.append(title)
        return real(page, one, around, title, leg)

    monkeypatch.setattr(calls, "call_in_full", call_in_full)
    made = report(calls=tuple(call() for _ in range(400)))
    parts, ahead = [], 0
    for part in pieces(made, View(io.StringIO(), everything=True)):
        parts.append(part)
        ahead = max(ahead, len(laid_out) - len(re.findall(r"^Call \d+ ", "".join(parts), re.MULTILINE)))
    assert len(laid_out) == 400 and len(parts) > 8
    assert ahead <= 1
    assert "".join(parts) == piped(made, everything=True)


@pytest.mark.parametrize("width", [40, 48, 56])
def test_a_narrow_page_cuts_nothing_of_streams_checks_and_endpoints(width: int) -> None:
    far: dict[str, Any] = {"src": "192.168.100.200", "sport": 50000, "dst": "192.168.100.201", "dport": 50001}
    made = report(
        flows=(replace(report().flows[0], **far),), calls=(call(messages=(message(1, "INVITE", **far),)),),
        streams=(stream(**far),), checks=(replace(report().checks[0], **far),),
    )
    text = shown(made, width)
    for title in ("On the wire", "Streams", "Connectivity"):
        assert "…" not in "".join(section(text, title))
    assert "INVITE" in text and max(cells(line) for line in text.splitlines()) <= width


def test_a_wide_page_keeps_its_tables() -> None:
    text = COLOURS.sub("", render(report(), View(Terminal(), width=120)))
    assert re.search(r"^ +SSRC +codec +how sure +packets +lost +jitter", text, re.M)
    assert re.search(r"^  from +to +what +asked +answered +round trip", text, re.M)
