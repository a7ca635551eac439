"""Who tries one user after the other, and who does not."""

from __future__ import annotations

import pytest

from tests.finding_cases.scans import tried
from tests.found import found, frames
from tests.stories import Story

AGENT = "User-Agent: friendly-scanner"


def test_a_scan_is_told_once_with_its_tool() -> None:
    (told,) = found(tried("OPTIONS", 404, AGENT, count=50), "scan-detected")
    assert told.what == (
        "198.51.100.1 tries 50 users (OPTIONS 50) in 5 s; 50 refused, 0 accepted; the User-Agent says friendly-scanner"
    )
    assert (told.certainty, told.call, frames(told)) == ("high", None, [1, 3, 5, 7])


@pytest.mark.parametrize(
    "story",
    [
        tried("INVITE", 403, every=5000),  # a trunk that refuses what an exchange dials
        tried("REGISTER", 404, count=10),
        tried("OPTIONS", 200, AGENT),
        [told for told in tried("REGISTER", 404) if told[3].startswith(b"REGISTER")],  # one direction alone
        tried("INVITE", 503),
    ],
)
def test_what_a_busy_exchange_does_is_no_scan(story: Story) -> None:
    assert not found(story, "scan-detected")


def test_calls_to_many_users_at_once_are_one() -> None:
    (told,) = found(tried("INVITE", 407, count=30), "scan-detected")
    assert told.certainty == "medium" and "INVITE 30" in told.what


def test_a_scan_is_one_from_the_twentieth_user_on_whoever_else_is_refused() -> None:
    others = [
        (time, *[("192.0.2." + str(100 + int(time) // 100), 5060) if end[0] == "198.51.100.1" else end for end in ends],
         octets.replace(b"try", b"other"))
        for time, *ends, octets in tried("REGISTER", 404, count=30)
    ]
    assert not found([*tried("REGISTER", 404, count=19), *others], "scan-detected")
    (told,) = found([*tried("REGISTER", 404, count=20), *others], "scan-detected")
    assert told.what.startswith("198.51.100.1 tries 20 users (REGISTER 20)")
