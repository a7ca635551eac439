"""The catalogue of findings is what the rules say."""

from __future__ import annotations

from dissectors.findings.catalogue import RULES
from dissectors.outputs.terminal.catalogue import markdown
from tests.command_line import ROOT


def test_the_page_of_findings_is_what_the_rules_say() -> None:
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert page.splitlines() == list(markdown())
    assert page.count("\n### ") == len(RULES)
