"""Every finding is there where it should be, and not at its near miss; good calls have none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from dissectors.findings import rules
from dissectors.findings.catalogue import RULES, SUBJECTS
from dissectors.findings.index import FILES
from dissectors.findings.rule import Facts, Rule, Scope
from dissectors.findings.rules import OF_ALL, OF_CALLS, OF_PATHS, SEVERITIES, asked, matching
from dissectors.offline import analyze
from dissectors.report import Finding, Report
from tests.finding_cases import CASES, IN_FILES
from tests.found import PCAPS, ids
from tests.stories import GOOD, Story, report

FOLDER = Path(rules.__file__).parent


def told(story: Story | Callable[[], object]) -> Report:
    made = story() if callable(story) else report(story)
    assert isinstance(made, Report)
    return made


@cache
def findings(id: str, place: int) -> tuple[Finding, ...]:
    """What all rules find in the story of one, or in its near miss."""
    return tuple(told(CASES[id][place]).findings)


def found(id: str, place: int = 0) -> list[Finding]:
    """What the rule finds there."""
    return [each for each in findings(id, place) if each.id == id]


def test_every_finding_has_its_two_tests() -> None:
    assert set(CASES) | IN_FILES == set(RULES)


@pytest.mark.parametrize("id", CASES)
def test_it_is_found_where_it_is(id: str) -> None:
    assert found(id) and all(each.what and each.why == RULES[id].why for each in found(id))


@pytest.mark.parametrize("id", CASES)
def test_it_is_not_found_at_its_near_miss(id: str) -> None:
    assert not found(id, 1)


def test_nothing_is_wrong_with_a_good_call() -> None:
    assert ids(report(GOOD)) == {"port-shared"}


@pytest.mark.parametrize("id", CASES)
def test_a_finding_is_of_what_the_scope_of_its_rule_says(id: str) -> None:
    scope = RULES[id].scope
    assert {each.stream is not None for each in found(id)} == {scope == "stream"}
    if scope != "stream":
        assert {each.call is not None for each in found(id)} == {scope == "call"}


def test_a_rule_is_asked_by_its_scope_and_by_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {rule.scope for rule in RULES.values()} == {*OF_ALL} == set(get_args(Scope))
    met = set()
    for id in ("port-shared", "call-busy", "consent-lost", "stream-loss"):
        for facts in facts_of(id, (0,), monkeypatch):
            every = {each.id for each in rules.findings(facts)}
            for scopes in (OF_CALLS, OF_PATHS, ("capture",)):
                of_these = {each.id for each in rules.findings(facts, scopes)}
                assert of_these == {name for name in every if RULES[name].scope in scopes}
                met |= {RULES[name].scope for name in of_these}
    assert met == {*OF_ALL}


def test_every_file_of_rules_is_listed_once() -> None:
    files = [file for files in FILES.values() for file in files]
    found = {f"{path.parent.name}.{path.stem}" for path in FOLDER.glob("*/*.py") if "\nRULES = " in path.read_text()}
    assert len(files) == len(found) and {*files} == found


def facts_of(id: str, places: Sequence[int], monkeypatch: pytest.MonkeyPatch) -> list[Facts]:
    """All facts that rules were asked about in these stories of a finding."""
    looked: list[Facts] = []

    def watched(facts: Facts) -> Iterator[Rule]:
        looked.append(facts)
        return asked(facts)

    with monkeypatch.context() as patched:
        patched.setattr(rules, "asked", watched)
        for place in places:
            told(CASES[id][place])
    assert looked
    return looked


@pytest.mark.parametrize("id", CASES)
def test_rules_that_are_not_asked_would_find_nothing(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for facts in facts_of(id, (0, 1), monkeypatch):
        passed_over = RULES.keys() - {rule.id for rule in asked(facts)}
        assert not [name for name in passed_over if [*RULES[name].findings(facts)]]


OF_QUERIES = {"decrypted", "heard", "randomness"}
"""What only those find who ask the rules about it themselves."""


def test_some_capture_has_what_the_index_names(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {word for files in FILES.values() for words in files.values() for word in words}
    present = {word for id in CASES for facts in facts_of(id, (0,), monkeypatch) for word in facts.present}
    assert wanted - OF_QUERIES <= present and OF_QUERIES < wanted


def test_ids_are_unique_and_in_plain_words() -> None:
    assert sum(map(len, SUBJECTS.values())) == len(RULES)
    for rule in RULES.values():
        assert rule.severity in SEVERITIES
        assert rule.why.endswith(".") and rule.fix.endswith(".") and not rule.title.endswith("."), rule.id
        assert rule.id.replace("-", "").isalpha() and rule.id.islower()


def test_a_severity_names_what_is_as_bad_or_worse() -> None:
    made = report(CASES["stream-loss"][0])  # type: ignore[arg-type]
    warnings = {each.id for each in matching(made.findings, ["warning"])}
    assert "stream-loss" in warnings and not {RULES[each].severity for each in warnings} & {"note"}
    assert matching(made.findings, ["error", "codec-guessed"]) == []
    assert {each.id for each in matching(made.findings, ["stream-loss"])} == {"stream-loss"}


@pytest.mark.parametrize("name", ["facetime-2013", "facetime-2013-plain", "rfc7983"])
def test_no_alarm_on_the_good_captures(name: str) -> None:
    made = analyze([str(PCAPS / f"{name}.pcap")])
    expected = {"rtcp-in-clear"} if name == "rfc7983" else set()
    assert {each.id for each in made.findings if each.severity != "note"} == expected
