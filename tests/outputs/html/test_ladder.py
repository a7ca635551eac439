"""The ladder as a drawing: lanes, arrows, pauses, and which messages can be asked for."""

from __future__ import annotations

from dissectors.outputs.html.ladder import MAX_STEPS, ROWS_TOGETHER, Ladder, interesting, ladder, legs, named
from dissectors.outputs.terminal.lines import Page
from dissectors.outputs.terminal.steps import Beside
from dissectors.report import Message, Report
from dissectors.wire.values import replace
from tests.reports import START, call, finding, message, report, stream


def signalling(*messages: Message) -> Report:
    return report(calls=(call(messages=messages, streams=()),), streams=(), checks=())


def drawn(made: Report) -> Ladder:
    return ladder(Page(zero=START), Beside(made), made.calls[0], 0)


def test_requests_go_one_way_and_answers_the_other() -> None:
    made = drawn(report())
    assert [name for _, name, _ in made.lanes] == ["192.0.2.1:16402", "192.0.2.2:16402"]
    rows = {row.text: row for row in made.rows}
    assert rows["INVITE"].begin < rows["INVITE"].end and rows["200 OK to INVITE"].begin > rows["200 OK to INVITE"].end
    assert rows["INVITE"].message == "m-0-0" and not rows["INVITE"].event and rows["RTP begins"].event
    assert "zlib 80" in rows["INVITE"].note and rows["BYE"].kind == "again"


def test_a_long_silence_is_a_pause() -> None:
    assert [row.note for row in drawn(report()).rows if row.kind == "pause"]


def test_the_messages_of_the_drawing_are_those_of_the_call_without_copies() -> None:
    made = signalling(message(5, "BYE"), message(4, "INVITE", copy=True), message(3, "INVITE"), message(4, "ACK"))
    expected = [("m-0-0", "INVITE"), ("m-0-1", "ACK"), ("m-0-2", "BYE")]
    assert [(name, each.method) for name, each in named(made.calls[0], 0)] == expected
    assert [(row.message, row.text) for row in drawn(made).rows if row.message] == expected


def test_legs_stand_beside_one_another_on_one_axis_of_time() -> None:
    near = call(messages=(message(1, "INVITE"), message(4, "INVITE", 200, "OK")), streams=())
    ends = {"src": "192.0.2.2", "sport": 16402, "dst": "192.0.2.9", "dport": 5060}
    far = call(messages=(message(2, "INVITE", **ends), message(3, "ACK", **ends)), streams=(), number=5)
    made = report(calls=(near, far), streams=(), checks=())
    drawn = legs(Page(zero=START), Beside(made), {0: near, 1: far}, {0: "1", 1: "5"}, {1})
    assert [name for _, name, _ in drawn.lanes] == ["192.0.2.1:16402", "192.0.2.2:16402", "192.0.2.9:5060"]
    told = [(row.text, row.message, row.note.split("  ")[0]) for row in drawn.rows if row.kind != "pause"]
    assert told == [
        ("INVITE", "", "call 1"), ("INVITE", "m-1-0", "call 5"), ("ACK", "m-1-1", "call 5"),
        ("200 OK to INVITE", "", "call 1"),
    ]


def test_a_long_call_is_drawn_in_part() -> None:
    made = drawn(signalling(*(message(i, "INFO") for i in range(500))))
    assert len([row for row in made.rows if row.kind != "pause"]) == MAX_STEPS and made.more == 500 - MAX_STEPS


def test_an_end_without_a_lane_stands_at_the_other_one() -> None:
    ends = [replace(message(i, "INFO"), dst=f"192.0.2.{i}") for i in range(10, 30)]
    made = drawn(signalling(*ends))
    assert made.rows[-1].begin == made.rows[-1].end == made.lanes[0][0]


def test_media_of_another_family_go_between_the_lanes_of_their_sides() -> None:
    six = stream(src="2001:db8::1", dst="2001:db8::2", sender="callee")
    answer = message(4, "INVITE", 200, "OK", src="192.0.2.2", dst="192.0.2.1")
    sides = (replace(message(3, "INVITE"), side="caller"), replace(answer, side="callee"))
    made = drawn(report(calls=(call(messages=sides, streams=(0,)),), streams=(six,), checks=()))
    begins = next(row for row in made.rows if row.text == "RTP begins")
    assert (begins.begin, begins.end) == (made.lanes[1][0], made.lanes[0][0])


def test_a_ladder_is_in_pieces_that_follow_one_another() -> None:
    made = drawn(signalling(*(message(i / 10, "INFO") for i in range(2 * ROWS_TOGETHER + 1))))
    assert [len(rows) for _, _, rows in made.pieces] == [ROWS_TOGETHER, ROWS_TOGETHER, 1]
    assert sum(height for _, height, _ in made.pieces) == made.height
    assert all(top <= row.y < top + height for top, height, rows in made.pieces for row in rows)


def test_times_of_day_have_room_beside_the_first_lane() -> None:
    made = report()
    day = ladder(Page(zero=START, clock="utc"), Beside(made), made.calls[0], 0)
    assert day.lanes[0][0] > drawn(made).lanes[0][0]


def test_names_of_more_than_two_lanes_stand_over_them() -> None:
    two, three = (drawn(signalling(*(message(i, "INFO", dst=f"192.0.2.{i}") for i in range(2, 2 + n)))) for n in (1, 3))
    assert [anchor for _, _, anchor in two.lanes] == ["start", "end"] and not two.broad
    assert {anchor for _, _, anchor in three.lanes} == {"middle"} and three.broad
    assert three.lanes[-1][0] < two.lanes[-1][0]


def test_what_went_wrong_is_asked_for_first() -> None:
    calls = (call(kind="options"), call(), call(), call(kind="options"))
    found = (finding("error", call=2, stream=None), finding("warning", call=3, stream=None))
    made = report(calls=calls, findings=found)
    assert interesting(made, range(4)) == [2, 1, 3, 0]
