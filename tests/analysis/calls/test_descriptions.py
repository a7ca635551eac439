"""A description that cannot be read is told, and the call goes on."""

from __future__ import annotations

from tests.made import A, B, report
from tests.signalling import INVITE, THEIRS, asks, says

BROKEN = b"m=audio 6000 RTP/AVP 0\r\n"


def test_a_description_that_cannot_be_read_is_told_and_the_call_goes_on() -> None:
    told = report([(A, B, INVITE), (B, A, says(200, 1, BROKEN)), (A, B, asks("ACK", 1))])
    (finding,) = [each for each in told.findings if each.id == "message-malformed"]
    assert "SDP" in finding.what and [place.frame for place in finding.places] == [2]
    assert told.calls[0].outcome == "established"
    assert len(told.calls[0].messages) == 3


def test_a_description_that_can_be_read_is_no_such_finding() -> None:
    told = report([(A, B, INVITE), (B, A, says(200, 1, THEIRS)), (A, B, asks("ACK", 1))])
    assert "message-malformed" not in {each.id for each in told.findings}
