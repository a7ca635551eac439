"""What a selection leaves of a report, and what it leaves out."""

from __future__ import annotations

from dissectors.queries.filters import wanted
from dissectors.queries.frames import belonging
from dissectors.queries.owned import ends_of, of_selection, owned
from dissectors.queries.selection import select
from dissectors.report.place import Place
from dissectors.report.session import Pair, Session
from dissectors.wire.values import replace
from tests.queries.test_frames import PROXY, parts, second_call
from tests.stories import GOOD, C, asked, talk


def test_a_filter_keeps_the_calls_and_streams_that_it_left() -> None:
    told, records = parts([*GOOD, *second_call(60_000)])
    found = belonging(records, of_selection(told, select(told, wanted("callid==two"))))
    assert found.frames == [len(second_call(0)), len(GOOD)]


def test_a_filter_on_a_protocol_keeps_its_flows_where_no_call_is_left() -> None:
    told, records = parts([*asked(0), (50.0, C, PROXY, b"\r\n\r\n")])
    found = belonging(records, of_selection(told, select(told, wanted("protocol==stun"))))
    assert found.frames == [len(asked(0))]


def test_of_a_session_that_several_calls_share_each_owns_what_has_an_end_of_its_own() -> None:
    told, _ = parts([*GOOD, *second_call(60_000), *talk(C, PROXY, 99)])
    ours = told.streams[told.calls[0].streams[0]]
    theirs = next(each for each in told.streams if each.ssrc == 99)
    pairs = tuple(
        Pair(each.src, each.sport, each.dst, each.dport, "", "used", 1, 1, 0, 0, 0, 0, None, 0, Place(0, 1))
        for each in (ours, theirs)
    )
    numbers = (told.streams.index(ours), told.streams.index(theirs))
    session = Session((), pairs, (), (), numbers, None, 0, 0, None)
    alone = owned(replace(told, sessions=(replace(session, streams=numbers[:1]),)), [0])
    shared = replace(told.streams[numbers[1]], call=1)
    streams = tuple(shared if n == numbers[1] else each for n, each in enumerate(told.streams))
    together = owned(replace(told, streams=streams, sessions=(session,)), [0])
    one, two = (ends_of(told.flows[each.flows[0]]) for each in (ours, theirs))
    assert {one, two} <= alone.pairs and one in together.pairs and two not in together.pairs
