"""The other build: a process that takes the sources of what is compiled here, and is asked what it makes of octets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.fuzz import house
from tests.fuzz.children import ROOT

WORDS = (sys.executable, "-m", "tests.both_builds")


class Build:
    """A process of the other build; it ends with this one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            WORDS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, house.PURE: "1"},
        )
        self.source = self._line()

    def parsed(self, octets: bytes) -> str:
        """What its parsers make of a payload."""
        return self._answer(payload=octets.hex())

    def told(self, capture: Path) -> str:
        """Its report on a capture."""
        return self._answer(capture=str(capture))

    def _answer(self, **asked: Any) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return str(json.loads(self._process.stdout.readline()))


@cache
def sources() -> Build:
    """The other build, started when it is asked for the first time."""
    return Build()

