"""The ladder of messages between endpoints."""

from __future__ import annotations

import re

import pytest

from dissectors.outputs.terminal.lines import cells
from dissectors.report import Handshake, Place
from tests.pages import shown
from tests.reports import START, call, message, report


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
