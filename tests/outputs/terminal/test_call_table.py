"""Calls in a line each, with what was heard in the same row where a screen is not high."""

from __future__ import annotations

import re

from dissectors.report import Quality
from tests.pages import section, shown
from tests.reports import call, finding, report, stream

TALK = (stream(sender="caller", quality=Quality(3.41, 66.0, "E-model", 100.0, 7, 5)), stream(sender="callee", lost=0))


def test_where_there_is_no_room_for_lines_of_media_each_call_has_loss_and_score_in_its_row() -> None:
    many = report(calls=tuple(call(number=n + 1, streams=(0, 1)) for n in range(15)), streams=TALK)
    first, below = shown(many).split("\nOn the wire")
    title, heads, row, *_ = section(first, "Calls")
    assert title == "Calls   AAC-ELD · packets and jitter: below"
    assert re.split(" {2,}", heads.strip()) == ["start", "from", "to", "outcome", "→ lost", "← lost", "MOS"]
    assert row.split()[-5:] == ["2.0", "%", "0", "%", "3.41"] and "AAC-ELD  1,000 packets" not in first
    assert "AAC-ELD  1,000 packets" in below
    assert "packets and jitter: below" not in shown(report(calls=(call(streams=(0, 1)),), streams=TALK))


def test_a_row_with_loss_says_which_direction_has_no_packets_and_leaves_an_unknown_one_open() -> None:
    calls = tuple(call(number=n + 1, streams=(n,)) for n in range(2)) + tuple(call(number=n) for n in range(3, 16))
    streams = (stream(sender="callee", codec="PCMU", lost=0), stream(sender=None))
    rows = section(shown(report(calls=calls, streams=streams), 110), "Calls")
    assert re.split(" {2,}", rows[2])[-3:] == ["PCMU", "no packets", "0 %"]
    assert re.split(" {2,}", rows[3])[-2:] == ["AAC-ELD", "2.0 %"] and "  lost" in rows[1]


def test_the_only_call_that_is_left_keeps_its_number() -> None:
    one = report(calls=(call(number=3),), findings=(finding(call=0),))
    text = shown(one, 100)
    assert "\nCall 3   " in text and section(text, "Findings")[1].split()[0] == "call"
    assert section(text, "Findings")[2].split()[1] == "3"
    assert "\nCall   " in shown(report(calls=(call(number=1),)), 100)


def test_a_row_with_loss_has_a_short_word_for_a_call_that_is_open() -> None:
    rows = section(shown(report(calls=tuple(call(number=n + 1, outcome="established") for n in range(15)))), "Calls")
    assert "  still open" in rows[2] and "…" not in rows[2].split("still open")[1]


def test_a_domain_that_all_parties_share_is_said_once() -> None:
    def made(domain: str) -> list[str]:
        ends = {"caller": "sip:alice@example.org", "callee": f"sip:bob@{domain}:5060"}
        return section(shown(report(calls=tuple(call(number=n + 1, **ends) for n in range(15)))), "Calls")

    title, _, row, *_ = made("example.org")
    assert title.startswith("Calls   all @example.org · ") and " alice  →  bob  " in row
    title, _, row, *_ = made("example.net")
    assert "example.org" not in title and "bob@exam" in row
