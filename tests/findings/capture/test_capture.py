"""What a capture lacks."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import pytest

from dissectors.findings.capture.capture import unknown_share
from dissectors.findings.rule import Facts
from dissectors.findings.rules import DOUBT
from dissectors.live.events import Events, FindingEvent
from dissectors.offline import analyze
from dissectors.report import Report, Seen
from dissectors.wire.values import replace
from tests.finding_cases.plain import INVITE
from tests.found import PCAPS, PROXY, found, frames, ids
from tests.ip_frames import TUNNELLED, ethernet, ipv4, udp
from tests.made import Endpoint, frame, numbered, report_of
from tests.stories import GOOD, A, B, Story, Told, dialled, hung_up, report, talk


def test_one_direction_names_what_comes_from_there() -> None:
    (told,) = found([INVITE, *talk()], "capture-one-direction")
    assert (told.what, told.severity) == ("SIP and RTP come from 198.51.100.1 alone", "warning")
    (told,) = found([*talk(), *talk(dst=PROXY, ssrc=9)], "capture-one-direction")
    assert (told.what, told.severity) == ("RTP comes from 198.51.100.1 alone", "note")


@pytest.mark.parametrize("story", [talk(), [INVITE, *talk(), (5, B, A, bytes(range(200, 220)))]])
def test_a_single_stream_or_a_capture_that_has_the_way_back_is_not_half_of_something(story: Story) -> None:
    assert not found(story, "capture-one-direction")


def test_a_cut_capture_is_told(tmp_path: Path) -> None:
    whole = (PCAPS / "facetime-2013.pcap").read_bytes()
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole[:-7])
    assert "capture-cut" in ids(analyze([str(path)]))
    path.write_bytes(whole)
    assert "capture-cut" not in ids(analyze([str(path)]))


def test_a_damaged_capture_is_told(tmp_path: Path) -> None:
    whole = bytearray((PCAPS / "facetime-2013.pcap").read_bytes())
    path = tmp_path / "damaged.pcap"
    path.write_bytes(whole)
    assert "capture-corrupt" not in ids(analyze([str(path)]))
    whole[24 + 8 : 24 + 12] = b"\xff\xff\xff\x7f"
    path.write_bytes(whole)
    assert "capture-corrupt" in ids(analyze([str(path)]))


def pcapng(dropped: int, story: Iterable[Told] = ()) -> bytes:
    """A capture of a story on one interface, and statistics that say how many packets were dropped."""

    def block(kind: int, body: bytes) -> bytes:
        size = (12 + len(body)).to_bytes(4, "little")
        return kind.to_bytes(4, "little") + size + body + size

    head = block(0x0A0D0D0A, bytes.fromhex("4d3c2b1a 0100 0000 ffffffffffffffff".replace(" ", "")))
    interface = block(1, bytes.fromhex("0100 0000 00000400".replace(" ", "")))
    lost = (5).to_bytes(2, "little") + (8).to_bytes(2, "little") + dropped.to_bytes(8, "little") + bytes(4)
    records = b""
    for time, src, dst, payload in story:
        octets = frame(src, dst, payload)
        high, low = divmod(int(time * 1000), 1 << 32)
        said = struct.pack("<5I", 0, high, low, len(octets), len(octets))
        records += block(6, said + octets + bytes(-len(octets) % 4))
    return head + interface + records + block(5, bytes(12) + lost)


def test_drops_that_the_capture_reports_are_told(tmp_path: Path) -> None:
    path = tmp_path / "drops.pcapng"
    path.write_bytes(pcapng(7))
    assert "capture-drops" in ids(analyze([str(path)]))
    path.write_bytes(pcapng(0))
    assert "capture-drops" not in ids(analyze([str(path)]))


LOSSY = [*dialled(), *talk(lost=lambda n: n % 5 == 3), *talk(B, A, 78), *hung_up()]


@pytest.mark.parametrize(
    ("dropped", "severity", "certainty"), [(0, "error", "certain"), (1, "error", "medium"), (60, "note", "low")]
)
def test_what_did_not_come_is_in_doubt_where_the_capture_dropped_frames(
    tmp_path: Path, dropped: int, severity: str, certainty: str
) -> None:
    path = tmp_path / "drops.pcapng"
    path.write_bytes(pcapng(dropped, LOSSY))
    told = {each.id: each for each in analyze([str(path)]).findings}
    missing = told["stream-loss"]
    assert (missing.severity, missing.certainty) == (severity, certainty)
    assert missing.what.endswith(DOUBT) == bool(dropped)
    # What is there was there, whatever was dropped.
    assert told["port-shared"].certainty == "certain" and not told["port-shared"].what.endswith(DOUBT)


def test_a_finding_is_told_once_although_frames_are_dropped_meanwhile() -> None:
    made = report(LOSSY)
    (one,) = [each for each in made.findings if each.id == "stream-loss"]
    events, told = Events(), []
    for now, there in ((0.0, one), (40.0, one), (50.0, replace(one, what=one.what + DOUBT)), (99.0, one)):
        told += events.since(replace(made, findings=(there,)), now, (0, 0))
    assert len([each for each in told if isinstance(each, FindingEvent)]) == 1


def copied(story: Story, src: Endpoint) -> Story:
    """A story in which what one endpoint sends was captured twice."""
    return [each for told in story for each in ((told, (told[0] + 2, *told[1:])) if told[1] == src else (told,))]


def test_one_direction_of_sip_and_media_that_was_captured_twice_is_told_as_such() -> None:
    media = [*talk(), *talk(B, A, 78)]
    (alone,) = found(copied(media, B), "capture-doubled")
    assert (alone.what, alone.certainty) == (
        "495 of 990 RTP packets from 203.0.113.2 to 198.51.100.1 are copies, or were sent twice", "medium"
    )
    (both,) = found(copied([*dialled(), *hung_up(), *media], B), "capture-doubled")
    assert both.certainty == "high" and both.what == alone.what.partition(", or")[0]


def twice(same: bool) -> Report:
    """A stream of which everything comes twice, in the same IP packet or in another one."""
    frames = [
        (int(time * 1e6) + 100 * again, numbered(src, dst, octets, 1 + n * 2 + again * (not same)))
        for n, (time, src, dst, octets) in enumerate(talk()) for again in (0, 1)
    ]
    return report_of(frames)


def test_what_was_sent_twice_is_no_fault_of_the_capture() -> None:
    seen_twice, sent = twice(True), twice(False)
    (doubled,) = [each for each in seen_twice.findings if each.id == "capture-doubled"]
    assert (doubled.what, doubled.certainty) == ("495 of 990 RTP packets are copies", "high")
    assert not {"stream-duplicates"} & ids(seen_twice) and "capture-doubled" not in ids(sent)
    (told,) = [each for each in sent.findings if each.id == "stream-duplicates"]
    assert told.what.endswith("495 of 990 packets came twice, each in an IP packet of its own: they were sent twice")
    streams = [made.streams[0] for made in (seen_twice, sent)]
    assert [(each.copies, each.sent_twice) for each in streams] == [(495, 0), (0, 495)]


def test_sip_alone_that_was_captured_twice_is_told() -> None:
    (one,) = found(copied([*dialled(), *hung_up()], B), "capture-doubled")
    assert one.what == "3 of 6 SIP messages from 203.0.113.2 to 198.51.100.1 are copies"
    assert frames(one) == [3, 5, 9]


def test_both_directions_of_sip_are_told_together() -> None:
    (one,) = found(copied(copied([*dialled(), *hung_up()], B), A), "capture-doubled")
    assert one.what == "6 of 12 SIP messages between 198.51.100.1 and 203.0.113.2 are copies"


def test_a_message_or_two_captured_twice_is_not_all_of_them() -> None:
    assert not found(copied(dialled(), B), "capture-doubled")
    assert not found([*dialled(), *hung_up(), *copied(dialled()[:1], A)[1:]], "capture-doubled")


def test_what_carries_something_in_turn_is_no_datagram_of_an_unknown_protocol() -> None:
    port, payload = TUNNELLED["GTP"]
    made = report(GOOD, raw=[ethernet(ipv4(udp(payload, 40_000, port)))] * 3)
    (told,) = [each.what for each in made.findings if each.id == "unknown-share"]
    assert told == f"of no known protocol: 3 of {len(GOOD) + 6:,} datagrams"


def test_messages_of_an_unknown_protocol_are_told_of_all_messages() -> None:
    capture = replace(report([]).capture, messages=3, protocols=(Seen("UNKNOWN", 1),))
    (told,) = unknown_share.look(Facts(capture, (), (), (), (), (), (), ()))
    assert told.what == "of no known protocol: 1 of 3 messages"


@pytest.mark.parametrize(("port", "told"), [(2123, False), (3386, False), (2124, True)])
def test_what_looks_like_media_at_the_port_of_another_service_is_none(port: int, told: bool) -> None:
    create_session = b"\x48\x20\x00\x10" + bytes(16)
    assert bool(found([(0, A, (B[0], port), create_session)], "plausible-only")) is told
