"""A description that cannot be read is told, and the call goes on."""

from __future__ import annotations

from dissectors.analysis.calls import descriptions
from dissectors.protocols import sdp
from tests.made import A, B, report
from tests.signalling import INVITE, THEIRS, asks, described, says

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


def test_what_calls_offer_again_and_again_is_kept_once() -> None:
    sent = []
    for number in range(2):
        invite = asks("INVITE", 1, described("192.0.2.1", 6000 + 2 * number), tags=(str(number), ""))
        sent.append((A, B, invite.replace(b"Call-ID: ", b"Call-ID: %d" % number)))
    (first,), (second,) = ([each.media[0] for each in call.descriptions] for call in report(sent).calls)
    assert first.port != second.port and first.formats[0].codec == "PCMU"
    assert first.formats is second.formats


def test_a_line_of_many_words_is_read_as_a_short_one_is() -> None:
    text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 5004 RTP/AVP 96\r\n"
    said = "a=rtpmap:96 opus/48000\r\na=ptime:30\r\na=ssrc:7 cname:x\r\na=sendonly\r\na=fmtp:96 "
    short, long = (sdp.parse(f"{text}{said}{'x' * length}\r\n") for length in (1, 3000))
    (one,), (other,) = descriptions.lines(short, False), descriptions.lines(long, False)
    assert (one.direction, one.ptime, one.ssrcs) == ("sendonly", 30, (7,))
    assert (other.direction, other.ptime, other.ssrcs) == ("sendonly", 30, (7,))
    assert other.formats[0].parameters == "x" * 3000 and other == descriptions.whole_line(long.media[0], long, False)


def test_formats_with_parameters_of_their_own_keep_them() -> None:
    text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    text += "m=audio 5004 RTP/AVP 96\r\na=rtpmap:96 opus/48000\r\n"
    told = [
        descriptions.lines(sdp.parse(f"{text}a=fmtp:96 {parameters}\r\n"), False)[0].formats[0].parameters
        for parameters in ("cbr=1", "cbr=0")
    ]
    assert told == ["cbr=1", "cbr=0"]
