"""Payload types: what a side may send are those that the other one takes, at that time."""

from __future__ import annotations

import pytest

from tests.finding_cases.payload_types import keyed, numbered
from tests.found import found, frames
from tests.stories import A, B, C, Story, description, dialled, hung_up, request, response, talk

ID = "payload-type-not-negotiated"
EVENTS = ("a=rtpmap:100 telephone-event/16000", "a=rtpmap:101 telephone-event/8000")
BOTH = description(*A, *EVENTS, media="RTP/AVP 0 100 101")
ONE = description(*B, EVENTS[1], media="RTP/AVP 0 101")
PCMU, PCMA, EITHER = "RTP/AVP 0", "RTP/AVP 8", "RTP/AVP 0 8"


def test_an_unannounced_payload_type_says_when_it_began() -> None:
    odd = talk(start=6020, seconds=4.9, first=350, origin=250 * 160, payload_type=18)
    story = [*dialled(), *talk(seconds=5), *odd, *talk(B, A, 78), *hung_up()]
    (told,) = found(story, ID)
    assert "245 packets of type 18 (G729), the first 5.000 s after the stream began" in told.what
    assert told.what.endswith("the callee does not take it")
    assert frames(told) == [505, 3] and told.time == pytest.approx(6.02)


def test_who_sends_its_own_number_is_named_and_the_other_is_not() -> None:
    (told,) = found(numbered(96, 96), ID)
    assert "SSRC 0x0000004D" in told.what and "type 96 (opus/48000); the callee takes opus as 97" in told.what
    assert frames(told) == [5, 3]
    (told,) = found(numbered(97, 97), ID)
    assert "SSRC 0x0000004E" in told.what and "type 97 (opus/48000); the caller takes opus as 96" in told.what


def test_a_few_keys_of_a_type_that_the_answer_did_not_take_are_told() -> None:
    (told,) = found([*dialled(BOTH, ONE), *talk(), *keyed(100), *hung_up()], ID)
    assert "4 packets of type 100 (telephone-event/16000)" in told.what
    assert "the answer of the callee did not take it" in told.what
    assert not found([*dialled(BOTH, ONE), *talk(), *keyed(101), *hung_up()], ID)


def test_keys_of_a_type_that_nobody_named_are_known_by_their_octets() -> None:
    (told,) = found([*dialled(), *talk(), *keyed(126), *hung_up()], ID)
    assert "4 packets of type 126, the first 4.000 s" in told.what and told.what.endswith("the caller does not take it")
    assert not found([*dialled(), *talk(), *keyed(126, packets=2), *hung_up()], ID)


@pytest.mark.parametrize("odd", [8, 13, 19])
def test_a_codec_that_was_offered_and_not_answered_is_told_but_no_comfort_noise(odd: int) -> None:
    """Who offers comfort noise takes it, whatever the answer says."""
    offer = description(media=f"RTP/AVP 0 {odd}")
    told = found([*dialled(offer), *talk(), *talk(B, A, 78, payload_type=odd), *hung_up()], ID)
    assert len(told) == (odd == 8)


def changed(until: float, end: float = 11_000) -> Story:
    """A call that goes over from PCMU to PCMA at five seconds; the caller's old type is sent until a time."""
    again = [
        request(5000, "INVITE", number=2, tag="2", body=description(media=PCMA)),
        response(5020, 200, "OK", number=2, body=description(*B, media=PCMA)),
    ]
    old = talk(seconds=(until - 1020) / 1000)
    new = talk(start=until, seconds=(end - until) / 1000, first=100 + len(old), origin=160 * len(old), payload_type=8)
    callee = talk(B, A, 78, start=5020, seconds=5, first=300, origin=32_000, payload_type=8)
    return [*dialled(), *again, *old, *new, *talk(B, A, 78, seconds=4), *callee, *hung_up()]


def test_the_old_number_after_a_re_invite_is_told_with_how_long() -> None:
    (told,) = found(changed(9020), ID)
    assert "type 0 (PCMU/8000) until 4.0 s after the answer that does not take it" in told.what
    assert not found(changed(5820), ID)


def test_each_hop_and_fork_is_asked_for_what_it_takes_itself() -> None:
    """A proxy gives the callee other numbers; another fork takes what the first does not."""
    relay = ("192.0.2.9", 4000)
    answers = [
        response(900, 183, "Progress", body=description(*C, media=PCMA), tag="3"),
        response(1000, 200, "OK", body=description(*B, media=PCMU)),
    ]
    offer = description(media=EITHER)
    forked = [request(0, "INVITE", body=offer), *answers, request(1010, "ACK", tag="2")]
    early = talk(A, C, 77, start=905, seconds=0.5, payload_type=8)
    assert not found([*forked, *early, *talk(ssrc=80), *talk(B, A, 78), *hung_up()], ID)
    there = response(990, 200, "OK", body=description(*B, media=PCMA))
    relayed = [*dialled(offer, description(*relay, media=PCMU)), there]
    assert found([*relayed, *talk(A, relay, payload_type=8), *talk(relay, A, 78), *hung_up()], ID)
    assert not found([*relayed, *talk(relay, B, payload_type=8), *talk(B, relay, 78), *hung_up()], ID)


def test_where_the_receivers_description_is_missing_nothing_is_said() -> None:
    invite = request(0, "INVITE", body=description(media=PCMA))
    alone = [invite, response(1000, 200, "OK"), request(1010, "ACK", tag="2")]
    assert not found([*alone, *talk(), *hung_up()], ID)
    assert found([*alone, *talk(B, A, 78), *hung_up()], ID)


def test_early_media_before_the_answer_is_not_judged() -> None:
    early = talk(B, A, 78, start=100, seconds=0.8, payload_type=3)
    assert not found([*dialled(), *early, *talk(), *talk(B, A, 79), *hung_up()], ID)


@pytest.mark.parametrize(
    ("offer", "answer", "told"), [((), (), True), ((13,), (), True), ((), (13,), False), ((13,), (13,), False)]
)
def test_comfort_noise_that_the_receiver_does_not_list_is_a_note(
    offer: tuple[int, ...], answer: tuple[int, ...], told: bool
) -> None:
    ends = [
        description(*end, media=" ".join(["RTP/AVP 0", *map(str, also)])) for end, also in ((A, offer), (B, answer))
    ]
    speech, noise = talk(seconds=5), talk(start=6020, seconds=4, every=200, step=1600, payload_type=13, first=350)
    notes = found([*dialled(*ends), *speech, *noise, *talk(B, A, 78), *hung_up()], ID)
    assert [(each.severity, " of type 13 (CN" in each.what) for each in notes] == [("note", True)] * told
    few = [*dialled(*ends), *speech, *noise[:5], *talk(B, A, 78), *hung_up()]
    assert not found(few, ID)
