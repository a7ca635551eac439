"""The report as a terminal shows it and as a pipe gets it."""

from __future__ import annotations

import io
import re

from dissectors.outputs.terminal.page import render
from dissectors.outputs.view import View
from dissectors.report import Report

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    """A terminal as far as rich asks."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True


def shown(made: Report, width: int = 80, **options: object) -> str:
    """The report as a terminal shows it, without its colours."""
    return COLOURS.sub("", render(made, View(Terminal(), width=width, **options)))  # type: ignore[arg-type]


def piped(made: Report, **options: object) -> str:
    """The report as a pipe gets it."""
    return render(made, View(io.StringIO(), **options))  # type: ignore[arg-type]


def section(text: str, title: str) -> list[str]:
    """The lines under a title, up to the next blank one."""
    lines = text.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(title))
    return lines[begin : lines.index("", begin)]
