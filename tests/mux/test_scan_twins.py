"""The compiled scan against the interpreted one: every column, counter and finding, of whole and damaged captures."""

from __future__ import annotations

import random
import struct
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from dissectors.engine.engine import Engine
from dissectors.mux import scan as interpreted
from dissectors.mux.counters import Counters
from dissectors.protocols import rtp
from dissectors.sources.capture import Capture, open_capture
from dissectors.wire.captures.pcap import UNWRITTEN
from dissectors.wire.errors import CaptureError
from tests import made
from tests.capture_octets import block, enhanced, interface, option, section
from tests.icmp import TOO_BIG, refused
from tests.twins import SMALL, counted, entries, pcap, same, scanned, state

compiled = pytest.importorskip("dissectors.mux.compiled.scan", reason="no compiled scan was built here")

ROOT = Path(__file__).resolve().parents[1]
CAPTURES = sorted(
    path
    for folder in (ROOT / "data" / "captures", ROOT.parent / "pcaps")
    for path in folder.iterdir()
    if path.suffix in (".pcap", ".pcapng", ".cap", ".gz")
)
VIDEO_STARTS = (
    b"", b"\x90\x80\x05\x10\x02\0\x9d\x01\x2a\x80\x02\xe0\x01", b"\x10\x30\x01\x02\x9d\x01\x2a\0\0\0",
    b"\x8a\x80\x05\x00", b"\xac\x05\x02", b"\x65\x88", b"\x78\0\x04\x67\x42\0\x1f\0\x02\x65\x88", b"\x7c\x85",
    b"\x26\x01", b"\x60\x01\0\x03\x40\x01\x0c\0\x03\x26\x01\x09", b"\x62\x01\x93", b"\x18\x0a\x0b",
    b"\x08\x82\x01\x0a", b"\x78", b"\x90", b"\x88",
)
VIDEO_EXTENSIONS = (
    (0xBEDE, b"\xc6\x80\x00\x01\x80\x01\x02\x03\x22\1\2\3"), (0x1000, b"\x0c\x05\x80\0\2\x80\xaa\0"),
    (0xBEDE, b"\xf3\x80\0\1\x80\0\0\0"), (0xBEDE, b"\xc2\xc0\0\1"), (0x4400, bytes(8)), (0x1000, b"\x0c\xff\x80\0"),
)
"""Payloads that begin key frames of each codec, whole and cut, and header extensions with descriptors, and without."""

@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_both_scans_tell_the_same_of_a_capture(path: Path) -> None:
    same(path.read_bytes())


@pytest.mark.parametrize("path", [path for path in CAPTURES if path.suffix != ".gz"], ids=lambda path: path.name)
def test_how_a_file_is_cut_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    octets = path.read_bytes()
    whole = scanned(compiled.Scanner, octets, every=True, leave=False)
    assert whole == scanned(compiled.Scanner, octets, chunk=1000, every=True)
    monkeypatch.setattr("dissectors.sources.capture.CHUNK_OCTETS", 1000)
    scanner = compiled.Scanner(every=True)
    with open_capture(str(path)) as capture:
        read = partial(scanner.read, 0, capture.walker, leave=True)
        rows = [row for batch in capture.lent_through(read) for row in entries(batch)]
    rows += entries(scanner.finish())
    assert {"rows": rows, "notes": capture.notes, **state(scanner)} == whole


@pytest.mark.parametrize("cut", [0, 9, 30, 80])
def test_what_is_unusual_among_plain_records_is_read_to_the_end_however_it_comes(cut: int, tmp_path: Path) -> None:
    frame, notes = made.frame(made.A, made.B, made.rtp(1)), option(1, b"a comment") + option(0, b"")
    octets = section() + interface() + b"".join(enhanced(frame, n, options=notes if n % 2 else b"") for n in range(7))
    octets += block(5, bytes(12) + option(5, (77).to_bytes(8, "little")) + option(0, b""))
    octets = octets[: len(octets) - cut]
    told = same(octets)["notes"]
    assert told.packets >= 5 and (told.cut is None and told.drops == 77) is not bool(cut)
    path = tmp_path / "a.pcapng"
    path.write_bytes(octets)
    scanner = compiled.Scanner()
    with open_capture(str(path)) as capture:
        for _ in capture.lent_through(partial(scanner.read, 0, capture.walker, leave=True)):
            pass
    assert capture.notes == told


@pytest.mark.parametrize("seed", range(24))
def test_streams_that_jump_pause_and_change_are_counted_the_same_in_both(seed: int) -> None:
    chance = random.Random(seed)
    both = compiled.Counters(1, 0), Counters(1, 0)
    clock = chance.choice((8000, 48000, 90000))
    time, number, stamp, step = 0, 65_000, 0xFFFF_F000, clock // 50
    for frame in range(1500):
        odd = chance.random()
        if odd < 0.01 and seed % 2:
            stamp = chance.choice((0, stamp + 60 * clock, stamp - 2 * clock, chance.randrange(1 << 32)))
            number += chance.choice((0, 0, 1, 7, 200, 5000))
        elif odd < 0.02:
            time += chance.choice((1, 70, 500, 2000)) * 1_000_000
            stamp += chance.choice((0, 0, clock)) * (seed % 2)
        elif odd < 0.025:
            step = chance.choice((clock // 50, clock // 25, clock // 100))
        came = number - chance.choice((1, 2, 30)) if odd > 0.97 else number
        payload = made.rtp(came & 0xFFFF, timestamp=stamp & 0xFFFFFFFF, payload_type=chance.choice((0,) * 30 + (8,)))
        for counters in both:
            counters.update(time, (0, frame), payload, 172)
        number, stamp = number + 1, stamp + step
        time += step * 1_000_000_000 // clock + chance.randrange(-1_000_000, 1_000_000)
    ours, theirs = map(counted, both)
    assert ours == theirs
    assert ours["pauses"] and (ours["leaps"] if seed % 2 else ours["surprises"] or not ours["trusted"])


@pytest.mark.parametrize("seed", range(16))
def test_pictures_are_counted_the_same_in_both(seed: int) -> None:
    chance = random.Random(seed)
    both = compiled.Counters(1, 0), Counters(1, 0)
    time, number, stamp = 0, 65_000, 0xFFFF_F000
    for frame in range(900):
        size = chance.choice((1, 1, 2, 5)) if seed % 4 else 1
        for place in range(size):
            odd = chance.random()
            number += chance.choice((0, 1, 2, 7, 5000)) if odd < 0.02 else 1
            came = number - chance.choice((1, 3, 60, 4000)) if odd > 0.98 else number
            begins = chance.choice((VIDEO_STARTS if seed % 2 else (b"",)) if place == 0 else (b"",))
            body = begins + chance.randbytes(chance.choice((0, 1, 5, 40, 300)))
            extension = chance.choice((None, *VIDEO_EXTENSIONS))
            payload = rtp.build(
                96, came & 0xFFFF, stamp & 0xFFFFFFFF, 1, body, marker=place == size - 1 and odd > 0.05,
                extension=extension,
            )
            for counters in both:
                counters.update(time, (0, frame), payload, len(payload))
            time += 300_000
        stamp += chance.choice((3000, 3000, 3000, 6000, 0))
        time += 33_000_000 - 300_000 * size + chance.choice((0,) * 40 + (900_000_000, 5_000_000))
    ours, theirs = map(counted, both)
    assert ours == theirs
    assert ours["pictures"]["frames"] > 300
    assert ours["pictures"]["freezes"] and ours["pictures"]["incomplete"]
    if seed % 2:
        assert all(ours["pictures"]["counts"])


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_both_scans_lead_to_the_same_report(path: Path) -> None:
    reports = []
    for twin in (compiled.Scanner, interpreted.Scanner):
        scanner, engine = twin(), Engine()
        capture = Capture("made", BytesIO(path.read_bytes()))
        for batch in capture.through(partial(scanner.read, 0, capture.walker)):
            engine.feed(batch)
        engine.feed(scanner.finish(engine.announced()))
        report = engine.report(scanner, ())
        reports.append(report)
    ours, theirs = ({**plain(report), "capture": None} for report in reports)
    assert ours == theirs
    assert plain(reports[0].capture) | {"scan": ""} == plain(reports[1].capture) | {"scan": ""}


def plain(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def test_errors_of_icmp_are_the_same_in_both() -> None:
    sent = [(float(20 * n), ("192.0.2.1", 4000 + n % 3), ("192.0.2.2", 4000), made.rtp(n)) for n in range(600)]
    frames = [(time, made.frame(src, dst, payload)) for time, src, dst, payload in sent]
    frames += [*refused(sent[::7]), *refused(sent[::50], TOO_BIG, by="192.0.2.3", mtu=1400), (0.5, b"\1" * 60)]
    tagged = b"\x81\0\0\5"
    frames = [(time, each[:12] + tagged * (n % 5 == 0) + each[12:]) for n, (time, each) in enumerate(sorted(frames))]
    octets = pcap([
        (0, made.Record(n, int(time * 1e6), 1, each, len(each))) for n, (time, each) in enumerate(frames, 1)
    ])
    told = same(octets)
    assert [(error.what, error.mtu) for error in told["icmp"]].count(("port unreachable", 0)) == 3
    assert sum(period.count for error in told["icmp"] for period in error.periods) == 86 + 12
    assert told["datagrams"] == 600 and [len(error.periods) for error in told["icmp"]] == [1] * 6


@pytest.mark.parametrize("chunk", [1, 7, 16, 100, 1000, 4096])
def test_how_the_octets_are_cut_changes_nothing(chunk: int) -> None:
    for path in CAPTURES:
        octets = path.read_bytes()[:20_000]
        if octets[:2] == b"\x1f\x8b":
            continue
        assert scanned(compiled.Scanner, octets, chunk, every=True) == scanned(compiled.Scanner, octets, every=True)


@pytest.mark.parametrize("forced", [{16402: "RTP"}, {16402: "SIP"}, {5004: "RTCP"}])
def test_a_forced_port_does_the_same_in_both(forced: dict[int, str]) -> None:
    for path in CAPTURES:
        same(path.read_bytes()[:50_000], forced=forced)


def test_tables_that_are_full_let_the_same_go() -> None:
    sent = []
    chance = random.Random(3)
    for number in range(4000):
        ssrc = chance.randrange(1, 9)
        src, dst = (f"192.0.2.{chance.randrange(1, 9)}", 16402), (f"198.51.100.{ssrc}", 16402)
        sent.append((src, dst, chance.choice((made.rtp(number, ssrc), made.srtcp(ssrc), made.stun(), b"\0\1whatever"))))
    same(pcap(made.records(sent)), bounds=SMALL)


@pytest.mark.parametrize("sequence", [4, 5])
def test_a_stream_that_gives_way_to_what_looks_like_rtcp_counts_no_more(sequence: int) -> None:
    sent: list[made.Sent] = []
    for ssrc in (0x5EED0001, 0x5EED0002, 0x5EED0003):
        sent += [(("192.0.2.1", ssrc & 0xFF), ("192.0.2.2", 16402), made.rtp(n, ssrc)) for n in range(5)]
    # A payload type of 72 is, with the marker, that of a sender report, and the sequence number its length.
    sent += [
        (("192.0.2.1", 4), ("192.0.2.2", 16402), rtp.build(72, n, 160 * n, 0x5EED0004, bytes(8), marker=n == sequence))
        for n in range(sequence - 2, sequence + 1)
    ]
    sent += [(("192.0.2.1", 1), ("192.0.2.2", 16402), made.rtp(n, 0x5EED0001)) for n in range(5, 9)]
    found = same(pcap(made.records(sent)), bounds=SMALL)
    assert sum(row[9] == interpreted.RTP for row in found["rows"]) > 15


@pytest.mark.parametrize("seed", range(8))
def test_streams_begin_the_same_in_both(seed: int) -> None:
    chance = random.Random(seed)
    ends = [(f"192.0.2.{host}", port) for host in (1, 2, 3) for port in (5004, 16402)]
    sources = [0, 1, 70_000, 0x5EED0001, 0x5EED0002, 0x5EED0003]
    sent: list[made.Sent] = []
    for _ in range(chance.choice((60, 200))):
        src, dst = chance.sample(ends, 2)
        ssrc, number, stamp = chance.choice(sources), chance.randrange(1 << 16), chance.randrange(1 << 32)
        odd = chance.random()
        if odd < 0.2:
            quic = bytes.fromhex("c000000001088394c8f03e51")
            others = made.rtcp(ssrc), made.srtcp(ssrc), made.stun(), quic, b"8" * 20
            sent.append((src, dst, chance.choice(others)))
            continue
        extension = (0xBEDE, b"\x10\x41\0\0") if odd < 0.3 else None
        for _ in range(90 if odd > 0.98 else chance.randrange(1, 9)):
            number += chance.choice((1, 1, 1, 1, 2, 0, 9000)) if odd < 0.9 else chance.randrange(1 << 16)
            stamp += chance.choice((160, 160, 160, 0, 1 << 30))
            body = rtp.build(
                chance.choice((0, 0, 0, 8)), number & 0xFFFF, stamp & 0xFFFFFFFF, ssrc, bytes(20), extension=extension
            )
            way = (dst, src) if chance.random() < 0.2 else (src, dst)
            sent.append((*way, body[: chance.choice((11, 13, 20))] if chance.random() < 0.02 else body))
    for bounds in (None, SMALL):
        found = same(pcap(made.records(sent)), bounds=bounds)
        assert len({row[11] for row in found["rows"] if row[9] == interpreted.RTP}) > 2


@pytest.mark.parametrize("seed", range(8))
def test_whom_reports_name_is_the_same_in_both(seed: int) -> None:
    chance = random.Random(seed)
    ends = [(f"192.0.2.{host}", port) for host in (1, 2, 3) for port in (5004, 16402)]
    sources = [0, 1, 70_000, *(0x5EED0001 + number for number in range(6))]
    sent: list[made.Sent] = []
    for _ in range(300):
        src, dst = chance.sample(ends, 2)
        ssrc, heard, kind = chance.choice(sources), chance.choice(sources), chance.choice((200, 201))
        sender = bytes(20) if kind == 200 else b""
        report = struct.pack("!BBHI", 0x81, kind, 7 + len(sender) // 4, ssrc) + sender + struct.pack("!I20x", heard)
        whole = chance.random() < 0.9
        others = made.rtcp(ssrc), made.srtcp(ssrc), made.rtp(chance.randrange(99), ssrc), made.channel_data(report)
        sent.append((src, dst, chance.choice((report if whole else report[:30], report, *others))))
    for bounds in (None, SMALL):
        found = same(pcap(made.records(sent)), bounds=bounds)
    assert {interpreted.RTP, interpreted.PROTOCOLS.index("RTCP")} <= {row[9] for row in found["rows"]}


@pytest.mark.parametrize("lengths", [(1, 3, 5), (40, 3, 1), (2, 2, 2, 2), (1, 90, 1, 90)])
def test_whichever_protocol_comes_most_on_a_flow_each_is_counted(lengths: tuple[int, ...]) -> None:
    sent: list[made.Sent] = []
    for turn, length in enumerate(lengths):
        for number in range(length):
            kinds = made.stun(), made.rtp(100 * turn + number, 9), made.rtcp(9), b"8" * 20
            sent.append((made.A, made.B, kinds[turn % len(kinds)]))
    (flow,) = same(pcap(made.records(sent)))["flows"]
    assert sorted(count for count in flow[8] if count) == sorted(lengths)


def test_a_batch_that_is_full_ends_between_two_records() -> None:
    nothing, many = (made.B, made.A, b"8" * 20), (made.A, made.B, made.stun())
    octets = pcap(made.records([nothing] * 3 + [many] * (interpreted.BATCH_RECORDS + 5)))
    scanner, capture = compiled.Scanner(), Capture("made", BytesIO(octets))
    capture._chunks = iter([octets])
    batches = [[*entries(batch)] for batch in capture.through(partial(scanner.read, 0, capture.walker))]
    assert [len(batch) for batch in batches] == [interpreted.BATCH_RECORDS - 3, 8]
    assert [row[2] for batch in batches for row in batch] == [*range(4, interpreted.BATCH_RECORDS + 9)]
    assert capture.notes.packets == interpreted.BATCH_RECORDS + 8


@pytest.mark.parametrize(("length", "last"), [(20, interpreted.BATCH_RECORDS), (1400, 5818)])
@pytest.mark.parametrize("piece", [9_999, 1 << 20])
def test_batches_end_at_the_same_record_in_both(length: int, last: int, piece: int) -> None:
    octets = pcap(made.records([(made.B, made.A, b"8" * length)] * (last + 5)))
    for scanner in (interpreted.Scanner(), compiled.Scanner()):
        capture = Capture("made", BytesIO(octets))
        capture._chunks = (octets[at : at + piece] for at in range(0, len(octets), piece))
        batches = capture.through(partial(scanner.read, 0, capture.walker))
        assert [capture.notes.packets for batch in batches if batch.full] == [last]


@pytest.mark.parametrize("datagrams", [1, 2, 3])
def test_rtp_that_looks_like_rtcp_is_the_same_in_both(datagrams: int) -> None:
    sent = [(made.A, made.B, made.stun()), (made.A, made.B, made.rtcp(9))]
    for number in range(60):
        payload_type = 200 if number % datagrams == datagrams - 1 else 72
        # 17 is the length of such a datagram in words: as a whole it is a packet of RTCP, too.
        sent.append((made.A, made.B, made.rtp(number, 0x5EED0009, payload_type, 3000 * (number // datagrams))))
    same(pcap(made.records(sent)))


@pytest.mark.parametrize("behind", [50, 150, 4000])
def test_repairs_from_far_behind_are_counted_the_same_in_both(behind: int) -> None:
    chance = random.Random(behind)
    numbers: list[int] = []
    for number in range(5000):
        if number % 40 not in (7, 8):
            numbers.append(number)
        if number >= behind and (number - behind) % 40 in (7, 8) and chance.random() < 0.8:
            numbers += [number - behind] * chance.choice((1, 1, 2))
    same(pcap(made.records([(made.A, made.B, made.rtp(number, timestamp=number // 3 * 3000)) for number in numbers])))


def pcapng(records: list[Any], order: str = "<", resolution: bytes = b"", options: bytes = b"") -> bytes:
    """A pcapng file of records, in either byte order, with options behind the interface and behind each packet."""

    def block(kind: int, body: bytes) -> bytes:
        size = struct.pack(order + "I", 12 + len(body))
        return struct.pack(order + "I", kind) + size + body + size

    octets = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    octets += block(1, struct.pack(order + "HHI", 1, 0, 65535) + resolution)
    for _, record in records:
        size = len(record.octets)
        head = struct.pack(order + "IIIII", 0, record.time >> 32, record.time & 0xFFFFFFFF, size, size)
        octets += block(6, head + record.octets + bytes(-size % 4) + options)
    return octets


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("exponent", [0x06, 0x09, 0x0C, 0x00, 0x80 | 20, 0x80 | 64])
@pytest.mark.parametrize("comment", [False, True])
def test_pcapng_of_every_kind_is_the_same_in_both(order: str, exponent: int, comment: bool) -> None:
    sent = [(made.A, made.B, made.rtp(number)) for number in range(30)] + [(made.B, made.A, made.stun())]
    resolution = struct.pack(order + "HHBxxxHH", 9, 1, exponent, 0, 0)
    option = struct.pack(order + "HH4sHH", 1 if comment else 2, 4, b"text", 0, 0)
    same(pcapng(made.records(sent), order, resolution, option))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_damaged_captures_are_the_same_in_both(path: Path) -> None:
    octets = path.read_bytes()[:30_000]
    chance = random.Random(path.name)
    for _ in range(20):
        damaged = bytearray(octets)
        for _ in range(chance.choice((1, 3, 30, 300))):
            damaged[chance.randrange(len(damaged))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        try:
            same(bytes(damaged), bounds=SMALL if chance.random() < 0.3 else None)
        except CaptureError:
            continue


@pytest.mark.parametrize("zeros", [15, 16, 40, 100_000])
def test_zeros_behind_the_last_record_end_the_capture(zeros: int) -> None:
    sent = [(("192.0.2.1", 16402), ("192.0.2.2", 16402), made.stun())] * 3
    octets = pcap(made.records(sent))
    same(octets + bytes(zeros))
    told = scanned(compiled.Scanner, octets + bytes(zeros))
    assert told["datagrams"] == 3
    if zeros < 16:
        assert told["notes"].cut == len(octets) and told["notes"].corrupt is None
    else:
        assert told["notes"].corrupt == (len(octets), UNWRITTEN)


def test_a_record_of_nothing_at_a_time_is_a_record() -> None:
    for header in ((0, 1, 0, 0), (1, 0, 0, 0), (0, 0, 0, 60)):
        octets = pcap([]) + struct.pack("<IIII", *header)
        same(octets)
        assert scanned(compiled.Scanner, octets)["notes"].packets == 1
