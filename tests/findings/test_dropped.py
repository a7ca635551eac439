"""What the capture dropped is never told as the network's loss: findings of the time in which it did."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dissectors.findings.dropped import lost_meanwhile
from dissectors.findings.rule import MEANWHILE, OWN, Dropping, Facts
from dissectors.findings.rules import doubted
from dissectors.report import Finding, Report
from dissectors.wire.values import replace
from tests.stories import A, B, Story, dialled, hung_up, report, talk

BURST: Story = [
    *dialled(), *talk(lost=lambda n: 200 <= n < 230), *talk(B, A, 78), *hung_up(),
]
SPREAD: Story = [
    *dialled(), *talk(lost=lambda n: n % 10 == 3), *talk(B, A, 78), *hung_up(),
]


def in_doubt(finding: Finding, facts: Facts) -> Finding:
    """A finding as the drops leave it, by what its rule says of absence."""
    (marked,) = doubted([finding], facts)
    return marked


@dataclass
class Told:
    """A report, and its facts with times of drops, in seconds from its beginning."""

    report: Report

    def facts(self, *times: tuple[float, float], dropped: int = 100, came: int = 0) -> Facts:
        one, zero = self.report, self.report.capture.first or 0.0
        return Facts(
            one.capture, one.flows, one.calls, one.streams, one.checks, one.handshakes, one.protection, (),
            dropping=tuple(Dropping(zero + first, zero + last, dropped, came) for first, last in times),
        )

    def finding(self, id: str) -> Finding:
        return next(each for each in self.report.findings if each.id == id)

    def when(self, id: str) -> float:
        """When it happened, in seconds from the beginning."""
        return (self.finding(id).time or 0.0) - (self.report.capture.first or 0.0)


def test_loss_of_the_time_of_drops_is_a_note_and_the_captures_own() -> None:
    told = Told(report(BURST))
    loss = told.finding("stream-loss")
    at = told.when("stream-loss")
    assert loss.severity in ("warning", "error")
    marked = in_doubt(loss, told.facts((at - 1.0, at + 0.1)))
    assert (marked.severity, marked.certainty, marked.what) == ("note", "low", loss.what + OWN)


def test_loss_of_another_time_is_the_networks_and_as_sure_as_ever() -> None:
    told = Told(report(BURST))
    loss, at = told.finding("stream-loss"), told.when("stream-loss")
    assert in_doubt(loss, told.facts((at + 3.0, at + 3.5))) == loss


def test_loss_that_goes_on_all_the_time_stays_what_it_is_with_a_remark() -> None:
    told = Told(report(SPREAD))
    loss = told.finding("stream-loss")
    marked = in_doubt(loss, told.facts((5.0, 5.5)))
    assert (marked.severity, marked.certainty, marked.what) == (loss.severity, "medium", loss.what + MEANWHILE)
    stream, facts = told.report.streams[loss.stream or 0], told.facts((5.0, 5.5))
    assert 0 < lost_meanwhile(stream, facts) < stream.lost / 2


@pytest.mark.parametrize(("came", "severity"), [(0, "note"), (1_000_000, None)])
def test_what_was_not_answered_is_a_note_where_the_capture_dropped_much_then(came: int, severity: str | None) -> None:
    told = Told(report([*dialled(ack=False), *talk(), *talk(B, A, 78)]))
    missing = told.finding("ack-missing")
    marked = in_doubt(missing, told.facts((told.when("ack-missing") + 2.0, 30.0), came=came))
    assert marked.severity == (severity or missing.severity) and marked.what == missing.what + MEANWHILE
    before = told.facts((-9.0, -8.0), came=came)
    assert in_doubt(missing, before) == missing


@pytest.mark.parametrize(("last", "own"), [(0.05, None), (3.0, False), (9.0, True)])
def test_media_in_one_direction_is_in_doubt_by_how_much_of_the_time_is_missing(last: float, own: bool | None) -> None:
    told = Told(report([*dialled(), *talk(), *hung_up()]))
    one = told.finding("media-one-way")
    marked = in_doubt(one, told.facts((told.when("media-one-way"), told.when("media-one-way") + last)))
    if own is None:
        assert marked == one
    else:
        assert (marked.severity, marked.certainty) == (("note", "low") if own else (one.severity, "medium"))
        assert marked.what == one.what + MEANWHILE


def test_drops_long_after_a_request_excuse_nobody() -> None:
    told = Told(report([*dialled(ack=False), *talk(seconds=99), *talk(B, A, 78, seconds=99)]))
    missing = told.finding("ack-missing")
    assert in_doubt(missing, told.facts((told.when("ack-missing") + 60.0, 99.0))) == missing


def test_what_is_there_was_there_whatever_was_dropped() -> None:
    told = Told(report(BURST))
    shared = replace(told.finding("stream-loss"), id="port-shared")
    assert list(doubted([shared], told.facts((0.0, 99.0)))) == [shared]
