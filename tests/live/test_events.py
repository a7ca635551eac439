"""When a finding becomes an event: as soon as its rule says that it will stay."""

from __future__ import annotations

import pytest

from dissectors.findings.rule import AT_ONCE, CONFIRM_SECONDS, UNANSWERED_SECONDS
from dissectors.findings.rules import RULES
from dissectors.live.events import Events, FindingEvent
from dissectors.report import Finding
from dissectors.wire.values import replace
from tests.reports import report

MOMENTS = {"body-corrupt": AT_ONCE, "call-busy": AT_ONCE, "stream-loss": CONFIRM_SECONDS,
           "ack-missing": UNANSWERED_SECONDS, "rtcp-missing": UNANSWERED_SECONDS}


@pytest.mark.parametrize("id", MOMENTS)
def test_a_finding_is_told_once_it_has_held_for_as_long_as_its_rule_says(id: str) -> None:
    rule = RULES[id]
    finding = Finding(id, rule.severity, "certain", "what", rule.why, rule.fix, (), None, None)
    made, events, told = replace(report(), findings=(finding,)), Events(), []
    for seconds in range(60):
        found = [each for each in events.since(made, 1000.0 + seconds, (0, 0)) if isinstance(each, FindingEvent)]
        told += [(each.id, seconds) for each in found]
    assert told == [(id, MOMENTS[id])] and rule.confirm_seconds == MOMENTS[id]
