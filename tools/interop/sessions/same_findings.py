"""Whether a capture under other names has the findings of the original, by id and count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from dissectors import offline
from dissectors.rewriting.anonymous.capture import anonymise
from dissectors.rewriting.anonymous.messages import Wanted
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms

WAYS = {
    "plain": (Wanted(), False), "ports": (Wanted(), True), "agents": (Wanted(agents=True), False),
    "drop": (Wanted(drop=True), False),
}
"""What may be asked for: what else changes, and whether ports do."""

class Compared(NamedTuple):
    """The findings of a capture and of the one under other names, how many of each id."""

    before: Counter[str]
    after: Counter[str]

    @property
    def differing(self) -> set[str]:
        """The ids whose counts differ."""
        return {each for each in self.before | self.after if self.before[each] != self.after[each]}

    def lines(self) -> Iterator[str]:
        """What differs, a line for each finding."""
        for each in sorted(self.differing):
            yield f"finding {each}: {'more' if self.after[each] > self.before[each] else 'fewer'} under other names"


def compared(path: Path, folder: Path, ways: Iterable[str] = ("plain",)) -> dict[str, Compared]:
    """The findings before and after, by what was asked for; raises CaptureError where the capture cannot be read."""
    before = findings(path)
    found = {}
    for way in ways:
        wanted, ports = WAYS[way]
        out = folder / f"findings-{way}"
        anonymise(str(path), str(out), Pseudonyms(b"findings", ports=ports), wanted, force=True)
        found[way] = Compared(before, findings(out))
    return found


def findings(path: Path) -> Counter[str]:
    """How many findings of each id a capture has."""
    return Counter(each.id for each in offline.analyze([str(path)]).findings)
