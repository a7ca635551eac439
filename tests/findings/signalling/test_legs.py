"""Which calls are legs of one, and which only look like it."""

from __future__ import annotations

import pytest

from dissectors.report import Report
from tests.finding_cases.legs import FAR, NEAR, PCMA, leg, through
from tests.found import found
from tests.stories import OTHER_SERVER, SERVER, A, B, C, Story, report, request, talk

UUID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"


def joined(story: Story) -> list[tuple[tuple[int, ...], str, str]]:
    """The groups of a story, by what they were joined and how surely."""
    return [(each.calls, each.joined_by, each.certainty) for each in report(story).legs]


def begun(made: Report) -> list[str]:
    return [call.call_id for call in made.calls]


@pytest.mark.parametrize(
    ("near", "far", "by"),
    [
        ((), ("X-CID: near",), "X-CID"),
        ((f"Session-ID: {UUID};remote={'0' * 32}",), (f"Session-ID: {UUID.upper()};remote={'1' * 32}",), "Session-ID"),
        (("P-Charging-Vector: icid-value=abc;orig-ioi=x",), ('P-Charging-Vector: icid-value="abc"',),
         "P-Charging-Vector"),
    ],
)
def test_headers_join_whenever_and_wherever_the_other_leg_begins(
    near: tuple[str, ...], far: tuple[str, ...], by: str
) -> None:
    story = [*leg("near", A, SERVER, *near), *leg("far", OTHER_SERVER, B, *far, start=60_000, end=70_000)]
    assert joined(story) == [((0, 1), by, "certain")]


def test_a_leg_without_a_call_id_is_named_by_nobody() -> None:
    nameless = [(*told[:3], told[3].replace(b"Call-ID: near\r\n", b"")) for told in leg("near", A, SERVER)]
    others = [*leg("far", OTHER_SERVER, B, "X-CID: away", start=60_000, end=70_000), *leg("other", C, B, start=90_000)]
    assert joined([*nameless, *others]) == []


def test_headers_join_any_number_of_legs() -> None:
    names = ["near", "two", "three", "four"]
    story = [*NEAR]
    for n, name in enumerate(names[1:]):
        story += leg(name, SERVER, B, f"X-CID: {names[n]}", start=1 + n)
    assert joined(story) == [((0, 1, 2, 3), "X-CID", "certain")]


def test_a_session_without_a_name_joins_nobody() -> None:
    nil = f"Session-ID: {'0' * 32}"
    assert not joined([*leg("near", A, SERVER, nil), *leg("far", OTHER_SERVER, B, nil, start=60_000, end=70_000)])


def test_numbers_and_time_join_a_pair_through_one_host() -> None:
    assert joined([*NEAR, *FAR]) == [((0, 1), "numbers and time", "medium")]


def test_on_one_host_the_ports_say_whether_the_second_leg_goes_on() -> None:
    near, far, back = ("192.0.2.1", 5062), ("192.0.2.1", 5070), ("192.0.2.1", 5080)
    assert joined([*leg("near", near, far), *leg("far", far, back, start=50)]) == [((0, 1), "media", "high")]
    for source, target in ((far, near), (back, far), (near, far)):
        assert not joined([*leg("near", near, far), *leg("again", source, target, start=50)])


def test_the_same_media_on_both_legs_joins_them_more_surely() -> None:
    through_it = [(t, src, dst, octets.replace(SERVER[0].encode(), A[0].encode()) if src == SERVER else octets)
                  for t, src, dst, octets in FAR]
    assert joined([*NEAR, *through_it]) == [((0, 1), "media", "high")]


@pytest.mark.parametrize("third", [leg("third", SERVER, C, start=20), leg("third", SERVER, C, start=4000)])
def test_a_third_call_like_them_leaves_all_apart(third: Story) -> None:
    assert not joined([*NEAR, *FAR, *third])


@pytest.mark.parametrize(
    "far", [leg("far", OTHER_SERVER, B, start=10), leg("far", SERVER, B, start=9000), leg("far", A, SERVER, start=10)]
)
def test_another_host_another_time_or_the_same_way_again_is_no_leg(far: Story) -> None:
    assert not joined([*NEAR, *far])


def test_what_legs_do_not_have_in_common_is_told() -> None:
    made = report([*NEAR, *leg("far", SERVER, B, start=10, codec=PCMA, end=30_000)])
    assert made.legs[0].differ == ("codec: PCMU / PCMA", "talked: 10.0 s / 29.0 s")
    assert begun(made) == ["near", "far"]


def test_a_leg_that_stays_up_when_the_other_one_is_hung_up_is_a_warning() -> None:
    near = leg("near", A, SERVER, "Session-ID: abc", port=A[1], end=11_000)
    far = leg("far", SERVER, B, "Session-ID: abc", start=10, port=4000)[:3]
    going_on = talk(B, (SERVER[0], 4000), 78, seconds=30)
    (told,) = found([*near, *far, *going_on], "legs-differ")
    assert told.severity == "warning"
    assert told.what.endswith(
        "; call 1 was hung up by the caller, and no BYE of call 2 came in 20 s: its media went on for 20 s"
    )
    referred = through(request(5000, "REFER", "Refer-To: <sip:c@x>", number=2, tag="2", call="near"), A, SERVER)
    for story in ([*near, *far, *going_on, referred], [*near, *far, *going_on[:600]]):
        (told,) = found(story, "legs-differ")
        assert told.severity == "note"
