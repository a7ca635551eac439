"""Events of a session as lines, for programs and for a log."""

from __future__ import annotations

import io
import json

from dissectors.live.events import CallEvent, DropEvent, StreamEvent
from dissectors.outputs.journal import human, ndjson
from tests.sessions import look


def test_every_event_is_one_json_object_and_one_line_of_a_log() -> None:
    one = look()
    kinds = {type(event) for event in one.events}
    assert {StreamEvent, DropEvent} <= kinds
    for event in one.events:
        assert json.loads(ndjson(event))["event"] == event.event
        assert "\n" not in human(event) and "\n" not in ndjson(event)
    assert io.StringIO(ndjson(one.events[0])).read().isascii()


def test_times_are_told_in_the_clock_that_was_asked_for() -> None:
    drop = DropEvent("drop", 1_700_000_000.25, 1, 2)
    assert human(drop, "utc").startswith("22:13:20.250  drop")
    assert human(drop, "relative", 1_700_000_000.0).split()[0] == "0.250"


def test_parties_are_told_as_people_say_them() -> None:
    event = CallEvent("call", 0.0, "calling", "1@a", "sip:alice@example.org:5060;transport=UDP", None, None)
    assert human(event, "utc").endswith("call     calling: alice@example.org → somebody")
