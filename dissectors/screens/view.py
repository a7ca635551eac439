"""What of a book is shown: sorted, filtered, searched, marked; and where in a list one is."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence

from dissectors.limits.table import Table
from dissectors.queries.expressions import Expression
from dissectors.screens.book import Entry, Noted, Snapshot
from dissectors.screens.columns import ORDERS
from dissectors.wire.values import Struct

MIN_NUMBER_DIGITS = 3
TELEPHONE = re.compile(r"[+\d][\d ()/.-]*")
NOT_DIGITS = re.compile(r"\D")
MAX_DISMISSED = 16_384
"""Findings that are remembered as dismissed; beyond that the first of them are forgotten."""


class View:
    """Which calls and findings are shown, and in which order.

    `search` is what somebody types: a part of a name, a Call-ID or a state, or digits of a telephone number however
    they are written. `keep` is a filter, `marked` are numbers of calls, `cleared` that of the last call that is hidden.
    """

    def __init__(self, newest_first: bool = False) -> None:
        self.order, self.reverse = next(iter(ORDERS)), newest_first
        self.search = ""
        self.keep: Expression | None = None
        self.text = ""
        self.calls_only = True
        self.cleared = 0
        self.marked: set[int] = set()
        self._dismissed: Table[tuple[object, ...], None] = Table("dismissed findings", MAX_DISMISSED)

    def chosen(self, snapshot: Snapshot) -> list[Entry]:
        """The calls to show, in order. Where there is no call at all, whatever else there is."""
        entries = [entry for entry in snapshot.entries.values() if entry.number > self.cleared]
        if self.calls_only and any(entry.course is not None for entry in snapshot.entries.values()):
            entries = [entry for entry in entries if entry.course is not None]
        if self.search:
            found = searching(self.search)
            entries = [entry for entry in entries if found(entry)]
        if self.keep is not None:
            entries = [entry for entry in entries if snapshot.matches(entry, self.keep)]
        entries.sort(key=ORDERS[self.order], reverse=self.reverse)
        return entries

    def findings(self, snapshot: Snapshot) -> list[Noted]:
        """The findings to show, in the order in which the snapshot has them."""
        return [each for each in snapshot.findings if each.key not in self._dismissed]

    def dismiss(self, noted: Noted, snapshot: Snapshot, alike: bool = False) -> None:
        """Take a finding from the list for good, or all that it has of its kind; the same of another call is another.
        """
        for each in snapshot.findings:
            if each.key == noted.key or alike and each.id == noted.id:
                self._dismissed[each.key] = None

    def bring_back(self) -> int:
        """Show what was dismissed again; gives how many these are."""
        number = len(self._dismissed)
        self._dismissed.clear()
        return number

    def sort_by(self, step: int) -> None:
        """Sort by the next column, or the one before."""
        names = list(ORDERS)
        self.order, self.reverse = names[(names.index(self.order) + step) % len(names)], False

    def clear(self, snapshot: Snapshot) -> None:
        """Hide all calls so far."""
        self.cleared = max(snapshot.entries, default=0)
        self.marked.clear()

    def show_all(self) -> bool:
        """Hide nothing any more; False if nothing was hidden."""
        hidden = bool(self.search or self.keep or self.cleared)
        self.search, self.keep, self.text, self.cleared = "", None, "", 0
        return hidden

    def mark(self, number: int) -> None:
        """Mark a call, or take its mark away."""
        self.marked ^= {number}

    @property
    def hides(self) -> list[str]:
        """What hides calls, in words."""
        said = [f"search {self.search!r}"] if self.search else []
        said += [f"filter {self.text}"] if self.keep is not None else []
        return said + ([f"cleared up to {self.cleared}"] if self.cleared else [])


def searching(text: str) -> Callable[[Entry], bool]:
    """What finds a text in the words of a call, and a number in its numbers."""
    low = text.strip().lower()
    digits = NOT_DIGITS.sub("", low)
    is_number = TELEPHONE.fullmatch(low) is not None

    def found(entry: Entry) -> bool:
        if is_number and len(digits) >= MIN_NUMBER_DIGITS:
            if any(digits in NOT_DIGITS.sub("", name.partition("@")[0]) for name in (entry.caller, entry.callee)):
                return True
        if is_number and low == str(entry.number):
            return True
        words = (entry.caller, entry.callee, entry.call_id, entry.said)
        return any(low in word.lower() for word in words)

    return found


class Pointer:
    """Where one is in a list: `at` is chosen, `top` is the first that is shown. Lines without a key are passed over.

    In a list without any key nothing is chosen, and one goes about by what is shown.
    """

    def __init__(self) -> None:
        self.keys: Sequence[Hashable | None] = ()
        self.at = self.top = 0
        self._first: int | None = None

    @property
    def key(self) -> Hashable | None:
        """What is chosen."""
        return self.keys[self.at] if self._first is not None and self.at < len(self.keys) else None

    def renew(self, keys: Sequence[Hashable | None]) -> None:
        """The list has changed: what was chosen is still chosen, but who is at the top stays there."""
        chosen, shown, at_top = self.key, self.at - self.top, self.at == self._first
        self.keys = keys
        self._first = next((place for place, key in enumerate(keys) if key is not None), None)
        if at_top:
            self.at = self.top = 0
        elif chosen is not None and chosen in keys:
            self.at = keys.index(chosen)
            self.top = max(0, self.at - shown)
        self.move(0)

    def move(self, by: int) -> None:
        """Go so many lines down, or up below zero, to the nearest that can be chosen."""
        last = len(self.keys) - 1
        if self._first is None:
            self.top = min(max(0, self.top + by), max(0, last))
            return
        wanted = min(max(0, self.at + by), last)
        up, down = range(wanted, -1, -1), range(wanted, last + 1)
        for way in (up, down) if by < 0 else (down, up):
            for place in way:
                if self.keys[place] is not None:
                    self.at = place
                    return

    def shown(self, height: int) -> range:
        """The lines of which a window of this height shows one each; the chosen one is among them."""
        height = max(1, height)
        if self._first is not None:
            self.top = min(max(self.top, self.at - height + 1), self.at)
            # What stands above the first is shown with it.
            if self.at == self._first < height:
                self.top = 0
        self.top = max(0, min(self.top, len(self.keys) - height))
        return range(self.top, min(len(self.keys), self.top + height))


class Comparison(Struct, frozen=True):
    """A row of two texts side by side; `same` says that the lines are equal."""

    left: str
    right: str
    same: bool


def compared(one: Sequence[str], other: Sequence[str]) -> list[Comparison]:
    """Two texts side by side, line by line; a line that only one of them has stands beside nothing."""
    from difflib import SequenceMatcher
    from itertools import zip_longest

    rows = []
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        for left, right in zip_longest(one[a:b], other[c:d], fillvalue=""):
            rows.append(Comparison(left, right, kind == "equal"))
    return rows
