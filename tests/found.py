"""What is found in a story, by its id and with its frames."""

from __future__ import annotations

from pathlib import Path

from dissectors.report import Finding, Report
from tests.stories import Story, report

PCAPS = Path(__file__).resolve().parents[1] / "pcaps"
PROXY = ("192.0.2.9", 5060)


def found(story: Story, id: str) -> list[Finding]:
    """The findings with this id."""
    return [each for each in report(story).findings if each.id == id]


def frames(finding: Finding) -> list[int]:
    """The frames that a finding cites."""
    return [place.frame for place in finding.places]


def ids(made: Report) -> set[str]:
    """The ids of all that was found."""
    return {each.id for each in made.findings}
