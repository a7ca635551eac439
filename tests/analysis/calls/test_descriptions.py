"""A description that cannot be read is told, and the call goes on."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("attributes", [
    "", "a=sendonly\r\n", "a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n", "a=rtcp-mux\r\na=ssrc:7 cname:x\r\n",
    "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 sec;useinbandfec=1\r\na=inactive\r\n", "a=ptime:no\r\na=recvonly\r\n",
])
@pytest.mark.parametrize("line", ["audio 5004 RTP/AVP 0 96", "video 0 RTP/SAVPF 96 x", "message 9 TCP/MSRP *"])
@pytest.mark.parametrize("facetime", [False, True])
def test_a_usual_line_says_what_the_whole_of_it_does(attributes: str, line: str, facetime: bool) -> None:
    text = f"v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:DB8:0::1\r\nt=0 0\r\nm={line}\r\n{attributes}"
    description = sdp.parse(text)
    media = description.media[0]
    assert descriptions.USUAL >= media.named.keys() and not media.inherited
    whole = descriptions.whole_line(media, description, facetime)
    assert descriptions.lines(description, facetime) == (whole,)
    parts = media.profile, media.formats, media.attributes, media.named
    assert descriptions.usual_part(*parts, facetime) is not None
    assert whole.address == "2001:db8::1"
    sender = "".join(["2001:db8::", "1"])
    (sent,) = descriptions.lines(description, facetime, sender)
    assert sent == whole and sent.address is sender
    assert descriptions.lines(description, facetime, "192.0.2.1") == (whole,)


def test_what_is_unusual_about_a_line_is_looked_for() -> None:
    text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    inherited = sdp.parse(f"{text}a=setup:active\r\nm=audio 5004 RTP/AVP 0\r\n")
    of_its_own = sdp.parse(f"{text}m=audio 5004 RTP/AVP 0\r\na=mid:x\r\n")
    fax = sdp.parse(f"{text}m=image 5004 udptl t38\r\n")
    assert descriptions.lines(inherited, False)[0].setup == "active"
    assert descriptions.lines(of_its_own, False)[0].mid == "x"
    assert descriptions.lines(fax, False)[0].fax is not None
    media = of_its_own.media[0]
    assert descriptions.usual_part(media.profile, media.formats, media.attributes, media.named, False) is None


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
