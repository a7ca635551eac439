"""What is kept while capturing: whole at any moment, bounded, and read back as it was."""

from __future__ import annotations

import errno
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.sources import keeper as keeper_module
from dissectors.sources.capture import open_capture
from dissectors.sources.keeper import Keeper, Rotation, _File
from dissectors.sources.pcapng_blocks import ENHANCED, head, packet, word
from dissectors.wire.captures.records import Record
from dissectors.wire.errors import CaptureError
from tests.made import A, B, frame, rtp

ROOT = Path(__file__).resolve().parents[2]
KEEP = """
import itertools, sys
from dissectors.sources.keeper import Keeper
from dissectors.wire.captures.records import Record
from tests.made import A, B, frame, rtp
keeper = Keeper(sys.argv[1])
print("begun", flush=True)
for block in itertools.count():
    octets = [frame(A, B, rtp(block * 16 + i)) for i in range(16)]
    first = block * 16
    keeper.write([Record(first + i + 1, (first + i) * 1000, 1, one, len(one)) for i, one in enumerate(octets)])
    while keeper.kept - keeper._written > 1 << 20:
        pass
"""


def written(keeper: Keeper, records: list[Record]) -> None:
    """Keep these, and wait until the disk had its chance."""
    keeper.write(records)
    while keeper.kept > keeper._written:
        time.sleep(0.001)


def made(number: int, every: int = 1_000_000, link: int = 1) -> list[Record]:
    octets = [frame(A, B, rtp(i) + bytes(i % 5)) for i in range(number)]
    return [Record(i + 1, i * every, link, one, len(one) + 7) for i, one in enumerate(octets)]


def kept(name: str) -> list[Record]:
    with open_capture(name) as capture:
        return list(capture.records())


def test_what_was_kept_is_read_back_octet_for_octet(tmp_path: Path) -> None:
    records = made(100)
    keeper = Keeper(str(tmp_path / "a.pcapng"), interface="eth0", snaplen=1000)
    keeper.write(records[:40])
    keeper.write(records[40:])
    keeper.close(103, 3)
    with open_capture(str(tmp_path / "a.pcapng")) as capture:
        assert list(capture.records()) == records
        assert capture.notes.cut is None
        assert capture.notes.drops == 3
        assert capture.notes.interfaces == ["eth0"]


def test_each_link_type_has_an_interface_of_its_own(tmp_path: Path) -> None:
    records = [one for pair in zip(made(5), made(5, link=276), strict=True) for one in pair]
    records = [record._replace(frame=i) for i, record in enumerate(records, 1)]
    keeper = Keeper(str(tmp_path / "a.pcapng"))
    keeper.write(records)
    keeper.close()
    assert kept(str(tmp_path / "a.pcapng")) == records


def test_a_file_that_is_being_written_says_that_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    keeper = Keeper(str(path))
    keeper.write(made(10))
    while keeper.kept > keeper._written:
        time.sleep(0.001)
    report = offline.analyze([str(path)])
    assert report.capture.frames == 10
    assert [finding.id for finding in report.findings].count("capture-cut") == 1
    keeper.close()
    assert "capture-cut" not in [finding.id for finding in offline.analyze([str(path)]).findings]


@pytest.mark.parametrize(
    ("rotation", "sizes"),
    [
        (Rotation(packets=30), [30, 30, 30, 10]),
        (Rotation(seconds=0.05), [50, 50]),
        (Rotation(packets=30, files=2), [30, 10]),
    ],
)
def test_files_are_rotated_and_the_oldest_go(tmp_path: Path, rotation: Rotation, sizes: list[int]) -> None:
    keeper = Keeper(str(tmp_path / "a.pcapng"), rotation=rotation)
    records = made(100)
    for at in range(0, 100, 7):
        keeper.write(records[at : at + 7])
    keeper.close()
    assert [len(kept(name)) for name in keeper.names] == sizes
    assert sorted(os.listdir(tmp_path)) == sorted(os.path.basename(name) for name in keeper.names)
    octets = [record.octets for name in keeper.names for record in kept(name)]
    assert octets == [record.octets for record in records[-sum(sizes) :]]


@pytest.mark.parametrize(
    ("rotation", "sizes"),
    [
        (Rotation(), [100]),
        (Rotation(packets=30), [30, 30, 30, 10]),
        (Rotation(seconds=0.05), [50, 50]),
        (Rotation(octets=5000), [33, 33, 33, 1]),
        (Rotation(packets=30, files=2), [30, 10]),
    ],
)
@pytest.mark.parametrize("together", [7, 100])
def test_blocks_are_kept_as_they_are_and_rotated_between_any_two(
    tmp_path: Path, rotation: Rotation, sizes: list[int], together: int
) -> None:
    octets = frame(A, B, rtp(1)) + bytes(2)
    one = packet(ENHANCED, 32 + len(octets), 1, 0, 0, len(octets), len(octets)) + octets + word(32 + len(octets))
    sent = [one[:12] + struct.pack("<II", 0, i * 1_000_000) + one[20:] for i in range(100)]
    keeper = Keeper(str(tmp_path / "a.pcapng"), rotation=rotation, head=head([(1, "eth0"), (1, "eth1")], 100))
    for at in range(0, 100, together):
        keeper.write_octets(b"".join(sent[at : at + together]), len(sent[at : at + together]))
    keeper.close()
    assert [len(kept(name)) for name in keeper.names] == sizes
    times = [record.time for name in keeper.names for record in kept(name)]
    assert times == [i * 1_000_000 for i in range(100)][-sum(sizes) :]
    with open_capture(keeper.names[-1]) as capture:
        assert list(capture.records()) and capture.notes.interfaces == ["eth0", "eth1"]


@pytest.mark.parametrize("octets", [False, True], ids=["records", "blocks"])
@pytest.mark.parametrize("wrong", [-3600, 3600])
def test_a_clock_that_is_set_does_not_end_the_rotation(tmp_path: Path, wrong: int, octets: bool) -> None:
    first = [record._replace(time=record.time + 10**18) for record in made(100)]
    records = [*first, *(record._replace(time=record.time + wrong * 10**9) for record in first)]
    keeper = Keeper(str(tmp_path / "a.pcapng"), rotation=Rotation(seconds=0.05), head=head([(1, "eth0")], 0))
    for record in records if octets else ():
        keeper.write_octets(block(record), 1)
    for at in () if octets else range(0, 200, 10):
        keeper.write(records[at : at + 10])
    keeper.close()
    assert [len(kept(name)) for name in keeper.names] == [50] * 4


def block(record: Record) -> bytes:
    """An Enhanced Packet Block."""
    _, moment, _, octets, original = record
    padded = octets + bytes(-len(octets) % 4)
    total = 32 + len(padded)
    return packet(ENHANCED, total, 0, moment >> 32, moment & 0xFFFFFFFF, len(octets), original) + padded + word(total)


def test_rotation_by_size_keeps_every_file_near_its_bound(tmp_path: Path) -> None:
    keeper = Keeper(str(tmp_path / "a.pcapng"), rotation=Rotation(octets=20_000))
    keeper.write(made(1000))
    keeper.close()
    assert len(keeper.names) > 3
    assert all(20_000 <= os.path.getsize(name) < 35_000 for name in list(keeper.names)[:-1])
    assert sum(len(kept(name)) for name in keeper.names) == 1000


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no such file or directory"):
        Keeper(str(tmp_path / "nowhere" / "a.pcapng"))


def test_a_file_is_a_capture_as_soon_as_there_is_a_keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append = _File.append

    def slowly(file: _File, octets: bytes, last: bool) -> None:
        time.sleep(0.2)
        append(file, octets, last)

    monkeypatch.setattr(_File, "append", slowly)
    keeper = Keeper(str(tmp_path / "a.pcapng"))
    assert offline.analyze([str(tmp_path / "a.pcapng")]).capture.frames == 0
    keeper.close()


@pytest.mark.parametrize("rotation", [Rotation(), Rotation(packets=1)], ids=["one file", "several"])
def test_what_is_no_capture_is_not_overwritten(
    tmp_path: Path, rotation: Rotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "strftime", lambda *_: "now")
    path = tmp_path / ("a_00001_now.pcapng" if rotation.wanted else "a.pcapng")
    path.write_bytes(b"the only copy of something\n")
    with pytest.raises(CaptureError, match=f"{path.name}: not a capture: it is text, so it is not overwritten"):
        Keeper(str(tmp_path / "a.pcapng"), rotation=rotation)
    assert path.read_bytes() == b"the only copy of something\n"


@pytest.mark.parametrize("before", ["facetime-2013.pcap", "nothing"])
def test_a_capture_and_an_empty_file_are_overwritten(tmp_path: Path, before: str) -> None:
    path = tmp_path / "a.pcapng"
    path.write_bytes(b"" if before == "nothing" else (ROOT / "pcaps" / before).read_bytes())
    keeper = Keeper(str(path))
    keeper.write(made(3))
    keeper.close()
    assert kept(str(path)) == made(3)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
def test_a_full_disk_is_a_problem_and_no_exception() -> None:
    keeper = Keeper("/dev/full")
    keeper.write(made(10))
    keeper.close()
    assert keeper.problem == "/dev/full: no space left on device"
    assert (keeper.frames, keeper.missed) == (10, 10)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits on Windows")
def test_what_was_kept_before_the_disk_was_full_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    code = (
        "import resource, sys; from tests.sources.test_keeper import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "keeper, records = Keeper(sys.argv[1]), made(1000)\n"
        "for at in range(0, 1000, 10): keeper.write(records[at:at + 10])\n"
        "keeper.close(); print(keeper.problem, keeper.frames - keeper.missed)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, cwd=ROOT, check=True)
    records = kept(str(path))
    assert f"file too large {len(records)}" in done.stdout
    assert records == made(1000)[: len(records)]
    assert 200 < len(records) < 1000 and len(records) % 10 == 0


def test_keeping_goes_on_when_a_full_disk_has_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pcapng"
    append, full = _File.append, threading.Event()

    def may_be_full(file: _File, octets: bytes, last: bool) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(file, octets, last)

    monkeypatch.setattr(_File, "append", may_be_full)
    monkeypatch.setattr(keeper_module, "RETRY_SECONDS", 0.0)
    keeper, records = Keeper(str(path)), made(60)
    written(keeper, records[:20])
    full.set()
    # A link that appears only now has its block written before its first packet that is kept.
    others = made(20, link=276)
    written(keeper, others)
    assert keeper.problem == f"{path}: no space left on device" and keeper.missed == 20
    full.clear()
    written(keeper, others)
    written(keeper, records[40:])
    assert not keeper.problem and keeper.hole_seconds > 0
    keeper.close()
    assert keeper.trouble.endswith("no space left on device") and (keeper.frames, keeper.missed) == (80, 20)
    there = [*records[:20], *others, *records[40:]]
    numbered = [record._replace(frame=number) for number, record in enumerate(there, 1)]
    assert kept(str(path)) == numbered


def test_a_folder_that_comes_back_has_the_next_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "RETRY_SECONDS", 0.0)
    folder, aside = tmp_path / "folder", tmp_path / "aside"
    folder.mkdir()
    keeper = Keeper(str(folder / "a.pcapng"), rotation=Rotation(packets=30))
    folder.rename(aside)
    keeper.write(made(50))
    assert keeper.problem.endswith("no such file or directory")
    aside.rename(folder)
    keeper.write(made(25))
    keeper.close()
    assert not keeper.problem and (keeper.frames, keeper.missed, keeper.made) == (75, 20, 2)
    assert [len(kept(name)) for name in keeper.names] == [30, 25]


@pytest.mark.skipif(not hasattr(os, "set_blocking"), reason="pipes are another thing here")
def test_frames_for_a_reader_who_stalls_are_not_waited_for_at_the_end() -> None:
    code = (
        "import sys; from tests.sources.test_keeper import *\n"
        "keeper = Keeper('-'); keeper.write(made(5000)); keeper.close()\n"
        "print(keeper.unread, keeper.problem, keeper.missed, file=sys.stderr)"
    )
    out, into = os.pipe()
    done = subprocess.run([sys.executable, "-c", code], stdout=into, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    os.close(out)
    os.close(into)
    assert done.stderr == "True standard output: nobody reads it 5000\n" and done.returncode == 0


def test_what_waits_for_the_disk_is_kept_when_no_further_file_can_be_made(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    keeper = Keeper(str(folder / "a.pcapng"), rotation=Rotation(packets=30))
    (first,) = keeper.names
    os.rename(folder, tmp_path / "elsewhere")
    keeper.write(made(100))
    keeper.write(made(5))
    keeper.close()
    assert keeper.problem.endswith("no such file or directory")
    assert (keeper.frames, keeper.missed) == (105, 75)
    assert kept(str(tmp_path / "elsewhere" / os.path.basename(first))) == made(100)[:30]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing can be killed like that here")
def test_a_kill_at_any_moment_leaves_every_whole_block_and_one_finding(tmp_path: Path) -> None:
    chance = random.Random(7)
    for attempt in range(10):
        path = tmp_path / f"{attempt}.pcapng"
        process = subprocess.Popen([sys.executable, "-c", KEEP, str(path)], stdout=subprocess.PIPE, cwd=ROOT)
        try:
            assert process.stdout is not None and process.stdout.readline()
            time.sleep(chance.uniform(0.01, 0.3))
        finally:
            process.kill()
            process.communicate()
        report = offline.analyze([str(path)])
        assert [finding.id for finding in report.findings].count("capture-cut") == 1
        assert report.capture.datagrams == whole_blocks(path.read_bytes())


def whole_blocks(octets: bytes) -> int:
    """How many Enhanced Packet Blocks of a file are there to their end."""
    at = found = 0
    while at + 8 <= len(octets):
        kind, size = struct.unpack_from("<II", octets, at)
        found += kind == 6 and at + size <= len(octets)
        at += size
    return found
