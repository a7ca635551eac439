"""Make the pictures of what muxshark prints: `python3 -m tools.screens` writes SVG files from the captures in `pcaps/`.

Nothing but the package and its extra `browse` is needed for these; the picture of a page, which is made where it is
named, needs Chromium.
"""
from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI, TerminalTheme
from rich.text import Text

from dissectors.cli import main as muxshark
from tools import browse_screen
from tools.live_screen import draw

CHECKOUT = Path(__file__).resolve().parent.parent
FOLDER = CHECKOUT / "docs" / "pictures"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")

DARK = TerminalTheme((16, 20, 24), (208, 212, 216), list(DIMMED_MONOKAI.ansi_colors[i] for i in range(8)))

SVG = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: {char_height}px; }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 16px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""As rich has it, without fonts that a browser would fetch from somewhere."""


class Screen(NamedTuple):
    """A command, how wide its terminal is, and the part of what it prints: `lines` from the first that begins so.

    That of a live session is as it is at `seconds` of the capture of a bad day, that of `browse` after these `keys`.
    """

    command: str
    lines: int
    begin: str = ""
    width: int = 100
    seconds: float = 0.0
    keys: tuple[str, ...] | None = None


SCREENS = {
    "report": Screen("muxshark pcaps/bad-day.pcap", 34),
    "ladder": Screen("muxshark pcaps/bad-day.pcap --call 2", 17, "Call "),
    "each": Screen("muxshark analyze --each pcaps", 7, width=100),
    "live": Screen("sudo muxshark live -i eth0", 22, seconds=21.0),
    "browse": Screen("muxshark browse pcaps/bad-day.pcap", 24, keys=("greater_than_sign",) * 6),
    "browse-call": Screen("muxshark browse pcaps/bad-day.pcap --call 2", 24, keys=("down", "enter")),
}


PAGE = "page"


class Terminal(io.StringIO):
    """A terminal, as far as a command asks."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """That it is one."""
        return True


def printed(command: str, width: int, height: int = 60) -> str:
    """What a command of muxshark writes to a terminal of this size, with its colours."""
    terminal = Terminal()
    size = {"COLUMNS": str(width), "LINES": str(height), "TERM": "xterm-256color", "MUXSHARK_PAGER": ""}
    with given(size), contextlib.redirect_stdout(terminal):
        muxshark(command.split()[1:])
    return terminal.getvalue()


def live(screen: Screen) -> str:
    """The screen of a live session, with its colours."""
    terminal = Terminal()
    with given({"COLUMNS": str(screen.width), "LINES": str(screen.lines), "TERM": "xterm-256color"}):
        draw(CHECKOUT / "pcaps" / "bad-day.pcap", screen.seconds, terminal, screen.width, screen.lines)
    return terminal.getvalue()


def browsed(screen: Screen) -> str:
    """The screen of `browse`, with its colours."""
    with given({"TERM": "xterm-256color", "COLORTERM": "truecolor"}):
        return browse_screen.draw(CHECKOUT / "pcaps" / "bad-day.pcap", screen.keys or (), screen.width, screen.lines)


@contextlib.contextmanager
def given(variables: dict[str, str]) -> Iterator[None]:
    """These variables in the environment, and none that changes colours, in the checkout."""
    before, folder = dict(os.environ), Path.cwd()
    os.environ.update(variables)
    os.environ.pop("NO_COLOR", None)
    os.chdir(CHECKOUT)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


def part(screen: Screen) -> list[str]:
    """The lines of a picture, with their colours."""
    if screen.keys is not None:
        text = browsed(screen)
    else:
        text = live(screen) if screen.seconds else printed(screen.command, screen.width)
    lines = text.split("\n")
    first = next(number for number, line in enumerate(lines) if plain(line).startswith(screen.begin))
    return lines[first : first + screen.lines]


def plain(text: str) -> str:
    """A text without its colours."""
    return ESCAPES.sub("", text)


def svg(lines: Sequence[str], title: str, width: int, theme: TerminalTheme = DARK) -> str:
    """A picture of a terminal with these lines."""
    console = Console(file=io.StringIO(), record=True, width=width, force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(Text.from_ansi(line), no_wrap=True, crop=True)
    return console.export_svg(title=title, theme=theme, code_format=SVG, unique_id="s")


def main() -> None:
    """Write each picture, or those that are named."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.screens", description=str(__doc__).splitlines()[0])
    every = f"{', '.join(SCREENS)}: all if none is named; or {PAGE}"
    parser.add_argument("names", nargs="*", metavar="NAME", help=every)
    for name in parser.parse_args().names or SCREENS:
        if name == PAGE:
            take_page(FOLDER / "page.png")
            continue
        screen = SCREENS[name]
        text = svg(part(screen), f"$ {screen.command}", screen.width)
        (FOLDER / f"{name}.svg").write_text(text, encoding="utf-8")


def take_page(target: Path) -> None:
    """A picture of the page of one call."""
    with tempfile.TemporaryDirectory() as folder, given({}):
        page = Path(folder) / "call.html"
        muxshark(["analyze", "--html", str(page), "pcaps/bad-day.pcap"])
        words = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1000,760"]
        subprocess.run([*words, f"--screenshot={target}", page.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    main()
