"""Media that stop: at the answer, with comfort noise, after a hold."""

from __future__ import annotations

from dissectors.findings.media.silence import ways
from dissectors.findings.rule import Facts
from dissectors.wire.values import replace
from tests import reports
from tests.finding_cases.within_calls import changed
from tests.found import found, frames, ids
from tests.stories import A, B, Story, description, dialled, hung_up, report, request, rtp, talk

NOISE = description(A[0], A[1], media="RTP/AVP 0 13"), description(B[0], B[1], media="RTP/AVP 0 13")
STOPPED = {"media-ended-early", "media-not-resumed", "media-one-way"}


def early(seconds: float) -> Story:
    """The callee sends an announcement before the answer and for so long; the caller talks for twenty seconds."""
    return [*dialled(), *talk(seconds=20), *talk(B, A, 78, start=300, seconds=seconds), *hung_up(21_000)]


def test_who_sends_before_the_answer_alone_is_said_to_and_was_on_no_hold() -> None:
    (told,) = found(early(0.6), "media-ended-early")
    assert told.what == (
        "the callee sent early media only: its last RTP comes 0.1 s before the answer, and none in the 20.0 s after it"
    )
    assert len(frames(told)) == 1
    assert ids(report(early(0.6))) & STOPPED == {"media-ended-early"}
    assert not ids(report(early(20))) & STOPPED


def test_who_stops_with_comfort_noise_says_that_it_falls_silent() -> None:
    talked = [*dialled(*NOISE), *talk(seconds=20), *talk(B, A, 78, seconds=5), *hung_up(21_000)]
    noise = (6040, B, A, rtp(350, 78, 13, 250 * 160, b"\x40"))
    assert len(found(talked, "media-ended-early")) == 1
    assert not found([*talked, noise], "media-ended-early")


def test_pictures_that_come_back_are_no_sound() -> None:
    film = [["m=video 16500 RTP/AVP 97", "a=rtpmap:97 H264/90000", f"a={way}"] for way in ("recvonly", "sendonly")]
    ends = [description(*end, *lines) for end, lines in zip((A, B), film, strict=True)]
    shown = talk((B[0], 16500), (A[0], 16500), 79, step=3000, payload_type=97, every=33, size=900)
    (told,) = found([*dialled(*ends), *talk(), *shown, *hung_up()], "media-one-way")
    assert told.severity == "error" and "the callee sends no RTP" in told.what
    assert not found([*dialled(*ends), *talk(), *talk(B, A, 78), *shown, *hung_up()], "media-one-way")


def test_a_fax_that_was_refused_on_the_port_of_the_sound_changes_nothing() -> None:
    fax = description(*B, kind="image", media="udptl t38")
    asked = request(3000, "INVITE", body=fax, number=7, tag="2", back=True)
    refused = changed(488, number=7)[1]
    story = [*dialled(), *talk(), *talk(B, A, 78), asked, (3020, A, B, refused[3]), *hung_up()]
    assert [each.kind for each in report(story).streams] == ["audio", "audio"]


def test_hosts_are_those_that_send_or_receive() -> None:
    """Every call asks for them: they are put together once."""
    flow = reports.report().flows[0]
    facts = Facts(reports.report().capture, (flow, replace(flow, src="192.0.2.9")), (), (), (), (), (), ())
    assert ways(facts).hosts == {"192.0.2.1", "192.0.2.2", "192.0.2.9"}
    assert ways(facts).hosts is ways(facts).hosts
