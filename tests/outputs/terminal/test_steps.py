"""What the rows of a ladder say of forks, retargets, hold and fax, told by whole calls."""

from __future__ import annotations

from dissectors.outputs.terminal.ladder import ladder
from dissectors.outputs.terminal.lines import Page
from dissectors.outputs.terminal.steps import Beside, Step, steps
from tests.finding_cases.plain import FAX
from tests.finding_cases.plain import reinvited as reinvited_by_caller
from tests.stories import (
    ANSWER,
    GOOD,
    OFFER,
    A,
    B,
    Story,
    description,
    dialled,
    message,
    report,
    request,
    response,
    talk,
)

SDP = "Content-Type: application/sdp"


def rows(story: Story) -> list[Step]:
    made = report(story)
    return steps(Beside(made), made.calls[0])


def beside(step: Step) -> str:
    return "".join(part.text for part in step.note)


def turned(time: float, start: str, body: bytes = b"") -> tuple[float, bytes]:
    """A message of the callee's re-INVITE: its From tag is 2 and its To tag 1."""
    headers = (SDP,) if body else ()
    octets = message(start, 1, start.split()[0] if start[0] != "S" else "INVITE", *headers, body=body, tag="2",
                     back=True, branch="back")
    return time, octets


def reinvited(story: Story) -> Story:
    (one, asks), (two, says) = turned(3000, "INVITE sip:a@x SIP/2.0", ANSWER), turned(3020, "SIP/2.0 200 OK", OFFER)
    return [*story, (one, B, A, asks), (two, A, B, says)]


def test_a_re_invite_of_the_callee_is_no_fork_and_no_retarget() -> None:
    told = [beside(step) for step in rows(reinvited(dialled()))]
    assert not [each for each in told if "fork" in each or "retargeted" in each]


def test_two_phones_that_ring_are_a_fork() -> None:
    told = rows([*dialled()[:2], response(300, 180, "Ringing", tag="3"), *dialled()[2:]])
    assert [beside(step).count("fork 2") for step in told if step.text == "180 Ringing"] == [0, 1]


def test_a_good_call_has_no_marks() -> None:
    assert not [step for step in rows(GOOD) if any(part.style == "yellow" for part in step.note)]


def test_a_re_invite_to_another_address_is_no_retarget_of_the_first_invite() -> None:
    moved = message("INVITE sip:b@elsewhere SIP/2.0", 3, "INVITE", tag="2")
    assert not [each for each in map(beside, rows([*dialled(), (3000, A, B, moved)])) if "retargeted" in each]


def test_an_invite_that_a_proxy_sends_elsewhere_is_retargeted() -> None:
    again = request(20, "INVITE", body=OFFER)
    onward = again[3].replace(b"sip:b@x SIP", b"sip:b@y SIP")
    told = [beside(step) for step in rows([request(0, "INVITE", body=OFFER), (20, B, ("203.0.113.9", 5060), onward)])]
    assert "retargeted to sip:b@y" in told[1]


def test_hold_and_fax_stand_beside_the_messages_that_ask_for_them() -> None:
    held = description(*A, "a=sendonly")
    told = [beside(step) for step in rows([*dialled(), *reinvited_by_caller(held, ANSWER)])]
    assert ["sendonly" in each for each in told] == [False, False, False, False, True, False]
    video = f"m=video 40002 RTP/AVP 96\r\nc=IN IP4 {A[0]}\r\na=inactive\r\n".encode()
    told = [beside(step) for step in rows([*dialled(), *reinvited_by_caller(description(*A) + video, ANSWER)])]
    assert ["video inactive" in each for each in told] == [False, False, False, False, True, False]
    told = [beside(step) for step in rows([*dialled(), *reinvited_by_caller(FAX, FAX)])]
    assert ["fax" in each for each in told] == [False, False, False, False, True, True]


def drawn(story: Story, width: int) -> list[str]:
    page = Page(width)
    return ["".join(part.text for part in line) for line in ladder(page, rows(story))]


HERE, THERE, BETWEEN = ("127.0.0.1", 5060), ("127.0.0.1", 5070), ("127.0.0.1", 5080)


def test_media_between_two_programs_of_one_host_goes_from_lane_to_lane() -> None:
    places = {A: HERE, B: THERE}
    story = [(t, places[src], places[dst], octets) for t, src, dst, octets in
             dialled(description("127.0.0.1", 4000), description("127.0.0.1", 4002))]
    story += talk(("127.0.0.1", 4000), ("127.0.0.1", 4002)) + talk(("127.0.0.1", 4002), ("127.0.0.1", 4000), 78)
    begins = [line for line in drawn(story, 100) if "RTP begins" in line]
    assert ["▷" in line for line in begins] == [True, False] and ["◁" in line for line in begins] == [False, True]


def test_a_narrow_page_names_endpoints_by_letters_rather_than_leave_sizes_out() -> None:
    invite = request(0, "INVITE", body=OFFER)[3]
    lines = drawn([(0, HERE, BETWEEN, invite), (5, BETWEEN, THERE, invite)], 60)
    assert sum(line.endswith(" B") for line in lines) == 2 and any("A  127.0.0.1:5060" in line for line in lines)


def test_a_copy_of_a_packet_is_no_step() -> None:
    copied = [each for told in dialled() for each in (told, (told[0] + 3, *told[1:]))]
    assert [step.text for step in rows(copied)] == [step.text for step in rows(dialled())]


def test_a_stream_that_moves_is_drawn_from_where_it_comes_then() -> None:
    elsewhere = ("203.0.113.99", 20_111)
    sent = [*talk(ssrc=0x12345678, seconds=4), *talk(elsewhere, B, 0x12345678, start=5020, seconds=6, first=300)]
    told = [step for step in rows([*dialled(), *sent]) if step.event]
    assert [(step.text, step.src) for step in told] == [
        ("RTP begins", "198.51.100.1:16402"), ("RTP moves", "203.0.113.99:20111"), ("RTP ends", "203.0.113.99:20111"),
    ]
