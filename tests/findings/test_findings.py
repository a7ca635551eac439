"""Every finding fires where it should, stays quiet at its near miss, and says what it must."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from dissectors.findings.rule import Scope
from dissectors.findings.rules import OF_CALLS, OF_PATHS, RULES, SEVERITIES, SUBJECTS, matching
from dissectors.offline import analyze
from dissectors.report import Report
from tests.finding_cases import CASES, FINGERPRINTS, IN_FILES, after_one_another, certified, dtls_call
from tests.stories import (
    GOOD,
    OTHER_SERVER,
    A,
    B,
    C,
    Story,
    description,
    dialled,
    hung_up,
    report,
    request,
    response,
    talk,
)

PCAPS = Path(__file__).resolve().parents[2] / "pcaps"


def told(story: Story | Callable[[], object]) -> Report:
    made = story() if callable(story) else report(story)
    assert isinstance(made, Report)
    return made


def ids(made: Report) -> set[str]:
    return {each.id for each in made.findings}


def test_every_finding_has_its_two_tests() -> None:
    assert set(CASES) | IN_FILES == set(RULES)


@pytest.mark.parametrize("id", CASES)
def test_it_is_found_where_it_is(id: str) -> None:
    made = told(CASES[id][0])
    found = [each for each in made.findings if each.id == id]
    assert found, sorted(ids(made))
    assert all(each.what and each.why == RULES[id].why for each in found)


@pytest.mark.parametrize("id", CASES)
def test_it_is_not_found_at_its_near_miss(id: str) -> None:
    made = told(CASES[id][1])
    assert not [each.what for each in made.findings if each.id == id]


def test_nothing_is_wrong_with_a_good_call() -> None:
    assert ids(report(GOOD)) == {"port-shared"}


def test_the_handshake_of_another_call_at_the_same_server_is_no_fault_of_a_call() -> None:
    offer, answer = description(*C, FINGERPRINTS[0]), description(*B, FINGERPRINTS[1])
    second = [request(500, "INVITE", body=offer, call="two"), response(900, 200, "OK", body=answer, call="two")]
    assert "fingerprint-mismatch" not in ids(report([*dtls_call(certified(b"server").decode()), *second]))
    assert "fingerprint-mismatch" in ids(report([*dtls_call(FINGERPRINTS[1]), *second]))


def test_a_source_that_outlives_its_call_is_no_fault_of_the_stream() -> None:
    """What is between two calls is neither a pause, nor media after the BYE, nor a sender that began anew."""
    assert ids(report(after_one_another(2_000_000_000, 77))) == {"port-shared", "stream-spans-calls", "rtcp-missing"}
    assert ids(report(after_one_another(0, 79))) == {"port-shared"}


def test_a_call_whose_media_ends_after_three_datagrams_is_told() -> None:
    story = [*dialled(), *talk(seconds=0.06), *talk(B, A, 78, seconds=0.06), *hung_up()]
    early = [each for each in report(story).findings if each.id == "media-ended-early"]
    assert [each.what.split("'")[0] for each in early] == ["the caller", "the callee"]


def test_media_that_is_too_little_to_be_told_is_said_to_be_there() -> None:
    elsewhere = (A[0], 5004), (B[0], 5004)
    calling = [*dialled(description(*elsewhere[0]), description(*elsewhere[1])), *hung_up()]
    made = report([*calling, *talk(*elsewhere, seconds=0.04), *talk(C, OTHER_SERVER, 5)])
    (missing,) = (each for each in made.findings if each.id == "media-missing")
    assert missing.what.endswith("2 datagrams of no known protocol went to the announced ports")


@pytest.mark.parametrize("id", CASES)
def test_a_finding_is_of_what_the_scope_of_its_rule_says(id: str) -> None:
    found = [each for each in told(CASES[id][0]).findings if each.id == id]
    scope = RULES[id].scope
    assert {each.stream is not None for each in found} == {scope == "stream"}
    if scope != "stream":
        assert {each.call is not None for each in found} == {scope == "call"}


def test_a_rule_is_asked_by_its_scope_and_by_no_list() -> None:
    assert {*OF_CALLS, *OF_PATHS} == {rule for rule in RULES.values() if rule.scope != "capture"}
    assert {rule.scope for rule in OF_CALLS} == {"call", "stream"} and {rule.scope for rule in OF_PATHS} == {"path"}
    assert {rule.scope for rule in RULES.values()} == set(get_args(Scope))


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


def test_a_cut_capture_is_told(tmp_path: Path) -> None:
    whole = (PCAPS / "facetime-2013.pcap").read_bytes()
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole[:-7])
    assert "capture-cut" in ids(analyze([str(path)]))
    path.write_bytes(whole)
    assert "capture-cut" not in ids(analyze([str(path)]))


def test_a_damaged_capture_is_told(tmp_path: Path) -> None:
    whole = bytearray((PCAPS / "facetime-2013.pcap").read_bytes())
    path = tmp_path / "damaged.pcap"
    path.write_bytes(whole)
    assert "capture-corrupt" not in ids(analyze([str(path)]))
    whole[24 + 8 : 24 + 12] = b"\xff\xff\xff\x7f"
    path.write_bytes(whole)
    assert "capture-corrupt" in ids(analyze([str(path)]))


def pcapng(dropped: int) -> bytes:
    """A capture with one interface, and statistics that say how many packets were dropped."""

    def block(kind: int, body: bytes) -> bytes:
        size = (12 + len(body)).to_bytes(4, "little")
        return kind.to_bytes(4, "little") + size + body + size

    head = block(0x0A0D0D0A, bytes.fromhex("4d3c2b1a 0100 0000 ffffffffffffffff".replace(" ", "")))
    interface = block(1, bytes.fromhex("0100 0000 00000400".replace(" ", "")))
    lost = (5).to_bytes(2, "little") + (8).to_bytes(2, "little") + dropped.to_bytes(8, "little") + bytes(4)
    return head + interface + block(5, bytes(12) + lost)


def test_drops_that_the_capture_reports_are_told(tmp_path: Path) -> None:
    path = tmp_path / "drops.pcapng"
    path.write_bytes(pcapng(7))
    assert "capture-drops" in ids(analyze([str(path)]))
    path.write_bytes(pcapng(0))
    assert "capture-drops" not in ids(analyze([str(path)]))


@pytest.mark.parametrize("name", ["facetime-2013", "facetime-2013-plain", "rfc7983"])
def test_no_alarm_on_the_good_captures(name: str) -> None:
    made = analyze([str(PCAPS / f"{name}.pcap")])
    expected = {"rtcp-in-clear"} if name == "rfc7983" else set()
    assert {each.id for each in made.findings if each.severity != "note"} == expected
