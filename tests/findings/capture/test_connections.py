"""What is said of TCP connections that are not whole."""

from __future__ import annotations

from dissectors.findings.capture.connections import tcp_octets_differ, tcp_octets_missing
from dissectors.findings.rule import Damaged, Facts
from dissectors.report import Finding, Place, Report
from tests import reports
from tests.finding_cases.connections import CASES


def told(id: str) -> Finding:
    story, _ = CASES[id]
    assert callable(story)
    made: Report = story()
    (found,) = [each for each in made.findings if each.id == id]
    return found


def test_missing_octets_are_counted_where_they_are_missed() -> None:
    found = told("tcp-octets-missing")
    assert found.what == "73 bytes missing in 1 place, from 192.0.2.1:40000 to 192.0.2.2:5060"
    assert [place.frame for place in found.places] == [4] and found.time is not None


def test_octets_that_differ_are_counted() -> None:
    found = told("tcp-octets-differ")
    assert found.what == "5 bytes came again with another value, from 192.0.2.1:40000 to 192.0.2.2:5060"


def test_nothing_is_said_of_a_connection_of_which_nothing_was_read() -> None:
    capture, place = reports.report().capture, Place(0, 4)
    foreign = Damaged("192.0.2.1", 40_000, "192.0.2.2", 6000, 9, 9372, 5, 1.0, (place,))
    facts = Facts(capture, (), (), (), (), (), (), (), damaged=(foreign,))
    assert not [*tcp_octets_missing.look(facts), *tcp_octets_differ.look(facts)]
