"""The screen of `muxshark browse` after some keys were pressed, without a terminal."""
from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dissectors import offline
from dissectors.outputs.terminal.lines import Line, line, span
from dissectors.report import Place
from dissectors.screens.book import Book
from dissectors.screens.view import View

SETTLED_PAUSES = 5


class Read:
    """A capture that is read already; see `screens.feed.Feed`."""

    lasts, ended, trouble = False, True, ""

    def __init__(self, capture: Path) -> None:
        self.book, self.title = Book(), capture.name
        self._report = offline.analyze([str(capture)], everything=True)

    def begin(self) -> None:
        """Give the book its report."""
        self.book.take(self._report, whole=True)

    def meters(self) -> Line:
        """What was read."""
        capture = self._report.capture
        return line(span(f"{capture.frames:,} frames, {capture.datagrams:,} datagrams, {capture.duration:.0f} s"))

    def news(self) -> list[str]:
        """Nothing."""
        return []

    def shown(self) -> None:
        """Nobody waits for that."""

    def stop(self) -> None:
        """Nothing goes on."""

    def written(self, place: Place) -> list[str]:
        """No message is held."""
        return []

    def suggested(self, numbers: Sequence[int]) -> str:
        """A name for a file."""
        return f"{numbers[0]:04}.pcapng"

    def save(self, numbers: Sequence[int], path: str) -> str:
        """Nothing is saved for a picture."""
        return f"not saved: {path}"


def draw(capture: Path, keys: Sequence[str], width: int, height: int) -> str:
    """The rows of the screen, with their colours."""
    from dissectors.screens.browser.app import Browser
    from dissectors.screens.browser.lines import Lines

    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system="truecolor")

    async def drawn() -> list[Text]:
        app = Browser(Read(capture), View(), "relative")
        async with app.run_test(size=(width, height)) as pilot:
            for key in (*[""] * SETTLED_PAUSES, *keys):
                await pilot.press(*([key] if key else []))
                await pilot.pause()
            return [
                Text.assemble(*((part.text, part.style or "") for part in lines.render_line(y)))
                for lines in app.screen.query(Lines) if lines.display for y in range(lines.size.height)
            ]

    for row in asyncio.run(drawn()):
        console.print(row, no_wrap=True, crop=True)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
