"""A file gets its name when it is whole, replaces nothing unasked, and is never what is read."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dissectors.rewriting.output import BUFFER_OCTETS, Output
from dissectors.wire.errors import CaptureError


def test_the_name_is_there_at_the_end_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "out.pcap"
    with Output(str(path)) as output:
        output.write(b"one")
        output.write(bytes(BUFFER_OCTETS))
        assert not path.exists()
    assert path.read_bytes() == b"one" + bytes(BUFFER_OCTETS) and os.listdir(tmp_path) == ["out.pcap"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_nothing_is_left(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), Output(str(tmp_path / "out.pcap")) as output:
        output.write(bytes(2 * BUFFER_OCTETS))
        raise error
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_that_ends_it_leaves_nothing(tmp_path: Path, number: str) -> None:
    code = (
        "import os, signal, sys\n"
        "from dissectors import cli\n"
        "from dissectors.__main__ import main\n"
        "from dissectors.rewriting.output import Folder, Output\n"
        "def run(made):\n"
        "    with Folder(sys.argv[1] + '/folder') as folder, Output(sys.argv[1] + '/out') as output:\n"
        "        Output(folder + '/inner').write(b'half')\n"
        f"        os.kill(os.getpid(), signal.{number})\n"
        "    return 0\n"
        "cli.main = run\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr, os.listdir(tmp_path)) == (130, b"", [])


@pytest.mark.parametrize("ending", [".gz", ".zst", ".XZ"])
def test_the_name_of_a_compressed_file_is_refused(tmp_path: Path, ending: str) -> None:
    with pytest.raises(CaptureError, match="nothing is compressed here"):
        Output(str(tmp_path / f"out.pcap{ending}"))
    assert os.listdir(tmp_path) == []


def test_what_exists_is_refused_without_force_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.pcap"
    path.write_bytes(b"before")
    with pytest.raises(CaptureError, match="exists; --force"):
        Output(str(path))
    with Output(str(path), force=True) as output:
        output.write(b"after")
    assert path.read_bytes() == b"after" and os.listdir(tmp_path) == ["out.pcap"]


def test_what_somebody_made_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.pcap"
    with pytest.raises(CaptureError, match="exists"), Output(str(path)) as output:
        output.write(b"ours")
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs" and os.listdir(tmp_path) == ["out.pcap"]


def test_what_is_read_is_not_written_under_any_of_its_names(tmp_path: Path) -> None:
    path, link = tmp_path / "in.pcap", tmp_path / "link.pcap"
    path.write_bytes(b"before")
    link.symlink_to(path)
    for name in (path, link, tmp_path / "." / "in.pcap"):
        with pytest.raises(CaptureError, match="is the capture that is read"):
            Output(str(name), force=True, inputs=["-", str(path)])


@pytest.mark.parametrize(("path", "why"), [(".", "a directory"), ("nowhere/out.pcap", "no such file"), ("\0", "null")])
def test_what_cannot_be_made_is_said(tmp_path: Path, path: str, why: str) -> None:
    with pytest.raises(CaptureError, match=why):
        Output(os.path.join(tmp_path, path))


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with pytest.raises(CaptureError, match="/dev/full: no space left"), Output("/dev/full") as output:
        output.write(b"one")


def test_a_disk_that_is_full_at_the_very_end_leaves_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, octets: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(CaptureError, match="no space left"), Output(str(tmp_path / "out")) as output:
        output.write(b"a few octets, which wait for the end")
        monkeypatch.setattr("dissectors.rewriting.output.os.write", full)
    assert os.listdir(tmp_path) == []


def test_a_file_has_the_rights_of_any_other(tmp_path: Path) -> None:
    with Output(str(tmp_path / "out.pcap")):
        pass
    (tmp_path / "other").touch()
    assert (tmp_path / "out.pcap").stat().st_mode == (tmp_path / "other").stat().st_mode
