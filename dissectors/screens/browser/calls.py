"""The list of calls, with what was found below it."""

from __future__ import annotations

from typing import cast

from textual.app import ComposeResult
from textual.events import Resize

from dissectors.outputs.terminal.lines import clip, count, line, span
from dissectors.queries.filters import NoFilter, wanted
from dissectors.screens.book import Entry, Noted
from dissectors.screens.browser.call import CallScreen
from dissectors.screens.browser.keys import LIST, bound, foot
from dissectors.screens.browser.lines import Lines
from dissectors.screens.browser.shell import Renewed
from dissectors.screens.browser.texts import FindingScreen, HelpScreen, Prompt
from dissectors.screens.columns import call_heads, call_row
from dissectors.screens.drawing import found_row, found_text, streams_alone, totals_line


class CallsScreen(Renewed):
    """All calls that the view chooses, in rows."""

    BINDINGS = bound(LIST)

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._findings: list[Noted] = []

    def compose(self) -> ComposeResult:
        """Meters, calls, findings, keys."""
        yield Lines("head", focus=False)
        yield Lines("heads", focus=False)
        yield Lines("calls")
        yield Lines("found_title", focus=False)
        yield Lines("found")
        yield Lines("foot", focus=False)

    def on_mount(self) -> None:
        """Draw what there is."""
        self.query_one("#calls").focus()
        self.renew()

    def on_resize(self, event: Resize) -> None:
        """Draw it again."""
        if self.is_built:
            self.renew()

    def renew(self) -> None:
        """Draw the calls and the findings of what is shown."""
        browser, width = self.browser, self.size.width
        view, snapshot, page = browser.view, browser.shown, browser.page(width)
        self._entries = entries = view.chosen(snapshot)
        heads, calls = self.query_one("#heads", Lines), self.query_one("#calls", Lines)
        report = snapshot.report
        if report is not None and report.streams and not snapshot.entries:
            heads.show_lines([line(span("Streams", "bold"), span("  no call was signalled", "dim"))])
            calls.show_lines(streams_alone(page, report))
        else:
            heads.show_lines([call_heads(width, view.order, view.reverse)])
            calls.show(
                [entry.number for entry in entries],
                lambda at: call_row(page, entries[at], entries[at].number in view.marked),
            )
        self._findings = found = view.findings(snapshot)
        self.query_one("#found_title", Lines).show_lines([line(
            span("Findings", "bold"), span(f"  {count(len(found), 'finding')}; Tab goes there, d dismisses one", "dim"),
        )])
        self.query_one("#found", Lines).show([noted.key for noted in found], lambda at: found_row(page, found[at]))
        for name in ("#found_title", "#found"):
            self.query_one(name).display = bool(found)
        self.query_one("#foot", Lines).show_lines([foot(LIST, width)])
        if not found and not self.query_one("#calls").has_focus:
            self.query_one("#calls").focus()
        self.renew_head()
        self._open_named()

    def renew_head(self) -> None:
        """Draw how far it is, and the totals."""
        browser = self.browser
        parts = [span("PAUSED  ", "bold yellow")] if browser.paused else []
        first = (span("muxshark ", "bold"), span(f"{browser.feed.title}  ", "bold cyan"), *browser.feed.meters())
        second = totals_line(browser.shown, len(self._entries))
        hides = "; ".join(browser.view.hides)
        room = clip(f"  {hides} (Esc shows all)", self.size.width) if hides else ""
        self.query_one("#head", Lines).show_lines([
            (*parts, *first), (*((span(room.strip() + "  ", "yellow"),) if room else ()), *second),
        ])

    def _open_named(self) -> None:
        """Open the call that was named on the command line, once it is there."""
        name = self.browser.call
        if name:
            for entry in self.browser.shown.entries.values():
                if name in (str(entry.number), entry.call_id) or not name.isdecimal() and name in entry.call_id:
                    self.browser.call = ""
                    self._open(entry.number)
                    return

    def on_lines_chosen(self, event: Lines.Chosen) -> None:
        """Open what was chosen."""
        if event.lines.id == "calls":
            self._open(cast(int, event.key))
        elif (noted := self._noted) is not None:
            self._show(noted)

    def _open(self, number: int) -> None:
        if self.browser.shown.report_of(number) is not None:
            self.app.push_screen(CallScreen(number))

    def _show(self, noted: Noted) -> None:
        def open_call() -> None:
            if noted.call is not None:
                self._open(noted.call)

        browser = self.browser
        self.app.push_screen(
            FindingScreen("Finding", lambda width: found_text(browser.page(width), noted), open_call)
        )

    @property
    def _noted(self) -> Noted | None:
        """The finding under the pointer."""
        key = self.query_one("#found", Lines).key
        return next((each for each in self._findings if each.key == key), None)

    @property
    def _number(self) -> int | None:
        """The call under the pointer."""
        return cast("int | None", self.query_one("#calls", Lines).key)

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpScreen(LIST))

    def action_save(self) -> None:
        """Save what is marked, or the call under the pointer."""
        numbers = sorted(self.browser.view.marked) or ([] if self._number is None else [self._number])
        if numbers:
            self.browser.save(numbers)

    def action_search(self) -> None:
        """Show what has a text in it, as it is typed."""
        view, before = self.browser.view, self.browser.view.search

        def typed(text: str) -> None:
            view.search = text.strip()
            self.renew()

        def left(text: str | None) -> None:
            if text is None:
                typed(before)

        self.app.push_screen(Prompt("Search names, numbers, states and Call-IDs", before, typed=typed), left)

    def action_filter(self) -> None:
        """Show what a filter keeps."""
        view = self.browser.view

        def check(text: str) -> str:
            try:
                keep = wanted(text) if text.strip() else None
            except NoFilter as error:
                return str(error)
            view.keep, view.text = keep, text.strip()
            return ""

        title = "Filter, such as mos<3.6 or user==alice and status==4xx (docs/filters.md)"
        self.app.push_screen(Prompt(title, view.text, check), lambda _: self.renew())

    def action_clear(self) -> None:
        """Hide all calls so far."""
        self.browser.view.clear(self.browser.shown)
        self.renew()

    def action_mark(self) -> None:
        """Mark the call."""
        if self._number is not None:
            self.browser.view.mark(self._number)
            self.query_one("#calls", Lines).action_go(1)

    def action_pause(self) -> None:
        """Stand still, or go on."""
        self.browser.toggle_pause()

    def action_leave(self) -> None:
        """Quit."""
        self.browser.leave()

    def action_sort(self, step: int) -> None:
        """Sort by another column."""
        self.browser.view.sort_by(step)
        self.renew()

    def action_turn(self) -> None:
        """Turn the order round."""
        self.browser.view.reverse = not self.browser.view.reverse
        self.renew()

    def action_kinds(self) -> None:
        """Calls only, or all."""
        self.browser.view.calls_only = not self.browser.view.calls_only
        self.renew()

    def action_put_away(self, alike: bool = False) -> None:
        """Dismiss the finding under the pointer, or all of its kind."""
        noted = self._noted
        if noted is not None and self.query_one("#found").has_focus:
            self.browser.view.dismiss(noted, self.browser.shown, alike)
            self.renew()

    def action_bring_back(self) -> None:
        """Show the findings again that were dismissed."""
        if self.browser.view.bring_back():
            self.renew()

    def action_all(self) -> None:
        """Hide nothing any more."""
        if self.browser.view.show_all():
            self.renew()
