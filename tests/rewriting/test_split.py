"""Calls cut out of captures: octet for octet, one file each, nothing half-done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.queries.frames import Belonging
from dissectors.queries.owned import owned
from dissectors.rewriting import split
from dissectors.wire.errors import CaptureError
from tests import captures
from tests.capture_octets import snoop
from tests.command_line import ROOT
from tests.made import frame
from tests.queries.test_frames import second_call
from tests.stories import GOOD, A, B, asked, receiver_report, sender_report, talk

TWO = [*GOOD, *second_call(60_000)]


def parted(path: str, folder: Path, **options: bool) -> split.Written:
    report = offline.analyze([path])
    groups = [owned(report, [number]) for number in range(len(report.calls))]
    names = [split.safe_name(call.number, call.call_id) for call in report.calls]
    return split.into_folder([path], groups, names, str(folder), **options)


@pytest.mark.parametrize("kind", [captures.story, captures.pcapng])
def test_every_frame_goes_octet_for_octet_into_the_file_of_its_call(tmp_path: Path, kind: type) -> None:
    path = kind(tmp_path / "in", TWO)
    written = parted(path, tmp_path / "calls")
    assert sorted(os.listdir(tmp_path / "calls")) == [os.path.basename(name) for name in written.paths]
    found = [captures.records(name) for name in written.paths]
    assert [len(each) for each in found] == [len(GOOD), len(TWO) - len(GOOD)] == written.frames
    before = [(record.time, record.octets) for record in captures.records(path)]
    assert [(record.time, record.octets) for each in found for record in each] == before


def test_the_files_of_pcapng_keep_comments_and_interfaces_and_no_secrets(tmp_path: Path) -> None:
    path = captures.pcapng(tmp_path / "in", TWO)
    first, second = (Path(name).read_bytes() for name in parted(path, tmp_path / "calls").paths)
    assert b"comment 0" in first and b"comment 0" not in second
    assert all(b"eth0" in octets and b"a key that nobody asked for" not in octets for octets in (first, second))


def test_a_format_that_is_only_read_becomes_pcapng(tmp_path: Path) -> None:
    path = tmp_path / "in.snoop"
    path.write_bytes(snoop([frame(src, dst, payload) for _, src, dst, payload in GOOD]))
    written = parted(str(path), tmp_path / "calls")
    assert written.paths[0].endswith(".pcapng") and len(captures.records(written.paths[0])) == len(GOOD)


def test_a_folder_with_something_in_it_is_refused_without_force(tmp_path: Path) -> None:
    path, folder = captures.story(tmp_path / "in", TWO), tmp_path / "calls"
    folder.mkdir()
    parted(path, folder)
    (folder / "mine").write_text("stays")
    with pytest.raises(CaptureError, match="not empty; --force"):
        parted(path, folder)
    assert len(parted(path, folder, force=True).paths) == 2 and (folder / "mine").read_text() == "stays"
    assert sorted(os.listdir(tmp_path)) == ["calls", "in"]


def test_nothing_is_left_of_a_folder_that_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = captures.story(tmp_path / "in", TWO)

    def full(descriptor: int, octets: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(CaptureError, match="no space left"):
        parted(path, tmp_path / "calls")
    assert os.listdir(tmp_path) == ["in"]


@pytest.mark.parametrize("ours", ["calls", "in"])
def test_the_capture_that_is_read_is_not_replaced(tmp_path: Path, ours: str) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    name = split.safe_name(1, "one") + ".pcap" if ours == "calls" else "in"
    path = captures.story(folder / name, TWO)
    before = Path(path).read_bytes()
    if ours == "calls":
        with pytest.raises(CaptureError, match="holds the capture that is read"):
            parted(path, folder, force=True)
    else:
        parted(path, folder, force=True)
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a1@192.0.2.1", "0007-a1@192.0.2.1"), ("../../etc/passwd", "0007-etc_passwd"), ("", "0007"),
        ("\x1b[2J", "0007-2J"), ("C:\\x", "0007-C_x"), ("é" * 300, "0007"), ("x" * 300, "0007-" + "x" * 48),
    ],
)
def test_a_name_is_safe_on_every_system(text: str, name: str) -> None:
    assert split.safe_name(7, text) == name


def test_legs_go_together(tmp_path: Path) -> None:
    report = offline.analyze([captures.story(tmp_path / "in", TWO)])
    assert split.whole_groups(report, legs=True) == [[0], [1]]
    from dissectors.report import Legs
    from dissectors.wire.values import replace

    joined = replace(report, legs=(Legs((0, 1), "media", "high", ()),))
    assert split.whole_groups(joined, legs=True) == [[0, 1]] and split.whole_groups(joined, legs=False) == [[0], [1]]


def test_several_captures_go_into_one_file(tmp_path: Path) -> None:
    paths = [captures.story(tmp_path / "a", GOOD), captures.pcapng(tmp_path / "b", second_call(60_000))]
    report = offline.analyze(paths)
    groups = [owned(report, [0, 1])]
    written = split.into_file(paths, groups, str(tmp_path / "out.pcapng"))
    assert written.frames == [len(TWO)] == [len(captures.records(written.paths[0]))]


def alike(path: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> split.Written:
    """What is written by what is compiled, which is also what the other build writes."""
    one = parted(path, folder / "one")
    monkeypatch.setenv("MUXSHARK_PURE", "1")
    two = parted(path, folder / "two")
    monkeypatch.delenv("MUXSHARK_PURE")
    assert (one.frames, one.shared) == (two.frames, two.shared) and one.frames
    for first, second in zip(one.paths, two.paths, strict=True):
        assert Path(first).read_bytes() == Path(second).read_bytes()
    return one


@pytest.mark.parametrize("name", ["bad-day.pcap", "facetime-2013.pcap"])
def test_what_is_compiled_and_what_is_not_write_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    alike(str(ROOT / "pcaps" / name), tmp_path, monkeypatch)


@pytest.mark.skipif(not offline.is_compiled(), reason="nothing is compiled")
@pytest.mark.parametrize("shared", [False, True])
def test_only_what_several_calls_may_claim_is_looked_at_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    beside = [*asked(900), sender_report(1000), receiver_report(1100, 77), (1200.0, A, B, b"\r\n"), *asked(60_050)]
    beside += [(1300.0, A, B, talk(ssrc=5)[0][3]), (1400.0, ("192.0.2.76", 98), ("192.0.2.77", 99), b"\0\1 foreign")]
    path = captures.story(tmp_path / "in", [*(TWO if shared else GOOD), *beside])
    written = alike(path, tmp_path, monkeypatch)
    looked: list[int] = []
    monkeypatch.setattr(Belonging, "add", lambda _, place, __: looked.append(place[1]))
    parted(path, tmp_path / "again")
    # What lies across two chunks is looked at, too.
    assert len(looked) > 4 if shared else len(looked) < 3
    assert shared or written.frames == [len(captures.records(path)) - 1]
