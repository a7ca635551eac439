"""Whether a capture under other names has the findings of the original, by id and count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dissectors import offline
from dissectors.rewriting.anonymous.capture import anonymise
from dissectors.rewriting.anonymous.messages import Wanted
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms


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


def compared(path: Path, folder: Path) -> Compared:
    """The findings before and after; raises CaptureError where the capture cannot be read."""
    before, out = findings(path), folder / "findings"
    anonymise(str(path), str(out), Pseudonyms(b"findings"), Wanted(), force=True)
    return Compared(before, findings(out))


def findings(path: Path) -> Counter[str]:
    """How many findings of each id a capture has."""
    return Counter(each.id for each in offline.analyze([str(path)]).findings)
