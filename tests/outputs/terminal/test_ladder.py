"""The ladder of messages between endpoints."""

from __future__ import annotations

import re

import pytest

from dissectors.outputs.terminal.lines import cells
from dissectors.report import Handshake, Header, Place
from tests.pages import piped, shown
from tests.reports import START, call, message, report


def test_the_ladder_draws_each_message_between_its_endpoints() -> None:
    lines = [line for line in shown(report()).splitlines() if "▶" in line or "◀" in line]
    invite, answer, bye = lines
    assert "▶│" in invite and " INVITE " in invite and "zlib 80 →" in invite and "#1" in invite
    assert "│◀" in answer and " 200 OK " in answer
    assert bye.endswith("#3  again  500 B")


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


def test_forty_columns_name_every_message_between_letters() -> None:
    text = shown(report(), 40)
    assert "  A  192.0.2.1:16402" in text and "  B  192.0.2.2:16402" in text
    assert re.search(r"1\.000  A  →  B  INVITE", text) and re.search(r"2\.000  B  →  A  200 OK", text)


CHANGE = (
    message(1, "INVITE", from_tag="1", deciding=(Header("Session-Expires", "90"),)),
    message(2, "INVITE", 200, "OK", from_tag="1", to_tag="2", deciding=(Header("Session-Expires", "90"),)),
    message(3, "INVITE", from_tag="1", to_tag="2", cseq=2, deciding=(Header("Session-Expires", "90"),)),
    message(4, "INVITE", 488, "Not Acceptable Here", from_tag="1", to_tag="2", cseq=2,
            deciding=(Header("Warning", '304 x "Media"', "304 Media"), Header("Retry-After", "5"))),
    message(5, "BYE", from_tag="1", to_tag="2", cseq=3,
            deciding=(Header("Reason", "Q.850;cause=16", "Q.850 16, normal"),)),
    message(6, "BYE", 200, "OK", from_tag="1", to_tag="2", cseq=3),
)


def changed(width: int) -> list[str]:
    made = report(calls=(call(messages=CHANGE, streams=(), descriptions=()),), streams=(), checks=(), findings=())
    return shown(made, width).splitlines()


def test_a_response_names_its_request_and_a_re_invite_is_called_so() -> None:
    text = "\n".join(changed(100))
    for said in (" 200 OK to INVITE ", "─ re-INVITE ─", " to re-INVITE ", " 200 OK to BYE "):
        assert text.count(said) == 1


def test_what_a_response_answers_is_kept_where_its_phrase_is_cut() -> None:
    assert any("488 Not" in line and "… to re-INVITE" in line for line in changed(64))


@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_headers_that_decide_stand_under_their_message(width: int) -> None:
    lines = changed(width)
    for above, under in (("BYE", "Reason: Q.850 16, normal"), ("488", "Warning: 304 Media"), ("488", "Retry-After: 5")):
        (place,) = [n for n, line in enumerate(lines) if under in line]
        assert any(above in line for line in lines[place - 2 : place])
    assert sum("Session-Expires: 90" in line for line in lines) == 2
    assert all(cells(line) <= width for line in lines)


def test_a_pipe_gets_the_headers_that_decide_beside_their_message() -> None:
    made = report(calls=(call(messages=CHANGE, streams=(), descriptions=()),), streams=(), checks=(), findings=())
    (line,) = [line for line in piped(made).splitlines() if "488 Not Acceptable Here to re-INVITE" in line]
    assert "Warning: 304 Media  Retry-After: 5" in line
