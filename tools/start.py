"""What follows `run.py` on the command line: `tests`, `interop NAME`, or anything that `muxshark` takes."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tools.checks import check
from tools.environment import Environment, SetupError, finish, is_unfinished, prepare

DONE, FOUND = 0, 1
"""Exit statuses of a command that gave its answer."""

CHECKOUT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Set up what is missing, run what was asked and return its exit status: 2 for a set-up that cannot be."""
    try:
        if arguments[:1] == ["tests"]:
            return check(prepare(CHECKOUT, ("lint", "test"), compiled=True), arguments[1:])
        if arguments[:1] == ["interop"]:
            return interop(prepare(CHECKOUT, ("test",)), arguments[1:])
        return command(prepare(CHECKOUT, ()), arguments)
    except (SetupError, OSError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def interop(environment: Environment, arguments: list[str]) -> int:
    """Run one of the checks against programs of others, which `tools.interop` holds."""
    names = sorted(path.stem for path in (CHECKOUT / "tools" / "interop").glob("*.py") if path.stem != "__init__")
    if not arguments or arguments[0] not in names:
        print(f"run.py: interop {'|'.join(names)}", file=sys.stderr)
        return 2
    words = [str(environment.program("python")), "-m", f"tools.interop.{arguments[0]}", *arguments[1:]]
    return subprocess.run(words, check=False, cwd=CHECKOUT).returncode


def command(environment: Environment, arguments: list[str]) -> int:
    """Become the installed `muxshark`, where the system can; else run it and wait.

    The first time, the compiled scan is built behind it, where there is a compiler.
    """
    words = [str(environment.program("muxshark")), *arguments]
    if not is_unfinished(environment):
        if os.name == "posix":
            os.execv(words[0], words)
        return subprocess.run(words, check=False).returncode
    # Ctrl-C is for the command while it runs.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        status = subprocess.run(words, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
    if status in (DONE, FOUND):
        leave_output()
        finish(environment)
    return status


def leave_output() -> None:
    """Let go of standard output: who reads it has the whole answer, and shall not wait for the compiler."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
