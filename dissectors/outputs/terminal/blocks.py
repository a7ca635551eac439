"""Parts of a page that share its lines: each shows as much as fits and says what it omits."""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.outputs.terminal.lines import BLANK, Line, span
from dissectors.wire.values import Struct


class Block(Struct, frozen=True):
    """A title with its lines: `heads` lines over the rows, and rows for the most important of `total` entries."""

    title: Line
    rows: Sequence[Line] = ()
    heads: int = 0
    total: int = 0

    @property
    def wanted(self) -> int:
        """Lines of the whole block, with an empty one after it."""
        return len(self.rows) + 2

    def lines(self, size: int) -> list[Line]:
        """The first lines, at most so many; the title says if some are missing."""
        kept = self.rows[: max(0, size - 1)]
        shown = len(kept) - self.heads
        if shown <= 0:
            kept, shown = (), 0
        more = (span(f", {shown} shown", "dim"),) if shown < self.total else ()
        return [(*self.title, *more), *kept, BLANK][:size]


def shares(wanted: Sequence[int], weights: Sequence[int], room: int) -> list[int]:
    """The number of lines for each block: all of them if there is room, else a share of the page, by its weight."""
    sizes = [0] * len(wanted)
    while room > 0 and any(size < most for size, most in zip(sizes, wanted, strict=True)):
        for i, weight in enumerate(weights):
            more = min(weight, room, wanted[i] - sizes[i])
            sizes[i] += more
            room -= more
    return sizes
