"""The page as a browser reads it: its policy, its links, its bounds, and what a sender could write into it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dissectors.outputs.html import page as pages
from dissectors.outputs.html import table
from dissectors.outputs.html.index import Entry, index
from dissectors.outputs.view import Sent, View
from dissectors.report import Legs, Place, Report
from dissectors.report.message import Sizes
from dissectors.report.stream import Gap, Moment
from dissectors.wire.values import replace
from tests import reports

EVIL = (
    "</pre></script><script>document.title='taken'</script>\" onload='x' "
    "<img src=http://x.invalid/>\u202e\x1b{{ 7*7 }}"
)
TAGS = {
    "html", "head", "meta", "title", "style", "body", "script", "header", "main", "nav", "section", "article", "p", "a",
    "span", "ul", "li", "dl", "div", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "details", "summary", "code", "b", "i",
    "small", "br", "table", "thead", "tbody", "tr", "th", "td", "form", "label", "input", "select", "option", "output",
    "button", "figure", "figcaption", "pre", "svg", "g", "rect", "line", "path", "text", "circle", "polyline",
    "noscript", "data",
}
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


class Read(HTMLParser):
    """Every element with its attributes, the text of the style and of the script, and all text.

    A script that is only data, which no browser runs, is called `data`.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.own: dict[str, str] = {}
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = "data" if dict(attrs).get("type") == "application/json" else tag
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script", "data") and self._open[-1] not in self.own:
            self.own[self._open[-1]] = data
        self.text += data

    def values(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]


def made(report: Report, **options: object) -> str:
    return "".join(pages.write(report, View(io.StringIO(), **options)))  # type: ignore[arg-type]


def check(text: str) -> Read:
    """What holds of every page; gives it as it was read."""
    read = Read(text)
    assert {tag for tag, _ in read.elements} - {"title"} <= TAGS
    assert [tag for tag, _ in read.elements].count("script") == 1
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert not [name for name in ("style", "src", "srcset", "action", "xlink:href") if read.values(name)]
    links, names = read.values("href"), read.values("id")
    assert all(link.startswith("#") for link in links) and {link[1:] for link in links} <= set(names)
    assert len(names) == len(set(names))
    rules = read.own["style"]
    assert "url(" not in rules and "@import" not in rules
    said = next(a["content"] or "" for _, a in read.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert said.startswith("default-src 'none'; ") and "unsafe" not in said and "http" not in said
    for text in (read.own["style"], read.own["script"]):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in said
    return read


def test_a_page_has_a_policy_that_knows_its_style_and_script_and_no_link_leads_outside() -> None:
    read = check(made(reports.report()))
    for title in ("Findings", "Calls", "Streams", "On the wire", "Security", "How to repeat it"):
        assert title in read.text
    for said in ("20 of 1,020 packets are lost", "Look at the path.", "frames 17, 99"):
        assert said in read.text


def test_notes_are_folded_away_where_something_went_wrong() -> None:
    notes = (reports.finding("note"),)
    assert '<details class="notes" open>' in made(reports.report(findings=notes))
    text = made(reports.report(findings=(*notes, reports.finding("error"))))
    assert '<details class="notes">' in text and "Notes of 1 kind<" in text


def test_a_capture_of_nothing_is_not_called_good() -> None:
    bare = reports.report()
    capture = replace(bare.capture, datagrams=0)
    nothing = replace(bare, capture=capture, flows=(), calls=(), streams=(), checks=(), findings=())
    read = check(made(nothing))
    assert "nothing to look at" in read.text and "✓" not in read.text.replace(read.own["style"], "")
    assert "✓" in check(made(replace(bare, findings=()))).text


def test_what_is_no_call_is_not_called_one() -> None:
    one = reports.call(kind="registration", streams=())
    alone = reports.report(calls=(one,), streams=(), findings=(reports.finding(stream=None),))
    text = made(alone)
    check(text)
    assert "<h2>Transactions</h2>" in text and ">Registration 1: " in text and ">registration 1</a>" in text
    assert "<h2>Calls</h2>" in made(reports.report())


def test_small_messages_are_folded_away() -> None:
    many = tuple(reports.message(i, "INFO", sizes=Sizes(300, 300, 300, 0)) for i in range(20))
    text = made(reports.report(calls=(reports.call(messages=many),)))
    check(text)
    assert "8 smaller messages</summary>" in text


def test_everything_that_a_sender_wrote_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "HOSTILE", EVIL)
    hostile = reports.hostile()
    sent = {Place(0, 1): [Sent(EVIL, EVIL + "\n" + "x" * 60_000, EVIL)], Place(0, 2): [Sent(EVIL, "")]}
    text = made(hostile, sent=sent, command=EVIL, digests=(EVIL,))
    read = check(text)
    assert "\u202e" not in text and "\x1b" not in text and "\\u202e\\x1b" in read.text
    assert "document.title='taken'" in read.text and "{{ 7*7 }}" in read.text
    assert "characters more" in read.text


def test_the_texts_of_octets_that_are_not_utf_8_can_be_written() -> None:
    made(reports.hostile()).encode("utf-8")


def test_legs_of_a_call_are_drawn_as_one_and_so_are_only_the_first_groups() -> None:
    calls = tuple(reports.call(call_id=f"{i}@a", number=i + 1, streams=()) for i in range(12))
    joined = tuple(Legs((i, i + 1), "X-CID", "certain", ("codec",)) for i in range(0, 12, 2))
    text = made(reports.report(calls=calls, streams=(), legs=joined))
    read = check(text)
    assert read.text.count("One call in 2 legs") == 6
    assert text.count('aria-label="Ladder of all 2 legs"') == pages.MAX_LEGS_DRAWN == 4
    assert read.values("href").count("#m-1-0") == 2


def many(count: int, text: str = "") -> Report:
    """Calls of which every tenth has a finding."""
    calls = tuple(
        replace(reports.call(call_id=f"{i}@a", number=i + 1, streams=()), messages=tuple(
            reports.message(10 * i + n, "INVITE", body=reports.body(text)) for n in range(4)
        ))
        for i in range(count)
    )
    found = tuple(reports.finding("error", call=i, stream=None) for i in range(0, count, 10))
    return reports.report(calls=calls, streams=(), findings=found)


def test_a_page_is_bounded_and_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS_OCTETS", 100_000)
    report = many(3000)
    text = made(report)
    assert len(text.encode()) < 2_000_000
    read = check(text)
    assert "more calls and transactions are not in this page" in read.text and "have no room in this page" in read.text
    assert {f"call-{i}" for i in range(0, 200, 10)} <= set(read.values("id"))
    assert "call-1" not in read.values("id")


def test_streams_and_legs_take_of_the_room_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    line = tuple(Moment(reports.START + i, 50 * i, i, i % 40, 8600 * i) for i in range(1, 2000))
    gaps = tuple(Gap(reports.START + 20 * i, 1.0, 50) for i in range(90))
    streams = tuple(reports.stream(ssrc=i, timeline=line, gaps=gaps) for i in range(50))
    report = replace(many(60, "<" * 12_000), streams=streams)
    whole = len(made(report).encode())
    assert whole < 2_000_000
    monkeypatch.setattr(pages, "MAX_PAGE_OCTETS", 700_000)
    text = made(report)
    assert len(text.encode()) < 700_000 < whole
    assert "have no room" in check(text).text


def test_ladders_get_what_the_table_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    report = many(300, "x" * 2000)
    before = check(made(report)).values("id")
    monkeypatch.setattr(pages, "MAX_OCTETS", 300_000)
    after = check(made(report)).values("id")
    drawn, fewer = ([name for name in names if name.startswith("call-")] for names in (before, after))
    assert 0 < len(fewer) < len(drawn)


def test_the_texts_of_the_least_interesting_calls_go_first() -> None:
    text = made(many(60, "<" * 12_000))
    read = check(text)
    assert len(text.encode()) < 2_000_000
    said = re.search(r"have no room for calls ([\d, ]+)", read.text)
    assert said and "2" in said[1].split(", ") and "1" not in said[1].split(", ")
    assert "Its text has no room in this page." in read.text


def test_one_ordinary_call_is_small() -> None:
    assert len(made(reports.report()).encode()) < 100_000


def test_a_message_is_shown_as_it_was_sent() -> None:
    sent = {Place(0, 1): [Sent("INVITE sip:b SIP/2.0\nVia: x", "v=0\ns=-", "0000  78 9c")]}
    text = made(reports.report(), sent=sent)
    assert "<pre tabindex=\"0\">INVITE sip:b SIP/2.0\nVia: x</pre>" in text and "0000  78 9c" in text
    assert "zlib 80 " in text


def test_it_says_how_to_repeat_it() -> None:
    read = check(made(reports.report(), command="muxshark analyze call.pcap", digests=("0123abcd",)))
    assert "muxshark analyze call.pcap" in read.text and "0123abcd" in read.text
    assert "call.pcap: pcap" in read.text and "some/where" not in read.text


@pytest.mark.skipif(BROWSER is None, reason="needs a Chromium")
@pytest.mark.parametrize("leads", [False, True], ids=["page", "index"])
def test_a_browser_runs_our_script_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leads: bool) -> None:
    monkeypatch.setattr(reports, "HOSTILE", EVIL)
    path = tmp_path / "page.html"
    entries = [Entry(EVIL, f"{EVIL}.html", ("1",), "error", "media-missing")]
    text = index(EVIL, ("calls",), entries, f"muxshark {EVIL}") if leads else made(reports.hostile())
    path.write_text(text, encoding="utf-8")
    words = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    words += [f"--user-data-dir={tmp_path / 'profile'}", path.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert '<html lang="en" class="js">' in done.stdout and "<title>taken</title>" not in done.stdout
    assert "CONSOLE" not in done.stderr
