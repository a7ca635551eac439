"""What hosts and routers say by ICMP about datagrams: who is blamed for what, and who for nothing."""

from __future__ import annotations

import pytest

from dissectors.report import Finding
from tests.finding_cases.presence import reinvite, version
from tests.finding_cases.unreachable import INVITES, MEDIA, RTCP
from tests.found import frames
from tests.icmp import PORT, PORT6, PROHIBITED, TOO_BIG, refused
from tests.stories import (
    GOOD,
    OFFER,
    A,
    B,
    Story,
    conversation,
    description,
    dialled,
    hung_up,
    receiver_report,
    report,
    request,
    response,
    talk,
)

ROUTER = "192.0.2.7"
Beside = list[tuple[float, bytes]]


def told(id: str, story: Story, beside: Beside) -> list[Finding]:
    return [each for each in report(story, beside=beside).findings if each.id == id]


def media(beside: Beside, story: Story = GOOD) -> list[Finding]:
    return told("media-unreachable", story, beside)


def signalling(beside: Beside, story: Story) -> list[Finding]:
    return told("signalling-unreachable", story, beside)


def test_a_port_at_which_nobody_listens_is_an_error_of_the_stream_and_its_call() -> None:
    made = report(GOOD, beside=refused(MEDIA[::50]))
    (found,) = [each for each in made.findings if each.id == "media-unreachable"]
    assert (found.severity, found.certainty, found.call) == ("error", "high", 0)
    assert found.stream is not None and made.streams[found.stream].ssrc == 77 and found.time == pytest.approx(1.021)
    assert found.what == (
        "SSRC 0x0000004D, 198.51.100.1 to 203.0.113.2: 495 packets to port 16402, and 203.0.113.2 itself answers with "
        "ICMP port unreachable (10 times in 9.0 s): nobody listens there"
    )
    assert len(frames(found)) == 5


def test_what_is_quoted_counts_nowhere() -> None:
    plain, with_errors = report(GOOD), report(GOOD, beside=refused(MEDIA[::50]))
    assert plain.capture.protocols == with_errors.capture.protocols
    assert plain.capture.datagrams == with_errors.capture.datagrams and plain.flows == with_errors.flows
    assert [(each.packets, each.duplicates) for each in plain.streams] == [
        (each.packets, each.duplicates) for each in with_errors.streams
    ]


def test_a_router_on_the_way_is_named() -> None:
    (found,) = media(refused(MEDIA[::25], PROHIBITED, by=ROUTER))
    assert f"{ROUTER}, a router or firewall on the way, answers with ICMP communication admin" in found.what
    assert found.severity == "error" and "nobody listens" not in found.what


@pytest.mark.parametrize(
    ("which", "words"),
    [(MEDIA[:40], "(40 times in 0.8 s)"), (MEDIA[-40:], "first error came 9.1 s after the stream began"),
     (MEDIA[200:201], "(once)"), ([*MEDIA[:3], *MEDIA[-3:]], "(6 times in 9.9 s)")],
    ids=["the first ones", "the last ones", "one", "both"],
)
def test_a_few_at_the_beginning_or_the_end_are_ordinary(which: Story, words: str) -> None:
    (found,) = media(refused(which))
    assert found.severity == "note" and words in found.what


def test_what_is_refused_after_the_end_is_ordinary_however_long_it_lasts() -> None:
    story = [*dialled(), *talk(seconds=20), *talk(B, A, 78), *hung_up()]
    (found,) = media(refused([each for each in talk(seconds=20) if each[0] > 11_000][::10]), story)
    assert found.severity == "note" and found.what.endswith("when the call had ended")
    cancelled = [
        request(0, "INVITE", body=OFFER), response(200, 183, "Session Progress", body=description(*B)),
        *talk(B, A, 78, start=300, seconds=9), request(2000, "CANCEL"), response(2010, 200, "OK", "CANCEL"),
        response(2020, 487, "Request Terminated"), request(2030, "ACK", tag="2"),
    ]
    late = [each for each in cancelled if each[0] > 2050]
    (found,) = media(refused(late[::10]), cancelled)
    assert found.severity == "note" and found.what.endswith("the call was not answered")


def test_a_phone_need_not_be_ready_before_it_answers() -> None:
    story = [request(0, "INVITE", body=OFFER), response(200, 183, "Session Progress", body=description(*B)),
             response(6000, 200, "OK", body=description(*B)), request(6010, "ACK", tag="2"),
             *talk(start=300, seconds=15), *talk(B, A, 78, start=6100), *hung_up(16_000)]
    (found,) = media(refused([each for each in talk(start=300) if each[0] < 6000][::10]), story)
    assert found.severity == "note" and found.what.endswith("before the call was answered")


def test_a_part_of_a_stream_is_a_warning() -> None:
    (found,) = media(refused(MEDIA[100:250:10]))
    assert found.severity == "warning"


def test_without_a_call_nobody_knows_whether_it_went_on() -> None:
    alone = talk(seconds=10)
    (found,) = media(refused([each for each in alone if each[0] > 4000][::10]), alone)
    assert found.severity == "warning"
    (found,) = media(refused(alone[::10]), alone)
    assert found.severity == "error"


def test_a_receiver_that_reports_the_stream_gets_it() -> None:
    heard = [receiver_report(time, 77) for time in (4000, 9000)]
    (found,) = media(refused(MEDIA[::50]), [*GOOD, *heard])
    assert (found.severity, found.certainty) == ("note", "low") and "reports by RTCP" in found.what


def test_an_earlier_call_on_the_same_ports_is_another_matter() -> None:
    assert not media([(time - 60_000, octets) for time, octets in refused(MEDIA[::50])])


def test_an_invite_that_is_refused_is_an_error_of_its_call() -> None:
    (found,) = signalling(refused(INVITES), INVITES)
    assert (found.severity, found.certainty, found.call, found.stream) == ("error", "high", 0, None)
    assert found.what == (
        "INVITE from 198.51.100.1:16402 to 203.0.113.2:16402, 7 messages, and 203.0.113.2 itself answers with ICMP "
        "port unreachable (7 times in 31.5 s): nobody listens there"
    )


def test_who_takes_it_at_last_is_not_blamed() -> None:
    later = [response(31_600, 180, "Ringing"), response(32_000, 486, "Busy Here"), request(32_010, "ACK", tag="2")]
    (found,) = signalling(refused(INVITES[:3]), [*INVITES, *later])
    assert found.severity == "note" and "then 203.0.113.2 went on" in found.what


def test_another_server_that_answers_makes_it_a_warning() -> None:
    other = ("203.0.113.9", 5060)
    again = (4000.0, A, other, INVITES[0][3])
    answer = (4100.0, other, A, response(0, 486, "Busy Here")[3])
    (found,) = signalling(refused(INVITES[:3]), [*INVITES[:3], again, answer])
    assert found.severity == "warning" and found.what.endswith("another host answered")


def test_a_phone_that_is_gone_when_the_call_ends_is_a_warning() -> None:
    byes = [request(11_000 + more, "BYE", number=2, tag="2") for more in (0, 500, 1500, 3500)]
    there, back = talk((A[0], 4000), (B[0], 4000)), talk((B[0], 4000), (A[0], 4000), 78)
    (found,) = signalling(refused(byes), [*dialled(), *there, *back, *byes])
    assert found.severity == "warning" and "BYE from" in found.what and "4 messages" in found.what
    assert not signalling(refused(byes), [*dialled(), *conversation(), *byes])


def test_what_came_shortly_before_was_taken() -> None:
    byes = [request(2500 + more, "BYE", number=2, tag="2") for more in (0, 500, 1500, 3500)]
    (found,) = signalling(refused(byes), [*dialled(), *byes])
    assert found.severity == "warning" and found.what.startswith("BYE from") and "4 messages" in found.what


def test_a_response_that_is_refused_is_told_with_what_it_answers() -> None:
    asked = [request(time, "REGISTER") for time in (0, 500, 1500, 3500)]
    answers = [response(each[0] + 20, 401, "Unauthorized", "REGISTER") for each in asked]
    (found,) = signalling(refused(answers), [*asked, *answers])
    assert found.severity == "error" and found.what.startswith("401 Unauthorized to REGISTER from 203.0.113.2")


def test_who_hangs_up_or_unregisters_may_close_its_port_at_once() -> None:
    byes = [request(time, "BYE", number=2, tag="2") for time in (11_000, 11_500)]
    over = [response(each[0] + 20, 200, "OK", "BYE", number=2) for each in byes]
    (found,) = signalling(refused(over), [*dialled(), *byes, *over])
    assert found.severity == "note"
    for expires, severity in (("0", "note"), ("3600", "error")):
        asked = request(0, "REGISTER", f"Expires: {expires}")
        again = request(500, "REGISTER", f"Expires: {expires}")
        answers = [response(time, 200, "OK", "REGISTER") for time in (20, 520)]
        (found,) = signalling(refused(answers), [asked, again, *answers])
        assert found.severity == severity


def test_who_holds_a_call_may_close_its_port() -> None:
    held = reinvite(2500, version(2, A, "a=sendonly"), version(2, B, "a=recvonly"), 2)
    closed = [each for each in GOOD if each[0] > 2600 and each[1] == B and each[3][:1] == b"\x80"]
    (found,) = media(refused(closed))
    assert found.severity == "error"
    (found,) = media(refused(closed), sorted([*GOOD, *held], key=lambda each: each[0]))
    assert found.severity == "note"


def test_rtcp_alone_is_a_warning_of_its_path() -> None:
    (found,) = told("rtcp-unreachable", [*GOOD, *RTCP], refused(RTCP))
    # Who sends none has no port for it.
    assert found.severity == "note"
    own = [(time + 5, (B[0], 30_001), A, receiver_report(0, 77)[3]) for time, *_ in RTCP]
    (found,) = told("rtcp-unreachable", [*GOOD, *RTCP, *own], refused(RTCP))
    assert (found.severity, found.call, found.stream) == ("warning", None, None)
    assert found.what.startswith("6 packets of RTCP from 198.51.100.1:16403 to 203.0.113.2:16403, and 203.0.113.2 ")
    (found,) = told("rtcp-unreachable", [*GOOD, *RTCP], refused(RTCP[-1:]))
    assert found.severity == "note"


def test_a_message_that_is_too_large_is_told_with_what_fits() -> None:
    story, beside = INVITES, refused(INVITES[:2], TOO_BIG, by=ROUTER, mtu=1400)
    (found,) = told("packet-too-big", story, beside)
    assert found.severity == "warning" and not signalling(beside, story)
    assert found.what == (
        "SIP from 198.51.100.1:16402 to 203.0.113.2:16402: 192.0.2.7, a router or firewall on the way, answers with "
        "ICMP fragmentation needed (2 times in 0.5 s); 1,400 bytes fit"
    )
    (found,) = told("packet-too-big", GOOD, refused(MEDIA[:2], TOO_BIG, by=ROUTER))
    assert found.severity == "warning"  # Its SIP shares the port.


def test_errors_of_ipv6_are_read_alike() -> None:
    there = [(time, ("2001:db8::1", 4000), ("2001:db8::2", 4002), payload) for time, _, _, payload in MEDIA]
    (found,) = media(refused(there[::50], PORT6), there)
    assert found.severity == "error" and "2001:db8::2 itself answers with ICMP port unreachable" in found.what


def test_an_error_is_about_one_direction_of_one_path() -> None:
    assert not media(refused(talk((A[0], 9), B, 77)[::50], PORT))
    assert {each.what[:15] for each in media(refused(talk(B, A, 78)[::50], PORT))} == {"SSRC 0x0000004E"}
