"""The findings for people: one of them in full, the list of all, and docs/findings.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from dissectors.findings.catalogue import RULES, SUBJECTS
from dissectors.findings.rule import Rule

WIDTH_CELLS = 100


def one(rule: Rule) -> Iterator[str]:
    """A finding in full: its title, its severity, why it matters, what to do."""
    yield f"{rule.id} ({rule.severity})"
    yield f"  {rule.title}."
    for label, text in (("Why it matters", rule.why), ("What to do", rule.fix)):
        yield ""
        yield from textwrap.wrap(f"{label}: {text}", WIDTH_CELLS, initial_indent="  ", subsequent_indent="  ")


def listing() -> Iterator[str]:
    """One line per finding, by subject."""
    width = max(map(len, RULES))
    for subject, rules in SUBJECTS.items():
        yield subject
        yield from (f"  {rule.id:<{width}}  {rule.severity:<7}  {rule.title}" for rule in rules)


def markdown() -> Iterator[str]:
    """docs/findings.md: one heading per finding."""
    yield "# Findings"
    yield ""
    yield (
        f"What `muxshark analyze` may say of a capture: {len(RULES)} findings, each with the frames that show it and "
        "how sure it is. This page is made from the rules (`muxshark findings --markdown`)."
    )
    yield ""
    yield "- `error`: the call failed, or people will complain. `warning`: something is wrong. `note`: good to know."
    yield "- `muxshark analyze --fail-on ID` (or a severity, which stands for the worse ones too) exits with status 1."
    yield "- `muxshark analyze -Y 'finding==ID'` shows the calls of which a finding was made."
    for subject, rules in SUBJECTS.items():
        yield ""
        yield f"## {subject}"
        for rule in rules:
            yield ""
            yield f"### `{rule.id}`"
            yield f"**{rule.title}.** Severity: {rule.severity}."
            yield ""
            yield f"*Why it matters.* {rule.why}"
            yield ""
            yield f"*What to do.* {rule.fix}"
