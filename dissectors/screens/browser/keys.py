"""The keys of each screen, those of sngrep where it has them: what binds them, the line at the foot, the help."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from textual.binding import Binding

from dissectors.outputs.terminal.lines import Line, Span, cells, line, span

NAMES = {
    "question_mark": "?", "slash": "/", "less_than_sign": "<", "greater_than_sign": ">", "equals_sign": "=",
    "escape": "Esc", "space": "Space", "enter": "Enter", "tab": "Tab", "ctrl+l": "Ctrl-L", "ctrl+c": "Ctrl-C",
    "up": "↑", "down": "↓", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End", "left": "←",
    "right": "→",
}


class Key(NamedTuple):
    """Keys that do the same: `label` stands at the foot if it is not empty, `help` in the help."""

    keys: str
    action: str
    label: str
    help: str


LIST = (
    Key("f1,question_mark", "help", "Help", "this help"),
    Key("enter", "", "Open", "open the call, or the finding"),
    Key("f2,s", "save", "Save", "save the call, or all that are marked, to a capture"),
    Key("f3,slash", "search", "Search", "show calls with this name, number, state or Call-ID"),
    Key("f7,f", "filter", "Filter", "show calls that match a filter, such as mos<3.6 or status==4xx"),
    Key("f5,ctrl+l", "clear", "Clear", "hide all calls so far"),
    Key("space", "mark", "Mark", "mark the call"),
    Key("p", "pause", "Pause", "let the screen stand still; reading goes on"),
    Key("q,ctrl+c", "leave", "Quit", "quit"),
    Key("less_than_sign,left", "sort(-1)", "", "sort by the column before"),
    Key("greater_than_sign,right", "sort(1)", "", "sort by the next column"),
    Key("z", "turn", "", "turn the order round"),
    Key("c", "kinds", "", "calls only, or other requests, too"),
    Key("tab", "", "", "go to the findings, and back"),
    Key("d", "put_away", "", "dismiss the finding"),
    Key("D", "put_away(True)", "", "dismiss all findings of its kind"),
    Key("u", "bring_back", "", "show the findings again that were dismissed"),
    Key("escape,x", "all", "", "show all calls again: no search, no filter, nothing cleared"),
)
CALL = (
    Key("f1,question_mark", "help", "Help", "this help"),
    Key("escape,x,q", "back", "Back", "back to the calls"),
    Key("enter", "", "Message", "show the message"),
    Key("space", "mark", "Mark", "mark the message, to compare it"),
    Key("equals_sign,c", "compare", "Compare", "compare two messages that are marked, or one and this"),
    Key("f2,s", "save", "Save", "save the call to a capture"),
    Key("f4,l", "legs", "Legs", "all legs of the call in one ladder, or this one alone"),
    Key("1", "tab('ladder')", "", "the ladder"),
    Key("2", "tab('sdp')", "", "offers and answers, explained"),
    Key("3", "tab('streams')", "", "the streams"),
    Key("4", "tab('findings')", "", "what was found about the call"),
    Key("5,r", "tab('messages')", "", "all messages as they were written"),
    Key("right,tab", "turn(1)", "", "the next of these"),
    Key("left,shift+tab", "turn(-1)", "", "the one before"),
    Key("p", "pause", "", "let the screen stand still"),
    Key("ctrl+c", "back", "", "back"),
)
TEXT = (
    Key("escape,x,q,ctrl+c", "back", "Back", "back"),
    Key("f1,question_mark", "help", "Help", "this help"),
)
COMPARISON = (*TEXT, Key("s,f2", "sdp", "SDP only, or all", "compare SDP only, or the whole messages"))
FINDING = (*TEXT, Key("enter", "open", "Open its call", "open the call of the finding"))
GOING_ABOUT = (
    ("↑ ↓ k j", "a line up or down"), ("PgUp PgDn", "a page up or down"), ("Home End g G", "the first, the last"),
)


def bound(keys: Iterable[Key]) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """What binds them."""
    return [Binding(each.keys, each.action, each.help, show=False) for each in keys if each.action]


def name_of(key: str) -> str:
    """A key as people name it."""
    return NAMES.get(key, key.upper() if key[0] == "f" and key[1:].isdigit() else key)


def foot(keys: Iterable[Key], width: int) -> Line:
    """The line at the foot: as many keys as have room, each with what it does."""
    parts: list[Span] = []
    for each in keys:
        name, label = name_of(each.keys.split(",")[0]), f" {each.label}  "
        if each.label and sum(cells(part.text) for part in parts) + cells(name + label) <= width + 2:
            parts += [Span(name, "bold cyan"), Span(label)]
    return tuple(parts)


def help_lines(title: str, keys: Iterable[Key]) -> list[Line]:
    """All keys in rows."""
    rows = [(" ".join(map(name_of, each.keys.split(","))), each.help) for each in keys]
    rows += GOING_ABOUT
    room = max(cells(names) for names, _ in rows) + 2
    head = [line(span(title, "bold")), ()]
    return [*head, *(line(span(f"  {names:<{room}}", "bold cyan"), span(what)) for names, what in rows)]
