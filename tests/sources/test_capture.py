"""Opening captures: files, pipes, gzip, what is no capture, and several files as one timeline."""
from __future__ import annotations

import errno
import gzip
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Generator
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from dissectors.sources.capture import CHUNK_OCTETS, Capture, merge, open_capture
from dissectors.wire.captures.records import Record
from dissectors.wire.errors import CaptureError

DATA = Path(__file__).resolve().parents[1] / "data" / "captures"
SAMPLE = DATA / "zeek__ipv6-fragmented-dns.pcap"


def pcap(times: list[int], size: int = 60) -> bytes:
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return out + b"".join(struct.pack("<IIII", time, 0, size, size) + bytes([time & 255]) * size for time in times)


def write(path: Path, octets: bytes) -> str:
    path.write_bytes(octets)
    return str(path)


def times(capture: Capture) -> list[int]:
    with capture:
        return [record.time // 1_000_000_000 for record in capture.records()]


def test_a_file_is_read_through_many_chunks(tmp_path: Path) -> None:
    count = 3 * CHUNK_OCTETS // 1000
    path = write(tmp_path / "long.pcap", pcap(list(range(count)), 1000))
    assert times(open_capture(path)) == list(range(count))


def test_a_pcapng_named_pcap_is_known_by_its_magic(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcap", (DATA / "gopacket__pcapgo_tests_be_test014.pcapng").read_bytes())
    with open_capture(path) as capture:
        assert list(capture.records()) == []
        assert capture.notes.format == "pcapng, big-endian"


def test_gzip_is_known_by_its_magic_and_its_members_follow_one_another(tmp_path: Path) -> None:
    octets = SAMPLE.read_bytes()
    plain = list(open_capture(str(SAMPLE)).records())
    half = len(octets) // 2
    members = gzip.compress(octets[:half]) + gzip.compress(octets[half:])
    for number, packed in enumerate((gzip.compress(octets), members, members + b"\0" * 512)):
        with open_capture(write(tmp_path / f"{number}.pcap", packed)) as capture:
            assert capture.compressed
            assert list(capture.records()) == plain
            assert capture.notes.corrupt is None and capture.notes.cut is None


def test_a_long_gzip_is_read_whole(tmp_path: Path) -> None:
    octets = pcap(list(range(5000)), 1500)
    assert len(octets) > 20 * CHUNK_OCTETS
    assert times(open_capture(write(tmp_path / "a.gz", gzip.compress(octets)))) == list(range(5000))


def test_every_cut_of_a_gzip_gives_what_was_whole_and_a_note(tmp_path: Path) -> None:
    packed = gzip.compress(pcap(list(range(40)), 7))
    for cut in range(60, len(packed)):
        with open_capture(write(tmp_path / "cut.gz", packed[:cut])) as capture:
            found = [record.time // 1_000_000_000 for record in capture.records()]
            assert found == list(range(len(found)))
            assert capture.notes.corrupt is not None
            assert capture.notes.corrupt[1] == "the gzip data breaks off"


def test_damaged_gzip_is_noted_and_what_came_before_is_kept(tmp_path: Path) -> None:
    octets = pcap(list(range(200)))
    packed = gzip.compress(octets) + b"\x1f\x8b\x08" + b"\xff" * 40
    with open_capture(write(tmp_path / "bad.gz", packed)) as capture:
        assert len(list(capture.records())) == 200
        assert capture.notes.corrupt == (len(octets), "the gzip data is damaged")


def test_a_cut_capture_gives_all_that_was_whole(tmp_path: Path) -> None:
    octets = pcap([1, 2, 3])
    with open_capture(write(tmp_path / "cut.pcap", octets[:-1])) as capture:
        assert [record.frame for record in capture.records()] == [1, 2]
        assert capture.notes.cut == len(octets) - 76


@pytest.mark.parametrize("name", ["pcap", "tcpdump__LINKTYPE_IPV4.pcap", "gopacket__pcapgo_tests_be_test014.pcapng"])
def test_a_file_that_ends_within_its_own_header_is_no_empty_capture(tmp_path: Path, name: str) -> None:
    octets = pcap([1]) if name == "pcap" else (DATA / name).read_bytes()
    for size in (16, 20, 23):
        for whole in (octets[:size], gzip.compress(octets[:size])):
            with open_capture(write(tmp_path / "cut", whole)) as capture:
                with pytest.raises(CaptureError, match="cut: it ends within the header of the file"):
                    list(capture.records())
    with open_capture(write(tmp_path / "none.pcap", pcap([]))) as capture:
        assert list(capture.records()) == [] and capture.notes.damage == ""


def test_a_file_that_grows_while_it_is_read_gives_all_that_was_whole(tmp_path: Path) -> None:
    octets = pcap([1, 2, 3])
    path = tmp_path / "growing.pcap"
    with open_capture(write(path, octets[:150])) as capture, path.open("ab") as writer:
        records = capture.records()
        assert next(records).frame == 1
        writer.write(octets[150:])
        writer.flush()
        assert [record.frame for record in records] == [2, 3]
        assert capture.notes.cut is None


def test_a_file_that_shrinks_while_it_is_read_only_ends_early(tmp_path: Path) -> None:
    path = tmp_path / "shrinking.pcap"
    with open_capture(write(path, pcap(list(range(2000)), 1000))) as capture:
        records = capture.records()
        next(records)
        os.truncate(path, 100)
        assert 0 < len(list(records)) < 1999
        assert capture.notes.cut is not None


def test_records_may_be_kept_after_the_capture_is_closed() -> None:
    with open_capture(str(SAMPLE)) as capture:
        records = list(capture.records())
    assert sum(len(record.octets) for record in records) > 0


@pytest.mark.parametrize(
    ("name", "octets", "words"),
    [
        ("nothing.pcap", b"", "empty"),
        ("nothing.gz", gzip.compress(b"", mtime=0), "empty"),
        ("image.pcap", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        ("notes.txt", b"just some words about a call", "text"),
        ("notes.gz", gzip.compress(b"just some words about a call", mtime=0), "text"),
        ("half.gz", gzip.compress(b"x", mtime=0)[:9], "breaks off"),
        ("bad.gz", b"\x1f\x8b\x08" + b"\xff" * 30, "damaged"),
    ],
)
def test_what_cannot_be_read_is_one_plain_line(tmp_path: Path, name: str, octets: bytes, words: str) -> None:
    with pytest.raises(CaptureError) as raised:
        open_capture(write(tmp_path / name, octets))
    line = str(raised.value)
    assert words in line and name in line and "\n" not in line


def test_a_missing_file_a_directory_and_an_impossible_name_are_one_plain_line(tmp_path: Path) -> None:
    for path, words in (
        (str(tmp_path / "absent\n\x1b[31m.pcap"), "no such file"),
        (str(tmp_path), "a directory"),
        ("a\0b", "not a file name"),
        ("n" * 5000, "too long"),
    ):
        with pytest.raises(CaptureError, match=words) as raised:
            open_capture(path)
        assert str(raised.value).isprintable() and len(str(raised.value)) < 300


READ_INPUT = """
from dissectors.sources.capture import open_capture
with open_capture("-") as capture:
    for record in capture.records():
        print(record.frame, flush=True)
"""


def test_standard_input_yields_records_while_the_writer_still_writes() -> None:
    octets = pcap([1, 2, 3])
    with subprocess.Popen(
        [sys.executable, "-c", READ_INPUT],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[2],
    ) as reader:
        assert reader.stdin is not None and reader.stdout is not None
        reader.stdin.write(octets[:120])
        reader.stdin.flush()
        assert reader.stdout.readline() == b"1\n"
        reader.stdin.write(octets[120:])
        reader.stdin.close()
        assert reader.stdout.read() == b"2\n3\n"


def test_an_unreadable_file_is_one_plain_line(tmp_path: Path) -> None:
    path = tmp_path / "secret.pcap"
    path.write_bytes(pcap([1]))
    path.chmod(0)
    if os.access(path, os.R_OK):
        assert times(open_capture(str(path))) == [1]
    else:
        with pytest.raises(CaptureError, match="permission denied"):
            open_capture(str(path))


def opened(tmp_path: Path, *files: list[int]) -> list[Capture]:
    return [open_capture(write(tmp_path / f"{n}.pcap", pcap(seconds))) for n, seconds in enumerate(files)]


def test_several_captures_are_one_timeline_in_which_equal_times_keep_their_order(tmp_path: Path) -> None:
    captures = opened(tmp_path, [1, 4, 6], [2, 4, 9], [4])
    merged = [(place, record.time // 1_000_000_000) for place, record in merge(captures)]
    assert merged == [(0, 1), (1, 2), (0, 4), (1, 4), (2, 4), (0, 6), (1, 9)]


def test_captures_given_in_the_wrong_order_still_make_one_timeline(tmp_path: Path) -> None:
    captures = opened(tmp_path, [7, 8, 9], [1, 2, 3])
    assert [place for place, _ in merge(captures)] == [1, 1, 1, 0, 0, 0]
    assert [record.frame for _, record in merge(opened(tmp_path, [5, 6]))] == [1, 2]
    assert list(merge([])) == []


def test_merging_reads_no_further_than_it_must(tmp_path: Path) -> None:
    captures = opened(tmp_path, [1, 2], [3, 4])
    merged = merge(captures)
    next(merged)
    assert [capture.notes.packets for capture in captures] == [1, 1]


LONG = 6 << 20


@pytest.fixture
def long(tmp_path: Path) -> str:
    """A capture of many chunks, one record a second."""
    return write(tmp_path / "long.pcap", pcap(list(range(LONG // 1016)), 1000))


def seen(capture: Capture, between: Callable[[int], object] = lambda size: None) -> tuple[int, list[type]]:
    """How many records a capture gives of which some octets are left each time, and what its chunks were.

    `between` runs before one is looked at.
    """
    kinds = []

    def take(chunk: bytes | memoryview) -> Generator[Record, None, int]:
        between(len(kinds))
        kinds.append(type(chunk))
        left = 700 if len(chunk) > 1000 else len(chunk) // 2
        yield from capture.walker.feed(bytes(chunk[: len(chunk) - left]))
        return left

    with capture:
        return len(list(capture.lent_through(take))), kinds


def test_what_is_left_of_a_chunk_comes_again_in_one_place(long: str) -> None:
    count, kinds = seen(open_capture(long))
    assert count == LONG // 1016
    assert kinds[0] is bytes and {*kinds[1:]} == {memoryview} and len(kinds) > LONG // CHUNK_OCTETS


def test_what_is_left_of_an_inflated_chunk_comes_again(long: str, tmp_path: Path) -> None:
    capture = open_capture(write(tmp_path / "long.pcap.gz", gzip.compress(Path(long).read_bytes(), 1)))
    count, kinds = seen(capture)
    assert count == LONG // 1016 and {*kinds} == {bytes} and capture.notes.cut is None


def test_what_a_file_grows_by_is_read_as_well(long: str) -> None:
    def grow(chunk: int) -> None:
        if chunk == LONG // CHUNK_OCTETS:
            with open(long, "ab") as file:
                file.write(pcap([7] * 10, 1000)[24:])

    assert seen(open_capture(long), grow)[0] == LONG // 1016 + 10


def test_a_file_that_is_cut_short_meanwhile_ends_where_it_was_read(long: str) -> None:
    capture = open_capture(long)
    count, _ = seen(capture, lambda now: now == 3 and os.truncate(long, 1 << 20))
    assert count == (1 << 20) // 1016
    assert capture.notes.damage == f"the capture ends within a record, at byte {24 + count * 1016}"


class Failing(FileIO):
    """A file on a disk that fails at its third part."""

    def readinto(self, place: Any) -> int:
        if self.tell() > CHUNK_OCTETS:
            raise OSError(errno.EIO, "Input/output error")
        return super().readinto(place)


def test_a_disk_that_fails_keeps_what_was_read(long: str) -> None:
    capture = Capture("a", Failing(long))
    read = 2 * CHUNK_OCTETS - 700
    assert seen(capture)[0] == read // 1016
    assert capture.notes.corrupt == (read, "reading failed: Input/output error")


def test_a_ring_of_more_files_than_may_be_open_as_a_rule_is_one_timeline(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if 0 <= hard < 400:
        pytest.skip("no more files may be open here")
    for number in range(150):
        write(tmp_path / f"{number:03}.pcap", pcap([number + 1]))
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n"
        "from dissectors.offline import analyze\n"
        "print(analyze(sys.argv[1:]).capture.frames)\n"
    )
    paths = sorted(map(str, tmp_path.iterdir()))
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, cwd=root)
    assert done.stdout == "150\n", done.stderr
