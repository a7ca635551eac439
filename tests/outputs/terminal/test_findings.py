"""Findings on the first screen: the worst first, with their call, moment and frame; a note is one line."""

from __future__ import annotations

import re

from tests.pages import piped, section, shown
from tests.reports import START, call, finding, report


def test_a_finding_names_its_call_its_moment_its_frame_and_its_id() -> None:
    made = report(calls=(call(), call(number=2)), findings=(finding(call=1, time=START + 4.5),))
    rows = section(shown(made, 100), "Findings")
    assert rows[0] == "Findings   1 warning" and rows[1].split() == ["call", "time", "frame", "finding", "what"]
    assert rows[2].split(maxsplit=5) == [
        "▲", "2", "4.500", "#17", "stream-loss", "20 of 1,020 packets are lost [frames 17, 99]",
    ]


def test_the_id_stands_whole_on_the_smallest_screen_and_the_answer_before_its_request() -> None:
    what = "the INVITE was answered 488 Not Acceptable Here (Warning: 304 no codec in common)"
    found = (finding("error", id="call-not-acceptable", what=what), *(finding(id=f"id-{n}") for n in range(30)))
    rows = section(shown(report(calls=(call(), call(number=2)), findings=found)), "Findings")
    assert any("call-not-acceptable  488 Not Acceptable Here (Warn" in each for each in rows)
    assert "[stream-loss" not in "".join(rows)


def test_a_note_is_one_line_and_explain_says_more_of_it() -> None:
    made = report(findings=(finding("note", what="long " * 60),))
    assert len(section(shown(made), "Findings")) == 3 and "People hear gaps." not in shown(made)
    assert "People hear gaps." in shown(made, explain=True) and "Look at the path." in shown(made, explain=True)


def test_findings_come_by_severity_and_then_as_they_happened() -> None:
    found = [
        finding("note", id="a", what="first", time=START), finding(id="b", what="third", time=START + 9),
        finding(id="c", what="second", time=START + 1), finding("error", id="d", what="last", time=START + 20),
    ]
    rows = " ".join(piped(report(findings=tuple(found))).split("On the wire")[0].splitlines())
    assert [word for word in rows.split() if word in ("first", "second", "third", "last")] == [
        "last", "second", "third", "first",
    ]


def test_where_nothing_is_found_it_says_what_was_looked_at() -> None:
    said = " ".join(section(shown(report(findings=())), "Findings"))
    assert re.fullmatch(r"Findings +none: \d+ rules looked at 1 call, 1 stream, 1 STUN path", said)
    nothing = report(findings=(), calls=(), streams=(), checks=())
    assert "looked for SIP, STUN" in shown(nothing) and "in 1,003 UDP datagrams" in shown(nothing, 200)
