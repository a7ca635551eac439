"""The program without its first screen: it asks the feed what is new, and gives it to the screens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import cast

from textual.app import App
from textual.binding import Binding
from textual.screen import Screen

from dissectors.outputs.escape import visible
from dissectors.outputs.terminal.lines import Page
from dissectors.screens.book import Snapshot
from dissectors.screens.browser.texts import Prompt, TextScreen
from dissectors.screens.feed import Feed
from dissectors.screens.view import View

ASK_SECONDS = 0.1


class Shell(App[None]):
    """What the screens ask of the program: what is shown, how, and what can be done with it."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [Binding("ctrl+c", "quit_at_once", show=False), Binding("ctrl+q", "quit_at_once", show=False)]
    CSS = """
    #head, #title { height: auto; max-height: 4; }
    #heads, #tabs, #foot, #found_title, #title { height: 1; }
    #head { height: 2; }
    #foot { dock: bottom; }
    #found { height: 30%; max-height: 12; }
    #calls { height: 1fr; }
    """

    def __init__(self, feed: Feed, view: View, clock: str = "relative", call: str = "") -> None:
        super().__init__()
        self.feed, self.view, self.clock = feed, view, clock
        self.call = call
        self.shown = Snapshot()
        self.paused = self._leaving = False

    def start(self) -> None:
        """Begin to read, and to ask."""
        self.feed.begin()
        self.set_interval(ASK_SECONDS, self.ask)
        self.call_after_refresh(self.ask)

    def ask(self) -> None:
        """Show what is new."""
        if self.feed.ended and self.feed.lasts:
            self.exit()
        for text in self.feed.news():
            self.notify(visible(text), markup=False)
        snapshot = self.feed.book.snapshot
        if snapshot is not self.shown and not self.paused:
            self.shown = snapshot
            self.renew()
            if snapshot.entries:
                self.call_after_refresh(self.feed.shown)
        for screen in self.screen_stack:
            if isinstance(screen, Renewed) and screen.is_built:
                screen.renew_head()

    def renew(self) -> None:
        """Draw what is shown again."""
        for screen in self.screen_stack:
            if isinstance(screen, Renewed | TextScreen) and screen.query("#foot"):
                screen.renew()

    def page(self, width: int) -> Page:
        """The page on which lines are drawn."""
        report = self.shown.report
        zero = report.capture.first if report is not None else None
        return Page(width=width, colour=True, everything=True, clock=self.clock, zero=zero or 0.0)

    def save(self, numbers: Sequence[int]) -> None:
        """Ask for a name, and write these calls into a file of that name."""

        def check(path: str) -> str:
            return "" if path.strip() else "name a file"

        def named(path: str | None) -> None:
            if path is not None:
                self.run_worker(lambda: self._save(numbers, os.path.expanduser(path.strip())), thread=True)

        what = f"call {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} calls"
        self.push_screen(Prompt(f"Save {what} to", self.feed.suggested(numbers), check), named)

    def _save(self, numbers: Sequence[int], path: str) -> None:
        said = self.feed.save(numbers, path)
        self.call_from_thread(self.notify, said, markup=False)

    def toggle_pause(self) -> None:
        """Stand still, or go on."""
        self.paused = not self.paused
        self.ask()

    def leave(self) -> None:
        """End the session, which ends the program; asked twice, the program at once."""
        if self.feed.lasts and not self.feed.ended and not self._leaving:
            self._leaving = True
            self.feed.stop()
        else:
            self.exit()

    def action_quit_at_once(self) -> None:
        """What Ctrl-C does where no screen has another use for it."""
        self.leave()


class Renewed(Screen[None]):
    """A screen that is drawn again when there is something new."""

    @property
    def browser(self) -> Shell:
        """The program."""
        return cast(Shell, self.app)

    @property
    def is_built(self) -> bool:
        """Whether its parts are there: before it is shown, and when it goes, they are not."""
        return bool(self.query("#foot"))

    def renew(self) -> None:
        """Draw what is known now."""

    def renew_head(self) -> None:
        """Draw how far it is."""
