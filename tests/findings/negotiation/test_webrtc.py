"""Answers without what WebRTC needs: told where the call ended at once because of it."""

from __future__ import annotations

from tests.finding_cases.webrtc import ICE, MUX, OFFER, REFUSED, refused, webrtc
from tests.found import found, frames
from tests.stories import A, B, talk

ID = "webrtc-answer-incomplete"


def test_the_attributes_that_the_answer_lacks_are_named() -> None:
    for lines, named in ((MUX, "a=ice-ufrag"), (ICE, "a=rtcp-mux"), ((), "a=ice-ufrag and a=rtcp-mux")):
        (told,) = found(refused(webrtc(B, *lines, setup="active"), REFUSED), ID)
        assert told.what == (
            f"the offer has {named}, the answer has not; the caller ends the call 0.06 s after it, "
            "SIP 488, Not Acceptable Here"
        )
        assert frames(told) == [1, 3, 5]


def test_a_call_that_goes_on_or_ends_as_calls_do_is_no_such_finding() -> None:
    answer = webrtc(B, setup="active")
    assert not found(refused(answer), ID)
    assert not found(refused(answer, "Reason: Q.850;cause=16"), ID)
    assert not found(refused(answer, REFUSED, after=9000), ID)


def test_the_first_line_of_a_bundle_says_it_for_all() -> None:
    sound = webrtc(B, *ICE, *MUX, setup="active")
    video = sound[sound.index(b"m=") :].replace(b"m=audio", b"m=video")
    bare = b"m=video 16402 UDP/TLS/RTP/SAVPF 0\r\na=setup:active\r\n"
    assert not found(refused(sound + bare, REFUSED, offer=OFFER + video), ID)
    (told,) = found(refused(sound + bare.replace(b"16402", b"16404"), REFUSED, offer=OFFER + video), ID)
    assert told.what.startswith("the offer has a=ice-ufrag and a=rtcp-mux, the answer has not")


def test_where_media_comes_the_answer_was_taken() -> None:
    answer = webrtc(B, *ICE, setup="active")
    assert found(refused(answer, REFUSED, after=3600), ID)
    assert not found([*refused(answer, REFUSED, after=3600), *talk(B, A, 78, start=1100, seconds=2)], ID)
