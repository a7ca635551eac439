"""Lines of SDP written anew: those that were inferred, and those whose ports moved."""

from __future__ import annotations

from dissectors import offline
from dissectors.rewriting.descriptions import inferred, sections, with_ports, with_rtpmaps
from dissectors.rewriting.messages import edited
from tests.command_line import CALL
from tests.rewriting.test_messages import invite

BODY = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    b"m=audio 16402 RTP/AVP 104 101\r\na=rtpmap:101 telephone-event/8000\r\na=rtcp:16402\r\na=rtcp-mux\r\n"
    b"a=candidate:1 1 UDP 2130706431 192.0.2.1 16402 typ host\r\n"
    b"a=candidate:1 2 UDP 2130706430 192.0.2.1 16402 typ host\r\n"
    b"m=video 30000 RTP/AVP 99\r\nc=IN IP4 192.0.2.9\r\na=rtcp-mux\r\n"
)
LINES = {("- 1 1 IN IP4 192.0.2.1", 0, "104"): b"a=rtpmap:104 AAC-ELD/24000"}


def test_sections_are_the_session_and_each_media_line() -> None:
    found = sections(BODY)
    assert [section.address for section in found] == [b"192.0.2.1", b"", b"192.0.2.9"]
    assert b"".join(line for section in found for line in section.lines) == BODY


def test_an_inferred_line_stands_at_the_end_of_its_section_once() -> None:
    payload, what = edited(invite(body=BODY), with_rtpmaps(LINES))
    assert payload == invite(body=BODY.replace(b"m=video", b"a=rtpmap:104 AAC-ELD/24000\r\nm=video"))
    assert what == ["1 rtpmap lines inferred"] and edited(payload, with_rtpmaps(LINES)) == (payload, [])


def test_what_has_a_line_gets_none() -> None:
    lines = {("- 1 1 IN IP4 192.0.2.1", 0, "101"): b"a=rtpmap:101 PCMU/8000"}
    assert edited(invite(body=BODY), with_rtpmaps(lines)) == (invite(body=BODY), [])


def test_lines_are_inferred_of_what_facetime_leaves_out() -> None:
    lines = inferred(offline.analyze([CALL]))
    assert b"a=rtpmap:104 AAC-ELD-with-SBR/24000" in lines.values()


def test_ports_of_media_rtcp_and_candidates_follow() -> None:
    moved = {("192.0.2.1", 16402): (16404, 16405)}
    payload, what = edited(invite(body=BODY), with_ports(lambda address, port: moved.get((address, port))))
    expected = (
        BODY.replace(b"m=audio 16402", b"m=audio 16404").replace(b"a=rtcp:16402\r\na=rtcp-mux", b"a=rtcp:16405")
        .replace(b"431 192.0.2.1 16402", b"431 192.0.2.1 16404").replace(b"430 192.0.2.1 16402", b"430 192.0.2.1 16405")
    )
    assert payload == invite(body=expected) and what == ["ports of SDP moved"]


def test_sdp_within_a_body_of_several_parts_is_found() -> None:
    kind = "Content-Type: multipart/mixed;boundary=x"
    whole = b"--x\r\nContent-Type: application/sdp\r\n\r\n" + BODY + b"\r\n--x\r\n\r\nother\r\n--x--\r\n"
    payload, _ = edited(invite(kind, body=whole), with_ports(lambda address, port: (2, 3) if port == 30000 else None))
    assert payload == invite(kind, body=whole.replace(b"video 30000", b"video 2").replace(
        b"192.0.2.9\r\na=rtcp-mux\r\n", b"192.0.2.9\r\n"))
