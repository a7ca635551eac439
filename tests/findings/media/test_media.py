"""Media that are missing, elsewhere or at an end, and media that are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dissectors.findings.media import addresses
from dissectors.findings.rule import Facts
from dissectors.report import Call, Description, Media
from dissectors.wire.values import replace
from tests import reports
from tests.finding_cases.numbers import spurts
from tests.finding_cases.plain import FAX, reinvited
from tests.finding_cases.presence import MOVE, held_until, version
from tests.finding_cases.video import film
from tests.found import PROXY, found, frames
from tests.reports import stream
from tests.stories import (
    ANSWER,
    INNER,
    OTHER_SERVER,
    A,
    B,
    C,
    conversation,
    description,
    dialled,
    hung_up,
    receiver_report,
    report,
    rtp,
    talk,
)


def test_media_that_went_over_to_fax_did_not_end_early() -> None:
    fax = reinvited(FAX, description(*B, kind="image", media="udptl t38"))
    story = [*dialled(), *talk(seconds=1.9), *talk(B, A, 78, seconds=1.9), *fax, *hung_up(30_000)]
    assert not found(story, "media-ended-early")
    (told,) = found(story, "call-became-fax")
    assert told.what == "an answer took T.38 3.0 s after the call began, and no UDPTL came in the 27 s that followed"


def test_an_address_that_differs_is_told_of_the_side_that_announced_it() -> None:
    story = [*dialled(description(*INNER), ANSWER), *talk(), *talk(B, A, 78), *hung_up()]
    (told,) = found(story, "media-address-differs")
    assert told.what == "the caller announces 10.0.0.5; its media comes from 198.51.100.1 and is sent to 198.51.100.1"
    assert frames(told)[0] == 1 and 3 not in frames(told)


def test_media_sent_to_a_private_address_that_its_own_does_not_come_from_are_a_warning() -> None:
    announced = dialled(description(*INNER), ANSWER)
    (told,) = found([*announced, *talk(), *talk(B, INNER, 78), *hung_up()], "media-address-differs")
    assert told.what.endswith("its media comes from 198.51.100.1, and the callee sends to 10.0.0.5")
    assert (told.severity, told.certainty) == ("warning", "medium")
    (told,) = found([*announced, *talk(), *talk(B, A, 78), *hung_up()], "media-address-differs")
    assert told.severity == "note"


def test_media_that_go_back_to_where_the_other_side_sends_from_are_expected_there() -> None:
    mapped = (B[0], 40_000)
    assert not found([*dialled(), *talk(A, mapped), *talk(mapped, A, 78), *hung_up()], "media-elsewhere")
    assert found([*dialled(), *talk(A, mapped), *talk(B, A, 78), *hung_up()], "media-elsewhere")


def test_reports_between_the_announced_ports_show_that_media_would_have_been_captured() -> None:
    above = (A[0], A[1] + 1), (B[0], B[1] + 1)
    for ends in (above, (A, B)):
        reports = [(time, *way, receiver_report(time, 0)[3]) for time in (5000, 9000) for way in (ends, ends[::-1])]
        (told,) = found([*dialled(), *reports, *hung_up(31_000)], "media-missing")
        assert (told.severity, told.certainty) == ("warning", "medium")
        assert told.what.endswith("no RTP in the whole capture; RTCP goes between the announced ports")
        # Where other calls have RTP, it is not that all of it was left out.
        others = [(t, *two, octets.replace(b"Call-ID: one", b"Call-ID: two").replace(b"16402", b"9000"))
                  for t, *two, octets in dialled(description("192.0.2.7", 9000), description("192.0.2.8", 9000))]
        heard = [*others, *talk(("192.0.2.7", 9000), ("192.0.2.8", 9000))]
        (told,) = found([*dialled(), *reports, *hung_up(31_000), *heard], "media-missing")
        assert (told.severity, told.certainty) == ("error", "high")
    (told,) = found([*dialled(), *hung_up(31_000)], "media-missing")
    assert (told.severity, told.certainty) == ("note", "low")


def test_an_address_that_ice_may_choose_otherwise_is_not_told() -> None:
    offer = description(*INNER, "a=candidate:1 1 udp 1 198.51.100.7 4000 typ srflx")
    assert not found([*dialled(offer, ANSWER), *talk(), *talk(B, A, 78), *hung_up()], "media-address-differs")


def test_a_leg_whose_media_is_that_of_another_leg_is_no_silent_call() -> None:
    near, far = ("192.0.2.9", 7000), ("192.0.2.9", 7002)
    other = [(t, *ends, octets.replace(b"Call-ID: one", b"Call-ID: two")) for t, *ends, octets in
             dialled(description(*near), description(*far))]
    between = [(t + 3, PROXY if src == A else C, C if src == A else PROXY, octets) for t, src, _, octets in other]
    story = [*dialled(), *conversation(), *hung_up(), *between]
    (told,) = found(story, "media-missing")
    assert (told.severity, told.what.endswith("; another leg of the call has some")) == ("note", True)


def test_a_call_without_media_beside_one_of_the_same_people_is_silent() -> None:
    silent = [(t + 3, *ends, octets.replace(b"Call-ID: one", b"Call-ID: two")) for t, *ends, octets in
              dialled(description(A[0], 9000), description(B[0], 9002))]
    (told,) = found([*dialled(), *conversation(), *hung_up(), *silent], "media-missing")
    assert told.severity == "error"


def test_a_call_whose_media_ends_after_three_datagrams_is_told() -> None:
    story = [*dialled(), *talk(seconds=0.06), *talk(B, A, 78, seconds=0.06), *hung_up()]
    early = [each for each in report(story).findings if each.id == "media-ended-early"]
    assert [" ".join(each.what.split()[:4]) for each in early] == ["the caller sends no", "the callee sends no"]


def test_media_that_is_too_little_to_be_told_is_said_to_be_there() -> None:
    elsewhere = (A[0], 5004), (B[0], 5004)
    offer, answer = (description(*end, media="RTP/AVP 8") for end in elsewhere)
    calling = [*dialled(offer, answer), *hung_up()]
    made = report([*calling, *talk(*elsewhere, seconds=0.04), *talk(C, OTHER_SERVER, 5)])
    (missing,) = (each for each in made.findings if each.id == "media-missing")
    assert missing.what.endswith("2 datagrams of no known protocol went to the announced ports")


def facts(streams: int) -> Facts:
    made = reports.report()
    call = replace(made.calls[0], answered=made.calls[0].start, streams=tuple(range(streams)))
    told = tuple(stream(ssrc=number, call=0, sender="caller") for number in range(streams))
    return Facts(made.capture, made.flows, (call,), told, (), (), (), ())


@pytest.mark.parametrize("streams", [1, 200])
def test_the_lines_of_a_side_are_looked_at_once_for_all_of_its_streams(
    streams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    real = addresses._wanted

    def wanted(call: Call, side: str | None = None) -> list[Media]:
        asked.append(side)
        return real(call, side)

    monkeypatch.setattr(addresses, "_wanted", wanted)
    found: Iterator[Any] = addresses.media_elsewhere.findings(facts(streams))
    assert len([*found]) <= streams and asked == ["callee"]


@pytest.mark.parametrize("streams", [1, 200])
def test_where_a_side_wants_media_is_looked_at_once_for_all_of_its_streams(
    streams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Description] = []
    made, call = facts(streams), report([*dialled(), *MOVE, *hung_up()]).calls[0]
    real = addresses._ends
    monkeypatch.setattr(addresses, "_ends", lambda described: asked.append(described) or real(described))
    made = replace(made, calls=(replace(call, streams=made.calls[0].streams),))
    assert not [*addresses.media_to_old_port.findings(made)] and len(asked) == 4


@pytest.mark.parametrize(("pause", "gaps"), [(0, 0), (400, 0), (1500, 1)])
def test_a_pause_is_judged_by_the_rhythm_of_its_stream(pause: int, gaps: int) -> None:
    ends = [description(*end, "a=rtpmap:97 AMR-WB/16000", media="RTP/AVP 97") for end in (A, B)]
    story = spurts(97, 320, 160, 61, 7)
    story = [
        (time + pause, src, dst, rtp(n, 77, 97, int.from_bytes(octets[4:8], "big") + 16 * pause, octets[12:]))
        if n > 240 else (time, src, dst, octets)
        for n, (time, src, dst, octets) in enumerate(story)
    ]
    told = found([*dialled(*ends), *story], "media-gap")
    assert len(told) == gaps and all("nothing for 1.7 s until" in each.what for each in told)


@pytest.mark.parametrize(("pause", "gaps"), [(4000, 0), (14_000, 1)])
def test_hold_excuses_a_pause_of_its_time_and_none_after_it(pause: int, gaps: int) -> None:
    held = held_until(9000, version(3), version(3, B))
    before = (pause - 1020) // 20
    there = talk(seconds=before / 50)
    again = talk(start=pause + 4000, first=100 + before, origin=160 * before, seconds=4)
    story = [*held, *there, *again, *talk(B, A, 78, seconds=25), *hung_up(30_000)]
    assert len(found(story, "media-gap")) == gaps


def test_a_pause_before_the_answer_is_no_gap() -> None:
    early = [*talk(start=300, seconds=0.1), *talk(start=2020, first=105, origin=160 * 86, seconds=8)]
    late = [(time + 4000 * (time > 700), *rest) for time, *rest in dialled()]
    assert not found([*late, *early], "media-gap") and found([*dialled(), *early, *talk(B, A, 78)], "media-gap") == []
    broken = [*talk(start=1020, seconds=2), *talk(start=5020, first=200, origin=160 * 100, seconds=8)]
    (told,) = found([*dialled(), *broken], "media-gap")
    assert "nothing for 2.0 s until 4.00 s into the stream" in told.what and frames(told) == [105]


def test_a_camera_that_is_off_is_a_note_and_pictures_that_are_missing_are_not() -> None:
    (off,) = found(film(20, still=5000), "media-gap")
    assert off.severity == "note" and "nothing for 5.0 s" in off.what and "the camera was off" in off.what
    (gone,) = found(film(20, lost=lambda frame: 300 <= frame < 360), "media-gap")
    assert gone.severity == "warning" and "camera" not in gone.what


def test_media_that_nothing_confirms_does_not_come_late() -> None:
    """A sender whose timestamps stand still: its last packets count, as SDP announced them, and the others wait."""
    story = [*dialled(), *talk(), *talk(B, A, 78, step=0), *hung_up()]
    assert found(story, "plausible-only") and not found(story, "media-late")
    (late,) = found([*dialled(), *talk(), *talk(B, A, 78, start=6000, seconds=5), *hung_up()], "media-late")
    assert late.what == "the callee's first RTP comes 5.0 s after the answer"
