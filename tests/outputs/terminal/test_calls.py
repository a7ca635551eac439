"""Calls and their descriptions: the worst in full, the rest in a table."""

from __future__ import annotations

import re

from dissectors.report import Place
from dissectors.wire.values import replace
from tests.pages import shown
from tests.reports import body, call, finding, message, report


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


def test_of_many_calls_the_worst_is_shown_in_full_and_the_rest_is_counted() -> None:
    calls = tuple(call(caller=f"sip:{i}@a") for i in range(50))
    made = report(calls=calls, findings=(finding("error", call=37),))
    text = shown(made, 120)
    assert "Call 38   37@a" in text and "Call 2 " not in text
    assert "… and 30 more (--all)" in text
    assert text.index(" 37@a") < text.index(" 0@a")
    assert "Call 50   49@a" in shown(made, 120, everything=True)


def test_forty_columns_tell_who_called_whom_in_a_table_of_calls() -> None:
    made = report(calls=tuple(call(caller=f"sip:a{i}@b", callee="sip:c@d") for i in range(9)))
    assert re.search(r"^ +7  0\.000  a6@b  →  c@d  talked 10\.0 s", shown(made, 40), re.M)


def test_no_time_to_the_answer_is_told_where_the_invite_is_missing() -> None:
    whole, part = call(), call(messages=call().messages[1:])
    assert "began at 0.000 s · rang after 1.00 s · answered after 2.00 s" in shown(report(calls=(whole,)), 120)
    text = shown(report(calls=(part,)), 120)
    assert "first seen at 0.000 s · its INVITE is not in the capture · hung up by the caller" in text
