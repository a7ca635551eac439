"""Reason and Warning in words."""

from __future__ import annotations

import pytest

from dissectors.protocols.sip_reason import meaning, reasons


@pytest.mark.parametrize(
    ("value", "said", "failure"),
    [
        ('Q.850;cause=16;text="Terminated"', "Q.850 16, normal call clearing, Terminated", False),
        ("q.850 ; cause=34", "Q.850 34, no circuit or channel available", True),
        ('Q.850;cause=16;text="Normal call clearing"', "Q.850 16, normal call clearing", False),
        ("Q.850;cause=9999999999", "Q.850", False),
        ("Q.850;cause=12", "Q.850 12", True),
        ('SIP;cause=408;text="ACK Timeout"', "SIP 408, ACK Timeout", True),
        ('SIP ;cause=200 ;text="Call completed elsewhere"', "SIP 200, Call completed elsewhere", False),
        ('RELEASE_CAUSE;cause=1;text="User ends call"', "RELEASE_CAUSE 1, User ends call", False),
        ('SIP;text="a, b; c"', "SIP, a, b; c", False),
        ("", "", False),
    ],
)
def test_a_reason_in_words(value: str, said: str, failure: bool) -> None:
    assert (meaning("Reason", [value]), any(each.failure for each in reasons(value))) == (said, failure)


def test_every_value_of_a_reason_counts() -> None:
    value = 'SIP;cause=480;text="Gone", Q.850;cause=20'
    assert meaning("Reason", [value]) == "SIP 480, Gone; Q.850 20, subscriber absent"
    assert meaning("Reason", value.split(", ")) == meaning("Reason", [value])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (['304 sbc.example.com "Media type not available"'], "304 Media type not available"),
        (['399 a "x, y"', '305 b "z"'], "399 x, y; 305 z"),
        (["304"], "304"),
    ],
)
def test_a_warning_is_told_without_its_agent(values: list[str], said: str) -> None:
    assert meaning("Warning", values) == said


def test_other_headers_say_what_they_say() -> None:
    assert meaning("Min-SE", ["90"]) == ""
