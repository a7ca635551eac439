"""What findings say: their particulars, the frames that they cite, and how often they say one thing."""

from __future__ import annotations

import zlib
from base64 import b64encode

import pytest

from dissectors.findings.rule import Facts, Found, Rule
from dissectors.report import Finding
from tests.finding_cases import FAX, INVITE, again, reinvited
from tests.stories import (
    ANSWER,
    INNER,
    OFFER,
    SERVER,
    USER,
    A,
    B,
    C,
    Story,
    asked,
    conversation,
    description,
    dialled,
    hello,
    hung_up,
    mapped,
    report,
    request,
    response,
    talk,
)

PROXY = ("192.0.2.9", 5060)


def found(story: Story, id: str) -> list[Finding]:
    return [each for each in report(story).findings if each.id == id]


def frames(finding: Finding) -> list[int]:
    return [place.frame for place in finding.places]


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


def test_media_that_went_over_to_fax_did_not_end_early() -> None:
    fax = reinvited(FAX, description(*B, kind="image", media="udptl t38"))
    story = [*dialled(), *talk(seconds=1.9), *talk(B, A, 78, seconds=1.9), *fax, *hung_up(30_000)]
    assert not found(story, "media-ended-early")
    (told,) = found(story, "call-became-fax")
    assert told.what == "an answer took T.38 3.0 s after the call began"


def test_an_address_that_differs_is_told_of_the_side_that_announced_it() -> None:
    story = [*dialled(description(*INNER), ANSWER), *talk(), *talk(B, A, 78), *hung_up()]
    (told,) = found(story, "media-address-differs")
    assert told.what == "the caller announces 10.0.0.5; its media comes from 198.51.100.1 and is sent to 198.51.100.1"
    assert frames(told)[0] == 1 and 3 not in frames(told)


def test_an_address_that_ice_may_choose_otherwise_is_not_told() -> None:
    offer = description(*INNER, "a=candidate:1 1 udp 1 198.51.100.7 4000 typ srflx")
    assert not found([*dialled(offer, ANSWER), *talk(), *talk(B, A, 78), *hung_up()], "media-address-differs")


def test_a_relay_that_passes_the_ssrc_on_is_no_second_sender() -> None:
    near, far = ("192.0.2.9", 7000), ("192.0.2.9", 7002)
    story = [
        request(0, "INVITE", body=OFFER), (5, PROXY, B, request(0, "INVITE", body=description(*far))[3]),
        (900, B, PROXY, response(0, 200, "OK", body=ANSWER)[3]),
        (905, PROXY, A, response(0, 200, "OK", body=description(*near))[3]),
        *talk(A, near), *talk(far, B, start=1021), *hung_up(),
    ]
    assert not found(story, "ssrc-shared")


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


def test_the_same_of_two_calls_is_told_of_each() -> None:
    story = [*dialled(description(*INNER)), request(5000, "INVITE", body=description(*INNER), call="two")]
    assert [each.call for each in found(story, "private-address-leaked")] == [0, 1]


def test_a_header_that_is_missing_is_not_broken_too() -> None:
    octets = INVITE[3].replace(b"CSeq: 1 INVITE\r\n", b"")
    assert found([(0, A, B, octets)], "header-missing") and not found([(0, A, B, octets)], "header-broken")


def test_one_direction_names_what_comes_from_there() -> None:
    (told,) = found([INVITE, *talk()], "capture-one-direction")
    assert (told.what, told.severity) == ("SIP and RTP come from 198.51.100.1 alone", "warning")
    (told,) = found([*talk(), *talk(dst=PROXY, ssrc=9)], "capture-one-direction")
    assert (told.what, told.severity) == ("RTP comes from 198.51.100.1 alone", "note")


@pytest.mark.parametrize("story", [talk(), [INVITE, *talk(), (5, B, A, bytes(range(200, 220)))]])
def test_a_single_stream_or_a_capture_that_has_the_way_back_is_not_half_of_something(story: Story) -> None:
    assert not found(story, "capture-one-direction")


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


def test_a_registration_that_is_refused_and_accepted_later_is_a_note() -> None:
    story = [request(0, "REGISTER"), response(20, 403, "Wrong password", "REGISTER"), request(40, "REGISTER", number=2),
             response(60, 200, "OK", "REGISTER", number=2)]
    (told,) = found(story, "registration-refused")
    assert (told.severity, frames(told)) == ("note", [2])
    assert "403 Wrong password, and accepted later" in told.what


def test_early_media_is_something_to_hear() -> None:
    story = [INVITE, response(900, 183, "Session Progress", body=ANSWER), response(9000, 200, "OK", body=ANSWER)]
    assert not found(story, "call-setup-slow")


@pytest.mark.parametrize(
    ("story", "id"),
    [
        ([INVITE, (40_000, C, A, b"\xff" * 20)], "invite-no-response"),
        ([*dialled(ack=False), *talk()], "ack-missing"),
        ([*dialled(), request(9000, "BYE", number=2, tag="2"), (60_000, C, A, b"\xff" * 20)], "bye-unanswered"),
    ],
)
def test_what_nobody_repeats_may_have_been_answered_another_way(story: Story, id: str) -> None:
    (told,) = found(story, id)
    assert (told.severity, told.certainty) == ("warning", "low") and "was not sent again" in told.what


def test_an_answer_that_is_repeated_without_an_ack_is_an_error() -> None:
    (told,) = found([*dialled(ack=False), *again(dialled()[2], 1500, 2500)], "ack-missing")
    assert (told.severity, told.what) == ("error", "no ACK to 200 OK to INVITE, sent 3 times")


def test_checks_are_not_lost_where_keys_or_media_follow_them() -> None:
    checks = [each for n in range(4) for each in asked(n * 500, USER)]
    assert found(checks, "ice-failed") and not found([*checks, (3000, A, B, hello())], "ice-failed")


def test_a_server_that_answers_in_another_way_is_reached() -> None:
    asks = [each for n in range(3) for each in asked(n * 500, dst=SERVER)]
    assert [each.severity for each in found(asks, "stun-unanswered")] == ["warning"]
    (told,) = found([*asks, (700, SERVER, A, b"\xff" * 20)], "stun-unanswered")
    assert told.severity == "note" and told.what.endswith("but something else comes back")


def test_an_allocation_that_is_answered_without_an_error_did_not_fail() -> None:
    story = [each for n in range(4) for each in asked(n * 500, kind=3, dst=SERVER, answer=(0x0103, mapped(*A)))]
    assert not found(story, "turn-allocation-failed")


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        (["e: deflate", "l: {}"], "FaceTime"),
        (["User-Agent: kamailio (5.7)", "Content-Encoding: gzip"], "Kamailio gzcompress"),
        (["Content-Encoding: gzip"], "FreeSWITCH (sofia-sip) or an early Kamailio"),
        (["Content-Encoding: base64, deflate"], "OpenSIPS mc_compress"),
        (["Content-Encoding: deflate", "Content-Length: {}"], "no sender that is known here"),
    ],
)
def test_a_compressed_body_names_who_sends_such_ones(headers: list[str], sender: str) -> None:
    packed = zlib.compress(OFFER)
    packed = b64encode(packed) if "base64" in headers[0] else packed
    lines = [header.format(len(packed)) for header in headers]
    (told,) = found([request(0, "INVITE", "Content-Type: application/sdp", *lines, body=packed)], "body-compressed")
    assert told.what.endswith(f"as {sender} sends them")


def test_an_unannounced_payload_type_says_when_it_began():
    odd = talk(start=6020, seconds=4.9, first=350, origin=250 * 160, payload_type=18)
    story = [*dialled(), *talk(seconds=5), *odd, *talk(B, A, 78), *hung_up()]
    (told,) = found(story, "payload-type-not-negotiated")
    assert "of type 18, the first 5.000 s after the stream began" in told.what
    assert len(frames(told)) == 2


def test_what_is_beyond_the_list_is_counted_by_severity_under_the_title_of_its_kind() -> None:
    seen = [Found(f"note {n}", severity="note") for n in range(5)] + [Found(f"warning {n}") for n in range(4)]
    rule = Rule("made-up", "warning", "Something is odd", "", "", lambda facts: seen)
    nothing = Facts(report([]).capture, (), (), (), (), (), (), ())
    told = [(each.severity, each.what) for each in rule.findings(nothing, most=3)]
    assert told[:3] == [("note", f"note {n}") for n in range(3)]
    assert told[3:6] == [("warning", f"warning {n}") for n in range(3)]
    assert told[6:] == [
        ("note", "Something is odd: 2 more are not listed one by one"),
        ("warning", "Something is odd: 1 more are not listed one by one"),
    ]
