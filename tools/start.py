"""What follows `run.py` on the command line: `tests`, or anything that `muxshark` takes."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.checks import check
from tools.environment import Environment, SetupError, prepare

CHECKOUT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Set up what is missing, run what was asked and return its exit status: 2 for a set-up that cannot be."""
    try:
        if arguments[:1] == ["tests"]:
            return check(prepare(CHECKOUT, ("lint", "test")), arguments[1:])
        return command(prepare(CHECKOUT, ()), arguments)
    except (SetupError, OSError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def command(environment: Environment, arguments: list[str]) -> int:
    """Become the installed `muxshark`, where the system can; else run it and wait."""
    words = [str(environment.program("muxshark")), *arguments]
    if os.name == "posix":
        os.execv(words[0], words)
    return subprocess.run(words, check=False).returncode
