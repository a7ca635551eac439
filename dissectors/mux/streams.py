"""The counters of confirmed streams, found by their flows and their SSRCs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from operator import attrgetter
from typing import Any

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table, leave
from dissectors.mux.counters import Counters

# Found by name they are twice as quick as through `self`.
_get, _pop = OrderedDict.__getitem__, OrderedDict.pop


class StreamTable(Table[tuple[int, int], Counters]):
    """Counters by (flow number, SSRC), found by either of them, too; at most `limit`, those used last."""

    def __init__(self, limit: int, bounds: Bounds, given_up: Callable[[tuple[int, int], Counters], object]) -> None:
        super().__init__(
            "streams", limit, bounds, used=attrgetter("used"), given_up=given_up, groups=_flow_and_source
        )

    def on(self, flow: int) -> list[Counters]:
        """The streams on the flow with this number."""
        return _found(self, self._groups or self._known(), flow)

    def by_ssrc(self, ssrc: int) -> list[Counters]:
        """The streams with this SSRC, once for each flow that they used."""
        return _found(self, self._groups or self._known(), ~ssrc)

    def alone_on(self, flow: int) -> Counters | None:
        """The stream on the flow with this number, if it is the only one there, and on no other flow has its SSRC."""
        groups = self._groups or self._known()
        key = _only(groups.get(flow))
        return None if key is None or _only(groups.get(~key[1])) is None else _get(self, key)

    def forget(self, counters: Counters) -> None:
        """Let go of a stream on all of its flows."""
        ssrc, groups = counters.ssrc, self._groups
        for flow in counters.flows:
            key = flow, ssrc
            if _pop(self, key, None) is not None and groups is not None:
                leave(groups, flow, key)
                leave(groups, ~ssrc, key)


def _flow_and_source(key: tuple[int, int], _: Counters) -> tuple[int, int]:
    """The groups of a stream: a number from 0 on is that of a flow, a negative one stands for an SSRC."""
    flow, ssrc = key
    return flow, ~ssrc


def _found(table: StreamTable, groups: dict[Hashable, Any], group: int) -> list[Counters]:
    """What stands in a group of a table."""
    found = groups.get(group)
    if found is None:
        return []
    return [_get(table, key) for key in found] if type(found) is dict else [_get(table, found)]


def _only(group: Any) -> tuple[int, int] | None:
    """The key in a group that holds one, as one key or as a dictionary with one."""
    if type(group) is dict:
        return next(iter(group)) if len(group) == 1 else None
    return group  # type: ignore[no-any-return]  # what a group holds is a key
