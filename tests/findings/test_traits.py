"""What the messages of a call have, looked up once for all rules."""

from __future__ import annotations

from dissectors.findings.rule import Facts
from dissectors.findings.traits import Traits, traits
from tests.finding_cases.plain import again
from tests.stories import Story, dialled, report, response


def of(story: Story) -> Traits:
    made = report(story)
    facts = Facts(made.capture, made.flows, made.calls, made.streams, made.checks, made.handshakes, made.protection, ())
    (found,) = traits(facts)
    return found


def test_an_ordinary_call_has_little() -> None:
    found = of(dialled())
    assert "INVITE" in found.requests and "REFER" not in found.requests
    assert "RSeq" not in found.deciding
    assert not found.refused and not found.copied


def test_what_there_is_once_is_there() -> None:
    assert of([*dialled(), response(90, 486, "Busy Here")]).refused
    assert of([each for one in dialled() for each in (one, *again(one, one[0] + 2))]).copied
