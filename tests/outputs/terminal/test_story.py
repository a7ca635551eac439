"""The first screen: calls with what was heard, findings with their call, moment and frame, as full as there is room."""

from __future__ import annotations

import re

import pytest

from dissectors.outputs.terminal.palette import COLOURS
from dissectors.outputs.terminal.parties import party
from dissectors.report import Gap, Place, Quality
from dissectors.wire.values import replace
from tests.pages import section, shown
from tests.reports import call, finding, report, stream

SCREEN_LINES = 25
"""The height of a terminal that does not say it."""

TALK = (stream(sender="caller", quality=Quality(3.41, 66.0, "E-model", 100.0, 7, 5)), stream(sender="callee", lost=0))


def head(text: str) -> list[str]:
    return text.split("\nOn the wire")[0].splitlines()


def test_each_direction_of_a_call_is_a_line_under_it() -> None:
    made = report(calls=(call(streams=(0, 1)),), streams=TALK)
    there, back = section(shown(made, 100), "Calls")[3:5]
    assert re.fullmatch(r" +→ +AAC-ELD  1,000 packets  2\.0 % lost  MOS 3\.41  jitter 2\.2 ms", there)
    assert re.fullmatch(r" +← +AAC-ELD  1,000 packets  0 % lost +jitter 2\.2 ms", back)


def test_a_long_gap_stands_beside_the_loss_and_is_no_part_of_it() -> None:
    gaps = (Gap(5.0, 30.0, 900, counted=True), Gap(50.0, 3.0, 80, counted=True), Gap(60.0, 4.0, 0))
    one = stream(sender="caller", packets=1000, lost=1000, gaps=gaps)
    made = report(calls=(call(streams=(0,)),), streams=(one,))
    assert "  2.0 % lost, 2 gaps of up to 30.0 s  " in section(shown(made, 100), "Calls")[3]
    whole = replace(one, gaps=gaps[:1], lost=900)
    assert "  0 % lost, a gap of 30.0 s  " in shown(replace(made, streams=(whole,)), 100)


def test_calls_stand_in_the_order_of_their_numbers() -> None:
    made = report(calls=tuple(call(number=number) for number in (2, 3, 1)))
    rows = [row.split() for row in section(shown(made), "Calls")]
    assert [row[0] for row in rows if "→" in row and row[0].isdigit()] == ["1", "2", "3"]


def test_a_direction_without_a_packet_is_said_and_so_is_a_call_without_media() -> None:
    one = report(calls=(call(streams=(0,)),), streams=TALK[:1])
    assert section(shown(one), "Calls")[4].split() == ["←", "no", "packet", "captured"]
    assert "no media captured" in shown(report(calls=(call(streams=()),), streams=()))
    rejected = call(streams=(), outcome="rejected", status=486)
    assert "no media captured" not in shown(report(calls=(rejected,), streams=()))


@pytest.mark.parametrize("kinds", [1, 4, 9, 40])
def test_calls_and_findings_fit_on_one_screen_and_the_rest_is_below(kinds: int) -> None:
    found = tuple(finding(id=f"id-{n}", what=f"this is number {n:02}", places=(Place(0, n),)) for n in range(kinds))
    text = shown(report(findings=found, calls=(call(streams=(0, 1)),), streams=TALK))
    assert len(head(text)) < SCREEN_LINES
    assert all(f"this is number {n:02}" in text for n in range(kinds))
    assert ("Findings in full" in text) == (kinds > 4)


def test_a_line_without_room_keeps_what_was_found_and_cuts_whose_it_is() -> None:
    what = "SSRC 0xA0000002, 203.0.113.5 to 198.51.100.10: 20 of 250 lost (8.0%)"
    found = (finding("error", what=what), *(finding(id=f"id-{n}", what=f"{n}") for n in range(30)))
    assert any("20 of 250 lost (8.0%), SS" in each for each in head(shown(report(findings=found), 64)))
    assert what in shown(report(findings=found[:1]), 120)


def test_the_amount_goes_below_where_the_first_sentence_takes_two_lines() -> None:
    made = report(calls=tuple(call(number=n + 1, outcome="rejected" if n else "ended") for n in range(2)))
    wide, narrow = shown(made, 120), shown(made, 70)
    assert wide.splitlines()[0].endswith("(1 ended, 1 rejected); 1,003 datagrams in 13.0 s, all on port 16402")
    assert narrow.splitlines()[0] == "call.pcap: 2 calls (1 ended, 1 rejected)"
    assert " ".join(section(narrow, "On the wire")[:2]).split("UTC, ")[1].split() == (
        "1,003 datagrams in 13.0 s, all on port 16402".split()
    )


def test_many_calls_leave_room_for_what_was_found() -> None:
    made = report(calls=tuple(call(number=n + 1) for n in range(60)), findings=(finding("error", call=50),))
    lines = head(shown(made))
    assert len(lines) < SCREEN_LINES and any("✖" in each for each in lines)
    assert next(each for each in lines if "→" in each).split()[0] == "51"


def test_media_without_a_call_are_on_the_first_screen() -> None:
    alone = report(calls=(), streams=(stream(call=None),), findings=())
    assert "192.0.2.1:16402 → 192.0.2.2:16402  AAC-ELD  1,000 packets" in "\n".join(section(shown(alone, 120), "Media"))
    narrow = section(shown(alone, 64), "Media")
    assert narrow[1] == "  192.0.2.1:16402 → 192.0.2.2:16402" and "2.0 % lost" in narrow[2]


def test_explain_says_all_on_the_first_screen_however_long_that_is() -> None:
    found = tuple(finding("note", id=f"id-{n}", what=f"this is number {n:02}") for n in range(20))
    text = shown(report(findings=found), explain=True)
    assert "\n".join(head(text)).count("People hear gaps.") == 20 and "Findings in full" not in text


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("sip:alice@example.org", "alice@example.org"), ("sip:a@192.0.2.1:5060;transport=UDP;lr", "a@192.0.2.1"),
        ("sip:a@192.0.2.1:5070", "a@192.0.2.1:5070"), ("sips:a@b", "sips:a@b"), (None, "somebody"),
    ],
)
def test_an_address_is_shown_as_people_say_it(address: str | None, said: str) -> None:
    assert party(address) == said


def test_wide_terminals_show_the_call_id() -> None:
    assert "1@a" in "".join(section(shown(report(), 160), "Calls"))
    assert "1@a" not in "".join(section(shown(report(), 80), "Calls"))


def test_columns_without_room_are_named() -> None:
    assert "no room for: " in shown(replace(report(), findings=()), 70)
    assert "no room for: " not in shown(replace(report(), findings=()), 160)


def luminance(colour: str) -> float:
    """The relative luminance of a colour of the cube of 256, or of its greys (WCAG 2)."""
    number = int(colour[len("color(") : -1])
    steps = (0, 95, 135, 175, 215, 255)
    parts = [8 + 10 * (number - 232)] * 3 if number >= 232 else [
        steps[(number - 16) // 36], steps[(number - 16) // 6 % 6], steps[(number - 16) % 6],
    ]
    linear = [each / 255 / 12.92 if each <= 10 else ((each / 255 + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("name", COLOURS)
def test_a_colour_can_be_read_on_black_and_on_white(name: str) -> None:
    light = luminance(COLOURS[name])
    assert (light + 0.05) / 0.05 >= 3 and 1.05 / (light + 0.05) >= 3
