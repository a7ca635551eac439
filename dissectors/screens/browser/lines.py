"""A list of lines of which one may be chosen; only those that are on the screen are drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cache

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dissectors.outputs.terminal.lines import Line
from dissectors.outputs.terminal.palette import PALETTE
from dissectors.screens.view import Pointer

CHOSEN = Style(reverse=True)
WHEEL_LINES = 3


@cache
def style_of(name: str) -> Style:
    """The style that a span names."""
    return Style() if name in ("", "default") else Style.parse(PALETTE.get(name, name))


def strip(line: Line, width: int, base: Style, over: Style | None = None) -> Strip:
    """A line as Textual draws it; `over` is instead of its own styles."""
    segments = [Segment(text, base + (over or style_of(name))) for text, name in line]
    return Strip(segments).adjust_cell_length(width, base + over if over else base)


class Lines(Widget):
    """Lines with the keys of what they show. Keys and the wheel go about in it; Enter and a click choose."""

    BINDINGS = [
        Binding("up,k", "go(-1)", show=False), Binding("down,j", "go(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False), Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("home,g", "go(-1000000000)", show=False), Binding("end,G", "go(1000000000)", show=False),
        Binding("enter", "choose", show=False),
    ]
    DEFAULT_CSS = "Lines { height: 1fr; width: 1fr; }"

    class Chosen(Message):
        """Somebody chose a line."""

        def __init__(self, lines: Lines, key: Hashable) -> None:
            super().__init__()
            self.lines, self.key = lines, key

        @property
        def control(self) -> Lines:
            """The list."""
            return self.lines

    class Moved(Message):
        """Another line is under the pointer."""

        def __init__(self, lines: Lines) -> None:
            super().__init__()
            self.lines = lines

        @property
        def control(self) -> Lines:
            """The list."""
            return self.lines

    def __init__(self, id: str, focus: bool = True) -> None:
        super().__init__(id=id)
        self.can_focus = focus
        self.pointer = Pointer()
        self._draw: Callable[[int], Line] = lambda at: ()
        self._lines: Sequence[Line] = ()

    def show(self, keys: Sequence[Hashable | None], draw: Callable[[int], Line]) -> None:
        """Show other lines: so many keys, and what draws the line at a position."""
        self._draw = draw
        self.pointer.renew(keys)
        self.refresh()

    def show_lines(self, lines: Sequence[Line], keys: Sequence[Hashable | None] | None = None) -> None:
        """The same with lines that are there already; without keys one only scrolls."""
        keys = keys or [None] * len(lines)
        if lines != self._lines or keys != self.pointer.keys:
            self._lines = lines
            self.show(keys, lines.__getitem__)

    @property
    def key(self) -> Hashable | None:
        """What is chosen."""
        return self.pointer.key

    def render_line(self, y: int) -> Strip:
        """One row of the window."""
        shown, base = self.pointer.shown(self.size.height), self.rich_style
        if y >= len(shown):
            return Strip.blank(self.size.width, base)
        at = shown[y]
        chosen = self.has_focus and self.pointer.key is not None and at == self.pointer.at
        return strip(self._draw(at), self.size.width, base, CHOSEN if chosen else None)

    def action_go(self, by: int) -> None:
        """Go up or down."""
        self.pointer.move(by)
        self.refresh()
        self.post_message(self.Moved(self))

    def action_page(self, by: int) -> None:
        """Go by a window."""
        self.action_go(by * max(1, self.size.height - 1))

    def action_choose(self) -> None:
        """Choose the line under the pointer."""
        if self.pointer.key is None:
            # The screen may have another use for Enter.
            raise SkipAction
        self.post_message(self.Chosen(self, self.pointer.key))

    def on_click(self, event: events.Click) -> None:
        """Go to a line; a second click chooses it."""
        at = self.pointer.top + event.y
        if at < len(self.pointer.keys) and self.pointer.keys[at] is not None:
            if at == self.pointer.at:
                self.action_choose()
            else:
                self.action_go(at - self.pointer.at)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go down."""
        self.action_go(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go up."""
        self.action_go(-WHEEL_LINES)
