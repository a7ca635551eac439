"""A pipe is copied so that it can be read twice, a file is read where it is, and no copy stays behind."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from dissectors.sources.rereadable import rereadable, temporary_copy

OCTETS = b"capture" * 50_000


def test_a_file_is_read_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(OCTETS)
    with ExitStack() as stack:
        assert rereadable(stack, str(path)) == str(path)
    assert path.read_bytes() == OCTETS


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are files only where the system has them so")
def test_a_pipe_is_copied_and_the_copy_removed(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(OCTETS,))
    writer.start()
    with ExitStack() as stack:
        copy = Path(rereadable(stack, str(path)))
        assert copy.read_bytes() == copy.read_bytes() == OCTETS
    writer.join()
    assert not copy.exists()


def test_what_was_read_before_is_not_copied_and_a_copy_may_be_gone_already(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(OCTETS)
    with ExitStack() as stack, path.open("rb") as file:
        file.read(7)
        copy = Path(temporary_copy(stack, file))
        assert copy.read_bytes() == OCTETS[7:]
        copy.unlink()
