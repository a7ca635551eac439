"""Outcomes, user names and peers of what is asked by STUN."""

from __future__ import annotations

from dissectors.analysis.connectivity.asked import NOTHING, Asked
from dissectors.report import Check, Place
from dissectors.wire.datagram import Flow
from tests.finding_cases.session import CREDENTIALS, allocate, challenge, channel, checks, given, permission, user
from tests.stories import SERVER, A, B, Story, asked, error, mapped, report


def only(story: Story, kind: str) -> Check:
    (check,) = [each for each in report(story).checks if each.kind == kind]
    return check


def test_success_and_each_error_are_counted_apart_with_their_times_and_frames() -> None:
    story = [*challenge(0), *allocate(1000, (0x0113, error(438))), *allocate(2000, given()), *allocate(3000, given())]
    told = [(each.result[:7], each.count, each.with_credentials, each.first, each.last, each.place)
            for each in only(story, "allocate").outcomes]
    assert told == [
        ("401 'No", 1, 0, 0.02, 0.02, Place(0, 2)),
        ("438 'No", 1, 1, 1.02, 1.02, Place(0, 4)),
        ("success", 2, 2, 2.02, 3.02, Place(0, 6)),
    ]


def test_refusals_in_a_row_begin_anew_with_a_success_and_with_another_code() -> None:
    def run(*codes: int) -> tuple[int, str | None]:
        answers = [(0x0113, error(code)) if code else given() for code in codes]
        told = [asked(n * 100, CREDENTIALS, kind=3, dst=SERVER, answer=each) for n, each in enumerate(answers)]
        story = [one for story in told for one in story]
        check = only(story, "allocate")
        return check.refused_in_a_row, check.refused_with and check.refused_with[:3]

    assert run(438, 438, 438) == (3, "438")
    assert run(438, 438, 0) == (0, None)
    assert run(438, 0, 403, 403) == (2, "403")
    assert run(438, 403) == (1, "403")


def test_each_user_name_has_its_own_count() -> None:
    refused = (0x0111, error(401))
    story = [*checks(0, 3), *checks(9000, 2, name=user("NEW0", "AAAA"), answer=refused)]
    names = {each.username: (each.requests, each.succeeded, each.refused)
             for each in only(story, "connectivity check").usernames}
    assert names == {"BBBB:AAAA": (3, 3, 0), "NEW0:AAAA": (2, 0, 2)}


def test_each_peer_of_a_relay_has_its_grants_and_refusals() -> None:
    story = [*permission(0, host="192.0.2.7"), *permission(100, 403, host="192.0.2.8"), *channel(200), *channel(300)]
    assert {each.peer: (each.grants, each.refused) for each in only(story, "createpermission").peers} == {
        "192.0.2.7": (1, 0), "192.0.2.8": (0, 1),
    }
    assert [(each.peer, each.grants) for each in only(story, "channelbind").peers] == [(f"{B[0]}:{B[1]}", 2)]


def test_a_relay_ends_so_long_after_the_last_grant() -> None:
    assert only([*challenge(0), *allocate(980, given(300))], "allocate").expires == 301.0


def test_the_first_request_after_the_last_answer_is_known() -> None:
    story = [*checks(0, 2, 1000), *checks(5000, 3, 1000, answer=None)]
    check = only(story, "connectivity check")
    assert (check.silent, check.silent_since, check.last_answer) == (3, 5.0, 1.02)
    assert only([*story, *checks(9000, 1, answer=(0x0101, mapped(*A)))], "connectivity check").silent_since is None


def test_what_nobody_answers_shares_that_nothing_came_back() -> None:
    flow = Flow("10.0.0.1", 4000, "10.0.0.2", 3478)
    one, other = (Asked(flow, "binding", 0, Place(0, 1), number) for number in range(2))
    assert one.outcomes is other.outcomes is one.peers is one.usernames is NOTHING
    assert one.outages == ()
    told = one.to_report()
    assert told.first is told.last
    assert (told.errors, told.outcomes, told.usernames, told.peers, NOTHING) == ((), (), (), (), {})


def test_what_comes_back_is_each_askers_own() -> None:
    one = only([*allocate(0, given()), *allocate(1000, given())], "allocate")
    assert [(each.result, each.count) for each in one.outcomes] == [("success", 2)]
    assert NOTHING == {}
