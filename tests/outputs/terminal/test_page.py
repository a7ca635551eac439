"""The report for people: what comes first, what fits, what degrades, and what never reaches a terminal."""

from __future__ import annotations

import io
import re

import pytest

from dissectors.outputs.terminal import calls
from dissectors.outputs.terminal.lines import Column, Line, Page, cells, clip, span, table, wrap
from dissectors.outputs.terminal.moments import milliseconds, seconds
from dissectors.outputs.terminal.page import pieces, render
from dissectors.outputs.terminal.steps import Beside
from dissectors.report import Call, Handshake, Place, Report
from dissectors.wire.values import replace
from tests.reports import HOSTILE, START, body, call, finding, hostile, message, report

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    """A terminal as far as rich asks."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def shown(made: Report, width: int = 80, **options: object) -> str:
    """The report as a terminal shows it, without its colours."""
    return COLOURS.sub("", render(made, Terminal(), width=width, **options))  # type: ignore[arg-type]


def piped(made: Report, **options: object) -> str:
    return render(made, io.StringIO(), **options)  # type: ignore[arg-type]


def test_the_first_line_says_what_the_capture_is() -> None:
    first = piped(report()).splitlines()[0]
    assert first == "call.pcap: one call, talked 10.0 s; 1,003 datagrams in 13.0 s, all on port 16402"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"calls": (call(), call(outcome="rejected"), call())}, "3 calls (2 ended, 1 rejected)"),
        ({"calls": (call(kind="options"),)}, "no call, but 1 OPTIONS request"),
        ({"calls": ()}, "no signalling, 1 RTP stream"),
        ({"calls": (), "streams": (), "findings": ()}, "no call and no media"),
        ({"calls": (call(outcome="rejected", status=486),)}, "one call, rejected with 486"),
    ],
)
def test_the_headline_follows_what_was_found(changes: dict[str, object], said: str) -> None:
    assert f": {said};" in piped(report(**changes)).splitlines()[0]


def test_what_is_wrong_comes_before_everything_else_with_its_frames_and_its_fix() -> None:
    text = shown(report(findings=(finding("note"), finding("warning"), finding("error", id="x"))))
    head = text.split("On the wire")[0]
    assert head.index("✖") < head.index("▲") and "●" not in head
    assert "20 of 1,020 packets are lost (frames 17, 99)" in head and "Look at the path." in head


def test_a_pipe_gets_one_fact_a_line_without_drawing_or_escape_codes() -> None:
    long = "x" * 300
    text = piped(report(findings=(finding(what=long),)))
    assert "\x1b" not in text and not set("│─▶◀━") & set(text)
    assert f"warning: {long} (frames 17, 99): Look at the path." in text.splitlines()
    assert "192.0.2.1:16402  →  192.0.2.2:16402  INVITE" in text


def test_a_terminal_gets_colours_unless_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in render(report(), Terminal(), width=80)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", render(report(), Terminal(), width=80))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    wide = "sip:" + "w" * 150 + "@example.org"
    made = report(calls=(call(caller=wide, callee="漢字" * 60),), findings=(finding(what="long " * 60),))
    for text in (shown(made, width), shown(hostile(), width)):
        assert max(cells(line) for line in text.splitlines()) <= width


def test_an_ascii_terminal_gets_ascii() -> None:
    text = COLOURS.sub("", render(report(), Terminal("ascii"), width=100))
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


def test_the_ladder_draws_each_message_between_its_endpoints() -> None:
    lines = [line for line in shown(report()).splitlines() if "▶" in line or "◀" in line]
    invite, answer, bye = lines
    assert "▶│" in invite and " INVITE " in invite and "zlib 80 →" in invite and "#1" in invite
    assert "│◀" in answer and " 200 OK " in answer
    assert bye.endswith("again")


def test_lanes_line_up_whichever_way_the_messages_go() -> None:
    lines = [line for line in shown(report()).splitlines() if "│" in line]
    bars = {tuple(i for i, character in enumerate(line) if character == "│") for line in lines}
    assert len(bars) == 1


def test_a_proxy_stands_between_its_two_hops() -> None:
    middle = {"dst": "192.0.2.9", "dport": 5060}
    onward = {"src": "192.0.2.9", "sport": 5060, "dst": "192.0.2.2", "dport": 16402}
    made = report(calls=(call(messages=(message(1, "INVITE", **middle), message(2, "INVITE", **onward))),))
    first, second = (line for line in shown(made, 120).splitlines() if "▶" in line)
    assert first.index("INVITE") < second.index("INVITE") and first.count("│") == second.count("│") == 3


def test_many_endpoints_are_listed_where_lanes_have_no_room() -> None:
    messages = tuple(message(i, "INVITE", dst=f"192.0.2.{i}") for i in range(10, 20))
    text = shown(report(calls=(call(messages=messages),)))
    assert "▶" not in text and "192.0.2.1:16402  →  192.0.2.19:16402  INVITE" in text


def test_the_offer_shows_its_real_lines_and_explains_every_payload_type() -> None:
    text = shown(report())
    assert "Offer   frame 1 · zlib 80 → 92 B · labelled deflate" in text
    assert "m=audio 16402 RTP/AVP 104 0" in text
    assert re.search(r"104 +AAC-ELD +24,000 Hz +high +a habit of FaceTime", text)
    assert re.search(r"0 +PCMU +8,000 Hz +certain +RFC 3551, secondary", text)


def test_an_offer_that_a_proxy_passed_on_is_not_shown_twice() -> None:
    offer = call().descriptions[0]
    onward = message(2, "INVITE", body=body(), src="192.0.2.9")
    made = call(messages=(*call().messages[:1], onward), descriptions=(offer, replace(offer, place=Place(0, 2))))
    text = shown(report(calls=(made,)), 120)
    assert text.count("m=audio 16402") == 1 and "labelled deflate · the same text as in frame 1" in text


def test_a_medium_with_as_many_facts_as_there_are_columns_still_stands_across_them() -> None:
    media = replace(call().descriptions[0].media[0], rtcp_port=None, rtp_id=None)
    for rest in ({}, {"rtcp_mux": True}, {"rtcp_mux": True, "encryption": "SDES"}):
        offer = replace(call().descriptions[0], media=(replace(media, **rest),))  # type: ignore[arg-type]
        assert "    audio to 192.0.2.1:16402, RTP/AVP, sendrecv" in shown(report(calls=(call(descriptions=(offer,)),)))


def test_offer_and_explanation_stand_side_by_side_on_a_wide_terminal() -> None:
    (line,) = (line for line in shown(report(), 200).splitlines() if line.strip().startswith("v=0"))
    assert "type" in line and "codec" in line


def test_a_stream_shows_loss_jitter_gap_and_how_sure_the_codec_is() -> None:
    (line,) = (line for line in shown(report(), 160).splitlines() if "0xBE22948D  AAC" in line)
    assert (
        line.split()
        == (
            "→ 0xBE22948D AAC-ELD 24 kHz high 1,000 2.0 % 2.2 ms 5.5 ms 61.5 ms 41.0 ms 10.0 s 1 "
            "two in sequence on a media path"
        ).split()
    )


def test_a_narrow_terminal_keeps_what_matters_of_a_stream() -> None:
    (line,) = (line for line in shown(report()).splitlines() if "0xBE22948D  AAC" in line)
    assert "1,000" in line and "2.0 %" in line and "2.2 ms" in line


def test_of_many_calls_the_worst_is_shown_in_full_and_the_rest_is_counted() -> None:
    calls = tuple(call(caller=f"sip:{i}@a") for i in range(50))
    made = report(calls=calls, findings=(finding("error", call=37),))
    text = shown(made, 120)
    assert "Call 38   sip:37@a" in text and "Call 2 " not in text
    assert "… and 30 more (--all)" in text
    assert text.index("sip:37@a") < text.index("sip:0@a")
    assert "Call 50   sip:49@a" in shown(made, 120, everything=True)


def test_findings_that_are_alike_share_their_advice() -> None:
    many = tuple(finding(what=f"stream {i} lost packets", places=(Place(0, i),)) for i in range(1, 10))
    text = shown(report(findings=many))
    assert text.count("People hear gaps.") == 1 and "… and 5 more like it (--all)" in text
    assert "stream 9 lost packets" in shown(report(findings=many), everything=True)


def test_times_are_relative_or_of_the_day() -> None:
    assert re.search(r"^ +1\.000  │", shown(report()), re.M)
    assert re.search(r"^ +15:33:21\.000  │", shown(report(), clock="utc"), re.M)


def test_a_frame_of_several_files_names_its_file() -> None:
    file = report().capture.files[0]
    capture = replace(report().capture, files=(file, replace(file, name="b.pcap")))
    text = shown(report(capture=capture, findings=(finding(places=(Place(1, 5),)),)), 120)
    assert "call.pcap, b.pcap: one call" in text and "frame 5 of b.pcap" in text


def test_a_capture_without_udp_is_said_in_one_line() -> None:
    capture = replace(report().capture, datagrams=0, first=None, last=None, duration=0.0, protocols=())
    empty = Report("x", capture, (), (), (), (), ())
    assert shown(empty).splitlines()[0] == "call.pcap: no UDP at all; 1,010 frames"


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (0.0, "0 ms"), (0.0414, "41 ms"), (0.9999, "1.00 s"), (2.134, "2.13 s"), (9.996, "10.0 s"),
        (99.96, "1 min 40 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (400_000, "4 days 15 h"),
    ],
)
def test_durations_read_naturally(duration: float, said: str) -> None:
    assert seconds(duration) == said


def test_delays_read_naturally() -> None:
    assert [milliseconds(delay) for delay in (None, 0.04, 99.94, 1234.5, 12_000)] == [
        "", "0.0 ms", "99.9 ms", "1,234 ms", "12.0 s",
    ]


def test_wide_and_combining_characters_are_measured_as_terminals_do() -> None:
    assert [cells("abc"), cells("漢字"), cells("e\u0301")] == [3, 4, 1]
    assert clip("漢字漢字", 6) == "漢字…" and cells(clip("漢字漢字", 6)) <= 6
    assert clip("abc", 3) == "abc" and clip("abcd", 3) == "ab…" and clip("abc", 0) == ""


def test_wrapping_breaks_at_spaces_and_through_words_that_are_too_wide() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("x" * 10, 4) == ["xxxx", "xxxx", "xx"]
    assert wrap("\u65e5" * 3, 3) == ["\u65e5"] * 3
    assert wrap("cbe\u0301", 2) == ["cb", "e\u0301"]


def test_a_table_cuts_what_may_shrink_before_it_drops_a_column() -> None:
    columns = (Column("a"), Column("b", "left", 1, 5), Column("c", "right", 2))
    rows = [(span("1"), span("long text here"), span("3"))]

    def texts(width: int) -> list[str]:
        return ["".join(part.text for part in line) for line in table(Page(width), columns, rows, indent=0)]

    assert texts(30)[1] == "1  long text here  3"
    assert texts(14)[1] == "1  long te…  3"
    assert texts(9)[1] == "1  long …" and texts(5)[1] == "1"


def test_spans_escape_when_they_are_made() -> None:
    assert span(HOSTILE).text == r"\x1b[31mred\x07\r\n\x9b2J\u202eevil\u2028[bold]x[/bold]\xff"


def rungs(width: int = 100, **changes: object) -> list[str]:
    return [line for line in shown(report(**changes), width).splitlines() if set(line) & set("▶◀▷◁⋮↻")]


def test_the_ladder_folds_in_what_media_stun_and_dtls_did() -> None:
    shake = Handshake(
        "192.0.2.1", 16402, "192.0.2.2", 16402, "DTLS 1.2", None, "SRTP_AES128_CM_HMAC_SHA1_80", (), None, None,
        "complete", None, 1, START + 2.5, START + 3, Place(0, 3),
    )
    text = "\n".join(rungs(140, handshakes=(shake,)))
    for said in ("RTP begins", "RTP ends", "STUN checks", "DTLS 1.2", "3 of 4 answered", "complete", "2.0 % lost"):
        assert said in text
    assert text.index("RTP begins") < text.index("RTP ends")


def test_the_ladder_marks_pauses_repeats_forks_and_retargets() -> None:
    onward = {"src": "192.0.2.9", "sport": 5060, "uri": "sip:b@elsewhere"}
    messages = (
        message(1, "INVITE", uri="sip:b@here", dst="192.0.2.9", dport=5060),
        message(2, "INVITE", **onward),
        message(3, "INVITE", 180, "Ringing", to_tag="x"),
        message(4, "INVITE", 180, "Ringing", to_tag="y"),
        message(9, "INVITE", 200, "OK", to_tag="y", retransmission=True),
    )
    lines = rungs(140, calls=(call(messages=messages, streams=()),), streams=(), checks=(), findings=())
    text = "\n".join(lines)
    assert "retargeted to sip:b@elsewhere" in text and text.count("fork 2") == 2 and "again" in text
    assert any("⋮ 5.0" in line or "⋮ 5 s" in line for line in lines)


def test_a_narrow_ladder_marks_pauses_too() -> None:
    assert any("⋮" in line for line in shown(report(), 50).splitlines())


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
def test_the_ladder_keeps_to_its_page(width: int) -> None:
    assert all(cells(line) <= width for line in rungs(width))


def test_a_long_report_is_laid_out_call_by_call_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out: list[str] = []
    real = calls.call_in_full

    def call_in_full(page: Page, one: Call, around: Beside, title: str) -> list[Line]:
        laid_out.append(title)
        return real(page, one, around, title)

    monkeypatch.setattr(calls, "call_in_full", call_in_full)
    made = report(calls=tuple(call() for _ in range(400)))
    parts, ahead = [], 0
    for part in pieces(made, io.StringIO(), everything=True):
        parts.append(part)
        ahead = max(ahead, len(laid_out) - len(re.findall(r"^Call \d+ ", "".join(parts), re.MULTILINE)))
    assert len(laid_out) == 400 and len(parts) > 8
    assert ahead <= 1
    assert "".join(parts) == piped(made, everything=True)
