"""What the media of calls have, looked up once for the rules about it."""

from __future__ import annotations

import pytest

from dissectors.findings.media_traits import (
    ASTRAY,
    CROWDED,
    EARLY,
    INTRICATE,
    LATE,
    ONE_WAY,
    OUTLIVING,
    PACED,
    STOPPED,
    UNLISTED,
    UNNAMED,
)
from dissectors.findings.traits import Trait, traits_of
from tests.stories import (
    ANSWER,
    GOOD,
    OFFER,
    A,
    B,
    C,
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

NAMED = "a=rtpmap:0 PCMU/8000"
BOTH = dialled(description(*A, NAMED), description(*B, NAMED))
ALL = {INTRICATE, UNNAMED, PACED, CROWDED, ASTRAY, UNLISTED, ONE_WAY, EARLY, LATE, STOPPED, OUTLIVING}


def of(story: Story) -> frozenset[Trait]:
    """The traits of the media of the first call of a story."""
    told = report(story)
    call = told.calls[0]
    return traits_of(call, [told.streams[position] for position in call.streams]) & ALL


def test_a_good_call_has_none_of_them() -> None:
    assert of([*BOTH, *conversation(), *hung_up()]) == set()


def test_a_type_may_have_no_name() -> None:
    ends = [description(*end, media="RTP/AVP 0 97") for end in (A, B)]
    assert of([*dialled(*ends), *conversation(), *hung_up()]) == {UNNAMED} and of(GOOD) == set()


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        (description(*A, NAMED, "a=sendonly"), description(*B, NAMED)),
        (description(*A, NAMED), description("0.0.0.0", B[1], NAMED)),
        (description(*A, NAMED), description(B[0], 0, NAMED)),
        (description(*A, NAMED, "a=rtpID:7"), description(*B, NAMED)),
        (description(*A, NAMED, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40), description(*B, NAMED)),
        (description(*A, NAMED, "a=setup:actpass"), description(*B, NAMED)),
        (description(*A, NAMED, "a=ice-lite"), description(*B, NAMED)),
        (description(*A, NAMED, "a=candidate:1 1 UDP 1 198.51.100.1 16402 typ host"), description(*B, NAMED)),
        (description(*A, NAMED, media="RTP/SAVP 0"), description(*B, NAMED)),
        (description(*A, NAMED), description(*B, "a=rtpmap:8 PCMA/8000", media="RTP/AVP 8")),
        (description(*A, NAMED, "a=rtpmap:97 telephone-event/8000", media="RTP/AVP 0 97"),
         description(*B, "a=rtpmap:97 telephone-event/8000", media="RTP/AVP 97")),
        (description(*A, "a=rtpmap:97 telephone-event/8000", media="RTP/AVP 97"),
         description(*B, "a=rtpmap:97 telephone-event/8000", media="RTP/AVP 97")),
        (description(*A, kind="video", media="RTP/AVP 34"), description(*B, kind="video", media="RTP/AVP 34")),
        (description(*A, media="udptl t38", kind="image"), description(*B, media="udptl t38", kind="image")),
        (description(*A, NAMED, f"m=audio {A[1] + 2} RTP/AVP 0"), description(*B, NAMED)),
        (description(*A, NAMED), description(*A, NAMED)),
        (description(*A, NAMED), description(*B, NAMED, "b")),
    ],
)
def test_what_is_more_than_one_line_of_sound_is_intricate(offer: bytes, answer: bytes) -> None:
    assert INTRICATE in of([*dialled(offer, answer), *conversation(), *hung_up()])


@pytest.mark.parametrize("offered", ["0 8", "8 0", "97 8 0"])
def test_an_answer_may_take_any_codec_of_the_offer(offered: str) -> None:
    names = NAMED, "a=rtpmap:8 PCMA/8000", "a=rtpmap:97 telephone-event/8000"
    offer = description(*A, *names, media=f"RTP/AVP {offered}")
    assert of([*dialled(offer, description(*B, NAMED)), *conversation(), *hung_up()]) == set()


def test_what_is_no_answer_in_its_2xx_is_intricate() -> None:
    again = [request(2000, "INVITE", body=OFFER, number=3, tag="2"), response(2020, 200, "OK", body=ANSWER, number=3)]
    early = [response(500, 183, "Session Progress", body=ANSWER)]
    assert INTRICATE in of([*dialled(), *again, *hung_up()]) and INTRICATE in of(sorted([*dialled(answer=b""), *early]))
    assert INTRICATE in of(dialled(answer=b"")) and INTRICATE in of(dialled()[:2])


def test_an_answer_that_its_2xx_repeats_is_the_answer() -> None:
    offer, answer = description(*A, NAMED), description(*B, NAMED)
    early = [response(500, 183, "Session Progress", body=answer)]
    story = sorted([*dialled(offer, answer), *conversation(), *hung_up(), *early])
    assert of(story) == set()
    for before, after in ((b"1 1 IN", b"1 2 IN"), (b"tag=2", b"tag=3"), (b"PCMU", b"PCMu")):
        changed = [(t, a, b, o.replace(before, after) if b" 183 " in o else o) for t, a, b, o in story]
        assert INTRICATE in of(changed), after


@pytest.mark.parametrize(
    ("lines", "traits"),
    [
        (("a=ptime:20",), set()), (("a=maxptime:20",), set()), (("a=ptime:20", "a=maxptime:150"), set()),
        (("a=ptime:30",), {PACED}), (("a=maxptime:10",), {PACED}), (("a=ptime:20", "a=maxptime:10"), {PACED}),
    ],
)
def test_a_line_may_ask_for_longer_or_shorter_packets_than_come(lines: tuple[str, ...], traits: set[str]) -> None:
    ends = description(*A, NAMED, *lines), description(*B, NAMED, *lines)
    for offer, answer in (ends, (ends[0], description(*B, NAMED)), (description(*A, NAMED), ends[1])):
        assert of([*dialled(offer, answer), *conversation(), *hung_up()]) == traits


def test_who_changes_the_length_of_packets_keeps_to_none() -> None:
    offer = description(*A, NAMED, "a=ptime:20")
    longer = talk(B, A, 78, start=5020, seconds=6, first=300, origin=32_000, step=320, every=40, size=320)
    story = [*dialled(offer, description(*B, NAMED)), *talk(), *talk(B, A, 78, seconds=4), *longer, *hung_up()]
    assert of(story) == {PACED}


@pytest.mark.parametrize(
    ("streams", "traits"),
    [
        ([*talk(), *talk(B, A, 78, start=400)], {EARLY}),
        ([*talk(), *talk(B, A, 78, start=3000, seconds=8)], {LATE}),
        ([*talk(), *talk(B, A, 78, seconds=4)], {STOPPED}),
        ([*talk(), *talk(B, A, 78, seconds=14)], {OUTLIVING}),
        (talk(), {ONE_WAY}),
        ([*talk(), *talk(B, A, 77)], {CROWDED}),
        ([*talk(), *talk(B, A, 78), *talk(ssrc=79, first=9)], {CROWDED}),
        ([*talk(), *talk(B, A, 78, payload_type=8)], {UNLISTED}),
        ([*talk((A[0], 9000), B), *talk(B, A, 78)], {ASTRAY}),
        ([*talk(), *talk(C, A, 78)], {ASTRAY}),
    ],
)
def test_streams_that_do_not_keep_to_what_was_agreed_are_told(streams: Story, traits: set[str]) -> None:
    assert of([*BOTH, *streams, *hung_up()]) == traits


def test_where_it_is_not_known_what_was_agreed_nobody_keeps_to_it() -> None:
    story = [*dialled(description(*A, NAMED, "a=sendonly"), description(*B, NAMED)), *conversation(), *hung_up()]
    assert of(story) == {INTRICATE, UNNAMED, PACED, ASTRAY, UNLISTED}


def test_a_payload_type_that_is_written_with_a_zero_is_not_that_of_packets() -> None:
    lines = description(*A, media="RTP/AVP 0 08"), description(*B, media="RTP/AVP 0 08")
    story = [*dialled(*lines), *talk(payload_type=8), *talk(B, A, 78, payload_type=8), *hung_up()]
    assert UNLISTED in of(story)
