"""The command run for real: through pipes, with its exit status and its two outputs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CALL = str(ROOT / "pcaps" / "facetime-2013.pcap")
MUX = str(ROOT / "pcaps" / "rfc7983.pcap")
MUXSHARK = [sys.executable, "-c", "import sys; from dissectors.cli import main; sys.exit(main())"]
PLAIN = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
SDP = b"v=0\r\ns=-\r\n"


def run(*words: str, input: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*MUXSHARK, *words], input=input, capture_output=True, cwd=ROOT, env={**PLAIN, **environment}, timeout=120
    )


def on_a_terminal(words: list[str], input: bytes = b"") -> bytes:
    """What a command writes to a terminal of 80 columns."""
    # Where there are no terminals to open, this module can be imported all the same.
    import pty

    try:
        leader, follower = pty.openpty()
    except OSError as error:
        pytest.skip(f"no terminal can be opened here: {error}")
    environment = {**PLAIN, "TERM": "xterm-256color", "COLUMNS": "80"}
    outputs = {"stdout": follower, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*MUXSHARK, *words], stdin=subprocess.PIPE, **outputs, cwd=ROOT, env=environment) as process:
        os.close(follower)
        assert process.stdin is not None
        process.stdin.write(input)
        process.stdin.close()
        pieces = []
        try:
            while piece := os.read(leader, 65536):
                pieces.append(piece)
        except OSError:  # Linux reports the end of a terminal as an error.
            pass
        process.wait(timeout=60)
    os.close(leader)
    return b"".join(pieces)


def on_a_screen(*words: str, input: int | None = None) -> tuple[int, int]:
    """A command on a terminal of its own, 100 by 30: its process and the terminal. `input` is its input, if given."""
    import pty

    try:
        child, terminal = pty.fork()
    except OSError as error:
        pytest.skip(f"no terminal can be opened here: {error}")
    if not child:
        if input is not None:
            os.dup2(input, 0)
        os.environ.update(TERM="xterm-256color", COLUMNS="100", LINES="30")
        os.chdir(ROOT)
        os.execvp(MUXSHARK[0], [*MUXSHARK, *words])
    return child, terminal
