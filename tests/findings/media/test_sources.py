"""Who sends under which SSRC."""

from __future__ import annotations

from tests.finding_cases.plain import after_one_another
from tests.found import PROXY, found, ids
from tests.stories import (
    ANSWER,
    GOOD,
    OFFER,
    A,
    B,
    Story,
    conversation,
    description,
    dialled,
    hung_up,
    report,
    request,
    response,
    talk,
)


def test_a_relay_that_passes_the_ssrc_on_is_no_second_sender() -> None:
    near, far = ("192.0.2.9", 7000), ("192.0.2.9", 7002)
    story = [
        request(0, "INVITE", body=OFFER), (5, PROXY, B, request(0, "INVITE", body=description(*far))[3]),
        (900, B, PROXY, response(0, 200, "OK", body=ANSWER)[3]),
        (905, PROXY, A, response(0, 200, "OK", body=description(*near))[3]),
        *talk(A, near), *talk(far, B, start=1021), *hung_up(),
    ]
    assert not found(story, "ssrc-shared")


def test_a_source_that_outlives_its_call_is_no_fault_of_the_stream() -> None:
    """What is between two calls is neither a pause, nor media after the BYE, nor a sender that began anew."""
    assert ids(report(after_one_another(2_000_000_000, 77))) == {"port-shared", "stream-spans-calls", "rtcp-missing"}
    assert ids(report(after_one_another(0, 79))) == {"port-shared"}


def test_two_sources_at_once_are_told_for_how_long() -> None:
    (told,) = found([*GOOD, *talk(ssrc=79, start=4020, seconds=4)], "sources-at-once")
    assert told.what.endswith("SSRC 0x0000004D goes on beside it for 4.0 s") and told.time is not None


def test_sources_that_take_turns_or_may_be_two_are_none_at_once() -> None:
    resumed = talk(seconds=3), talk(ssrc=79, start=4020, seconds=4), talk(start=8020, seconds=2.8, first=250)
    stories: list[Story] = [
        [*dialled(), *sum(resumed, []), *talk(B, A, 78), *hung_up()],
        [*GOOD, *talk(ssrc=79, start=4020, seconds=6, every=200, payload_type=13, size=1, step=1600)],
        [*GOOD, *talk((A[0], 7000), ssrc=79, start=4020, seconds=4)],
    ]
    named = [description(*A, "a=ssrc:77 cname:a", "a=ssrc:79 cname:a"), ANSWER]
    two = [description(*end) + b"m=audio %d RTP/AVP 8\r\n" % end[1] for end in (A, B)]
    stories += [
        [*dialled(*ends), *conversation(), *talk(ssrc=79, start=4020, seconds=4), *hung_up()] for ends in (named, two)
    ]
    assert not [each for story in stories for each in found(story, "sources-at-once")]
