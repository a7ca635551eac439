"""Media in sessions without SIP."""

from __future__ import annotations

from tests.finding_cases.session import both, closed
from tests.found import found
from tests.stories import A, B, C, Story, agreed, dialled, hung_up, record, talk


def media(back: float = 20.0, *, start: float = 300, back_start: float = 300) -> Story:
    """A session of 28 seconds; the callee's media lasts so long."""
    begun = [*both(), *agreed(100), *talk(start=start, seconds=27 - start / 1000)]
    return [*begun, *(talk(B, A, 78, start=back_start, seconds=back) if back else ())]


def test_a_side_that_sends_nothing_is_told_and_never_as_certain() -> None:
    (told,) = found(media(0), "media-one-way")
    assert told.severity == "note" and told.certainty != "certain" and told.call is None
    assert not found(media(), "media-one-way")
    other: Story = [(t, B if s == A else A, A if s == A else B, o) for t, s, _, o in media(0)]
    assert len(found(other, "media-one-way")) == 1


def test_one_stream_that_nobody_agreed_on_is_no_session() -> None:
    assert not found(talk(), "media-one-way")


def test_a_call_is_judged_by_its_own_rule() -> None:
    call = [*dialled(), *hung_up(40_000)]
    (told,) = found([*call, *media(0, start=1100)], "media-one-way")
    assert told.call == 0 and told.certainty == "high"


def test_media_that_begins_late_is_told() -> None:
    (told,) = found(media(back_start=9000, back=15), "media-late")
    assert "8.9 s after DTLS was complete" in told.what and told.severity == "note"
    assert not found(media(back_start=2000), "media-late")


def test_media_that_ends_before_its_peers_is_told_unless_its_end_was_said() -> None:
    (told,) = found(media(15), "media-ended-early")
    assert f"{B[0]}:{B[1]}" in told.what and told.time is not None
    assert not found(media(26), "media-ended-early")
    assert not found([*media(15), *closed(15_400, B, A)], "media-ended-early")


def test_nothing_after_ice_and_dtls_is_told() -> None:
    story = [*both(), *agreed(100)]
    (told,) = found(story, "media-missing")
    assert told.severity == "note" and told.certainty == "low" and "no media follows" in told.what
    assert not found([*story, *closed(3000)], "media-missing")
    assert not found([*story, *talk(start=200)], "media-missing")
    data: Story = [(1000.0 * n, A, B, record(23, bytes(40), epoch=1)) for n in range(1, 20)]
    assert not found([*story, *data], "media-missing")


def test_a_server_that_has_nothing_to_pass_on_any_more_does_not_end_early() -> None:
    """The second session ends when the media of the server in the first one do."""
    def beside(seconds: float) -> Story:
        other = [*both(), *agreed(100), *talk(ssrc=79, start=300, seconds=seconds)]
        renamed = [(*told[:3], told[3].replace(b"AAAA", b"CCCC").replace(b"BBBB", b"DDDD")) for told in other]
        return [(time, C if src == A else src, C if dst == A else dst, octets) for time, src, dst, octets in renamed]

    assert not found([*media(15), *beside(15)], "media-ended-early")
    assert found([*media(15), *beside(26)], "media-ended-early")
