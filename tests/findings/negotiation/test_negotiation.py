"""Offers without answers, and directions that do not fit."""

from __future__ import annotations

import pytest

from tests.finding_cases.plain import INVITE, reinvited
from tests.found import PROXY, found, frames
from tests.stories import ANSWER, OFFER, A, B, Story, description, dialled, request, response

LATE = [request(0, "INVITE"), response(900, 200, "OK", body=ANSWER)]


@pytest.mark.parametrize(
    ("story", "said", "cited"),
    [
        (
            [INVITE, response(900, 200, "OK"), request(910, "ACK", tag="2")],
            "the INVITE offers and 200 OK has no SDP",
            [1, 2, 3],
        ),
        (
            [*LATE, request(910, "ACK", tag="2")],
            "the INVITE offers nothing, 200 OK to INVITE does, and the ACK has no SDP",
            [2, 3],
        ),
    ],
)
def test_an_offer_without_an_answer_says_which_message_lacks_it(story: Story, said: str, cited: list[int]) -> None:
    (told,) = found(story, "answer-missing")
    assert (told.what, frames(told)) == (said, cited)


@pytest.mark.parametrize(
    "story",
    [
        LATE,
        [*LATE, request(910, "ACK", tag="2", body=OFFER)],
        [INVITE, response(300, 183, "Session Progress", body=ANSWER), response(900, 200, "OK"),
         request(910, "ACK", tag="2")],
        [(0, A, PROXY, INVITE[3]), (5, PROXY, B, INVITE[3]), (900, B, PROXY, response(0, 200, "OK", body=ANSWER)[3]),
         (905, PROXY, A, response(0, 200, "OK", body=ANSWER)[3]), request(910, "ACK", tag="2")],
    ],
)
def test_an_answer_may_come_late_early_or_over_a_proxy(story: Story) -> None:
    assert not found(story, "answer-missing")


def test_a_re_invite_without_an_answer_is_told_though_the_first_one_had_its_own() -> None:
    story = [*dialled(), *reinvited(OFFER + b"a=x\r\n", b""), request(3030, "ACK", tag="2", number=2)]
    (told,) = found(story, "answer-missing")
    assert frames(told) == [5, 6, 7]


def test_a_fact_that_every_hop_repeats_is_told_once_with_all_frames() -> None:
    offer, near = description(*A, "a=sendonly"), description("192.0.2.9", 7000, "a=sendonly")
    story = [
        (0, A, PROXY, request(0, "INVITE", body=offer)[3]), (5, PROXY, B, request(0, "INVITE", body=near)[3]),
        (900, B, PROXY, response(0, 200, "OK", body=ANSWER)[3]),
        (905, PROXY, A, response(0, 200, "OK", body=description("192.0.2.9", 7002))[3]),
        request(910, "ACK", tag="2"),
    ]
    (told,) = found(story, "direction-wrong")
    assert sorted(frames(told)) == [1, 2, 3, 4]


@pytest.mark.parametrize("status", [400, 488, 606])
def test_a_line_that_cannot_be_read_is_a_warning_where_the_call_was_refused_for_it(status: int) -> None:
    broken = OFFER.replace(b"c=IN", b":=IN")
    story = [request(0, "INVITE", body=broken), response(20, status, "Bad SDP"), request(30, "ACK", tag="2")]
    (told,) = found(story, "sdp-odd")
    assert (told.severity, frames(told)) == ("warning", [1, 2])
    assert "not a line of SDP: ':=IN IP4 198.51.100.1'" in told.what and f"refused with {status} Bad SDP" in told.what


def test_a_line_that_cannot_be_read_is_a_note_where_nobody_minded() -> None:
    broken, lacking = OFFER.replace(b"c=IN", b":=IN"), OFFER.replace(b"s=-\r\n", b"")
    busy = [request(0, "INVITE", body=broken), response(20, 486, "Busy Here"), request(30, "ACK", tag="2")]
    whole = [request(0, "INVITE", body=lacking), response(20, 400, "Bad SDP"), request(30, "ACK", tag="2")]
    told = [each for story in (busy, whole, dialled(broken)) for each in found(story, "sdp-odd")]
    assert [each.severity for each in told] == ["note"] * 3


def test_a_number_that_only_the_offer_names_is_that_codec_in_the_answer() -> None:
    names = ("a=rtpmap:96 opus/48000/2", "a=rtpmap:101 telephone-event/8000")
    offer = description(*A, *names, media="RTP/AVP 96 101")
    ids = ("codec-not-common", "rtpmap-missing")
    assert [len(found(dialled(offer, description(*B, media="RTP/AVP 96")), each)) for each in ids] == [0, 1]
    # Keys are no codec that both have, whoever names them.
    assert [len(found(dialled(offer, description(*B, media="RTP/AVP 8 101")), each)) for each in ids] == [1, 1]


VIDEO = b"m=video %d RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"


def test_lines_in_another_order_are_told_as_that_alone() -> None:
    head, sound = ANSWER[: ANSWER.index(b"m=")], ANSWER[ANSWER.index(b"m=") :]
    story = dialled(OFFER + VIDEO % 5004, head + VIDEO % 5006 + sound)
    (told,) = found(story, "media-lines-differ")
    assert (told.what, frames(told)) == ("offered audio, video; answered video, audio", [1, 3])
    assert not found(story, "codec-not-common")


def test_who_refuses_all_lines_leaves_nobody_to_hear() -> None:
    no_sound = ANSWER.replace(b"m=audio 16402", b"m=audio 0")
    (told,) = found(dialled(OFFER, no_sound), "media-refused")
    assert (told.severity, frames(told)) == ("warning", [1, 3])
    assert told.what == "audio refused (port 0), and nothing else is accepted: nobody hears anybody"
    (told,) = found(dialled(OFFER + VIDEO % 5004, no_sound + VIDEO % 5006), "media-refused")
    assert (told.severity, told.what) == ("note", "audio was refused (port 0)")
    mended = [*dialled(OFFER, no_sound), *reinvited(OFFER + b"a=x\r\n", ANSWER)]
    (told,) = found(mended, "media-refused")
    assert told.severity == "note"
