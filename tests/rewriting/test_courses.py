"""SIP over TCP and WebSocket rewritten: whatever is cut, sent again or acknowledged, the stream is one and whole."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.report import Report
from dissectors.rewriting.courses import PLAINLY, SQUEEZED, Course, framed, mask_of
from dissectors.rewriting.normalise import FOLLOWS, Wanted, normalise
from dissectors.rewriting.packets import walked
from dissectors.rewriting.segments import found
from dissectors.sources.capture import open_capture
from dissectors.wire import websocket
from dissectors.wire.captures.records import Record
from dissectors.wire.inflate import deflate
from dissectors.wire.tcp import ACK, FIN, SYN, Direction, Origin, Segment
from tests import capture_octets
from tests.stories import OFFER, request
from tests.tcp_frames import A, B, conversation, records, segment

ORIGIN = Origin(0, 0, 0, 0, 0)
COMPRESSED = request(
    0, "INVITE", "Content-Type: application/sdp", "Content-Encoding: deflate", body=deflate(OFFER, "deflate")
)[3]
PLAIN = request(0, "MESSAGE", "Content-Type: text/plain", body=b"hello")[3]
ANSWER = b"SIP/2.0 200 OK\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"


def written(path: Path, segments: Iterable[Segment]) -> str:
    """A capture of segments as pcapng."""
    blocks = [capture_octets.section(), capture_octets.interface(1)]
    blocks += [capture_octets.enhanced(record.octets, record.time // 1000) for _, record in records(segments)]
    path.write_bytes(b"".join(blocks))
    return str(path)


def read(path: Path | str) -> list[tuple[Record, Segment]]:
    with open_capture(str(path)) as capture:
        pairs = [(record, found(*walked(record)[:2])) for record in capture.records()]
    return [(record, one.segment) for record, one in pairs if one is not None]


def streams(path: Path | str) -> list[bytes]:
    """The octets of both directions, held to one another: what differs, or is missing, is no stream."""
    ways: dict[int, Direction] = {}
    for _, one in read(path):
        way = ways.setdefault(one.sport, Direction())
        if one.flags & SYN:
            way.open(one.sequence)
        way.take(one.sequence, one.payload, ORIGIN)
        assert one.length == len(one.payload)
    assert not any(way.waiting or way.differing for way in ways.values())
    for _, one in read(path):
        other = ways[one.dport]
        assert one.flags & SYN or other.end is None or other.place(one.acknowledgement) <= other.end
    return [way.peek() for _, way in sorted(ways.items())]


def done(path: str, out: Path) -> Report:
    normalise(path, str(out), Wanted(), force=True)
    return offline.analyze([str(out)])


@pytest.mark.parametrize("size", [100, 333, 1400])
def test_a_message_over_tcp_is_inflated_and_all_that_follows_moves(tmp_path: Path, size: int) -> None:
    made = conversation([(A, COMPRESSED), (B, ANSWER), (A, PLAIN), (B, ANSWER)], size=size)
    again = [one for one in made if one.payload][:2]
    after = made[-1]
    last = [segment(A, B, after.acknowledgement, b"", FIN | ACK, after.sequence + len(after.payload))]
    path = written(tmp_path / "in", [*made, *again, *last])
    report = done(path, tmp_path / "out")
    back, forth = streams(tmp_path / "out")
    assert back == 2 * ANSWER and OFFER in forth and forth.endswith(PLAIN) and b"Content-Encoding" not in forth
    (first, *_) = report.calls[0].messages
    assert first.transport == "tcp" and first.body is not None and first.body.encoding == "identity"
    octets = (tmp_path / "out").read_bytes()
    assert b"muxshark: body inflated (zlib)" in octets and FOLLOWS.encode() in octets
    done(str(tmp_path / "out"), tmp_path / "two")
    assert (tmp_path / "two").read_bytes() == octets


def test_a_message_in_a_syn_is_inflated_too(tmp_path: Path) -> None:
    """TCP Fast Open (RFC 7413)."""
    opened, back, first, *rest = conversation([(A, COMPRESSED), (B, ANSWER), (A, PLAIN)])
    path = written(tmp_path / "in", [opened._replace(payload=first.payload, length=first.length), back, *rest])
    done(path, tmp_path / "out")
    (_, one), *others = read(tmp_path / "out")
    assert OFFER in one.payload and one.flags & SYN
    last = next(each for _, each in others if each.payload == PLAIN)
    assert last.sequence == (one.sequence + 1 + len(one.payload)) & 0xFFFFFFFF


def test_a_second_connection_on_the_same_ports_is_another_one(tmp_path: Path) -> None:
    made = conversation([(A, COMPRESSED), (B, ANSWER)])
    moved = [
        one._replace(sequence=(one.sequence + 5000) & 0xFFFFFFFF, acknowledgement=(one.acknowledgement + 5000)
                     & 0xFFFFFFFF if one.acknowledgement else 0)
        for one in conversation([(A, PLAIN), (B, ANSWER), (A, COMPRESSED), (A, PLAIN)])
    ]
    done(written(tmp_path / "in", [*made, *moved]), tmp_path / "out")
    after = [one for _, one in read(tmp_path / "out")]
    assert [one.sequence for one in after[len(made) :][:5]] == [one.sequence for one in moved[:5]]
    last, before = after[-1], after[-2]
    assert last.sequence == (before.sequence + len(before.payload)) & 0xFFFFFFFF and OFFER in before.payload


def test_what_is_not_changed_stays_octet_for_octet(tmp_path: Path) -> None:
    path = written(tmp_path / "in", conversation([(A, PLAIN), (B, ANSWER)]))
    done(path, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == Path(path).read_bytes()


UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: secret.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Protocol: sip\r\nCookie: name=alicewonder\r\n\r\n"
)
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


@pytest.mark.parametrize("mask", [b"", b"\1\2\3\4"])
def test_a_message_in_a_frame_of_websocket_is_inflated(tmp_path: Path, mask: bytes) -> None:
    frames = [framed(0x81, text, mask) for text in (COMPRESSED, PLAIN)]
    sent = [(A, UPGRADE), (B, SWITCHED), (A, frames[0]), (A, frames[1])]
    path = written(tmp_path / "in", conversation(sent, size=200))
    report = done(path, tmp_path / "out")
    _, forth = streams(tmp_path / "out")
    assert forth.startswith(UPGRADE) and forth.endswith(frames[1])
    frame = websocket.frame(forth[len(UPGRADE) :])
    assert isinstance(frame, websocket.Frame) and OFFER in frame.payload and mask_of(forth[len(UPGRADE) :]) == mask
    (first, *_) = report.calls[0].messages
    assert first.transport == "ws" and first.body is not None and first.body.encoding == "identity"


def squeezed(messages: Iterable[bytes]) -> list[bytes]:
    """Messages that are compressed each with those before it (RFC 7692)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return [(packer.compress(each) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4] for each in messages]


def shown(octets: bytes) -> list[tuple[int, bytes]]:
    """The first octet and the payload of each frame of WebSocket."""
    frames = []
    while octets:
        frame = websocket.frame(octets)
        assert isinstance(frame, websocket.Frame)
        frames.append((frame.first, frame.payload))
        octets = octets[frame.size :]
    return frames


@pytest.mark.parametrize("mask", [b"", b"\1\2\3\4"])
def test_compressed_messages_of_websocket_are_plain_from_the_first_that_changes(tmp_path: Path, mask: bytes) -> None:
    before, changed, foreign, after = squeezed([PLAIN, COMPRESSED, b'{"a":1}', PLAIN])
    frames = [framed(0xC1, each, mask) for each in (before, changed, foreign, after)]
    sent = [(A, UPGRADE), (B, SWITCHED), *((A, each) for each in frames), (A, framed(0x81, PLAIN, mask))]
    report = done(written(tmp_path / "in", conversation(sent, size=200)), tmp_path / "out")
    _, forth = streams(tmp_path / "out")
    found = shown(forth[len(UPGRADE) :])
    assert [first for first, _ in found] == [0xC1, 0x81, 0x81, 0x81, 0x81]
    assert found[0][1] == before and OFFER in found[1][1] and [each for _, each in found[2:]] == [
        b'{"a":1}', PLAIN, PLAIN]
    (call, *_) = report.calls
    assert call.messages[0].transport == "ws" and PLAINLY.encode() in (tmp_path / "out").read_bytes()


def test_a_message_of_websocket_in_several_frames_keeps_their_number_and_the_pings_between(tmp_path: Path) -> None:
    (packed,) = squeezed([COMPRESSED])
    cuts = [(0x41, packed[:50]), (0x00, packed[50:90]), (0x89, b"ping"), (0x80, packed[90:])]
    sent = [(A, UPGRADE), (B, SWITCHED), *((A, framed(first, each, b"")) for first, each in cuts)]
    sent += [(A, framed(first, each, b"")) for first, each in ((0x01, COMPRESSED[:99]), (0x80, COMPRESSED[99:]))]
    done(written(tmp_path / "in", conversation(sent)), tmp_path / "out")
    _, forth = streams(tmp_path / "out")
    found = shown(forth[len(UPGRADE) :])
    assert [(first, bool(each)) for first, each in found] == [
        (0x01, False), (0x00, False), (0x89, True), (0x80, True), (0x01, False), (0x80, True)]
    assert OFFER in found[3][1] and found[3][1] == found[5][1] and found[2][1] == b"ping"


def test_a_damaged_message_behind_one_that_changed_is_counted(tmp_path: Path) -> None:
    (packed,) = squeezed([COMPRESSED])
    sent = [(A, UPGRADE), (B, SWITCHED), (A, framed(0xC1, packed, b"")), (A, framed(0xC1, b"\xff" * 9, b""))]
    path = written(tmp_path / "in", conversation(sent))
    assert normalise(path, str(tmp_path / "out"), Wanted()).left == {SQUEEZED: 1}


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("mask", [b"", b"abcd"])
def test_a_frame_is_read_as_it_was_built(size: int, mask: bytes) -> None:
    octets = framed(0x82, bytes(size), mask)
    assert websocket.frame(octets) == websocket.Frame(len(octets), 0x82, bytes(size)) and mask_of(octets) == mask


def test_a_place_goes_where_the_octets_before_it_went() -> None:
    course = Course(None)
    course.add(100, 110, 0, 3, "")
    course.add(120, 125, 3, 30, "")
    assert [course.moved(place) for place in (99, 100, 102, 105, 110, 119, 120, 124, 125, 130)] == [
        99, 100, 102, 103, 103, 112, 113, 117, 143, 148
    ]


