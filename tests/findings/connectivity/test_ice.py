"""Roles, credentials and consent: what is told, and what excuses it."""

from __future__ import annotations

import pytest

from dissectors.findings.connectivity.ice import MAX_FRAGMENTS_TOLD_APART
from tests.finding_cases.session import (
    CONTROLLED,
    THEIRS,
    allocate,
    both,
    challenge,
    channel,
    checks,
    closed,
    given,
    lifetime,
    sdp,
    user,
)
from tests.found import found
from tests.made import channel_data
from tests.stories import (
    CONTROLLING,
    SERVER,
    A,
    B,
    Story,
    agreed,
    asked,
    description,
    dialled,
    error,
    hung_up,
    mapped,
    relayed,
    stun,
    talk,
)

REFUSED = (0x0111, error(401))
CONFLICT = (0x0111, error(487))
BACK = (0x0101, mapped(*B))


def media(seconds: float = 10.0, start: float = 500, back: float | None = None) -> Story:
    """Media in both directions, ten packets a second."""
    there = talk(start=start, seconds=seconds, every=100, step=800)
    return [*there, *talk(B, A, 78, start=start, seconds=seconds if back is None else back, every=100, step=800)]


def test_a_role_conflict_that_nobody_resolves_is_an_error_and_one_that_is_resolved_a_note() -> None:
    for src, dst, name in ((A, B, user("BBBB", "AAAA")), (B, A, THEIRS)):
        story = checks(0, 5, 400, name=name, src=src, dst=dst, answer=CONFLICT)
        (told,) = found(story, "ice-role-conflict")
        assert told.severity == "error" and "5 times 487" in told.what and "controlling" in told.what
        story += checks(3000, 1, name=name, src=src, dst=dst, role=CONTROLLED)
        assert [each.severity for each in found(story, "ice-role-conflict")] == ["note"]


@pytest.mark.parametrize("flips", [True, False])
def test_roles_that_both_sides_refuse_are_one_finding_that_says_whether_they_change(flips: bool) -> None:
    story: Story = []
    for n in range(6):
        role = CONTROLLED if n % 2 and flips else CONTROLLING
        story += checks(500 * n, 1, name=user("BBBB", "AAAA"), answer=CONFLICT, role=role)
        story += checks(500 * n + 20, 1, name=THEIRS, src=B, dst=A, answer=CONFLICT, role=role)
    (told,) = found(story, "ice-role-conflict")
    assert "6 and 6 times in a row" in told.what and told.severity == "error"
    assert ("both change their role, 5 and 5 times" in told.what) == flips
    assert ("the one stays controlling, the other controlling" in told.what) != flips
    assert len(told.places) == 2


def test_a_pair_that_is_used_was_nominated_before_the_capture_began() -> None:
    story = checks(0, 9, 1000, nominates=False)
    assert found(story, "ice-not-nominated")
    for later in (media(9), agreed(500), [(3000.0, B, A, bytes(range(200, 220)))]):
        assert not found([*story, *later], "ice-not-nominated")
    assert not found(checks(0, 9, 1000, nominates=False, answer=REFUSED), "ice-not-nominated")


def test_a_pair_is_refused_in_vain_where_another_of_the_same_side_works() -> None:
    other = ("198.51.100.9", 4444)
    refused = checks(20, 6, 300, src=other, answer=REFUSED)
    assert found(refused, "ice-refused")
    assert not found([*both(0, 4), *refused], "ice-refused")
    backwards = checks(7, 4, name=THEIRS, src=B, dst=A, answer=BACK, role=CONTROLLED)
    assert found([*backwards, *refused], "ice-refused")
    assert found([*both(0, 1, 10), *checks(9000, 6, 300, src=other, answer=REFUSED)], "ice-refused")


def test_a_pair_that_is_asked_from_both_ends_is_one() -> None:
    story = [*checks(0, 4, 500, answer=None), *checks(7, 4, 500, name=THEIRS, src=B, dst=A, answer=None)]
    assert found(story, "ice-failed")[0].what.startswith("8 checks on 1 pair, none answered")
    story += checks(9, 4, 500, src=("198.51.100.9", 4444), answer=None)
    assert found(story, "ice-failed")[0].what.startswith("12 checks on 2 pairs, none answered")


def test_two_sides_that_are_both_controlled_are_told() -> None:
    story = [
        *checks(0, 5, 2000, role=CONTROLLED, nominates=False),
        *checks(7, 5, 2000, name=THEIRS, src=B, dst=A, answer=BACK, role=CONTROLLED, nominates=False),
    ]
    (told,) = found(story, "ice-role-conflict")
    assert told.severity == "error" and "both sides are controlled" in told.what
    assert not found(both(), "ice-role-conflict")


@pytest.mark.parametrize("answer", [None, REFUSED])
def test_a_foreign_fragment_is_told_instead_of_the_network(answer: tuple[int, bytes] | None) -> None:
    story = [
        *checks(0, 8, 500, name=user("CCCC", "AAAA"), answer=answer),
        *checks(7, 8, 500, name=THEIRS, src=B, dst=A, answer=None),
    ]
    (told,) = found(story, "ice-credentials-mismatch")
    assert "under CCCC" in told.what and "the peer is BBBB" in told.what and told.severity == "error"
    assert told.time is not None and 3.4 < told.time < 3.6, "that of its place, the last check"
    assert not found(story, "ice-failed") and not found(story, "ice-refused")


def test_the_other_side_may_be_the_one_that_errs() -> None:
    story = [
        *checks(0, 8, 500, answer=None), *checks(7, 8, 500, name=user("DDDD", "BBBB"), src=B, dst=A, answer=None),
    ]
    assert "under DDDD, the peer is AAAA" in found(story, "ice-credentials-mismatch")[0].what


def test_a_restart_that_both_follow_is_no_mismatch() -> None:
    story = [
        *both(0, 4), *checks(10_000, 3, 100, name=user("BBBB", "A2A2"), answer=REFUSED),
        *checks(10_500, 4, 500, name=user("B2B2", "A2A2")),
        *checks(10_507, 4, 500, name=user("A2A2", "B2B2"), src=B, dst=A, answer=BACK),
    ]
    assert not found(story, "ice-credentials-mismatch") and not found(story, "consent-lost")


def test_the_sdp_knows_the_fragments_of_a_silent_side() -> None:
    def described(fragment: str, host: tuple[str, int]) -> bytes:
        return sdp("actpass", host) + f"a=ice-ufrag:{fragment}\r\na=ice-pwd:x\r\n".encode()

    call = [*dialled(described("AAAA", A), described("BBBB", B)), *hung_up(20_000)]
    wrong = checks(2000, 8, 500, name=user("CCCC", "AAAA"), answer=None)
    assert "the peer is BBBB" in found([*call, *wrong], "ice-credentials-mismatch")[0].what
    assert not found([*call, *checks(2000, 8, 500, answer=None)], "ice-credentials-mismatch")
    ports = range(4000, 4000 + MAX_FRAGMENTS_TOLD_APART)
    more = "".join(f"m=audio {port} RTP/AVP 0\r\na=ice-ufrag:{port}\r\n" for port in ports)
    called = [*dialled(described("AAAA", A), described("BBBB", B) + more.encode()), *hung_up(20_000)]
    assert not found([*called, *wrong], "ice-credentials-mismatch")


def test_two_lite_agents_wait_for_each_other() -> None:
    def described(host: tuple[str, int], *lines: str) -> bytes:
        return description(*host, "a=ice-ufrag:x", *lines)

    both_lite = [*dialled(described(A, "a=ice-lite"), described(B, "a=ice-lite")), *hung_up(20_000)]
    (told,) = found(both_lite, "ice-failed")
    assert "a=ice-lite" in told.what and [place.frame for place in told.places] == [1, 3]
    assert not found([*both_lite, *talk()], "ice-failed")
    assert not found([*dialled(described(A), described(B, "a=ice-lite")), *hung_up(20_000)], "ice-failed")


def test_checks_that_turn_to_401_in_the_middle_of_a_session_are_told() -> None:
    story = [*both(0, 8), *checks(20_000, 6, answer=REFUSED), *media(40)]
    (told,) = found(story, "consent-lost")
    assert "6 checks in a row got 401" in told.what and told.severity == "error" and told.time == 20.02
    (told,) = found([*story, *checks(39_000, 2)], "consent-lost")
    assert told.severity == "warning" and "then they succeed again" in told.what


@pytest.mark.parametrize(("count", "every"), [(9, 1000), (4, 5000), (8, 5000)])
def test_consent_is_lost_after_as_long_as_common_stacks_wait(count: int, every: int) -> None:
    story = [*both(0, 2), *checks(5000, count, every, answer=None), *media(50)]
    (told,) = found(story, "consent-lost")
    assert f"{count} checks unanswered" in told.what and "media went on" in told.what


def test_consent_that_ends_with_the_session_is_not_lost() -> None:
    asks = checks(12_500, 12, 1000, answer=None)
    assert found([*both(0, 4), *agreed(100), *media(11), *asks, *talk(start=12_000, first=900)], "consent-lost")
    for end in (closed(12_000, B, A), closed(12_000)):
        story = [*both(0, 4), *agreed(100), *media(11), *end, *asks, *talk(start=12_000, first=900)]
        assert not found(story, "consent-lost")
    assert not found([*both(0, 4), *media(11), *asks], "consent-lost")


def test_a_path_that_was_left_for_another_is_not_lost() -> None:
    other = ("198.51.100.7", 5000)
    moved = [(time, src if src != A else other, dst if dst != A else other, octets)
             for time, src, dst, octets in [*both(10_000, 20), *media(50, 10_000)]]
    story = [*both(0, 4), *media(9), *checks(10_000, 12, 4000, answer=None), *moved]
    assert not found(story, "consent-lost")


def test_a_side_that_stops_though_it_was_asked_is_not_one_that_was_not_asked() -> None:
    assert found([*checks(0, 1), *media(60, back=30)], "consent-missing")
    assert found([*checks(0, 1), *media(60, back=15)], "consent-missing")
    assert not found([*checks(0, 24), *media(60, back=30)], "consent-missing")
    assert not found([*checks(0, 1), *media(60)], "consent-missing")
    assert not found([*checks(0, 1), *agreed(100), *media(60, back=30), *closed(30_600, B, A)], "consent-missing")


def test_a_check_that_is_refused_once_does_not_lose_consent() -> None:
    story = [*both(0, 4), *asked(10_000, user("BBBB", "AAAA"), CONTROLLING, answer=REFUSED), *media(20)]
    assert not found(story, "consent-lost")


@pytest.mark.parametrize(
    ("seconds", "code", "times"), [(9, None, 1), (31, None, 1), (5, None, 0), (9, 401, 1), (3, 401, 0)]
)
def test_a_path_that_answers_again_is_told_with_both_moments(seconds: int, code: int | None, times: int) -> None:
    refused = None if code is None else (0x0111, error(code))
    outage = checks(10_000, seconds, 1000, answer=refused)
    story = [*both(0, 4), *outage, *checks(10_000 + 1000 * seconds, 4), *talk(seconds=20 + seconds)]
    told = found(story, "consent-lost")
    assert [each.severity for each in told] == ["warning"] * times
    assert all(f"from 10.0 s until {10 + seconds}.0 s into the session" in each.what for each in told)
    assert all(len(each.places) == 2 for each in told)
    assert not found([each for each in story if each[0] < 10_000 or each[3][:1] != b"\x80"], "consent-lost")


def test_what_is_not_answered_is_less_sure_where_nothing_at_all_came_back() -> None:
    asks = checks(0, 8, 500, answer=None)
    (told,) = found(asks, "ice-failed")
    assert told.certainty == "high" and "may have one direction only" in told.what
    (told,) = found([*asks, *checks(7, 8, 500, name=THEIRS, src=B, dst=A, answer=None)], "ice-failed")
    assert told.certainty == "certain" and "one direction" not in told.what


SERVER_RELAY = (0x0103, relayed("172.17.0.2", 49160) + lifetime(600))


def test_a_relay_at_a_private_address_is_told_with_the_checks_that_fail() -> None:
    through = [
        (time, A, SERVER, channel_data(octets)) for time, *_, octets in checks(200, 6, 500, answer=None)
    ]
    (told,) = found([*challenge(0), *allocate(50, SERVER_RELAY), *channel(100), *through], "ice-failed")
    assert "gave the relay 172.17.0.2:49160, whose address is private" in told.what
    assert "public address (external-ip" in told.fix and "A TURN server carries" not in told.fix
    (told,) = found([*challenge(0), *allocate(50, given()), *channel(100), *through], "ice-failed")
    assert "private" not in told.what and "A TURN server carries" in told.fix


def candidates(host: tuple[str, int], *others: str) -> bytes:
    """SDP of ICE with a candidate at each of these addresses."""
    lines = (f"a=candidate:1 1 udp 1 {each} {host[1]} typ host\r\n" for each in (host[0], *others))
    return sdp("actpass", host) + f"a=ice-ufrag:{host[0][-1]}\r\n".encode() + "".join(lines).encode()


def test_a_side_that_announces_private_addresses_alone_is_told_where_no_check_is_answered() -> None:
    hidden = ("172.17.0.3", 10444)

    def story(answer: bytes, src: tuple[str, int] = A, dst: tuple[str, int] = hidden) -> Story:
        asks = checks(1100, 8, 500, name=user(hidden[0][-1], A[0][-1]), src=src, dst=dst, answer=None)
        return [*dialled(candidates(A), answer), *asks, *hung_up(20_000)]

    (told,) = found(story(candidates(hidden)), "ice-failed")
    assert told.what.endswith(f"the callee announces private addresses alone and signals from {B[0]}")
    assert told.fix.endswith("Let the callee announce its public address as a candidate and in c=.")
    for other in (
        story(candidates(hidden, B[0])), story(candidates(hidden), dst=B), story(candidates(hidden), ("172.17.0.9", 9)),
    ):
        (told,) = found(other, "ice-failed")
        assert "private" not in told.what


def test_sides_without_a_family_of_addresses_in_common_have_no_pair() -> None:
    def story(*others: str, end: float = 20_000) -> Story:
        there = candidates(B, *others).replace(f"udp 1 {B[0]}".encode(), b"udp 1 2001:db8::20")
        return [*dialled(candidates(A), there), *hung_up(end)]

    (told,) = found(story(), "ice-failed")
    assert "all candidates of the caller are IPv4, all of the callee are IPv6" in told.what and told.severity == "error"
    assert told.certainty == "high" and "of the other's family" in told.fix
    for other in (story("203.0.113.9"), story("one.local"), story(end=3000), [*story(), *talk()]):
        assert not found(other, "ice-failed")


def test_a_pair_that_works_the_other_way_accuses_no_firewall_first() -> None:
    story = [*checks(0, 4, 500, answer=None), *checks(7, 4, 500, name=THEIRS, src=B, dst=A, answer=BACK)]
    (told,) = found(story, "ice-one-way")
    assert "4 checks, none answered" in told.what and told.fix.startswith("Compare a=ice-pwd")


def test_answers_from_another_address_than_was_asked_are_told_with_the_checks_that_fail() -> None:
    elsewhere = ("203.0.113.21", B[1])
    asks = checks(0, 6, 500, answer=None)
    answers = [stun(n * 500 + 20, 0x0101, mapped(*A), src=elsewhere, dst=A, transaction=n * 500) for n in range(6)]
    (told,) = found([*asks, *answers], "ice-failed")
    assert f"6 answers come from 203.0.113.21:{B[1]} instead of {B[0]}:{B[1]}, and ICE discards them" in told.what
    assert f"Let {B[0]} answer itself" in told.fix
    others = [stun(n * 500 + 20, 0x0101, mapped(*A), src=elsewhere, dst=A, transaction=n + 7) for n in range(6)]
    (told,) = found([*asks, *others], "ice-failed")
    assert "instead" not in told.what
