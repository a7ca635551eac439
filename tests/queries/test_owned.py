"""What a selection leaves of a report, and what it leaves out."""

from __future__ import annotations

from dissectors.queries.filters import wanted
from dissectors.queries.frames import belonging
from dissectors.queries.owned import of_selection
from dissectors.queries.selection import select
from tests.queries.test_frames import PROXY, parts, second_call
from tests.stories import GOOD, C, asked


def test_a_filter_keeps_the_calls_and_streams_that_it_left() -> None:
    told, records = parts([*GOOD, *second_call(60_000)])
    found = belonging(records, of_selection(told, select(told, wanted("callid==two"))))
    assert found.frames == [len(second_call(0)), len(GOOD)]


def test_a_filter_on_a_protocol_keeps_its_flows_where_no_call_is_left() -> None:
    told, records = parts([*asked(0), (50.0, C, PROXY, b"\r\n\r\n")])
    found = belonging(records, of_selection(told, select(told, wanted("protocol==stun"))))
    assert found.frames == [len(asked(0))]
