"""Frames of another length than was agreed, and packets that come together."""

from __future__ import annotations

import pytest

from tests.finding_cases.numbers import WANTED, framed
from tests.found import found, frames, ids
from tests.stories import A, B, description, dialled, hung_up, report, request, response, talk


def test_another_length_has_its_milliseconds_its_time_and_its_frame() -> None:
    story = framed(40, *WANTED)
    (told,) = found(story, "ptime-differs")
    assert "40 ms packets for 6 s from 0.00 s into the stream, ptime 20 and maxptime 20 agreed" in told.what
    assert told.severity == "warning" and told.time == pytest.approx(1.02)
    assert "silence-suppressed" not in ids(report(story))


@pytest.mark.parametrize(
    ("sent", "callee", "caller", "severity"),
    [
        (40, ("a=maxptime:30",), (), "warning"),
        (40, ("a=ptime:20",), ("a=ptime:20",), "warning"),
        (40, ("a=ptime:20",), ("a=ptime:40",), "note"),
        (10, ("a=ptime:20",), ("a=ptime:20",), "note"),
        (40, ("a=maxptime:60",), ("a=ptime:20",), None),
        (40, (), ("a=ptime:20",), None),
    ],
)
def test_how_bad_it_is_depends_on_who_asked_for_what(
    sent: int, callee: tuple[str, ...], caller: tuple[str, ...], severity: str | None
) -> None:
    ends = description(*A, *caller), description(*B, *callee)
    other = talk(B, A, 78)
    story = [*dialled(*ends), *talk(every=sent, step=8 * sent, size=8 * sent), *other, *hung_up()]
    told = [each for each in found(story, "ptime-differs") if each.stream == 0]
    assert [each.severity for each in told] == ([severity] if severity else [])
    assert all(f"{sent} ms packets all the time" in each.what for each in told)
    # What one side alone asks for is agreed on by nobody.
    both = set(callee) & set(caller)
    assert all(each.what.endswith(" agreed") if both else "the receiver asks for " in each.what for each in told)


def test_what_counts_is_what_was_in_force_then() -> None:
    ends = description(*A, "a=ptime:20"), description(*B, "a=ptime:20")
    later = description(*A, "a=ptime:40"), description(*B, "a=ptime:40")
    story = [
        *dialled(*ends),
        *talk(seconds=4.98),
        request(6000, "INVITE", body=later[0].replace(b"1 1 IN", b"1 2 IN"), number=2, tag="2"),
        response(6010, 200, "OK", body=later[1].replace(b"1 1 IN", b"1 2 IN"), number=2),
        request(6011, "ACK", number=2, tag="2"),
        *talk(start=6020, seconds=4.9, every=40, step=320, size=320, first=349, origin=249 * 160),
        *talk(B, A, 78, seconds=4.98),
        *talk(B, A, 78, start=6020, seconds=4.9, every=40, step=320, size=320, first=349, origin=249 * 160),
        *hung_up(),
    ]
    assert not found(story, "ptime-differs")


def test_bunched_packets_say_how_many_come_at_once() -> None:
    (told,) = found(talk(delay=lambda n: 40.0 - n % 3 * 20 + n % 3 * 0.1), "packets-bunched")
    assert "67% come right behind the one before, about 3.0 at once" in told.what
    assert len(frames(told)) == 1
