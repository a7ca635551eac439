"""Captures normalised: once is enough, the way back is the way there, and what is not touched stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dpkt
import msgspec
import pytest

from dissectors import offline
from dissectors.report import Report
from dissectors.rewriting.normalise import CUT, DAMAGED, TOO_LARGE, Wanted, normalise
from dissectors.wire.inflate import deflate
from tests import captures
from tests.capture_octets import snoop
from tests.command_line import CALL, ROOT
from tests.ip_frames import ethernet, ipv4, udp
from tests.made import frame
from tests.stories import ANSWER, GOOD, OFFER, A, B, asked, dialled, request, sender_report

PLAIN = str(ROOT / "pcaps" / "facetime-2013-plain.pcap")
COMPRESSED = [
    request(0, "INVITE", "Content-Type: application/sdp", "Content-Encoding: deflate", body=deflate(OFFER, "deflate")),
    *dialled()[1:], *GOOD[4:],
]
MUXED = [*COMPRESSED, *asked(900), sender_report(5000)]


def texts(report: Report) -> list[str | None]:
    return [message.body.text if message.body else None for call in report.calls for message in call.messages]


def done(path: str, out: Path, **wanted: object) -> Report:
    normalise(path, str(out), Wanted(**wanted), force=True)  # type: ignore[arg-type]
    return offline.analyze([str(out)])


@pytest.mark.parametrize("wanted", [{}, {"split_ports": True, "rtpmap": True}, {"long": True}, {"compact": True}])
@pytest.mark.parametrize("path", [CALL, PLAIN, str(ROOT / "pcaps" / "encodings.pcap")])
def test_normalised_twice_is_normalised_once(tmp_path: Path, path: str, wanted: dict[str, bool]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    done(path, one, **wanted)
    done(str(one), two, **wanted)
    assert one.read_bytes() == two.read_bytes()


def test_only_what_was_compressed_is_changed(tmp_path: Path) -> None:
    path = captures.pcapng(tmp_path / "in", MUXED)
    tally = normalise(path, str(tmp_path / "out"), Wanted())
    before, after = captures.records(path), captures.records(tmp_path / "out")
    changed = [old.frame for old, new in zip(before, after, strict=True) if old != new]
    assert (tally.frames, tally.changed, changed) == (len(MUXED), 1, [1])
    octets = (tmp_path / "out").read_bytes()
    assert b"muxshark: body inflated (zlib)" in octets and octets.count(b"comment ") == len(MUXED)
    assert b"a key that nobody asked for" in octets


def test_the_report_is_the_same_but_for_the_compression(tmp_path: Path) -> None:
    before, after = offline.analyze([CALL]), done(CALL, tmp_path / "out")
    assert texts(after) == texts(before) and after.streams == before.streams and after.checks == before.checks
    assert not any(message.body and message.body.encoding != "identity" for message in after.calls[0].messages)


def test_compressed_and_normalised_again_a_capture_is_what_it_was(tmp_path: Path) -> None:
    report = done(PLAIN, tmp_path / "packed", compress=True)
    assert all(message.body.encoding == "zlib" for message in report.calls[0].messages if message.body)
    done(str(tmp_path / "packed"), tmp_path / "out")
    assert [each[42:] for each in captures.frames(tmp_path / "out")] == [each[42:] for each in captures.frames(PLAIN)]


def test_each_protocol_gets_a_port_and_sdp_follows(tmp_path: Path) -> None:
    report = done(captures.story(tmp_path / "in", MUXED), tmp_path / "out", split_ports=True)
    kinds = {(flow.sport, tuple(seen.name for seen in flow.protocols)) for flow in report.flows}
    assert {(5060, ("SIP",)), (3478, ("STUN",)), (16402, ("RTP",)), (16403, ("RTCP",))} <= kinds
    (call,) = report.calls
    assert [media.port for each in call.descriptions for media in each.media] == [16402, 16402]
    assert len(call.streams) == 2


def test_no_finding_comes_of_ports_that_moved(tmp_path: Path) -> None:
    ids = {finding.id for finding in offline.analyze([CALL]).findings}
    report = done(CALL, tmp_path / "out", split_ports=True)
    assert {finding.id for finding in report.findings} <= ids
    assert {check.mapped for check in report.checks} == {"192.168.231.118:3478", "192.168.231.100:3478"}
    assert {call.caller for call in report.calls} == {"sip:user@192.168.231.118:5060"}
    assert b"192.168.231.118:16402" not in (tmp_path / "out").read_bytes()


def test_rtpmap_lines_are_written_where_they_were_left_out(tmp_path: Path) -> None:
    report = done(CALL, tmp_path / "out", rtpmap=True)
    formats = report.calls[0].descriptions[0].media[0].formats
    assert [each.source for each in formats][:2] == ["rtpmap", "rtpmap"]


def test_fragments_of_a_changed_message_become_one_packet(tmp_path: Path) -> None:
    _, _, _, payload = COMPRESSED[0]
    datagram = udp(payload)
    parts = [ethernet(ipv4(datagram[:200], fragment=0x2000)), ethernet(ipv4(datagram[200:], fragment=25))]
    path = captures.pcap(tmp_path / "in", [(0, parts[0]), (1, b"between"), (2, parts[1])])
    tally = normalise(path, str(tmp_path / "out"), Wanted())
    assert (tally.frames, tally.changed, tally.merged) == (3, 1, 1)
    first, second = captures.frames(tmp_path / "out")
    assert first == b"between" and second.endswith(OFFER)


def test_fragments_of_what_stays_are_copied(tmp_path: Path) -> None:
    datagram = udp(b"x" * 800)
    parts = [ethernet(ipv4(datagram[:200], fragment=0x2000)), ethernet(ipv4(datagram[200:], fragment=25))]
    path = captures.pcap(tmp_path / "in", [(0, parts[0]), (2, parts[1])])
    normalise(path, str(tmp_path / "out"), Wanted())
    assert (tmp_path / "out").read_bytes() == Path(path).read_bytes()


def test_what_cannot_be_inflated_stays_and_is_counted(tmp_path: Path) -> None:
    headers = ("Content-Type: application/sdp", "Content-Encoding: deflate")
    damaged = request(0, "INVITE", *headers, body=deflate(OFFER, "deflate")[:-5])
    path = captures.story(tmp_path / "in", [damaged])
    tally = normalise(path, str(tmp_path / "out"), Wanted())
    assert tally.left == {DAMAGED: 1} and (tmp_path / "out").read_bytes() == Path(path).read_bytes()


def test_a_body_over_the_bounds_stays_and_is_not_called_damaged(tmp_path: Path) -> None:
    headers = "Content-Encoding: deflate", "Content-Type: application/sdp"
    bomb = request(0, "INVITE", *headers, body=deflate(b"a=x\r\n" * 400_000, "deflate"))
    path = captures.story(tmp_path / "in", [bomb])
    tally = normalise(path, str(tmp_path / "out"), Wanted())
    assert tally.left == {TOO_LARGE: 1} and (tmp_path / "out").read_bytes() == Path(path).read_bytes()


def test_a_message_that_the_capture_cut_stays_and_is_counted(tmp_path: Path) -> None:
    octets = frame(A, B, COMPRESSED[0][3])
    header = captures.HEADER + octets[:0]
    import struct

    record = struct.pack("<IIII", 0, 0, len(octets) - 9, len(octets)) + octets[:-9]
    (tmp_path / "in").write_bytes(header + record)
    tally = normalise(str(tmp_path / "in"), str(tmp_path / "out"), Wanted())
    assert tally.left == {CUT: 1} and (tmp_path / "out").read_bytes() == header + record


def test_a_format_that_is_only_read_becomes_pcapng(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(snoop([frame(src, dst, payload) for _, src, dst, payload in COMPRESSED[:3]]))
    normalise(str(tmp_path / "in"), str(tmp_path / "out"), Wanted())
    first, *others = captures.frames(tmp_path / "out")
    assert first.endswith(OFFER) and others[-1].endswith(ANSWER)


@pytest.mark.parametrize("name", ["bad-day.pcap", "facetime-2013.pcap", "encodings.pcap"])
def test_what_is_compiled_and_what_is_not_write_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = str(ROOT / "pcaps" / name)
    one = normalise(path, str(tmp_path / "one"), Wanted())
    monkeypatch.setenv("MUXSHARK_PURE", "1")
    two = normalise(path, str(tmp_path / "two"), Wanted())
    assert (one.frames, one.changed, one.left) == (two.frames, two.changed, two.left)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


CHANGED = {"length", "compressed_length", "encoding", "label", "status", "headers", "sent", "compact", "octets", "name"}
"""Fields that speak of the compression, and how long messages are."""


def differences(one: object, two: object, field: str = "") -> Iterator[str]:
    """The names of the fields that differ between two values."""
    if isinstance(one, dict) and isinstance(two, dict):
        for name in {**one, **two}:
            yield from differences(one.get(name), two.get(name), name)
    elif isinstance(one, (list, tuple)) and isinstance(two, (list, tuple)) and len(one) == len(two):
        for first, second in zip(one, two, strict=True):
            yield from differences(first, second, field)
    elif one != two:
        yield field


def test_the_report_is_that_of_the_original_but_for_the_compression(tmp_path: Path) -> None:
    done(CALL, tmp_path / "out")
    before, after = (msgspec.to_builtins(offline.analyze([path])) for path in (CALL, str(tmp_path / "out")))
    told = [[each for each in report.pop("findings") if each["id"] != "body-compressed"] for report in (before, after)]
    assert told[0] == told[1] != [] and set(differences(before, after)) <= CHANGED


def test_dpkt_reads_every_message_and_its_body(tmp_path: Path) -> None:
    report = done(CALL, tmp_path / "out", long=True)
    payloads = [row.datagram.payload for row in offline.rows([str(tmp_path / "out")])]
    payloads = [each for each in payloads if b"SIP/2.0\r\n" in each or each.startswith(b"SIP/2.0 ")]
    found = [
        (dpkt.sip.Response if each.startswith(b"SIP") else dpkt.sip.Request)(each).body.decode() for each in payloads
    ]
    assert [text for text in found if text] == [text for text in texts(report) if text] and len(payloads) == 9
