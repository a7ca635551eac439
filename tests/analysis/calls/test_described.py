"""A description of which only that is read which is its own says what the whole of it does."""

from __future__ import annotations

import random

import pytest

from dissectors.analysis.calls import described
from dissectors.protocols import sdp, sdp_usual
from tests.fuzz import mutants

HEAD = "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:DB8:0::1\r\nt=0 0\r\n"
FIELDS = ("owner", "username", "address", "name", "lines", "rtpmaps", "listed", "deviations", "unreadable", "facetime")


def fields(one: described.Described) -> tuple[object, ...]:
    return tuple([getattr(one, name) for name in FIELDS])


def short_and_whole(octets: bytes, facetime: bool, sender: str = "") -> described.Described | None:
    """What is said line by line, which is what the whole says; None where there is no short way."""
    said = sdp_usual.brief(octets)
    if said is None:
        return None
    short = described._by_lines(said, octets, facetime, sender)
    assert fields(short) == fields(described._whole(sdp.parse(octets), facetime)), octets
    assert fields(short) == fields(described.read(octets, facetime, sender))
    return short


@pytest.mark.parametrize("attributes", [
    "", "a=sendonly\r\n", "a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n", "a=rtcp-mux\r\na=ssrc:7 cname:x\r\n",
    "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 sec;useinbandfec=1\r\na=inactive\r\n", "a=ptime:no\r\na=recvonly\r\n",
    "b=AS:64\r\nc=IN IP4 192.0.2.7\r\na=ssrc:7 a\r\na=ssrc:8\r\na=ssrc:7 b\r\na=ssrc:4294967296\r\n",
    f"a=fmtp:96 {'x' * 1500}\r\n",
])
@pytest.mark.parametrize("line", ["audio 5004 RTP/AVP 0 96", "video 0 RTP/SAVPF 96 x", "message 9 TCP/MSRP *"])
@pytest.mark.parametrize("facetime", [False, True])
@pytest.mark.parametrize("origin", ["-", described.FACETIME_ORIGIN])
def test_a_usual_line_says_what_the_whole_of_it_does(attributes: str, line: str, facetime: bool, origin: str) -> None:
    octets = f"{HEAD.replace('o=-', f'o={origin}')}m={line}\r\n{attributes}m=audio 5 RTP/AVP 8\r\n".encode()
    sender = "".join(["2001:db8::", "1"])
    alone, sent = short_and_whole(octets, facetime), short_and_whole(octets, facetime, sender)
    assert alone is not None and sent is not None and alone.lines[1].address == "2001:db8::1"
    assert sent.lines[1].address is sender and sent.address is sender
    assert short_and_whole(octets, facetime, "192.0.2.1") is not None


@pytest.mark.parametrize(("line", "told"), [
    ("m=audio 5004 RTP/AVP 0\r\na=setup:active\r\n", "setup"), ("m=audio 5004 RTP/AVP 0\r\na=mid:x\r\n", "mid"),
    ("m=image 5004 udptl t38\r\n", "fax"), ("m=audio 4 RTP/AVP 0\r\nm=audio 5 RTP/AVP 0\r\na=mid:x\r\n", "formats"),
    ("m=audio 5004 RTP/AVP 0\r\na=ssrc:7 a\r\na=ptime:20\r\n", "ssrcs"), ("m=audio 5004 RTP/AVP 0\r\nx\r\n", "port"),
])
def test_what_is_unusual_about_a_line_is_looked_for(line: str, told: str) -> None:
    usual, kinds = "m=audio 6 RTP/AVP 8\r\n", []
    for octets in (f"{HEAD}{line}".encode(), f"{HEAD}{usual}{line}{usual}".encode()):
        found = short_and_whole(octets, False)
        assert found is not None and any(getattr(each, told) for each in found.lines if each.port != 6)
        kinds.append([each.port == 6 for each in found.lines])
    assert kinds[1] == [True, *kinds[0], True]


def test_what_comes_before_the_media_is_read_whole_where_it_is_unusual() -> None:
    octets = f"{HEAD}a=setup:active\r\nm=audio 5004/2 RTP/AVP 0\r\n".encode()
    assert short_and_whole(octets, False) is None
    assert described.read(octets, False, "").lines[0].setup == "active"


def test_descriptions_that_were_damaged_say_the_same_line_by_line() -> None:
    chance, usual = random.Random(20), 0
    samples = [octets for octets in mutants.Corpus().samples["SDP"] if len(octets) <= sdp_usual.MAX_OCTETS]
    samples = [octets for octets in samples if short_and_whole(octets, False) is not None]
    for number in range(4000):
        octets = bytearray(samples[number % len(samples)])
        at = chance.randrange(len(octets))
        octets[at : at + chance.randrange(3)] = chance.choice((b" ", b"", b"\r\n", b"9", b"a", b"/", b":", b"="))
        usual += short_and_whole(bytes(octets), number % 2 > 0) is not None
    assert usual > 1000
