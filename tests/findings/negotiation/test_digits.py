"""Keys that come by two ways."""

from __future__ import annotations

from tests.finding_cases.forks import keys
from tests.found import found, frames

ID = "digits-twice"


def test_keys_that_come_as_events_and_by_info_are_told_once_with_both_frames() -> None:
    (told,) = found(keys(1, 2, 3), ID)
    assert told.what == "the caller sent 1 2 3 as telephone events and by INFO"
    assert len(frames(told)) == 6 and told.severity == "warning"


def test_one_key_is_chance_and_a_later_one_another_key() -> None:
    assert not found(keys(1), ID)
    assert not found(keys(1, 2, late=5000), ID)
