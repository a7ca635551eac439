"""Streams of one SSRC that are not one stream."""

from __future__ import annotations

import pytest

from tests.finding_cases.session import both
from tests.found import found, ids
from tests.stories import A, B, C, Story, report, rtp, talk


def beside(ours: bytes = b"AAAA", theirs: bytes = b"BBBB") -> Story:
    """The checks of another end, with these fragments."""
    return [
        (time, C if src == A else src, C if dst == A else dst, octets.replace(b"AAAA", ours).replace(b"BBBB", theirs))
        for time, src, dst, octets in both()
    ]


def two_ends(second: Story, ssrc: int = 77) -> Story:
    """A session in which a second end sends under the SSRC of the first."""
    return [*both(), *beside(), *talk(ssrc=ssrc), *talk(B, A, 78), *second]


def test_two_ends_that_send_to_one_under_one_ssrc_are_two_sources() -> None:
    (told,) = found(two_ends(talk(C, first=9000, origin=5_000_000)), "ssrc-two-sources")
    assert told.severity == "warning" and f"{A[0]}:{A[1]} and {C[0]}:{C[1]}" in told.what and len(told.places) == 2


@pytest.mark.parametrize(
    "second",
    [
        talk(C, start=1025),
        talk(C, start=1020 + 9900, first=595, origin=495 * 160, seconds=5),
        talk(C, start=10_000, first=9000, origin=5_000_000),
    ],
    ids=["a copy behind a NAT", "a sender that moves", "a sender that begins anew elsewhere"],
)
def test_one_source_on_two_ways_is_not_two(second: Story) -> None:
    assert not found(two_ends(second), "ssrc-two-sources")


def test_two_sessions_that_happen_to_have_one_ssrc_share_it() -> None:
    """Each has its own keys, so that nothing is mixed up."""
    story = [*both(), *beside(b"CCCC", b"DDDD"), *talk(), *talk(B, A, 78)]
    story += [*talk(C, first=9000, origin=5_000_000), *talk(B, C, 79)]
    assert not found(story, "ssrc-two-sources")
    assert len(report(story).sessions) == 2
    assert len(found(story, "ssrc-shared")) == 1


def test_a_session_whose_sides_have_one_ssrc_share_it_but_no_echo_does() -> None:
    assert len(found([*both(), *talk(), *talk(B, A, size=80, first=700)], "ssrc-shared")) == 1
    assert not found([*both(), *talk(), *talk(B, A, start=1060)], "ssrc-shared")


def test_two_sources_from_the_first_packet_on_are_media_and_told() -> None:
    made = report([*both(), *talk(), *talk(start=1029, first=30_000, origin=7_000_000), *talk(B, A, 78)])
    (told,) = [each for each in made.findings if each.id == "ssrc-two-sources"]
    assert "between two clocks" in told.what
    assert not ids(made) & {"plausible-only", "unknown-share", "stream-reordered", "sequence-restart"}


def test_pictures_of_two_sources_are_no_sender_that_begins_anew() -> None:
    both_pictures = [
        (1000 + later + n * 33 + k * 0.4, A, B, rtp(first + 3 * n + k, 77, 96, clock + n * 3000, bytes(900), k == 2))
        for later, first, clock in ((0, 0, 0), (12, 41_000, 3_000_000_000)) for n in range(900) for k in range(3)
    ]
    made = report([*both(), *both_pictures, *talk(B, A, 78)])
    assert "ssrc-two-sources" in ids(made) and not ids(made) & {"sequence-restart", "stream-loss"}
