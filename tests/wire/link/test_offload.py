"""Several packets of RTP in one datagram, as segmentation offload leaves them: apart again, and no loss."""

from __future__ import annotations

import pytest

from dissectors.mux.scan import Scanner
from dissectors.offline import scanner_class
from dissectors.wire.link.headers import Udp
from dissectors.wire.link.offload import apart, step
from tests.made import A, B, Sent, frame, records, report, rtp

SIZE = 600


def packet(sequence: int, size: int = SIZE, ssrc: int = 0xA1B2C3D4) -> bytes:
    head = rtp(sequence, ssrc=ssrc)[:12]
    return head + bytes((sequence * 7 + place) % 251 for place in range(size - 12))


def joined(first: int, count: int, last: int = SIZE) -> bytes:
    """So many packets one behind the other; the last may be shorter."""
    return b"".join(packet(first + n & 0xFFFF, SIZE if n < count - 1 else last) for n in range(count))


def datagram(payload: bytes, length: int | None = None) -> Udp:
    return Udp(0, b"\1" * 4, b"\2" * 4, 1, 2, payload, len(payload) if length is None else length)


@pytest.mark.parametrize("last", [SIZE, 12, 300])
@pytest.mark.parametrize("first", [1, 65533])
def test_packets_come_apart_at_their_headers(first: int, last: int) -> None:
    parts = apart(datagram(joined(first, 5, last)))
    assert [part.payload for part in parts] == [
        packet(first + n & 0xFFFF, SIZE if n < 4 else last) for n in range(5)
    ]
    assert [part.length for part in parts] == [SIZE] * 4 + [last]


def test_where_the_capture_cut_the_frame_the_headers_that_are_there_count() -> None:
    whole = joined(7, 6)
    parts = apart(datagram(whole[: 2 * SIZE + 40], len(whole)))
    assert [part.length for part in parts] == [SIZE, SIZE, SIZE]
    assert [len(part.payload) for part in parts] == [SIZE, SIZE, 40]


@pytest.mark.parametrize("payload", [
    packet(1, 4000),
    packet(1) + packet(3) + packet(4),
    packet(1) + packet(2, ssrc=1) + packet(3),
    packet(1) + packet(1) + packet(1),
    packet(1) + packet(2, 700) + packet(3),
    bytes(4000), b"\x80" * 4000, b"\x80" * 20, b"",
])
def test_what_does_not_go_on_in_equal_steps_stays_one(payload: bytes) -> None:
    assert step(payload) == 0 and apart(datagram(payload)) == (datagram(payload),)


def stream(offloaded: bool) -> list[Sent]:
    """A stream whose packets come one by one, or five in a frame."""
    if offloaded:
        return [(A, B, joined(100 + 5 * n, 5)) for n in range(20)]
    return [(A, B, packet(100 + n)) for n in range(100)]


def test_a_stream_in_joined_frames_lost_nothing_and_a_finding_names_the_frames() -> None:
    joint, single = report(stream(True)), report(stream(False))
    (one,), (other,) = joint.streams, single.streams
    assert (one.packets, one.lost, one.octets) == (other.packets, other.lost, other.octets) == (100, 0, 100 * SIZE)
    (found,) = [each for each in joint.findings if each.id == "offload-joined"]
    assert "20 frames" in found.what and [place.frame for place in found.places] == list(range(1, 9))
    assert not [each for each in joint.findings if each.id == "stream-loss"]
    assert not [each for each in single.findings if each.id == "offload-joined"]


@pytest.mark.parametrize("build", [Scanner, scanner_class()])
def test_both_scans_take_them_apart_alike(build: type[Scanner]) -> None:
    scanner = build()
    for _ in scanner.scan(records(stream(True))):
        pass
    scanner.finish()
    assert scanner.datagrams == scanner.frames.datagrams == 100 and scanner.frames.joined == 20
    assert [counters.packets for counters in scanner.streams] == [100]


def test_a_large_datagram_of_something_else_is_one_datagram() -> None:
    assert len(frame(A, B, bytes(3000))) > 1500
    joint = report([(A, B, packet(100 + n, 3000)) for n in range(30)])
    assert [(each.packets, each.lost) for each in joint.streams] == [(30, 0)]
    assert not [each for each in joint.findings if each.id == "offload-joined"]
