"""Media that stop: at the answer, with comfort noise, after a hold."""

from __future__ import annotations

from dissectors.findings.media.silence import ways
from dissectors.findings.rule import Facts
from dissectors.wire.values import replace
from tests import reports
from tests.finding_cases.within_calls import changed
from tests.found import found, frames, ids
from tests.made import Endpoint
from tests.stories import (
    A,
    B,
    C,
    Story,
    description,
    dialled,
    hung_up,
    receiver_report,
    report,
    request,
    response,
    rtp,
    talk,
)

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
    (told,) = found(talked, "media-ended-early")
    assert told.what == "the callee sends no RTP after this, although it may speak for 15.0 s more"
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
    assert [ways(facts).know(f"192.0.2.{number}") for number in (1, 2, 3, 9)] == [True, True, False, True]
    assert ways(facts) is ways(facts)


def leg(call: str, ends: tuple[Endpoint, Endpoint], moved: tuple[Endpoint, Endpoint], time: float) -> Story:
    """A leg through a server that gives it other ends a second after the answer."""
    def said(end: Endpoint, at: int) -> bytes:
        return description(*end).replace(b"o=- 1 1 ", f"o=- 1 {at} ".encode())

    return [
        request(time, "INVITE", body=said(ends[0], 1), call=call),
        response(time + 100, 200, "OK", body=said(ends[1], 1), call=call),
        request(time + 110, "ACK", tag="2", call=call),
        request(2000, "INVITE", body=said(moved[0], 2), number=2, tag="2", call=call),
        response(2010, 200, "OK", body=said(moved[1], 2), number=2, call=call),
        request(2020, "ACK", number=2, tag="2", call=call),
        request(22_000, "BYE", number=3, tag="2", call=call),
        response(22_010, 200, "OK", "BYE", number=3, call=call),
    ]


def test_media_that_go_past_the_server_are_those_of_both_legs() -> None:
    inside, outside = (C[0], 20_000), (C[0], 20_010)
    legs = [*leg("one", (A, inside), (A, B), 0), *leg("two", (outside, B), (A, B), 20)]
    relayed = [*talk(A, inside, 71, start=200, seconds=1.8), *talk(inside, A, 72, start=200, seconds=1.8),
               *talk(outside, B, 73, start=200, seconds=1.8), *talk(B, outside, 74, start=200, seconds=1.8)]
    direct = [*talk(A, B, 75, start=2050, seconds=19), *talk(B, A, 76, start=2050, seconds=19)]
    assert not ids(report([*legs, *relayed, *direct])) & STOPPED
    assert "media-ended-early" in ids(report([*legs, *relayed]))


def test_media_that_were_moved_to_where_the_capture_sees_nothing_did_not_stop() -> None:
    """A server that phones signal with gives each the other's address: that way is not captured where it stands."""
    server, inside, outside = (C[0], 5060), (C[0], 20_000), (C[0], 20_010)
    one = [(time, *[server if end[0] == B[0] else end for end in ends], octets)
           for time, *ends, octets in leg("one", (A, inside), (A, B), 0)]
    two = [(time, *[server if end[0] == A[0] else end for end in ends], octets)
           for time, *ends, octets in leg("two", (outside, B), (A, B), 20)]
    relayed = [*talk(A, inside, 71, start=200, seconds=1.8), *talk(inside, A, 72, start=200, seconds=1.8),
               *talk(outside, B, 73, start=200, seconds=1.8), *talk(B, outside, 74, start=200, seconds=1.8)]
    made = report([*one, *two, *relayed])
    assert not ids(made) & STOPPED
    # Both legs announced both phones in the end; the server's port says of which of them a stream is.
    assert [len(call.streams) for call in made.calls] == [2, 2]
    stray = (2060, A, B, rtp(1, 75))
    assert "media-ended-early" in ids(report([*one, *two, *relayed, stray]))


def test_what_came_before_a_re_invite_is_no_early_media_where_the_capture_began_later() -> None:
    held = [request(1000, "INVITE", body=description(*A, "a=sendonly"), number=2, tag="2"),
            response(1050, 200, "OK", body=description(*B, "a=recvonly"), number=2), *hung_up(15_000)]
    story = [*talk(start=0, seconds=1), *talk(B, A, 78, start=0, seconds=1), *held]
    assert "media-ended-early" not in ids(report(story))


def test_who_reports_that_it_receives_a_stream_has_one_that_was_not_captured() -> None:
    story = [*dialled(), *talk(seconds=20), *hung_up(21_050)]
    (told,) = found(story, "media-one-way")
    assert (told.severity, told.certainty) == ("error", "high")
    reports = [(time, A, B, receiver_report(time, 78, own=77)[3]) for time in (4000, 9000, 14_000)]
    (told,) = found([*story, *reports], "media-one-way")
    assert (told.severity, told.certainty) == ("note", "low")
    assert told.what == (
        "no RTP of the callee is in the capture; the caller reports by RTCP that it receives SSRC 0x0000004E, so it "
        "takes a way that was not captured"
    )
    old = [(time, A, B, receiver_report(time, 78, own=77)[3]) for time in (4000, 5000)]
    (told,) = found([*story, *old], "media-one-way")
    assert told.severity == "error"
