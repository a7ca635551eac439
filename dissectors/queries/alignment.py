"""The alignment of two lists: entries in both in the same order, and entries in only one; near-linear for long lists.

difflib compares short lists; its work is the product of their lengths at best. Long lists first lose their equal ends.
Then entries that are unique in both serve as anchors. The parts between anchors are short, or differ little, or are
compared piece by piece.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from dissectors.wire.values import Struct

MAX_PRODUCT = 1 << 14
"""difflib compares lists if the product of their lengths is not larger."""

MAX_DIFFERENCES = 256
"""The search for the fewest differences ends at so many."""

PIECE = 128


class Run(Struct, frozen=True):
    """Entries `first` to `last` of ours and `begin` to `end` of theirs: equal, or different in that place."""

    alike: bool
    first: int
    last: int
    begin: int
    end: int


def aligned(ours: Sequence[str], theirs: Sequence[str]) -> list[Run]:
    """Runs that cover both lists in order."""
    if len(ours) * len(theirs) <= MAX_PRODUCT:
        return [*_by_difflib(ours, theirs, 0, 0)]
    head = _alike(ours, theirs, min(len(ours), len(theirs)))
    tail = _alike(ours[::-1], theirs[::-1], min(len(ours), len(theirs)) - head)
    ends = len(ours) - tail, len(theirs) - tail
    runs = [Run(True, 0, head, 0, head)] if head else []
    for i, k in (*_anchors(ours, theirs, head, ends), ends):
        at = (runs[-1].last, runs[-1].end) if runs else (0, 0)
        runs += _between(ours[at[0] : i], theirs[at[1] : k], *at)
        if (i, k) != ends:
            runs.append(Run(True, i, i + 1, k, k + 1))
    if tail:
        runs.append(Run(True, ends[0], len(ours), ends[1], len(theirs)))
    return [*_joined(runs)]


def _alike(ours: Sequence[str], theirs: Sequence[str], most: int) -> int:
    """How many first entries are equal in both, at most so many."""
    return next((n for n, (a, b) in enumerate(zip(ours[:most], theirs, strict=False)) if a != b), most)


def _anchors(
    ours: Sequence[str], theirs: Sequence[str], begin: int, ends: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """The longest series of entries that are unique in both, in the same order (patience sorting)."""
    counts = Counter(ours[begin : ends[0]]), Counter(theirs[begin : ends[1]])
    places = {entry: k for k, entry in enumerate(theirs[begin : ends[1]], begin) if counts[1][entry] == 1}
    tops: list[int] = []
    piles: list[tuple[int, int]] = []
    before: dict[tuple[int, int], tuple[int, int] | None] = {}
    for i, entry in enumerate(ours[begin : ends[0]], begin):
        if counts[0][entry] != 1 or entry not in places:
            continue
        k = places[entry]
        pile = bisect_left(tops, k)
        before[i, k] = piles[pile - 1] if pile else None
        tops[pile : pile + 1], piles[pile : pile + 1] = [k], [(i, k)]
    found: list[tuple[int, int]] = []
    last = piles[-1] if piles else None
    while last is not None:
        found.append(last)
        last = before[last]
    return reversed(found)


def _between(ours: Sequence[str], theirs: Sequence[str], i: int, k: int) -> Iterator[Run]:
    """The part between two anchors, `i` and `k` entries from the beginning."""
    if len(ours) * len(theirs) <= MAX_PRODUCT:
        yield from _by_difflib(ours, theirs, i, k)
        return
    if (few := _fewest(ours, theirs)) is not None:
        yield from (Run(run.alike, run.first + i, run.last + i, run.begin + k, run.end + k) for run in few)
        return
    for at in range(0, max(len(ours), len(theirs)), PIECE):
        here = min(at, len(ours)), min(at, len(theirs))
        yield from _by_difflib(ours[at : at + PIECE], theirs[at : at + PIECE], i + here[0], k + here[1])


def _by_difflib(ours: Sequence[str], theirs: Sequence[str], i: int, k: int) -> Iterator[Run]:
    if not ours and not theirs:
        return
    for kind, first, last, begin, end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        yield Run(kind == "equal", first + i, last + i, begin + k, end + k)


def _fewest(ours: Sequence[str], theirs: Sequence[str]) -> list[Run] | None:
    """The runs with the fewest differences, None if there are more than the bound (Myers 1986)."""
    furthest = {1: 0}
    steps: list[dict[int, int]] = []
    for differences in range(MAX_DIFFERENCES + 1):
        steps.append(dict(furthest))
        for diagonal in range(-differences, differences + 1, 2):
            lacks = _lacks(furthest, diagonal, differences)
            x = furthest[diagonal + 1] if lacks else furthest[diagonal - 1] + 1
            y = x - diagonal
            while x < len(ours) and y < len(theirs) and ours[x] == theirs[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(ours) and y >= len(theirs):
                return [*_joined(_walked_back(steps, len(ours), len(theirs)))]
    return None


def _lacks(furthest: dict[int, int], diagonal: int, differences: int) -> bool:
    """Whether the last difference on the path to a diagonal is an entry missing in ours; else in theirs."""
    if abs(diagonal) == differences:
        return diagonal == -differences
    return furthest[diagonal - 1] < furthest[diagonal + 1]


def _walked_back(steps: list[dict[int, int]], x: int, y: int) -> list[Run]:
    """The path to the end, from the reach of each step."""
    runs: list[Run] = []
    for differences in range(len(steps) - 1, 0, -1):
        furthest, diagonal = steps[differences], x - y
        lacks = _lacks(furthest, diagonal, differences)
        i = furthest[diagonal + 1] if lacks else furthest[diagonal - 1]
        k = i - diagonal - 1 if lacks else i - diagonal + 1
        after = (i, k + 1) if lacks else (i + 1, k)
        if x > after[0]:
            runs.append(Run(True, after[0], x, after[1], y))
        runs.append(Run(False, i, after[0], k, after[1]))
        x, y = i, k
    if x:
        runs.append(Run(True, 0, x, 0, y))
    return runs[::-1]


def _joined(runs: Sequence[Run]) -> Iterator[Run]:
    """The same runs; neighbours of one kind are joined."""
    held: Run | None = None
    for run in runs:
        if held is not None and held.alike == run.alike:
            held = Run(run.alike, held.first, run.last, held.begin, run.end)
            continue
        if held is not None:
            yield held
        held = run
    if held is not None:
        yield held
