"""SIP as a Scapy layer: read, assigned, and built as it was read or as it now should be."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from scapy.all import IP, UDP, Padding, Raw

from dissectors.layers import SDP, SIP, SDPMedia
from dissectors.protocols import sdp, sip
from dissectors.wire.inflate import deflate
from tests import made
from tests.layered import ANSWER, DATA, INVITE, OFFER, rebuilt


def test_an_invite_with_compact_headers_reads_by_long_names() -> None:
    invite = SIP(INVITE)
    assert (invite.method, invite.version, invite.status, invite.reason) == ("INVITE", "SIP/2.0", None, None)
    message = sip.parse(INVITE)
    assert invite.uri == message.uri
    for name in ("Call-ID", "i", "I", "call-id"):
        assert invite.headers[name] == message.call_id
    assert invite.headers["Content-Encoding"] == "deflate"
    assert invite.body == OFFER and invite.raw_body == message.raw_body
    assert invite[SDP].media[0].get("rtpID") == "3189937293"


def test_a_response_has_a_status_and_no_method() -> None:
    answer = SIP(b"SIP/2.0 404 Not Found\r\nCall-ID: x\r\n\r\n")
    assert (answer.status, answer.reason, answer.method, answer.uri) == (404, "Not Found", None, None)


def test_fields_are_found_from_the_outermost_layer() -> None:
    packet = IP() / UDP(sport=5060, dport=5060) / SIP(INVITE)
    assert packet.method == "INVITE" and packet.body == OFFER
    assert packet.sprintf("%SIP.method% %SIP.body%").startswith("INVITE b'v=0")
    packet.method = "UPDATE"
    assert bytes(packet[SIP]).startswith(b"UPDATE sip:")


@pytest.mark.parametrize("path", sorted((DATA / "sip").iterdir()), ids=lambda path: path.name)
def test_a_sample_that_did_not_change_is_built_to_the_octet(path: Path) -> None:
    octets = path.read_bytes()
    message = SIP(octets)
    message.clear_cache()
    assert bytes(message) == octets
    assert bytes(message.copy()) == octets


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n\r\nBYE sip:a@b SIP/2.0\r\nCall-ID: x\r\n\r\n",
        b"BYE  sip:a@b  sip/2.0 \r\nCall-ID: x\r\n\r\n",
        b"BYE sip:a@b SIP/2.0\nCall-ID : x\nl:0\n\n",
        b"BYE sip:a@b SIP/2.0\rCall-ID: x\r\n\r\n",
        b"BYE sip:a@b SIP/2.0\r\nSubject: a\r\n  b\r\n\tc\r\nno header\r\n: nameless\r\n\r\n",
        b"BYE sip:\xff@b SIP/2.0\r\nSubject: \xfe\xff\r\n\r\n",
        b"SIP/2.0 200\r\nCall-ID: x\r\n\r\n",
        b"SIP/2.0 200 OK",
        b"SIP/2.0 200 OK\r\nCall-ID: x\r\nVi",
        b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 900\r\n\r\nv=0\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 3\r\n\r\nv=0\r\nSIP/2.0 200 OK\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nl: 3\r\ne: deflate\r\n\r\n\x78\x9c\xffbroken",
    ],
)
def test_odd_cut_and_lying_messages_are_built_to_the_octet(octets: bytes) -> None:
    message = SIP(octets)
    message.clear_cache()
    assert bytes(message) == octets
    names = {"SIP": SIP, "SDP": SDP, "SDPMedia": SDPMedia, "Raw": Raw, "Padding": Padding}
    assert bytes(eval(message.command(), names)) == octets


def test_what_follows_content_length_is_padding() -> None:
    message = SIP(b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 3\r\n\r\nabcdef")
    assert (message.body, message[Padding].load) == (b"abc", b"def")


def test_octets_that_are_no_message_are_raw() -> None:
    message = SIP(b"\x00\x01nothing")
    assert message.method is None and message[Raw].load == b"\x00\x01nothing"


def test_a_folded_header_reads_unfolded_and_comes_back_folded() -> None:
    octets = b"BYE sip:a@b SIP/2.0\r\nSubject: a\r\n  b\r\n\r\n"
    message = SIP(octets)
    assert message.headers["Subject"] == "a b"
    assert bytes(message) == octets
    message.headers["s"] = "c"
    assert bytes(message) == b"BYE sip:a@b SIP/2.0\r\nSubject: c\r\n\r\n"


def test_a_changed_body_is_compressed_again_and_the_length_follows() -> None:
    invite = SIP(INVITE)
    invite.body = ANSWER
    assert invite[SDP].session == "mobile" and zlib.decompress(invite.raw_body) == ANSWER
    again = rebuilt(invite)
    assert again.body == ANSWER and again.message.body.encoding == "zlib"
    assert again.headers["Content-Length"] == str(len(again.raw_body)) and again.message.deviations == ()
    assert b"\r\nl: " in bytes(invite)


def test_a_changed_line_of_the_description_changes_the_body() -> None:
    invite = SIP(INVITE)
    invite[SDP].connection = "IN IP4 203.0.113.9"
    invite[SDP].media[0].port = 5004
    again = rebuilt(invite)
    described = sdp.parse(again.body)
    assert described.connection is not None and described.connection.address == "203.0.113.9"
    assert described.media[0].port == 5004 and len(described.lines) == len(sdp.parse(OFFER).lines)


def test_another_content_encoding_encodes_the_same_body_anew() -> None:
    invite = SIP(INVITE)
    invite.headers["Content-Encoding"] = "gzip"
    assert rebuilt(invite).message.body.encoding == "gzip" and rebuilt(invite).body == OFFER
    del invite.headers["Content-Encoding"]
    plain = rebuilt(invite)
    assert plain.raw_body == plain.body == OFFER and plain.message.deviations == ()


def test_an_unknown_content_encoding_sends_the_body_as_it_is() -> None:
    message = SIP(headers={"Content-Encoding": "br"}) / b"text"
    assert bytes(message).endswith(b"\r\n\r\ntext")


def test_assigning_the_raw_body_decodes_it() -> None:
    invite = SIP(INVITE)
    invite.raw_body = deflate(ANSWER, "deflate")
    assert invite.body == ANSWER and invite[SDP].media
    assert rebuilt(invite).message.deviations == ()


def test_an_assigned_content_length_may_lie() -> None:
    invite = SIP(INVITE)
    invite.headers["Content-Length"] = 5
    invite.body = ANSWER
    assert rebuilt(invite).headers["Content-Length"] == "5"
    assert b"Content-Length: 7\r\n" in bytes(SIP(headers={"Content-Length": 7}) / b"abc")


def test_headers_compressed_with_the_body_are_read_and_go_back_with_it() -> None:
    inner = b"Call-ID: within\r\nCSeq: 1 INVITE\r\n\r\n"
    octets = made.sip("INVITE sip:a@b SIP/2.0", "Content-Encoding: deflate", body=deflate(inner + OFFER, "deflate"))
    message = SIP(octets)
    assert message.headers["Call-ID"] == "within" and message.body == OFFER
    assert bytes(message) == octets
    message.body = ANSWER
    assert rebuilt(message).headers["Call-ID"] == "within" and rebuilt(message).body == ANSWER


def test_a_crafted_message_gets_length_and_type_in_the_form_of_its_other_headers() -> None:
    crafted = SIP(uri="sip:b@192.0.2.2", headers={"v": "SIP/2.0/UDP 192.0.2.1", "e": "deflate"}) / SDP(OFFER)
    octets = bytes(crafted)
    assert b"\r\nc: application/sdp\r\nl: " in octets
    assert SIP(octets).body == OFFER and crafted.raw_body == SIP(octets).raw_body
    assert bytes(SIP(method="ACK", headers={"Call-ID": "x"})).endswith(b"\r\nContent-Length: 0\r\n\r\n")


def test_a_response_answers_its_request() -> None:
    request = SIP(headers={"i": "x", "CSeq": "1 INVITE"})
    response = SIP(status=200, reason="OK", headers={"Call-ID": "x", "CSeq": "1 INVITE"})
    assert response.answers(request) and not request.answers(response)
    assert not SIP(status=200, headers={"Call-ID": "y", "CSeq": "1 INVITE"}).answers(request)
    assert response.hashret() == request.hashret() == b"x"
    assert SIP(status=200, headers={"Call-ID": "x", "CSeq": "0001  INVITE"}).answers(request)
    assert not SIP(status=200, headers={"Call-ID": "x", "CSeq": "1 BYE"}).answers(request)


def test_the_summary_is_one_harmless_line() -> None:
    assert "SIP INVITE (body 280 → 449 bytes)" in SIP(INVITE).summary()
    assert "\x1b" not in SIP(b"SIP/2.0 200 \x1b[31m\r\n\r\n").summary()


def test_a_body_is_given_as_it_reads_or_as_it_is_sent() -> None:
    plain, packed = SIP(body=OFFER), SIP(headers={"e": "deflate"}, raw_body=deflate(OFFER, "deflate"))
    assert plain[SDP].media and plain.headers.get("Content-Type") is None
    assert rebuilt(plain).headers["Content-Type"] == "application/sdp" and rebuilt(plain).body == OFFER
    assert packed.body == OFFER and rebuilt(packed).raw_body == deflate(OFFER, "deflate")
    assert rebuilt(packed).headers["l"] == str(len(packed.raw_body)) and b"\r\nl: " in bytes(packed)
    assert b"Content-Length: 5\r\n\r\nabc" in bytes(SIP(headers={"Content-Length": 5}, raw_body=b"abc"))
    assert bytes(eval(packed.command(), {"SIP": SIP, "SDP": SDP, "SDPMedia": SDPMedia})) == bytes(packed)


def test_none_is_no_body() -> None:
    assert bytes(SIP(body=None)) == bytes(SIP()) == bytes(SIP(raw_body=None))
    invite = SIP(INVITE)
    invite.raw_body = None
    assert invite.body == OFFER
    invite.body = None
    assert rebuilt(invite).body == b"" and rebuilt(invite).message.deviations == ()


def test_a_body_that_changes_after_its_raw_form_was_assigned_keeps_its_length_right() -> None:
    message = SIP(headers={"Content-Type": "text/plain"}, raw_body=b"abc")
    message.body = b"longer"
    assert rebuilt(message).headers["Content-Length"] == "6"


@pytest.mark.parametrize("line", ["total garbage", b"total garbage\r\n", b"INVITE sip:a@b SIP/9.9 more\n"])
def test_a_start_line_that_you_assign_stands(line: str | bytes) -> None:
    written = line if isinstance(line, bytes) else line.encode() + b"\r\n"
    made_so, assigned = SIP(start_line=line, headers={"Call-ID": "x"}), SIP(INVITE)
    assigned.start_line = line
    assert bytes(made_so) == written + b"Call-ID: x\r\nContent-Length: 0\r\n\r\n"
    assert bytes(assigned) == written + INVITE.split(b"\r\n", 1)[1]
    made_so.method = "INFO"
    assert bytes(made_so).startswith(b"INFO ")


def test_a_start_line_that_reads_is_also_read() -> None:
    message = SIP(start_line="SIP/2.0 486 Busy Here")
    assert (message.status, message.reason, message.method) == (486, "Busy Here", None)
    message.reason = "Busy"
    assert bytes(message).startswith(b"SIP/2.0 486 Busy\r\n")
