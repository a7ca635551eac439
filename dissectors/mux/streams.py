"""The counters of confirmed streams, found by their flows and their SSRCs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from operator import attrgetter

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.mux.counters import Counters

# Found by name it is twice as quick as through `self`.
_get = OrderedDict.__getitem__


class StreamTable(Table[tuple[int, int], Counters]):
    """Counters by (flow number, SSRC), found by either of them, too; at most `limit`, those used last."""

    def __init__(self, limit: int, bounds: Bounds, given_up: Callable[[tuple[int, int], Counters], object]) -> None:
        super().__init__(
            "streams", limit, bounds, used=attrgetter("used"), given_up=given_up, groups=_flow_and_source
        )

    def on(self, flow: int) -> list[Counters]:
        """The streams on the flow with this number."""
        return [_get(self, key) for key in self.of(flow)]

    def by_ssrc(self, ssrc: int) -> list[Counters]:
        """The streams with this SSRC, once for each flow that they used."""
        return [_get(self, key) for key in self.of(~ssrc)]


def _flow_and_source(key: tuple[int, int], _: Counters) -> tuple[int, int]:
    """The groups of a stream: a number from 0 on is that of a flow, a negative one stands for an SSRC."""
    flow, ssrc = key
    return flow, ~ssrc
