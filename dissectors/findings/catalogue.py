"""All rules, for who lists them or looks one up; to ask them of a capture see `rules`."""

from __future__ import annotations

from dissectors.findings.index import FILES, rules_in
from dissectors.findings.rule import Rule

SUBJECTS: dict[str, tuple[Rule, ...]] = {
    subject: tuple(rule for file in files for rule in rules_in(file)) for subject, files in FILES.items()
}
"""Every rule, by what it is about."""

RULES: dict[str, Rule] = {rule.id: rule for rules in SUBJECTS.values() for rule in rules}
