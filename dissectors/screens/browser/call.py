"""One call: its ladder, offers and answers, streams, findings, messages."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import cast

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize

from dissectors.outputs.terminal.calls import descriptions
from dissectors.outputs.terminal.ladder import Rung, rungs
from dissectors.outputs.terminal.lines import BLANK, Line, Page, Span, line, span
from dissectors.outputs.terminal.steps import Beside, Step, steps
from dissectors.report import Call, Message, Place, Report
from dissectors.screens.book import places_of
from dissectors.screens.browser.keys import CALL, bound, foot
from dissectors.screens.browser.lines import Lines
from dissectors.screens.browser.shell import Renewed
from dissectors.screens.browser.texts import ComparisonScreen, HelpScreen, TextScreen
from dissectors.screens.drawing import call_head, found_text, lines_of_text, stated, streams_of, text_lines

TABS = {
    "ladder": "1 Ladder", "sdp": "2 SDP", "streams": "3 Streams", "findings": "4 Findings", "messages": "5 Messages",
}
MAX_MESSAGES = 200
"""Messages of a call that are written out one under the other."""

PREVIEW_CELLS = 150
"""From so many cells on there is room for the message beside the ladder."""


class CallScreen(Renewed):
    """A call with everything that belongs to it."""

    BINDINGS = bound(CALL)

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self._tab = "ladder"
        self._with_legs = False
        self._marked: list[Place] = []
        self._written: dict[Place, list[str]] = {}
        self._unread: list[Place] = []
        self._reading = False

    def compose(self) -> ComposeResult:
        """Who called whom, the names of the parts, the part that is shown, keys."""
        yield Lines("head", focus=False)
        yield Lines("tabs", focus=False)
        with Horizontal():
            yield Lines("part")
            yield Lines("beside", focus=False)
        yield Lines("foot", focus=False)

    def on_mount(self) -> None:
        """Draw it."""
        self.query_one("#part").focus()
        self.renew()

    def on_resize(self, event: Resize) -> None:
        """Draw it again."""
        if self.is_built:
            self.renew()

    @property
    def _there(self) -> tuple[Report, int] | None:
        return self.browser.shown.report_of(self.number)

    def renew(self) -> None:
        """Draw what is known of it now."""
        there = self._there
        if there is None:
            return
        report, position = there
        wide = self.size.width >= PREVIEW_CELLS and self._tab == "ladder"
        beside = self.query_one("#beside", Lines)
        beside.display = wide
        page = self.browser.page(self.size.width * 3 // 5 if wide else self.size.width)
        entry = self.browser.shown.entries[self.number]
        self.query_one("#head", Lines).show_lines(call_head(self.browser.page(self.size.width), entry))
        self.query_one("#tabs", Lines).show_lines([self._tabs(report, position)])
        lines, keys = self._part(page, report, position)
        self.query_one("#part", Lines).show_lines(lines, keys)
        self.query_one("#foot", Lines).show_lines([foot(CALL, self.size.width)])
        if wide:
            self._preview()

    def _tabs(self, report: Report, position: int) -> Line:
        found = self.browser.shown.entries[self.number].found
        counts = {"streams": len(report.calls[position].streams), "findings": found}
        parts: list[Span] = []
        for name, title in TABS.items():
            text = f" {title}" + (f" ({counts[name]})" if counts.get(name) else "") + " "
            parts += [span(text, "reverse" if name == self._tab else "dim"), Span(" ")]
        return tuple(parts)

    def _part(self, page: Page, report: Report, position: int) -> tuple[list[Line], list[Hashable | None]]:
        """The lines of the part that is shown, and the frames of those that are messages."""
        call = report.calls[position]
        if self._tab == "ladder":
            drawn = self._rungs(page, report, position)
            rows = [self._marked_row(rung) for rung in drawn]
            return rows, [rung.step.place if rung.step is not None else None for rung in drawn]
        lines: list[Line] = []
        if self._tab == "sdp":
            lines = descriptions(page, call, Beside(report)) or [line(span("no offer and no answer", "dim"))]
        elif self._tab == "streams":
            lines = streams_of(page, report, position)
        elif self._tab == "findings":
            found = [each for each in self.browser.shown.findings if each.call == self.number]
            lines = [row for each in found for row in found_text(page, each)]
            lines = lines or [line(span("nothing was found", "dim"))]
        else:
            lines = self._messages(page, call)
        return lines, [None] * len(lines)

    def _rungs(self, page: Page, report: Report, position: int) -> list[Rung]:
        around = Beside(report)
        found: list[Step] = []
        for at in self._legs(report, position) if self._with_legs else (position,):
            found += steps(around, report.calls[at])
        return rungs(page, sorted(found, key=lambda step: step.time))

    def _legs(self, report: Report, position: int) -> Sequence[int]:
        return next((each.calls for each in report.legs if position in each.calls), (position,))

    def _marked_row(self, rung: Rung) -> Line:
        if rung.step is not None and rung.step.place in self._marked:
            first, *rest = rung.line
            return (Span(f"*{first.text[1:]}" if first.text[:1] == " " else f"*{first.text}", "bold yellow"), *rest)
        return rung.line

    def _messages(self, page: Page, call: Call) -> list[Line]:
        lines: list[Line] = []
        for place in places_of(call)[:MAX_MESSAGES]:
            message = _message(call, place)
            head = line(span(f"#{place.frame}  {stated(page, message)}", "bold magenta"))
            lines += [head, *text_lines(page, self._text(place, call)), BLANK]
        return lines

    def _text(self, place: Place, call: Call) -> list[str]:
        """A message as it was written; what the report has of it until that is there."""
        if place not in self._written:
            self._written[place] = _known(_message(call, place))
            self._unread.append(place)
            if len(self._unread) == 1 and not self._reading:
                # What else the same drawing asks for is read with it.
                self.call_later(self._read_all)
        return self._written[place]

    def _read_all(self) -> None:
        """Let one worker read all that is asked for; what is asked for meanwhile is read after that."""
        places, self._unread = self._unread, []
        self._reading = bool(places)
        if places:
            self.run_worker(partial(self._read, places), thread=True, group="read")

    def _read(self, places: Sequence[Place]) -> None:
        texts = {place: self.browser.feed.written(place) for place in places}
        self.app.call_from_thread(self._came, texts)

    def _came(self, texts: Mapping[Place, list[str]]) -> None:
        self._written.update((place, text) for place, text in texts.items() if text)
        if self.is_built:
            self.browser.renew()
        self._read_all()

    def _preview(self) -> None:
        """The message under the pointer beside the ladder."""
        beside = self.query_one("#beside", Lines)
        place, there = self._place, self._there
        lines: list[Line] = []
        if place is not None and there is not None:
            call = _call_with(there[0], there[1], place)
            page = self.browser.page(self.size.width - self.size.width * 3 // 5)
            lines = text_lines(page, self._text(place, call)) if call is not None else []
        beside.show_lines(lines)

    @property
    def _place(self) -> Place | None:
        """The frame of the message under the pointer."""
        return cast("Place | None", self.query_one("#part", Lines).key)

    def on_lines_moved(self, event: Lines.Moved) -> None:
        """Show another message beside the ladder."""
        if self.query_one("#beside").display:
            self._preview()

    def on_lines_chosen(self, event: Lines.Chosen) -> None:
        """Show a message alone."""
        place, there = cast(Place, event.key), self._there
        call = None if there is None else _call_with(there[0], there[1], place)
        if call is not None:
            message = _message(call, place)
            title = f"#{place.frame}  {stated(self.browser.page(self.size.width), message)}"
            self.app.push_screen(TextScreen(
                title, lambda width: text_lines(self.browser.page(width), self._text(place, call))
            ))

    def action_compare(self) -> None:
        """Compare two messages."""
        places = [*self._marked]
        if len(places) < 2 and self._place is not None and self._place not in places:
            places.append(self._place)
        there = self._there
        if len(places) < 2 or there is None:
            self.notify("Mark two messages with Space", markup=False)
            return
        self.run_worker(partial(self._compare, places[-2:], *there), thread=True)

    def _compare(self, places: Sequence[Place], report: Report, position: int) -> None:
        whole, sdp = [], []
        for place in sorted(places, key=lambda each: (each.file, each.frame)):
            call = _call_with(report, position, place) or report.calls[position]
            message = _message(call, place)
            whole.append(self.browser.feed.written(place) or _known(message))
            body = message.body.text if message is not None and message.body is not None else ""
            sdp.append(lines_of_text(body) if "v=0" in body else [])
        numbers = " and ".join(f"#{each.frame}" for each in sorted(places, key=lambda each: (each.file, each.frame)))
        screen = ComparisonScreen(f"Messages {numbers}", whole, sdp)
        self.app.call_from_thread(self.app.push_screen, screen)

    def action_mark(self) -> None:
        """Mark a message; the third one takes the place of the first."""
        place = self._place
        if place is None:
            return
        if place in self._marked:
            self._marked.remove(place)
        else:
            self._marked = [*self._marked[-1:], place]
        self.renew()

    def action_tab(self, name: str) -> None:
        """Show another part."""
        self._tab = name
        part = self.query_one("#part", Lines)
        part.show_lines([])
        part.pointer.top = 0
        self.renew()

    def action_turn(self, step: int) -> None:
        """Show the next part, or the one before."""
        names = list(TABS)
        self.action_tab(names[(names.index(self._tab) + step) % len(names)])

    def action_legs(self) -> None:
        """All legs in one ladder, or this call alone."""
        there = self._there
        if there is not None and len(self._legs(*there)) < 2:
            self.notify("This call has no other leg here", markup=False)
            return
        self._with_legs = not self._with_legs
        self.action_tab("ladder")

    def action_save(self) -> None:
        """Save the call."""
        self.browser.save([self.number])

    def action_pause(self) -> None:
        """Stand still, or go on."""
        self.browser.toggle_pause()

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpScreen(CALL))

    def action_back(self) -> None:
        """Back to the calls."""
        self.dismiss(None)


def _message(call: Call, place: Place) -> Message | None:
    return next((each for each in call.messages if each.place == place), None)


def _call_with(report: Report, position: int, place: Place) -> Call | None:
    """The call that has a message in a frame: this one, or another leg of it."""
    legs = next((each.calls for each in report.legs if position in each.calls), (position,))
    calls = [report.calls[at] for at in dict.fromkeys((position, *legs))]
    return next((each for each in calls if _message(each, place) is not None), None)


def _known(message: Message | None) -> list[str]:
    """What the report has of a message."""
    if message is None:
        return []
    head = [message.summary, f"({', '.join(message.headers)})"] if message.headers else [message.summary]
    return [*head, "", *(lines_of_text(message.body.text) if message.body is not None else ())]
