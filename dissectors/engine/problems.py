"""What reading and parsing ran into, counted by kind: bounded, and no kind of problem crowds out another."""

from __future__ import annotations

from dissectors.findings.rule import MAX_PLACES, Problem
from dissectors.report import Place
from dissectors.wire.patterns import pattern
from dissectors.wire.values import Struct, field

MAX_KINDS = 64
"""So many kinds of one id are told apart; what comes beyond is counted together."""

_NUMBERS = pattern(r"0x[0-9A-Fa-f]+|\d+")


class Kept(Struct):
    """How often something went wrong, what was said of it first, its first frames, and its shortest message."""

    what: str
    count: int = 0
    places: list[Place] = field(default_factory=list)
    least: int | None = None

    def add(self, place: Place | None, length: int | None) -> None:
        """Count it once more."""
        self.count += 1
        if place is not None and len(self.places) < MAX_PLACES:
            self.places.append(place)
        if length is not None and (self.least is None or length < self.least):
            self.least = length

    def problem(self, id: str, what: str) -> Problem:
        """The value that a rule looks at."""
        return Problem(id, what, self.count, tuple(self.places), least=self.least)


class Problems:
    """Every problem by its id and kind. The ids are those of rules, so that there are only so many of them."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, Kept]] = {}
        self._others: dict[str, Kept] = {}

    def note(
        self, id: str, what: str, place: Place | None = None, kind: str | None = None, length: int | None = None
    ) -> None:
        """Count a problem; those of one `kind`, else of one text, are one, and are put in the words of the first.

        `length` is how many octets the message has that it is about.
        """
        kinds = self._kinds.setdefault(id, {})
        kind = what if kind is None else kind
        if kind in kinds or len(kinds) < MAX_KINDS:
            kept = kinds.setdefault(kind, Kept(what))
        else:
            kept = self._others.setdefault(id, Kept("of other kinds"))
        kept.add(place, length)

    def to_report(self) -> tuple[Problem, ...]:
        """All of them, by id in the order in which the first of each came, what is beyond a bound last."""
        problems = []
        for id, kinds in self._kinds.items():
            problems += [kept.problem(id, kept.what) for kept in kinds.values()]
            if id in self._others:
                others = self._others[id]
                problems.append(Problem(id, f"{others.count:,} more {others.what}", 1, tuple(others.places)))
        return tuple(problems)


def without_numbers(what: str) -> str:
    """A text with its numbers masked: what tells one kind of mistake from another when the numbers are the sender's."""
    return _NUMBERS().sub("#", what)
