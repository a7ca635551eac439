"""What came twice, also in calls that are no longer held."""

from __future__ import annotations

from typing import Any

import pytest

from dissectors.engine.engine import Engine
from dissectors.findings import copies
from dissectors.offline import _glance, scanner_class
from dissectors.report import Report
from tests.engine.test_apart import CORRUPT, Phone
from tests.engine.test_retirement import call, crowd, fed_and_asked, registered
from tests.stories import Story, Told

CALLS = [told for n in range(1, 41) for told in call(n, start=n * 1000.0)]


def captured_twice(story: Story) -> Story:
    """Everything that was sent by a callee comes twice."""
    return [each for told in story for each in ((told, again(told)) if told[1][0].startswith("203.0") else (told,))]


def again(told: Told) -> Told:
    return told[0] + 0.1, *told[1:]


def of_two_hosts(told: Told) -> Told:
    """The same on a port for each number of a host."""
    time, (src, _), (dst, _), octets = told
    here, there = ((f"{host.rpartition('.')[0]}.1", 4000 + int(host.rpartition(".")[2])) for host in (src, dst))
    return time, here, there, octets


def kept_for_its_error() -> Story:
    """A call with a body that cannot be inflated, everything of it twice."""
    phone = Phone(200, 5500.0)
    phone.call(broken=CORRUPT)
    phone.talk()
    return [each for told in phone.story for each in (told, again(told))]


STORIES = {
    "one side": captured_twice(CALLS),
    "all": [each for told in CALLS for each in (told, again(told))],
    "no media": captured_twice([of_two_hosts(told) for told in CALLS if told[3][0] != 0x80]),
    "some calls": [*captured_twice(CALLS[: len(CALLS) // 10]), *CALLS[len(CALLS) // 10 :]],
    "an error": [*captured_twice(CALLS), *kept_for_its_error()],
    "one call": [*CALLS[:-200], *captured_twice(CALLS[-200:])],
}


def told_twice(made: Report) -> list[Any]:
    """What is said of the capture, and when and where."""
    found = [each for each in made.findings if each.id == "capture-doubled"]
    return sorted((each.what, each.certainty, each.time, each.places) for each in found)


@pytest.mark.parametrize("together", [16, 100_000])
@pytest.mark.parametrize("story", STORIES)
def test_what_came_twice_in_calls_that_are_let_go_counts(story: str, together: int) -> None:
    made, whole = (crowd(scanner_class()(), held, STORIES[story], together)[0] for held in (4, 1000))
    assert made.totals is not None and made.totals.calls_left_out > 30
    assert told_twice(made) == told_twice(whole) != []


def test_registrations_count_among_what_did_not_come_twice() -> None:
    story = [told for n in range(60) for told in registered(n, n * 1000.0)]
    story = [each for n, told in enumerate(story) for each in ((told, again(told)) if n < 40 else (told,))]
    made, whole = (
        fed_and_asked(scanner_class()(), story, Engine(max_finished=held, glance=_glance()))[0] for held in (4, 1000)
    )
    assert made.totals is not None and made.totals.calls_left_out == 56
    assert told_twice(made) == told_twice(whole) == []


def test_of_many_hosts_those_are_remembered_that_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MAX_ENDS", 6)
    made, whole = (crowd(scanner_class()(), held, STORIES["some calls"])[0] for held in (4, 1000))
    assert told_twice(made) == told_twice(whole)
    sent = copies.Sent()
    for n in range(100):
        sent.add_unread((f"192.0.2.{n}", "192.0.2.254"), n)
        sent.add_packets((f"192.0.2.{n}", "192.0.2.254"), n)
        sent.make_room()
    assert len(sent.messages) == len(sent.packets) <= 12 and max(sent.messages.values()) == 99


def test_the_first_copies_are_told_whoever_goes_first() -> None:
    """What is no call goes before calls, whenever it came."""
    counted = copies.Copies()
    for time in range(3 * copies.MAX_FRAMES, 0, -1):
        counted.add(float(time), copies.Place(0, time))
    assert (counted.count, counted.time) == (3 * copies.MAX_FRAMES, 1.0)
    assert [place.frame for place in counted.places] == [*range(1, copies.MAX_FRAMES + 1)]
