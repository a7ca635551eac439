"""All rules in order, and what they find in a capture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dissectors.findings.capture import capture, connections, encoding, sharing
from dissectors.findings.connectivity import connectivity, consent, ice, relays, turn
from dissectors.findings.delivery import delivery, feedback, path_size, repair
from dissectors.findings.media import addresses, audible, forks, media, silence, sources, stopping, video
from dissectors.findings.negotiation import codecs, digits, fax, holding, negotiation, payload_types
from dissectors.findings.rule import MANY_DROPPED_SHARE, MAX_ALIKE, MEANWHILE, OWN, Facts, Rule, one_sided
from dissectors.findings.security import dtls, dtls_roles, keys, randomness, security, tls
from dissectors.findings.signalling import (
    acknowledgements,
    bindings,
    endings,
    exchanges,
    legs,
    provisional,
    registrations,
    scans,
    signalling,
    within_calls,
)
from dissectors.findings.timing import clocks, lip_sync, rhythm, sender_reports
from dissectors.report import Finding
from dissectors.wire.values import replace

SUBJECTS: dict[str, tuple[Rule, ...]] = {
    "Signalling": (
        *signalling.RULES, *acknowledgements.RULES, *provisional.RULES, *exchanges.RULES, *registrations.RULES,
        *bindings.RULES, *scans.RULES,
    ),
    "Within a call": (*within_calls.RULES, *endings.RULES, *legs.RULES),
    "Offer and answer": (*negotiation.RULES, *holding.RULES, *fax.RULES),
    "Media": (
        *silence.RULES, *stopping.RULES, *addresses.RULES, *media.RULES, *sources.RULES, *forks.RULES, *video.RULES,
        *audible.RULES,
    ),
    "Codecs and payload types": (*payload_types.RULES, *codecs.RULES, *digits.RULES),
    "Clocks and timestamps": (*clocks.RULES, *rhythm.RULES, *sender_reports.RULES, *lip_sync.RULES),
    "Delivery and quality": (*delivery.RULES, *repair.RULES, *feedback.RULES),
    "NAT, ICE and TURN": (*ice.RULES, *consent.RULES, *turn.RULES, *relays.RULES, *connectivity.RULES),
    "Keys and secrets": (*tls.RULES, *dtls_roles.RULES, *dtls.RULES, *keys.RULES, *security.RULES,
                         *randomness.RULES, *randomness.OF_KEYS),
    "Compressed bodies": encoding.RULES,
    "Size on the path": path_size.RULES,
    "One port for everything": sharing.RULES,
    "The capture itself": (*capture.RULES, *connections.RULES),
}
"""Every rule, by what it is about."""

RULES: dict[str, Rule] = {rule.id: rule for rules in SUBJECTS.values() for rule in rules}
OF_DAMAGE = tuple(RULES[id] for id in ("capture-cut", "capture-corrupt"))
"""Rules about captures that end before their end: who copies a capture asks nothing else."""

OF_PATHS = tuple(rule for rule in RULES.values() if rule.scope == "path")
"""Rules that look at checks, handshakes and RTCP, and name no call."""

OF_CALLS = tuple(rule for rule in RULES.values() if rule.scope in ("call", "stream"))
"""Rules whose findings name a call or a stream. The others only the capture as a whole can answer."""

DOUBT = "; the capture dropped frames, so that it may not have seen all"
"""What is said behind a finding about absence then, where nobody knows when that was."""

ONE_SIDED = "; nothing at all came back, so that the capture may have one direction only"
"""What is said behind what was not answered where no two ends of the capture both send."""

REMARKS = (DOUBT, MEANWHILE, OWN, ONE_SIDED)
"""What may come to be said behind a finding, and makes no other of it."""

SEVERITIES = ("error", "warning", "note")


def findings(
    facts: Facts, rules: Iterable[Rule] = tuple(RULES.values()), most: int = MAX_ALIKE
) -> tuple[Finding, ...]:
    """Every finding of these rules, `most` of each, the most severe first, and in the order of the rules."""
    return ranked(each for rule in rules for each in rule.findings(facts, most))


def doubted(found: Iterable[Finding], facts: Facts) -> Iterator[Finding]:
    """Findings, those about absence in doubt where what did not come may only not have been captured.

    That is so where the capture dropped frames (meanwhile, if that is known), and for checks and handshakes where it
    may have one direction only.
    """
    if facts.dropping:
        from dissectors.findings.dropped import in_doubt

        for each in found:
            absence = RULES[each.id].absence
            yield in_doubt(each, absence, facts) if absence else each
        return
    dropped = sum(file.dropped or 0 for file in facts.capture.files)
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
