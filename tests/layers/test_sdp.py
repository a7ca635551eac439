"""SDP as a Scapy layer: read, assigned, and built as it was read or as it now should be."""

from __future__ import annotations

import pytest
from scapy.all import Raw

from dissectors.layers import SDP, SDPMedia
from dissectors.protocols import sdp
from tests.layered import ANSWER, OFFER


def lines_but(start: bytes, octets: bytes) -> list[bytes]:
    """The lines that say anything, sorted, without those that begin so."""
    return sorted(line for line in octets.splitlines() if line and not line.startswith(start))


def test_a_description_has_the_fields_of_the_rfc() -> None:
    description = SDP(OFFER)
    assert description.version == "0" and description.bandwidths == ["AS:2000"] and description.uri is None
    assert description.origin == "GKVoiceChatService 0 0 IN IP4 192.168.231.118"
    (audio,) = description.media
    assert (audio.kind, audio.port, audio.profile, audio.formats[:2]) == ("audio", 16402, "RTP/AVP", ["104", "105"])
    assert audio.get("au") == "65792" and len(audio.all("fmtp")) == 6 and audio.get("none") is None
    assert description.message == sdp.parse(OFFER)
    assert description.getfieldval("written") is None


@pytest.mark.parametrize(
    "octets",
    [
        ANSWER,
        ANSWER.replace(b"\r\n", b"\n"),
        ANSWER.rstrip(),
        b"\r\n" + ANSWER,
        b"v=0\r\nt=0 0\r\ns=x\r\no=a\r\nm=audio  9 RTP/AVP 0\r\na=b\r\nc=IN IP4 1.2.3.4\r\n",
        b"v=0\ri=\xff\r\nt=1 2\r\nr=7d\r\nt=3 4\r\nr=1\r\nX=1\r\nnot a line\r\n\r\nm=\r\nm=video 9/2\r\nc=a\r\nc=b\r\n",
    ],
)
def test_a_description_in_any_order_comes_back_and_loses_nothing_when_it_changes(octets: bytes) -> None:
    description = SDP(octets)
    description.clear_cache()
    assert bytes(description) == octets
    description.session = "changed"
    assert lines_but(b"s=", bytes(description)) == lines_but(b"s=", octets)
    assert b"s=changed\r\n" in bytes(description)


def test_a_port_that_is_more_than_a_number_is_text() -> None:
    assert SDP(b"v=0\r\nm=audio 49170/2 RTP/AVP 31\r\n").media[0].port == "49170/2"
    assert SDP(b"v=0\r\nm=audio 0 RTP/AVP 31\r\n").media[0].port == 0


def test_a_crafted_description_is_one_that_the_parser_likes() -> None:
    media = [SDPMedia(kind="video", port=16402, formats=["97"], attributes=["rtpmap:97 VP8/90000"])]
    crafted = SDP(connection="IN IP4 192.0.2.1", media=media)
    described = sdp.parse(bytes(crafted))
    assert described.deviations == () and described.media[0].rtpmaps[97].encoding == "VP8"


def test_octets_that_are_no_description_are_raw() -> None:
    assert SDP(b"\x00\x01")[Raw].load == b"\x00\x01"
