"""What the report says in few words, and what is left of it where there is little room."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dissectors.outputs.terminal.lines import cells
from dissectors.outputs.terminal.page import render
from dissectors.report import Finding, Place, RtcpView, Seen
from dissectors.wire.values import replace
from tests.outputs.terminal.test_page import COLOURS, Terminal, piped, shown
from tests.reports import call, finding, message, report, stream


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def section(text: str, title: str) -> list[str]:
    """The lines under a title, up to the next blank one."""
    lines = text.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(title))
    return lines[begin : lines.index("", begin)]


def test_forty_columns_name_every_message_between_letters() -> None:
    text = shown(report(), 40)
    assert "  A  192.0.2.1:16402" in text and "  B  192.0.2.2:16402" in text
    assert re.search(r"1\.000  A  →  B  INVITE", text) and re.search(r"2\.000  B  →  A  200 OK", text)


def test_forty_columns_tell_a_stream_with_its_loss_its_jitter_and_its_ssrc() -> None:
    text = " ".join(" ".join(section(shown(report(), 40), "Streams")).split())
    assert "→ 0xBE22948D · AAC-ELD 24 kHz · 1,000 packets · 2.0 % lost · jitter 2.2 ms · 10.0 s" in text


def test_forty_columns_tell_a_check_with_its_answers_and_its_delay() -> None:
    text = " ".join(" ".join(section(shown(report(), 40), "Connectivity")).split())
    assert "192.0.2.1:16402 → 192.0.2.2:16402 4 asked · 3 answered · round trip 12.5 ms" in text


def test_a_narrow_page_without_colours_keeps_a_number_apart_from_the_protocols_behind_it() -> None:
    wire = section(piped(report(), width=40), "On the wire")
    assert "    1,003  RTP 1,000  SIP 3" in wire


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


def test_forty_columns_tell_who_called_whom_in_a_table_of_calls() -> None:
    made = report(calls=tuple(call(caller=f"sip:a{i}@b", callee="sip:c@d") for i in range(9)))
    assert re.search(r"^ +7  0\.000  a6@b  →  c@d  talked 10\.0 s", shown(made, 40), re.M)
    assert "sip:a6@b  →  sip:c@d" in shown(made, 80)


def test_the_zone_is_that_of_the_season_of_the_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
    time.tzset()
    try:
        assert "2013-09-12 11:33:20.000 EDT" in shown(report(), 100, clock="local")
        winter = replace(report().capture, first=1_389_000_000.0)
        assert " EST, " in shown(report(capture=winter), 100, clock="local")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_carried_the_datagrams_is_counted_in_headers_and_segments() -> None:
    capture = replace(report().capture, not_analysed=(Seen("SIP on TCP port 5060", 2),))
    text = shown(report(capture=capture))
    assert "carried by: VLAN (3 headers)" in text
    assert "not analysed: SIP on TCP port 5060 (2 segments)" in text


def test_findings_about_different_things_are_not_lumped_in_the_headline() -> None:
    def bound(what: str) -> Finding:
        return finding(id="bound-hit", what=what, places=(), call=None, stream=None)

    said = ("streams: 18928 given up", "waiting: 3 given up", "streams: 4 given up")
    made = report(findings=tuple(bound(what) for what in said))
    head = piped(made).split("On the wire")[0]
    assert "warning: streams: 18928 given up, and 1 more like it: " in head
    assert "warning: waiting: 3 given up: " in head


def test_findings_of_several_streams_are_one_line_in_the_headline() -> None:
    made = report(findings=tuple(finding(what=f"SSRC {name}: loss", stream=0) for name in ("A", "B", "C")))
    assert piped(made).split("On the wire")[0].count("warning: ") == 1


def test_incomplete_fragments_are_not_called_no_udp_at_all() -> None:
    capture = replace(report().capture, datagrams=0, first=None, protocols=())
    missing = finding(id="fragments-incomplete", places=(), call=None, stream=None)
    made = report(capture=capture, calls=(), streams=(), checks=(), flows=(), findings=(missing,))
    assert piped(made).startswith("call.pcap: no whole UDP datagram, only fragments; 1,010 frames")


@pytest.mark.parametrize(
    ("id", "said"),
    [("capture-corrupt", "damaged; what came before was read"), ("capture-cut", "it ends in the middle of a frame")],
)
def test_a_capture_is_called_damaged_or_cut_and_never_both(id: str, said: str) -> None:
    capture = replace(report().capture, files=(replace(report().capture.files[0], cut=True),))
    broken = finding("error", id=id, places=(Place(0, 0),), call=None, stream=None)
    text = shown(report(capture=capture, findings=(broken,)), 100)
    assert f"  call.pcap: {said}\n" in text and "frame 0" not in text


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


def test_a_wide_page_keeps_its_tables() -> None:
    text = COLOURS.sub("", render(report(), Terminal(), width=120))
    assert re.search(r"^ +SSRC +codec +how sure +packets +lost +jitter", text, re.M)
    assert re.search(r"^  from +to +what +asked +answered +round trip", text, re.M)
