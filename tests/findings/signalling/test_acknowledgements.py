"""The ACK of an answer: there or not, by dialog, CSeq, Request-URI and branch, and on which hop."""

from __future__ import annotations

import pytest

from tests.finding_cases.exchanges import PHONE, PROXY, ack, acks, answered, onward, repeated
from tests.finding_cases.plain import INVITE, again
from tests.found import found, frames, ids
from tests.stories import ANSWER, A, B, C, Story, Told, dialled, report, request, response, talk

BYE = request(33_000, "BYE", 'Reason: SIP;cause=408;text="ACK Timeout"', number=9, tag="2", back=True)
LONG: Story = [(60_000, C, A, b"\xff" * 20)]
ROUTE = "Route: <sip:203.0.113.2;lr>"


def told(story: Story) -> set[str]:
    """What is said of ACKs."""
    return ids(report(story)) & {"ack-missing", "ack-mismatch", "answer-repeated"}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (acks(number=2), "its CSeq is 2 and not 1"),
        (acks(tag="3"), "its To tag is 3 and not 2"),
        (acks(tag=""), "its To tag is missing and not 2"),
        (acks("sip:b@x"), "its Request-URI 'sip:b@x' is not the Contact 'sip:bob@203.0.113.2:16402'"),
        (acks("sip:bob@203.0.113.2"), "its Request-URI 'sip:bob@203.0.113.2' is not the Contact"),
        (acks("sip:bob@203.0.113.2:5060;transport=udp", ROUTE), "its Request-URI"),
        (acks("sip:203.0.113.2:16402"), "its Request-URI"),
    ],
)
def test_an_ack_that_does_not_fit_is_named_with_what_does_not(sent: Story, said: str) -> None:
    story = [*answered(4), *sent]
    (one,) = found(story, "ack-mismatch")
    assert (one.severity, one.certainty) == ("error", "certain") and said in one.what and "sent 5 times" in one.what
    assert told(story) == {"ack-mismatch"}
    assert frames(one) == [3, 4, 6, 8, 10, 12]


@pytest.mark.parametrize(
    "sent",
    [
        acks(),
        acks("sip:bob@203.0.113.2:16402;transport=UDP"),
        acks("SIP:bob@203.0.113.2:16402?X=1"),
        acks("sip:%62ob@203.0.113.2:16402"),
        # A strict router stands in the URI, the target in Route.
        acks("sip:203.0.113.2", f"Route: <{PHONE}>"),
        acks("sip:203.0.113.2;lr", "Route: <sip:192.0.2.1;lr>", f"Route: <{PHONE}>"),
        acks("tel:+123"),
    ],
)
def test_an_ack_that_fits_and_a_repeated_answer_are_loss(sent: Story) -> None:
    story = [*answered(4), *sent]
    (one,) = found(story, "answer-repeated")
    assert one.what == "200 OK was sent 5 times, 4 times after the first ACK"
    assert told(story) == {"answer-repeated"}


@pytest.mark.parametrize("sent", [{"number": 2}, {"tag": "3"}, {"uri": "sip:b@x"}])
def test_an_ack_that_does_not_fit_and_was_taken_is_nothing(sent: dict[str, object]) -> None:
    assert not told([*answered(0), ack(1020, **sent), *LONG])  # type: ignore[arg-type]
    assert not told([*answered(1), ack(1020, **sent), *LONG])  # type: ignore[arg-type]


def test_an_ack_that_does_not_fit_and_ended_the_call_is_told_after_one_answer() -> None:
    (one,) = found([*answered(0), ack(1020, "sip:b@x"), BYE], "ack-mismatch")
    assert one.what.endswith('sent 1 times, then BYE with Reason SIP;cause=408;text="ACK Timeout"')


def test_a_call_that_lasts_half_a_minute_is_not_ended_for_want_of_an_ack() -> None:
    bye = request(33_000, "BYE", number=9, tag="2", back=True)
    assert not told([*answered(0), ack(1020, "sip:b@x"), *talk(seconds=31), bye])


def test_a_contact_that_was_not_captured_excuses_the_target() -> None:
    assert told([*answered(4, "Server: x"), *acks("sip:b@x")]) == {"answer-repeated"}


def test_the_ack_of_a_refusal_of_the_same_dialog_is_no_misfit() -> None:
    first = [request(0, "INVITE"), response(100, 401, "Unauthorized", tag="7"), request(110, "ACK", tag="7")]
    second = [request(200, "INVITE", number=2), *repeated(response(1000, 200, "OK", number=2, body=ANSWER))]
    assert told([*first, *second]) == {"ack-missing"}


def test_the_ack_of_a_refusal_acknowledges_no_answer_of_the_same_dialog() -> None:
    story = [*dialled(ack=False), response(1005, 487, "Request Terminated"), request(1010, "ACK", tag="2")]
    story = [(time, src, dst, octets.replace(b"z9hG4bKACK1", b"z9hG4bKINVITE1")) for time, src, dst, octets in story]
    story += talk(C, (C[0], 9), 91, start=60_000, seconds=0.2)
    assert found(story, "ack-missing") and not found([*story, request(1020, "ACK", tag="2")], "ack-missing")


def test_the_ack_of_a_refusal_with_another_tag_and_branch_is_a_misfit() -> None:
    busy = [request(0, "INVITE"), *repeated(response(100, 486, "Busy Here"))]
    (one,) = found([*busy, ack(110, tag="7", branch="other")], "ack-mismatch")
    assert "to 486 Busy Here" in one.what and one.what.count("its To tag is 7 and not 2") == 1
    assert not found([*busy, ack(110, tag="7", branch="other")], "ack-missing")


def test_the_ack_of_the_second_invite_with_the_number_of_the_first_is_a_misfit() -> None:
    first = [request(0, "INVITE"), response(100, 401, "Unauthorized", tag="7")]
    second = [request(200, "INVITE", number=2), *repeated(response(1000, 200, "OK", number=2, body=ANSWER))]
    (one,) = found([*first, ack(110, tag="7", branch="INVITE1"), *second, *acks(number=1)], "ack-mismatch")
    assert "its CSeq is 1 and not 2" in one.what


def test_a_missing_ack_cites_the_answer_and_nothing_else() -> None:
    (one,) = found([*answered(4), *talk(seconds=5)], "ack-missing")
    assert one.what == "no ACK to 200 OK to INVITE, sent 5 times" and len(one.places) == 5


def test_how_the_call_ended_for_want_of_an_ack_is_said() -> None:
    (one,) = found([*answered(4), BYE], "ack-missing")
    assert one.what.endswith('sent 5 times, then BYE with Reason SIP;cause=408;text="ACK Timeout"')


def test_a_lost_ack_of_a_re_invite_is_missing_whatever_the_first_one_got() -> None:
    changed = [request(3000, "INVITE", number=2, tag="2"), *repeated(response(3100, 200, "OK", number=2))]
    (one,) = found([*dialled(), *changed], "ack-missing")
    assert len(one.places) == 5


def test_an_answer_whose_repeats_end_early_was_acknowledged_another_way() -> None:
    (one,) = found([*answered(1), *LONG], "ack-missing")
    assert (one.severity, one.certainty) == ("note", "low") and "sent 2 times and then no more" in one.what


def test_an_answer_just_before_the_end_of_the_capture_lacks_nothing() -> None:
    assert not told([*answered(1)])


def test_only_one_direction_captured_lacks_nothing() -> None:
    assert not told([each for each in answered(4) if each[1] == B])
    # What another host says to the caller may be acknowledged on a way that was not captured.
    assert not told([(each[0], C if each[1] == B else A, A if each[1] == B else B, each[3]) for each in answered(4)])


def two_hops(count: int, *, lost: bool = False) -> Story:
    """A call through a proxy, captured there; with `lost` the ACK goes no further."""
    story = [*answered(count), *acks(count=count)]
    there = [(time, src, PROXY, octets) for time, src, _, octets in story if src == A]
    back = [(time, PROXY, A, octets) for time, src, _, octets in story if src == B]
    out = [onward(each, PROXY, B, 1, "p") for each in there if not lost or not each[3].startswith(b"ACK")]
    came = [onward(each, B, PROXY, -1, "p") for each in back]
    return [*there, *back, *out, *came]


def test_an_ack_that_stops_at_the_proxy_is_missing_behind_it() -> None:
    story = two_hops(4, lost=True)
    (one,) = found(story, "ack-missing")
    assert told(story) == {"ack-missing"}
    assert one.what == (
        "no ACK to 200 OK to INVITE reaches 203.0.113.2:16402, sent 5 times: it comes to 192.0.2.9:5060 only"
    )
    assert len(one.places) == 5


def test_repeats_are_counted_on_one_hop() -> None:
    assert not told(two_hops(1))
    (one,) = found(two_hops(2), "answer-repeated")
    assert one.what.startswith("200 OK was sent 3 times")


@pytest.mark.parametrize("count", [1, 4])
def test_copies_are_no_repeats(count: int) -> None:
    call = [*answered(0), ack(1020)]
    assert not told([each for one in call for each in (one, *again(one, *(one[0] + n for n in range(count))))])


def test_the_phones_of_a_fork_that_both_answer_are_acknowledged_each() -> None:
    second = repeated(response(1050, 200, "OK", body=ANSWER, tag="3"))
    (one,) = found([*answered(0), ack(1020), *second], "ack-missing")
    assert len(one.places) == 5
    assert not told([*answered(0), ack(1020), second[0], ack(1060, tag="3"), *LONG])


def test_a_refusal_that_is_repeated_without_an_ack_is_a_warning() -> None:
    busy = repeated(response(300, 486, "Busy Here"))
    (one,) = found([INVITE, *busy], "ack-missing")
    assert (one.severity, one.what) == ("warning", "no ACK to 486 Busy Here to INVITE, sent 5 times")
    assert not told([INVITE, busy[0], *LONG])


def test_the_ack_of_a_refusal_bears_the_branch_of_the_invite() -> None:
    busy = repeated(response(300, 486, "Busy Here"))
    (one,) = found([INVITE, *busy, ack(310, branch="new"), ack(820, branch="new")], "ack-mismatch")
    assert "its branch 'z9hG4bKnew' is not that of the INVITE 'z9hG4bKINVITE1'" in one.what
    assert not told([INVITE, *busy, *(ack(time, branch="INVITE1") for time in (310, 820))])


def test_the_ack_of_a_re_invite_with_the_number_of_the_first_one_is_a_misfit() -> None:
    changed = [request(3000, "INVITE", number=2, tag="2"), *repeated(response(3100, 200, "OK", number=2))]
    (one,) = found([*dialled(), *changed, *(ack(time) for time in (3120, 3620, 4620))], "ack-mismatch")
    assert "its CSeq is 1 and not 2" in one.what and frames(one) == [6, 7, 9, 11]


def test_an_ack_that_names_the_other_phone_of_a_fork_twice_is_a_misfit() -> None:
    second = repeated(response(1050, 200, "OK", body=ANSWER, tag="3"))
    story = [*answered(0), ack(1020), *second, *(ack(time, branch="second") for time in (1070, 1570, 2570))]
    (one,) = found(story, "ack-mismatch")
    assert "its To tag is 2 and not 3" in one.what and told(story) == {"ack-mismatch"}


def routed(count: int, *headers: str) -> Story:
    """A call through a proxy that wants to stay on the way; the ACK goes past it."""
    answers = answered(count, f"Contact: <{PHONE}>", "Record-Route: <sip:192.0.2.9;lr>")
    through = [(each[0], *((PROXY, A) if each[1] == B else (A, PROXY)), each[3]) for each in answers]
    return [*through, *acks(PHONE, *headers, count=count)]


def test_an_ack_that_leaves_out_the_recorded_route_is_a_misfit() -> None:
    (one,) = found(routed(4), "ack-mismatch")
    assert "it has no Route although the 200 has Record-Route, and goes to 203.0.113.2:16402" in one.what
    assert told(routed(4)) == {"ack-mismatch"} and not told(routed(0))
    assert told(routed(4, "Route: <sip:192.0.2.9;lr>")) == {"answer-repeated"}


def test_an_ack_that_goes_to_a_private_contact_is_told_with_where_it_goes() -> None:
    contact = "Contact: <sip:b@10.0.0.5:5060>"
    sent = [response(1000 + late, 200, "OK", "INVITE", contact, body=ANSWER) for late in (0, 500, 1500, 3500)]
    ack = request(1010, "ACK", tag="2")[3].replace(b"ACK sip:b@x", b"ACK sip:b@10.0.0.5:5060")
    inside = [(1010 + late, A, ("10.0.0.5", 5060), ack) for late in (0, 500, 1500, 3500)]
    (told,) = found([INVITE, *sent, *inside], "answer-repeated")
    assert told.what.endswith("; the ACK goes to 10.0.0.5:5060, the private address of its Contact")
    (told,) = found([INVITE, *sent, *((time, A, B, ack) for time, *_ in inside)], "answer-repeated")
    assert "private" not in told.what


@pytest.mark.parametrize(("host", "said"), [("10.0.0.9", "a private address"), ("127.0.0.1", "a loopback address")])
def test_a_contact_that_leads_nowhere_is_told_where_the_ack_is_missing(host: str, said: str) -> None:
    (one,) = found(answered(4, f"Contact: <sip:b@{host}>"), "ack-missing")
    assert one.what == (
        f"no ACK to 200 OK to INVITE, sent 5 times; {host} is {said} in the Contact of a side that sends "
        "from 203.0.113.2"
    )


@pytest.mark.parametrize(("time", "said"), [(990, "10 ms before it"), (1030, "30 ms after it"), (20_000, "")])
def test_a_cancel_that_came_too_late_is_told_where_the_ack_is_missing(time: float, said: str) -> None:
    (one,) = found([*answered(4), request(time, "CANCEL"), response(time + 9, 200, "OK", "CANCEL")], "ack-missing")
    assert one.what.endswith(f"; the caller sent a CANCEL {said}, which was too late") == bool(said)
    assert ("9.1" in one.fix) == bool(said)


def test_a_second_phone_that_answers_and_gets_neither_ack_nor_bye_is_told_as_such() -> None:
    other: list[Told] = [(time + 50, B, A, octets) for time, _, _, octets in answered(4, tag="3")[2:]]
    story = [*answered(0), ack(1020), *other]
    (one,) = found(story, "ack-missing")
    assert one.what == (
        "no ACK to 200 OK to INVITE, sent 5 times; another phone answered, too, and got its ACK (203.0.113.2, To tag 2)"
        ": the one at 203.0.113.2, To tag 3, got neither ACK nor BYE"
    )
    assert "13.2.2.4" in one.fix
    (one,) = found([*story, request(1100, "BYE", number=2, tag="3")], "ack-missing")
    assert "another phone" not in one.what


def test_what_an_ack_has_to_have_depends_on_what_it_acknowledges() -> None:
    (one,) = found([*answered(4), *acks(number=2)], "ack-mismatch")
    assert "13.2.2.4" in one.fix and "17.1.1.3" not in one.fix
    refusal = response(1000, 487, "Request Terminated")
    (one,) = found([INVITE, *repeated(refusal), *acks()], "ack-mismatch")
    assert "17.1.1.3" in one.fix and "13.2.2.4" not in one.fix
