"""Screens with a text alone: a message, two side by side, a finding, the help; and the line in which one types."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Resize
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Label

from dissectors.outputs.terminal.lines import Line, span
from dissectors.screens.browser.keys import COMPARISON, FINDING, TEXT, Key, bound, foot, help_lines
from dissectors.screens.browser.lines import Lines
from dissectors.screens.drawing import side_by_side
from dissectors.screens.view import compared

Draw = Callable[[int], Sequence[Line]]
"""What draws a text for a width."""


class TextScreen(Screen[None]):
    """A text that one reads, with a title above it; `draw` is asked again when the width changes."""

    BINDINGS = bound(TEXT)
    KEYS: Sequence[Key] = TEXT

    def __init__(self, title: str, draw: Draw) -> None:
        super().__init__()
        self.heading, self.draw = title, draw

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        yield Lines("title", focus=False)
        yield Lines("text")
        yield Lines("foot", focus=False)

    def on_mount(self) -> None:
        """Draw it."""
        self.query_one("#text").focus()
        self.renew()

    def on_resize(self, event: Resize) -> None:
        """Draw it again."""
        self.renew()

    def renew(self) -> None:
        """Draw what there is now."""
        self.query_one("#title", Lines).show_lines([(span(self.heading, "bold"),)])
        self.query_one("#text", Lines).show_lines(self.draw(self.size.width))
        self.query_one("#foot", Lines).show_lines([foot(self.KEYS, self.size.width)])

    def action_back(self) -> None:
        """Leave."""
        self.dismiss(None)

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpScreen(self.KEYS))


class HelpScreen(TextScreen):
    """The keys of a screen."""

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__("Keys", lambda width: help_lines("", keys)[2:])

    def action_help(self) -> None:
        """It is there already."""
        self.dismiss(None)


class FindingScreen(TextScreen):
    """A finding in full; Enter goes to its call."""

    BINDINGS = bound(FINDING)
    KEYS = FINDING

    def __init__(self, title: str, draw: Draw, open_call: Callable[[], None]) -> None:
        super().__init__(title, draw)
        self._open = open_call

    def action_open(self) -> None:
        """Go to its call."""
        self.dismiss(None)
        self._open()


class ComparisonScreen(TextScreen):
    """Two messages side by side: their SDP if both have some, or all of them."""

    BINDINGS = bound(COMPARISON)
    KEYS = COMPARISON

    def __init__(self, title: str, whole: Sequence[Sequence[str]], sdp: Sequence[Sequence[str]]) -> None:
        self._rows = compared(*whole)
        self._sdp = compared(*sdp) if all(sdp) else None
        self._only_sdp = self._sdp is not None
        super().__init__(title, self._drawn)

    def _drawn(self, width: int) -> Sequence[Line]:
        rows = self._sdp if self._only_sdp and self._sdp is not None else self._rows
        different = sum(not each.same for each in rows)
        what = "SDP" if self._only_sdp else "whole messages"
        said = f"{what}: {different:,} lines differ" if different else f"{what}: all lines are the same"
        return [(span(said, "yellow" if different else "green"),), (), *side_by_side(width, rows)]

    def action_sdp(self) -> None:
        """SDP only, or all."""
        self._only_sdp = not self._only_sdp and self._sdp is not None
        self.renew()


class Prompt(ModalScreen[str]):
    """A line in which somebody types; None where it was left. `check` says what is wrong, `typed` follows each key."""

    BINDINGS = [Binding("escape,ctrl+c", "leave", show=False)]
    DEFAULT_CSS = """
    Prompt { align: left bottom; background: transparent; }
    Prompt Vertical { height: auto; background: $surface; }
    Prompt Input, Prompt Input:focus { border: none; height: 1; padding: 0 1; }
    Prompt Label { padding: 0 1; }
    Prompt #wrong { color: $text-error; height: auto; }
    """

    def __init__(
        self, title: str, value: str = "", check: Callable[[str], str] | None = None,
        typed: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._value, self._check, self._typed = title, value, check, typed

    def compose(self) -> ComposeResult:
        """Title, line, and what is wrong."""
        with Vertical():
            yield Label(self._title, markup=False)
            yield Input(self._value, id="line")
            yield Label("", id="wrong", markup=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Follow it."""
        if self._typed is not None:
            self._typed(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it, if it can be taken."""
        wrong = self._check(event.value) if self._check is not None else ""
        if wrong:
            self.query_one("#wrong", Label).update(wrong)
        else:
            self.dismiss(event.value)

    def action_leave(self) -> None:
        """Take nothing."""
        self.dismiss(None)
