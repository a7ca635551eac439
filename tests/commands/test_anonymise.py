"""`muxshark anonymise`, for real."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests import captures
from tests.command_line import CALL, run
from tests.stories import A, B, request


def test_a_key_file_is_written_once_and_makes_captures_agree(tmp_path: Path) -> None:
    key = str(tmp_path / "key")
    first, second, third = (str(tmp_path / name) for name in ("1", "2", "3"))
    for out in (first, second):
        assert run("anonymise", "--key", key, CALL, out).returncode == 0
    assert run("anonymise", CALL, third).returncode == 0
    one, two, three = (Path(name).read_bytes() for name in (first, second, third))
    assert one == two != three and stat.S_IMODE(os.stat(key).st_mode) == 0o600 or os.name != "posix"
    assert b"192.168.231.118" in Path(CALL).read_bytes() and b"192.168.231.118" not in one + three


def test_what_was_cut_is_said(tmp_path: Path) -> None:
    path, out = captures.story(tmp_path / "in", [(1000, A, B, b"alice was here")]), tmp_path / "out"
    done = run("anonymise", path, str(out))
    assert done.returncode == 0 and done.stdout == b"" and b"alice" not in out.read_bytes()
    assert done.stderr.decode().splitlines()[1] == (
        "muxshark: 1 datagrams and frames are cut to their headers, for what they carry is not understood")


def test_bodies_that_became_random_are_said(tmp_path: Path) -> None:
    told = request(0, "INVITE", "Content-Type: application/isup", body=b"\1\0\x60\x03\x21\x43\x65")
    done = run("anonymise", captures.story(tmp_path / "in", [told]), str(tmp_path / "out"))
    assert done.returncode == 0 and b"\x21\x43\x65" not in (tmp_path / "out").read_bytes()
    assert done.stderr.decode().splitlines()[1] == "muxshark: 1 bodies that are no known text become random"


def test_a_pipe_gives_a_capture(tmp_path: Path) -> None:
    done = run("anonymise", "--key", str(tmp_path / "key"), "-", "-", input=Path(CALL).read_bytes())
    (tmp_path / "out").write_bytes(done.stdout)
    assert done.returncode == 0 and len(captures.records(tmp_path / "out")) == 2242


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((CALL, CALL, "--force"), "is the capture that is read"), ((CALL, "{}"), "a directory"),
        (("nowhere.pcap", "{}/out"), "no such file"), ((CALL, "{}/out", "--key", "{}"), "is a directory"),
        ((CALL, "{}/out", "--key", os.devnull), "an empty key"),
        ((CALL, "{}/out", "--keep-digits", "x"), "whole number"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = run("anonymise", *(word.format(tmp_path) for word in words))
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and said in done.stderr.decode()
    assert os.listdir(tmp_path) == []
