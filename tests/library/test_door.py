"""The door for programs: what may be handed in, what comes out, and what is refused."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import dissectors
from dissectors import offline
from dissectors.library import packets
from dissectors.report import Report
from dissectors.sources.capture import open_capture
from dissectors.wire.captures.records import Record
from dissectors.wire.inflate import Limits
from tests import made

ROOT = Path(__file__).resolve().parents[2]
CALL = ROOT / "pcaps" / "facetime-2013.pcap"
SHARED = ROOT / "pcaps" / "rfc7983.pcap"
PACKED = CALL.read_bytes()


def content(report: Report) -> tuple[Any, ...]:
    """Everything that a report says but what its files are called."""
    capture = report.capture
    counted = (capture.frames, capture.datagrams, capture.protocols, capture.encapsulations)
    return (counted, report.flows, report.calls, report.streams, report.checks, report.findings, report.totals)


WHOLE = offline.analyze([str(CALL)])

OPENED: dict[str, Callable[[Path], Any]] = {
    "a text": lambda folder: str(CALL),
    "a path": lambda folder: CALL,
    "a list of one": lambda folder: [CALL],
    "a generator": lambda folder: (path for path in (CALL,)),
    "a file": lambda folder: CALL.open("rb"),
    "an unbuffered file": lambda folder: CALL.open("rb", buffering=0),
    "bytes in memory": lambda folder: io.BytesIO(PACKED),
    "a file within a list": lambda folder: [io.BytesIO(PACKED)],
    "an unpacked file": lambda folder: gzip.open(written(folder / "call.pcap.gz", gzip.compress(PACKED))),
}


def written(path: Path, octets: bytes) -> Path:
    path.write_bytes(octets)
    return path


@pytest.mark.parametrize("how", OPENED)
def test_a_capture_may_be_named_in_many_ways(how: str, tmp_path: Path) -> None:
    assert content(dissectors.analyze(OPENED[how](tmp_path))) == content(WHOLE)
    assert sum(1 for _ in dissectors.datagrams(OPENED[how](tmp_path))) == WHOLE.capture.datagrams


@pytest.mark.parametrize(
    "use",
    [
        "analyze(sys.stdin.buffer).capture.frames", "analyze('-').capture.frames", "datagrams(sys.stdin.buffer)",
        "datagrams('-')",
    ],
)
def test_standard_input_may_be_read(use: str) -> None:
    code = f"import sys, dissectors; made = dissectors.{use}; print(made if type(made) is int else len(list(made)))"
    done = subprocess.run([sys.executable, "-c", code], input=PACKED, capture_output=True, cwd=ROOT, check=True)
    assert int(done.stdout) == WHOLE.capture.frames


def test_several_captures_are_one_timeline() -> None:
    ours = dissectors.analyze([CALL, io.BytesIO(SHARED.read_bytes())])
    assert content(ours) == content(offline.analyze([str(CALL), str(SHARED)]))
    assert [file.name for file in ours.capture.files] == [str(CALL), "an open file"]


@pytest.mark.parametrize("buffering", [0, -1])
def test_a_file_is_read_from_where_it_stands_and_stays_open(buffering: int, tmp_path: Path) -> None:
    path = written(tmp_path / "behind.bin", b"a header of somebody else" + PACKED)
    with path.open("rb", buffering=buffering) as file:
        for read in (lambda: dissectors.analyze(file).capture.datagrams, lambda: len([*dissectors.datagrams(file)])):
            file.seek(25)
            assert read() == WHOLE.capture.datagrams
            assert not file.closed


def test_a_file_that_breaks_off_while_it_is_unpacked_gives_what_was_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "cut.gz", gzip.compress(PACKED)[:-4000])
    report = dissectors.analyze(gzip.open(path))
    assert 0 < report.capture.frames < WHOLE.capture.frames
    (file,) = report.capture.files
    assert file.name == str(path) and file.cut
    told: list[str] = []
    assert len([*dissectors.datagrams(gzip.open(path), damaged=told.append)]) == report.capture.datagrams
    assert len(told) == 1 and told[0].startswith(f"{path}: the capture is damaged at byte ")


@pytest.mark.parametrize(
    ("captures", "kind", "said"),
    [
        (b"pcaps/facetime-2013.pcap", TypeError, "bytes are no file"),
        (["a.pcap", b"b.pcap"], TypeError, "bytes are no file"),
        (io.StringIO("text"), TypeError, "mode 'rb'"),
        ([None], TypeError, "not NoneType"),
        ([], ValueError, "no capture named"),
        ("nowhere.pcap", dissectors.CaptureError, "^nowhere.pcap: no such file$"),
        (io.BytesIO(b"hello, world, hello"), dissectors.CaptureError, "^an open file: not a capture: it is text$"),
        (io.BytesIO(), dissectors.CaptureError, "^an open file: empty$"),
    ],
)
def test_what_is_no_capture_is_refused(captures: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        dissectors.analyze(captures)
    if isinstance(captures, io.BytesIO):
        captures.seek(0)
    with pytest.raises(kind, match=said):
        next(dissectors.datagrams(captures))


def test_the_options_of_a_report_are_those_of_the_command() -> None:
    frames: list[int] = []
    ours = dissectors.analyze(
        CALL, forced={16402: "rtp"}, limits=Limits(octets=100), progress=frames.append, everything=True
    )
    theirs = offline.analyze([str(CALL)], forced={16402: "RTP"}, limits=Limits(octets=100), everything=True)
    assert content(ours) == content(theirs) != content(WHOLE)
    assert frames
    bounded = dissectors.analyze(CALL, limits=Limits(octets=100))
    assert {len(message.body.text) for message in bounded.calls[0].messages if message.body} == {100, 71}


@pytest.mark.parametrize("name", ["FOO", "UNKNOWN", ""])
def test_a_protocol_that_there_is_not_is_refused(name: str) -> None:
    said = f"no protocol {name!r}; there are SIP, "
    with pytest.raises(ValueError, match=said):
        dissectors.analyze(CALL, forced={16402: name})
    with pytest.raises(ValueError, match=said):
        dissectors.datagrams(CALL, forced={16402: name})
    with pytest.raises(ValueError, match=said):
        dissectors.parse(b"", name)


def test_a_datagram_says_what_the_list_says_of_it() -> None:
    rows = [*offline.rows([str(SHARED)])]
    ours = [*dissectors.datagrams(SHARED)]
    assert [(each.frame, each.flow, each.payload, each.time_ns, each.strength) for each in ours] == [
        (row.datagram.frame, row.datagram.flow, row.datagram.payload, row.datagram.time, row.strength) for row in rows
    ]
    assert {each.protocol for each in ours} >= {"SIP", "STUN", "TURN", "RTP", "RTCP", "DTLS", "ZRTP", "QUIC"}
    assert all(each.time == each.time_ns / 1e9 and each.reason for each in ours)
    stun = next(each for each in ours if each.protocol == "STUN")
    assert stun.reason == "magic cookie 0x2112A442 and two zero bits"


def test_a_datagram_is_parsed_when_it_is_asked() -> None:
    unknown = broken = 0
    for each in dissectors.datagrams(SHARED):
        if each.protocol == "UNKNOWN":
            unknown += 1
            with pytest.raises(dissectors.Malformed, match="no row of the table matches"):
                each.parse()
        else:
            try:
                assert each.parse() == dissectors.parse(each.payload, each.protocol)
            except dissectors.Malformed:
                broken += 1
    assert unknown and not broken


def test_the_ports_of_single_datagrams_may_be_forced_too() -> None:
    assert {each.protocol for each in dissectors.datagrams(CALL, forced={16402: "STUN"})} == {"STUN"}


STUN = bytes.fromhex("000100002112a442") + bytes(12)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_octets_of_any_kind_are_classified_and_parsed(kind: Callable[[bytes], Any]) -> None:
    verdict = dissectors.classify(kind(STUN))
    assert (verdict.protocol, verdict.strength) == ("STUN", "certain")
    assert dissectors.parse(kind(STUN)) == dissectors.parse(STUN, "stun")


def test_the_length_says_how_much_the_capture_cut() -> None:
    assert dissectors.classify(STUN[:12]).protocol != "STUN"
    assert dissectors.classify(STUN[:12], 20).protocol == "STUN"


def test_a_number_is_no_payload() -> None:
    with pytest.raises(TypeError):
        dissectors.classify(20)
    with pytest.raises(TypeError):
        dissectors.parse("INVITE")


def test_what_looks_like_nothing_cannot_be_parsed() -> None:
    assert dissectors.classify(b"hello").strength is None
    with pytest.raises(dissectors.Malformed) as caught:
        dissectors.parse(b"hello")
    assert (caught.value.protocol, caught.value.offset) == ("UNKNOWN", 0)
    with pytest.raises(dissectors.Malformed) as caught:
        dissectors.parse(STUN, "SIP")
    assert caught.value.protocol == "SIP"


class Frame:
    """A packet of some other library."""

    def __init__(self, time: object, octets: bytes, wirelen: int | None = None) -> None:
        self.time = time
        self.octets = octets
        if wirelen is not None:
            self.wirelen = wirelen

    def __bytes__(self) -> bytes:
        return self.octets


def records(path: Path = CALL) -> Iterator[Record]:
    with open_capture(str(path)) as capture:
        yield from capture.records()


PAIRS: dict[str, Callable[[Record], Any]] = {
    "exact": lambda record: (Decimal(record.time) / 10**9, record.octets),
    "lists": lambda record: [Decimal(record.time) / 10**9, bytearray(record.octets)],
    "objects": lambda record: Frame(Decimal(record.time) / 10**9, record.octets),
}


@pytest.mark.parametrize("how", PAIRS)
def test_frames_in_memory_make_the_report_of_their_capture(how: str) -> None:
    report = dissectors.analyze_packets(PAIRS[how](record) for record in records())
    assert content(report) == content(WHOLE)
    (file,) = report.capture.files
    assert (file.name, file.format, file.link_types) == ("frames in memory", "frames in memory", ("ETHERNET",))


def test_times_may_be_floats_and_whole_numbers() -> None:
    report = dissectors.analyze_packets((record.time / 1e9, record.octets) for record in records())
    assert report.capture.first == pytest.approx(WHOLE.capture.first, abs=1e-6)
    assert [stream.packets for stream in report.streams] == [stream.packets for stream in WHOLE.streams]
    report = dissectors.analyze_packets([(5, b""), (-7, b""), (10**30, b"")])
    assert (report.capture.first, report.capture.last) == (0, pytest.approx((1 << 62) / 1e9))


def behind_ethernet(record: Record) -> tuple[float, bytes]:
    return record.time / 1e9, record.octets[14:]


@pytest.mark.parametrize("link", ["RAW", "raw", "LINKTYPE_RAW", "DLT_RAW", "IPV4", 101, 228])
def test_the_link_type_has_a_name_or_a_number(link: str | int) -> None:
    report = dissectors.analyze_packets(map(behind_ethernet, records()), link=link)
    assert report.capture.datagrams == WHOLE.capture.datagrams


def test_a_link_type_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no link type 'TOKEN_RING'"):
        dissectors.analyze_packets([], link="TOKEN_RING")


@pytest.mark.parametrize(("wirelen", "original"), [(None, 92), (142, 142), (5, 92)])
def test_a_packet_says_how_long_it_was_on_the_wire(wirelen: int | None, original: int) -> None:
    packet = Frame(1, made.frame(made.A, made.B, b"x" * 100)[:-50], wirelen)
    assert [record.original for record in packets.records([packet], None)] == [original]


class Kind(NamedTuple):
    """How a packet of Scapy is made of a captured frame, and its link type."""

    made: str
    link: str


SCAPY = (
    Kind("Ether(octets)", "ETHERNET"), Kind("IP(octets[14:])", "RAW"), Kind("IPv46(octets[14:])", "RAW"),
    Kind("CookedLinux(proto=0x800) / IP(octets[14:])", "LINUX_SLL"), Kind("Loopback() / IP(octets[14:])", "NULL"),
    Kind("CookedLinuxV2(proto=0x800) / IP(octets[14:])", "LINUX_SLL2"),
)


@pytest.mark.parametrize("kind", SCAPY, ids=lambda kind: kind.made.partition("(")[0])
def test_a_packet_of_scapy_tells_its_link_type(kind: Kind) -> None:
    scapy = pytest.importorskip("scapy.all")
    octets = made.frame(made.A, made.B, STUN)
    packet = eval(kind.made, {**vars(scapy), "octets": octets})
    report = dissectors.analyze_packets([packet])
    assert report.capture.files[0].link_types == (kind.link,)
    assert [(flow.datagrams, flow.protocols[0].name) for flow in report.flows] == [(1, "STUN")]


def test_a_layer_of_scapy_that_tells_no_link_type_needs_one_named() -> None:
    scapy = pytest.importorskip("scapy.all")
    raw = scapy.Raw(made.frame(made.A, made.B, STUN))
    with pytest.raises(ValueError, match="begins with Raw: say its link type"):
        dissectors.analyze_packets([raw])
    assert dissectors.analyze_packets([raw], link="ETHERNET").capture.datagrams == 1


def test_no_frames_make_an_empty_report() -> None:
    report = dissectors.analyze_packets([])
    assert (report.capture.frames, report.calls, report.findings) == (0, (), WHOLE.findings[:0])


def test_keys_open_tls() -> None:
    secured = ROOT / "tests" / "data" / "tls" / "tls12_ecdhe_gcm.pcap"
    keys = secured.with_suffix(".keys")
    assert not dissectors.analyze(secured).calls
    for named in (keys, [str(keys)]):
        assert len(dissectors.analyze(secured, keys=named).calls) == 3
    assert [each.protocol for each in dissectors.datagrams(secured, keys=keys)] == ["SIP"] * 21
    with pytest.raises(ValueError, match="holds no keys"):
        dissectors.analyze(secured, keys=CALL)
