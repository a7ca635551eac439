"""Parts of a page that share its lines: each shows what there is room for and says what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.outputs.terminal.lines import BLANK, Line, span
from dissectors.wire.values import Struct


class Block(Struct, frozen=True):
    """A title and what stands under it: `heads` lines over the rows, and of `total` things as many as are worth it."""

    title: Line
    rows: Sequence[Line] = ()
    heads: int = 0
    total: int = 0

    @property
    def wanted(self) -> int:
        """Lines of all that there is, with an empty one behind it."""
        return len(self.rows) + 2

    def lines(self, size: int) -> list[Line]:
        """At most so many of them, the first ones; the title says when not everything is shown."""
        kept = self.rows[: max(0, size - 1)]
        shown = len(kept) - self.heads
        if shown <= 0:
            kept, shown = (), 0
        more = (span(f", {shown} shown", "dim"),) if shown < self.total else ()
        return [(*self.title, *more), *kept, BLANK][:size]


def shares(wanted: Sequence[int], weights: Sequence[int], room: int) -> list[int]:
    """Lines for each block: all that it wants where there is room, else a share of what there is, by its weight."""
    sizes = [0] * len(wanted)
    while room > 0 and any(size < most for size, most in zip(sizes, wanted, strict=True)):
        for i, weight in enumerate(weights):
            more = min(weight, room, wanted[i] - sizes[i])
            sizes[i] += more
            room -= more
    return sizes
