"""Who is on which side of a session."""

from __future__ import annotations

from tests.analysis.connectivity.test_sessions import OTHER_A, OTHER_B, moved
from tests.finding_cases.session import CONTROLLED, THEIRS, both, checks
from tests.stories import A, B, mapped, report, talk


def test_pairs_with_the_same_credentials_are_one_session_with_two_sides() -> None:
    (session,) = report([*both(0, 4), *moved(both(50, 4), {A: OTHER_A, B: OTHER_B})]).sessions
    assert [side.fragments for side in session.sides] == [("AAAA",), ("BBBB",)]
    assert session.sides[0].endpoints == ("198.51.100.1:16402", "10.8.0.2:51000")
    assert [side.role for side in session.sides] == ["controlling", "controlled"]
    assert len(session.pairs) == 2 and len(session.checks) == 4 and session.call is None


def test_the_second_side_may_be_the_one_that_asks() -> None:
    (session,) = report([
        *checks(0, 3, name=THEIRS, src=B, dst=A, answer=(0x0101, mapped(*B)), role=CONTROLLED), *talk(start=100),
    ]).sessions
    assert [side.fragments for side in session.sides] == [("BBBB",), ("AAAA",)]
    assert session.pairs[0].src == B[0] and session.sides[1].endpoints == ("198.51.100.1:16402",)
