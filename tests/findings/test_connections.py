"""What is said of TCP connections that are not whole."""

from __future__ import annotations

from dissectors.report import Finding, Report
from tests.finding_cases.connections import CASES
from tests.tcp_frames import A, B, conversation, records, report


def told(id: str) -> Finding:
    story, _ = CASES[id]
    assert callable(story)
    made: Report = story()
    (found,) = [each for each in made.findings if each.id == id]
    return found


def test_missing_octets_are_counted_where_they_are_missed() -> None:
    found = told("tcp-octets-missing")
    assert found.what == "73 octets missing in 1 place, from 192.0.2.1:40000 to 192.0.2.2:5060"
    assert [place.frame for place in found.places] == [4] and found.time is not None


def test_octets_that_differ_are_counted() -> None:
    found = told("tcp-octets-differ")
    assert found.what == "5 octets came again with another value, from 192.0.2.1:40000 to 192.0.2.2:5060"


def test_nothing_is_said_of_a_connection_of_which_nothing_was_read() -> None:
    foreign = conversation([(A, bytes(range(7, 90))), (B, bytes(40)), (A, bytes(range(7, 90))), (B, bytes(40))])
    made = report(records([*foreign[:2], *foreign[3:]]))
    assert not [each for each in made.findings if each.id.startswith("tcp-octets")]
