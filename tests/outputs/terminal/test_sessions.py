"""Sessions on the page: fragments, roles, and the life of each pair."""

from __future__ import annotations

import pytest

from dissectors.outputs.terminal.lines import Page, width_of
from dissectors.outputs.terminal.sessions import sessions
from dissectors.report import Report
from dissectors.wire.values import replace
from tests.finding_cases.session import both, checks, user
from tests.reports import HOSTILE
from tests.stories import A, B, agreed, report, talk


def shown(made: Report, **changes: object) -> list[str]:
    page = Page(**{"width": 160, "zero": 0.0, **changes})  # type: ignore[arg-type]
    return ["".join(part.text for part in one).rstrip() for one in sessions(page, made)]


def test_a_session_shows_both_fragments_with_their_roles_and_a_pair_with_its_times() -> None:
    text = shown(report([*both(1000, 4), *agreed(2000), *talk(start=2100)]))
    assert text[0] == "Sessions" and any("AAAA (controlling) ⇄ BBBB (controlled)" in one for one in text)
    (row,) = [one for one in text if "⇄" in one and "16402" in one]
    assert row.split() == [
        f"{A[0]}:{A[1]}", "⇄", f"{B[0]}:{B[1]}", "used", "8", "8", "1.000", "1.020", "1.000", "2.000",
    ]


def test_a_lost_pair_says_since_when() -> None:
    made = report([*both(0, 2), *checks(5000, 12, 1000, answer=None)])
    (row,) = [one for one in shown(made) if "16402" in one]
    assert " lost " in row and row.endswith("2.520")


@pytest.mark.parametrize("width", [40, 63, 64, 80, 120])
def test_no_line_is_wider_than_the_page_and_the_state_stays(width: int) -> None:
    made = report([*both(0, 4), *agreed(500)])
    assert all(width_of(one) <= width for one in sessions(Page(width=width), made))
    assert any("used" in one for one in shown(made, width=width))


def test_many_sessions_are_cut_and_the_bad_ones_stay() -> None:
    names = [user(f"R{n:03}", f"S{n:03}") for n in range(20)]
    story = [one for n, name in enumerate(names) for one in checks(n, 2, name=name, src=(A[0], 5000 + n))]
    text = shown(report(story))
    assert any("14 sessions more (--all)" in one for one in text)
    assert len([one for one in shown(report(story), everything=True) if "⇄" in one]) == 40


def test_what_a_sender_chose_is_escaped() -> None:
    made = report(both(0, 2))
    side = replace(made.sessions[0].sides[0], fragments=(HOSTILE,))
    hostile = replace(made, sessions=(replace(made.sessions[0], sides=(side, side)),))
    assert all(character.isprintable() for one in shown(hostile) for character in one)
