"""Filters on datagrams: what they say of themselves, and what only the report knows."""

from __future__ import annotations

import pytest

from dissectors import offline
from dissectors.queries.datagrams import Datagrams, needs_report
from dissectors.queries.filters import wanted
from tests.command_line import CALL


def frames(text: str) -> list[int]:
    keep = wanted(text)
    report = offline.analyze([CALL], everything=True) if needs_report(keep) else None
    chosen = Datagrams(keep, report)
    return [row.datagram.frame for row in offline.rows([CALL]) if chosen(row)]


@pytest.mark.parametrize(
    ("text", "wants"),
    [
        ("method==INVITE", [5]), ("cseq.method==INVITE", [5, 6, 7, 8]), ("status==200", [8, 1071, 2242]),
        ("status==1xx and cseq.method==INVITE", [6, 7]), ("callid~3fc5d5b0 and method==BYE", [2241]),
        ("user==user and method!=ACK and protocol==SIP and port==16402 and method~M", [1068]),
        ("finding==stream-reordered", [616]), ("severity==error", []), ("call==1 and method==ACK", [9]),
        ("outcome==ended and method==MESSAGE", [1068]), ("call==2", []), ("outcome==failed", []),
    ],
)
def test_a_filter_keeps_the_datagrams_that_fit(text: str, wants: list[int]) -> None:
    assert frames(text) == wants


def test_media_have_their_ssrc_and_what_is_known_of_their_stream() -> None:
    assert len(frames("ssrc==0xE0C10ADB")) == 1102 and len(frames("ssrc==0xE0C10ADB and loss>0.4")) == 1102
    assert frames("ssrc==0xBE22948D and loss>0.4") == []


def test_a_call_has_its_signalling_its_media_and_their_rtcp() -> None:
    assert len(frames("call==1")) == 9 + 2209 + 8 + 16


def test_only_what_no_datagram_says_of_itself_needs_the_report() -> None:
    assert not needs_report(wanted("method==INVITE and addr==192.0.2.1 or ssrc==1"))
    assert needs_report(wanted("method==INVITE and not mos<3"))
