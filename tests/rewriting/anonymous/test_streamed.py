"""SIP over TCP and WebSocket under other names: the same calls, and nothing of the original in the stream."""

from __future__ import annotations

import zlib
from collections import Counter
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.rewriting.anonymous.capture import CUT
from dissectors.rewriting.anonymous.messages import Anonymiser, Wanted
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.streamed import Streamed
from dissectors.rewriting.courses import framed
from dissectors.wire.datagram import TCP, WS
from tests import captures
from tests.rewriting.anonymous.test_capture import NAMES, addresses, done, encodings, told
from tests.rewriting.test_courses import SWITCHED, UPGRADE, read, streams, written
from tests.stories import SDP, request, response
from tests.tcp_frames import A, B, conversation, segment

FIRST, PACKED = told()[0][3], told()[1][3]
ANSWER = response(0, 200, "OK", "INVITE", "Contact: <sip:bobbuilder@secretdomain.example>", call="callidvalue")[3]
HOSTS = ("203.0.113.99", "192.0.2.1", "192.0.2.2")


def everything(path: Path) -> bytes:
    """A capture, with what its bodies and messages hold once inflated, however segments cut them."""
    found = [path.read_bytes(), *streams(path)]
    for row in offline.rows([str(path)]):
        found.append(row.datagram.payload)
    report = offline.analyze([str(path)], secrets=True)
    found += [(message.body.text or "").encode() for call in report.calls for message in call.messages if message.body]
    return b"\0".join(found)


def is_clean(path: Path) -> bool:
    after = everything(path)
    left = [name for name in NAMES for octets in encodings(name) if octets in after]
    left += [host for host in HOSTS for octets in addresses(host) if octets in after]
    return not left


@pytest.mark.parametrize("size", [61, 500, 1400])
def test_messages_over_tcp_keep_their_calls_and_nothing_else(tmp_path: Path, size: int) -> None:
    path = written(tmp_path / "in", conversation([(A, FIRST), (B, b"\r\n"), (A, PACKED), (B, ANSWER)], size=size))
    tally = done(path, tmp_path / "out")
    before, after = offline.analyze([path]), offline.analyze([str(tmp_path / "out")])
    assert not tally.left and is_clean(tmp_path / "out")
    (call,) = after.calls
    assert [each.transport for each in call.messages] == [TCP] * 3
    assert [(each.method, each.status) for each in call.messages] == [
        (each.method, each.status) for each in before.calls[0].messages]
    assert Counter(each.id for each in after.findings) == Counter(each.id for each in before.findings)


@pytest.mark.parametrize("mask", [b"", b"\1\2\3\4"])
def test_messages_over_websocket_keep_their_calls_and_nothing_else(tmp_path: Path, mask: bytes) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    squeezed = (packer.compress(PACKED) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    sent = [
        (A, UPGRADE), (B, SWITCHED), (A, framed(0x81, FIRST, mask)), (A, framed(0x89, b"alicewonder", mask)),
        (A, framed(0xC1, squeezed, mask)), (B, framed(0x81, ANSWER, b"")),
    ]
    tally = done(written(tmp_path / "in", conversation(sent, size=300)), tmp_path / "out")
    after = offline.analyze([str(tmp_path / "out")])
    assert not tally.left and is_clean(tmp_path / "out")
    assert [each.transport for each in after.calls[0].messages] == [WS] * 3


def test_a_message_of_websocket_in_several_frames_goes_under_other_names(tmp_path: Path) -> None:
    parts = [framed(0x01, FIRST[:99], b""), framed(0x89, b"alicewonder", b""), framed(0x80, FIRST[99:], b"")]
    sent = [(A, UPGRADE), (B, SWITCHED), *((A, each) for each in parts), (B, framed(0x81, ANSWER, b""))]
    tally = done(written(tmp_path / "in", conversation(sent)), tmp_path / "out")
    (call,) = offline.analyze([str(tmp_path / "out")]).calls
    assert not tally.left and is_clean(tmp_path / "out") and len(call.messages) == 2


def test_what_is_not_understood_of_a_stream_is_cut_and_counted(tmp_path: Path) -> None:
    sent = [(A, FIRST), (A, b"alicewonder"), (B, ANSWER)]
    path = written(tmp_path / "in", conversation(sent))
    tally = done(path, tmp_path / "out")
    after = read(tmp_path / "out")
    assert tally.left == {CUT: 1} and b"alicewonder" not in (tmp_path / "out").read_bytes()
    (_, cut), (_, answer) = after[3:]
    assert (cut.length, cut.payload) == (11, b"") and answer.length == len(answer.payload) > 200
    assert cut.sequence == (after[2][1].sequence + len(after[2][1].payload)) & 0xFFFFFFFF
    assert answer.acknowledgement == (cut.sequence + 11) & 0xFFFFFFFF


def test_one_segment_may_be_understood_in_part(tmp_path: Path) -> None:
    path = written(tmp_path / "in", conversation([(A, FIRST + b"alicewonder")]))
    assert done(path, tmp_path / "out").left == {CUT: 1}
    (_, one) = read(tmp_path / "out")[2]
    assert one.length == len(one.payload) + 11 and one.payload.endswith(b"\r\n")


@pytest.mark.parametrize(
    "messages", [
        [framed(0x01, b"alicewonder"[:5], b""), framed(0x80, b"alicewonder"[5:], b"")],
        [framed(0x81, b'{"alicewonder": 1}', b"")], [framed(0x82, b"\x80alicewonder", b"")],
    ],
)
def test_other_messages_of_websocket_are_cut(tmp_path: Path, messages: list[bytes]) -> None:
    sent = [(A, UPGRADE), (B, SWITCHED), *((A, each) for each in messages)]
    done(written(tmp_path / "in", conversation(sent)), tmp_path / "out")
    assert b"alice" not in (tmp_path / "out").read_bytes() and b"wonder" not in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize(
    ("option", "stays"),
    [
        (b"\2\4\5\xb4", True), (b"\1\3\3\7", True), (b"\4\2\1\1", True), (b"\x08\x0aabcdefgh", True),
        (b"\x22\x06alic", False), (b"\x13\x12aliceliddell1234", False), (b"\0alice!!", False),
        (b"\2\x08alice!", False), (b"\xfd\x63al", False), (b"\x08", False),
    ],
)
def test_options_of_tcp_that_may_name_somebody_do_not_stay(tmp_path: Path, option: bytes, stays: bool) -> None:
    option += b"\1" * (-len(option) % 4)
    octets = bytearray(captures.frames(written(tmp_path / "one", [segment(A, B, 1)]))[0])
    octets[46] = 0x50 + (len(option) << 2)
    octets[16:18] = (40 + len(option)).to_bytes(2, "big")
    done(captures.pcap(tmp_path / "in", [(0, bytes(octets) + option + b"padalice")]), tmp_path / "out")
    (record,) = captures.records(tmp_path / "out")
    assert record.octets.endswith((option if stays else b"\1" * len(option)) + bytes(8)) and len(option) % 4 == 0


def test_a_message_that_is_not_whole_is_cut(tmp_path: Path) -> None:
    made = conversation([(A, request(0, "MESSAGE", SDP, body=b"alicewonder" * 300)[3])])
    tally = done(written(tmp_path / "in", [*made[:-2], made[-1]]), tmp_path / "out")
    assert tally.left and b"alicewonder" not in (tmp_path / "out").read_bytes()


def test_a_handshake_keeps_the_words_of_http() -> None:
    names = Anonymiser(Pseudonyms(b"key"), Wanted())
    made = Streamed(names).upgrade(
        b"GET /alice HTTP/1.1\r\nOrigin: https://alice.example\r\nAuthorization: Basic YWxpY2U=\r\n"
        b"Cookie: user=alice\r\nUser-Agent: X/1\r\n"
        b"Sec-WebSocket-Protocol: sip, alice\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
    )
    assert made is not None and b"alice" not in made and b"YWxpY2U" not in made
    assert b"Origin: https://" in made and b"Authorization: Basic " in made and b"Sec-WebSocket-Protocol: sip, " in made
    assert b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" in made
    assert b"User-Agent: X/1\r\n" in made
