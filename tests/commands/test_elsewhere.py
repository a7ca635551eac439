"""Commands where the system lacks what Linux has: they work, or say in a line what cannot be done."""
from __future__ import annotations

import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from dissectors import offline
from dissectors.sources import rereadable
from dissectors.sources.capture import open_capture

ROOT = Path(__file__).resolve().parents[2]
CALL = ROOT / "pcaps" / "facetime-2013.pcap"
LACKING = """
import ctypes, select, socket, sys
del select.poll
if hasattr(socket, "AF_PACKET"):
    del socket.AF_PACKET
class Library(ctypes.CDLL):
    def __init__(self, name, *words, **options):
        if name is None:
            raise {error}("a program is no library here")
        super().__init__(name, *words, **options)
ctypes.CDLL = Library
from dissectors.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(*words: str, error: str = "TypeError") -> subprocess.CompletedProcess[bytes]:
    code = LACKING.format(error=error)
    return subprocess.run(
        [sys.executable, "-c", code, *words], input=CALL.read_bytes(), capture_output=True, cwd=ROOT, timeout=120,
        check=False,
    )


@pytest.mark.parametrize("words", [["live", "-", "--log"], ["live", "-D"], ["doctor"], ["list", "-"]])
@pytest.mark.parametrize("error", ["TypeError", "OSError"])
def test_a_command_needs_nothing_that_windows_lacks(words: list[str], error: str) -> None:
    done = run(*words, error=error)
    assert done.returncode == 0 and done.stdout
    assert b"Traceback" not in done.stderr


def test_an_interface_that_cannot_be_watched_is_refused_in_one_line() -> None:
    done = run("live", "-i", "no-such-interface")
    assert (done.returncode, done.stdout) == (2, b"") and done.stderr.count(b"\n") == 1


def test_the_copy_of_standard_input_is_closed_before_it_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def remembered(**options: Any) -> Any:
        made.append(named(**options))
        return made[-1]

    def opened(path: str, *named_as: str) -> Any:
        # As Windows has it.
        if any(one.name == path and not one.file.closed for one in made):
            raise PermissionError(13, "Permission denied", path)
        return open_capture(path, *named_as)

    named = rereadable.NamedTemporaryFile
    monkeypatch.setattr(rereadable, "NamedTemporaryFile", remembered)
    monkeypatch.setattr(offline, "open_capture", opened)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(CALL.read_bytes())))
    from_input = [row.datagram.frame for row in offline.rows(["-"])]
    assert from_input == [row.datagram.frame for row in offline.rows([str(CALL)])]
    assert len(made) == 1 and not Path(made[0].name).exists()
