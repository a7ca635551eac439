"""All rules in order, and what they find in a capture."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from dissectors.findings.index import FILES, rules_in
from dissectors.findings.rule import (
    MANY_DROPPED_SHARE,
    MAX_ALIKE,
    MEANWHILE,
    OWN,
    Facts,
    Rule,
    Scope,
    one_sided,
)
from dissectors.report import Finding
from dissectors.wire.values import replace

OF_PATHS: tuple[Scope, ...] = ("path",)
"""The scope of rules that look at checks, handshakes, RTCP and ICMP, and name no call."""

OF_CALLS: tuple[Scope, ...] = ("call", "stream")
"""The scopes of rules whose findings name a call or a stream. The others only the capture as a whole can answer."""

OF_ALL: tuple[Scope, ...] = (*OF_CALLS, *OF_PATHS, "capture")

DOUBT = "; the capture dropped frames, so that it may not have seen all"
"""What is said behind a finding about absence then, where nobody knows when that was."""

ONE_SIDED = "; nothing at all came back, so that the capture may have one direction only"
"""What is said behind what was not answered where no two ends of the capture both send."""

REMARKS = (DOUBT, MEANWHILE, OWN, ONE_SIDED)
"""What may come to be said behind a finding, and makes no other of it."""

SEVERITIES = ("error", "warning", "note")


def asked(facts: Facts) -> Iterator[Rule]:
    """The rules that may find something, in order."""
    for files in FILES.values():
        for file, wanted in files.items():
            if not wanted or not facts.present.isdisjoint(wanted):
                yield from rules_in(file)


def findings(facts: Facts, scopes: Collection[Scope] = OF_ALL, most: int = MAX_ALIKE) -> tuple[Finding, ...]:
    """Every finding of the rules of these scopes, `most` of each, the most severe first, and in the order of the rules.
    """
    return ranked(each for rule in asked(facts) if rule.scope in scopes for each in rule.findings(facts, most))


def doubted(found: Collection[Finding], facts: Facts) -> Iterator[Finding]:
    """Findings, those about absence in doubt where what did not come may only not have been captured.

    That is so where the capture dropped frames (meanwhile, if that is known), and for checks and handshakes where it
    may have one direction only.
    """
    dropped = sum(file.dropped or 0 for file in facts.capture.files)
    if not found or not (dropped or facts.dropping or facts.once(one_sided)):
        yield from found
        return
    from dissectors.findings.catalogue import RULES

    if facts.dropping:
        from dissectors.findings.dropped import in_doubt

        for each in found:
            absence = RULES[each.id].absence
            yield in_doubt(each, absence, facts) if absence else each
        return
    much = dropped >= MANY_DROPPED_SHARE * (dropped + sum(file.frames for file in facts.capture.files))
    for each in found:
        rule, certainty = RULES[each.id], each.certainty
        if dropped and rule.absence:
            certainty = "low" if much or certainty == "low" else "medium"
            severity = "note" if much else each.severity
            yield replace(each, what=each.what + DOUBT, certainty=certainty, severity=severity)
        elif rule.absence and rule.scope == "path" and certainty == "certain" and facts.once(one_sided):
            yield replace(each, what=each.what + ONE_SIDED, certainty="high")
        else:
            yield each


def ranked(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings, the most severe first, else in their order."""
    return tuple(sorted(found, key=lambda each: SEVERITIES.index(each.severity)))


def matching(found: Iterable[Finding], wanted: Iterable[str]) -> list[Finding]:
    """The findings that `wanted` names by id, or by a severity: that one and those above it."""
    names = set(wanted)
    worst = max((SEVERITIES.index(name) for name in names if name in SEVERITIES), default=-1)
    return [each for each in found if each.id in names or SEVERITIES.index(each.severity) <= worst]
