"""Hold: what counts as one, and how it ends."""

from __future__ import annotations

import pytest

from tests.finding_cases.presence import held_until, reinvite, version
from tests.found import found, frames
from tests.stories import OFFER, A, B, description, dialled, hung_up, request, response, talk

NOWHERE = version(3, B).replace(b"c=IN IP4 203.0.113.2", b"c=IN IP4 0.0.0.0")
TALK = [*talk(seconds=28), *talk(B, A, 78, seconds=28)]


def test_an_offer_that_nobody_took_holds_nobody() -> None:
    hold = request(3000, "INVITE", number=2, tag="2", body=version(2, A, "a=sendonly"))
    assert not found([*dialled(), hold, response(3010, 100, "Trying", number=2), *TALK], "call-held")
    (told,) = found([*dialled(), *reinvite(3000, version(2, A, "a=sendonly"), version(2, B), 2), *TALK], "call-held")
    assert told.what == "the caller offers sendonly" and told.severity == "note"


def test_an_offer_whose_answers_were_not_captured_may_hold() -> None:
    hold = request(3000, "INVITE", number=2, tag="2", body=version(2, A, "a=sendonly"))
    story = [*dialled(), hold]
    late = [each for each in story if b"INVITE" not in each[3].split(b"\r\n")[0] or b"o=- 1 2" in each[3]]
    silent = [each if b"SIP/2.0 200" not in each[3] else response(1000, 200, "OK") for each in late]
    assert len(found([request(0, "INVITE"), *silent, request(1, "INVITE", body=version(1))], "call-held")) == 1


def test_who_answers_the_end_of_a_hold_with_no_address_stays_without_sound() -> None:
    (told,) = found([*held_until(9000, version(3), NOWHERE), *TALK, *hung_up(30_000)], "hold-not-released")
    assert told.what.startswith(
        "the caller takes the call off hold, and the callee answers 0.0.0.0: the caller may not speak for the 21.0 s"
    )
    assert frames(told)
    assert not found([*held_until(9000, version(3), version(3, B)), *TALK, *hung_up(30_000)], "hold-not-released")


@pytest.mark.parametrize("way", ["recvonly", "inactive"])
def test_who_answers_at_the_beginning_that_it_does_not_speak_is_told(way: str) -> None:
    quiet = description(*B, f"a={way}")
    (told,) = found([*dialled(OFFER, quiet), *talk(), *hung_up()], "call-held")
    assert (told.severity, told.what, frames(told)) == ("note", f"the callee answers {way}", [3])
    assert not found([*dialled(OFFER, quiet), *talk(), *hung_up(3000)], "call-held")
    assert not found([*dialled(description(*A, "a=sendonly"), quiet), *talk(), *hung_up()], "call-held")
    assert not found([*dialled(OFFER, description(*B, "a=sendonly")), *talk(B, A, 78), *hung_up()], "call-held")


def trickled(number: int, *lines: str, port: int = 9) -> bytes:
    """A description of a side that is nowhere yet."""
    return version(number, ("0.0.0.0", port), *lines)


def test_an_address_that_ice_is_to_find_holds_nobody() -> None:
    ice = ("a=ice-ufrag:fQ3s", "a=ice-pwd:k7Yb2fQ3sX9pLm4Rt6Vw8Zc1")
    spoken = [*talk(seconds=28), *talk(B, A, 78, seconds=5), *hung_up(30_000)]
    story = [*dialled(trickled(1, *ice), version(1, B)), *spoken]
    restarted = [*story, *reinvite(3000, trickled(2, *ice), version(2, B), 2)]
    assert not found(restarted, "call-held")
    (told,) = found(restarted, "media-ended-early")
    assert told.what.startswith("the callee sends no RTP after this")
    for offer in (trickled(2), trickled(2, *ice, port=A[1])):
        held = [*story, *reinvite(3000, offer, version(2, B), 2)]
        assert [each.what for each in found(held, "call-held")] == ["the caller offers 0.0.0.0"]
        assert not found(held, "media-ended-early")
