"""Filters as data: they go to other processes, and compare numbers as numbers."""

from __future__ import annotations

import pickle

import pytest

from dissectors.queries.expressions import Values, fields_of
from dissectors.queries.filters import NoFilter, wanted

CALL: Values = {
    "call": {"3"}, "status": {"486"}, "any.status": {"100", "180", "486"}, "outcome": {"rejected"},
    "loss": {"0.5", "12.25"}, "mos": {"3.1"}, "duration": set(), "port": {"5060"}, "severity": {"warning"},
}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("call==3", True), ("call==03", True), ("call==4", False), ("call>2 and call<=3", True),
        ("status==486", True), ("status==180", False), ("any.status==180", True), ("any.status==1xx", True),
        ("status>=400", True), ("status<400", False), ("outcome==rejected", True), ("outcome==failed", True),
        ("outcome==answered", False), ("outcome!=answered", True), ("outcome==refused", True),
        ("loss>2", True), ("loss>2%", True), ("loss>12.25", False), ("loss>=12.25", True), ("loss<1", True),
        ("mos<3.5", True), ("not mos<3.5", False), ("duration>0", False), ("duration<60", False), ("port<1024", False),
        ("severity>=warning", True), ("severity>warning", False), ("severity>=note", True), ("severity>=error", False),
        ("severity<error", True), ("severity<=Warning", True), ("severity<warning", False),
    ],
)
def test_comparisons_go_by_number_and_by_group(text: str, fits: bool) -> None:
    assert wanted(text)(CALL) is fits


@pytest.mark.parametrize("text", ["call==3", "not (loss>2 or outcome==failed) and any.status~18", "status==4xx"])
def test_a_filter_is_the_same_in_another_process(text: str) -> None:
    there = pickle.loads(pickle.dumps(wanted(text)))
    assert there == wanted(text) and there(CALL) is wanted(text)(CALL)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user>3", "user has no order; compare it with ==, != or ~"),
        ("loss>much", "loss is compared with a number, not with 'much'"),
        ("mos>3%", "mos is compared with a number, not with '3%'"),
        ("outcome==lost", "no outcome 'lost'; there are"),
        ("call==one", "call 'one' is no number of a call; callid~one looks for a part of its Call-ID"),
        ("loss", "after loss comes ==, != or ~, or < <= > >="),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_line(text: str, said: str) -> None:
    with pytest.raises(NoFilter) as refused:
        wanted(text)
    assert str(refused.value).startswith(said[:30])


def test_an_expression_knows_the_fields_that_it_asks_for() -> None:
    asked = wanted("user==a and not (loss>2 or status==4xx) and callid~x")
    assert fields_of(asked) == {"user", "loss", "status", "callid"}
