"""Streams that are plain: whatever else happens, no rule would have had anything to say of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dissectors.analysis.calls.descriptions import Codec
from dissectors.engine import retirement
from dissectors.engine.engine import Engine
from dissectors.findings import plain, rule
from dissectors.findings.outlines import Streams
from dissectors.findings.rule import Facts
from dissectors.findings.rules import OF_CALLS, findings
from dissectors.mux.scan import Scanner
from dissectors.report import Stream
from dissectors.wire.captures.records import Record
from dissectors.wire.values import replace
from tests.finding_cases import CASES
from tests.made import ETHERNET, Endpoint, frame
from tests.stories import A, B, C, Story, description, receiver_report, request, response, rtp, sender_report, talk

D: Endpoint = ("203.0.113.9", 16500)
NAMED = "a=rtpmap:0 PCMU/8000"


def called(name: str, a: Endpoint, b: Endpoint, *lines: str, media: str = "RTP/AVP 0", seconds: float = 3.0) -> Story:
    """A call that is answered at once, without its media."""
    offer, answer = (description(*end, *(lines or (NAMED,)), media=media) for end in (a, b))
    end = 1100 + 1000 * seconds
    return [
        request(0, "INVITE", body=offer, call=name), response(1000, 200, "OK", body=answer, call=name),
        request(1010, "ACK", tag="2", call=name), request(end, "BYE", number=2, tag="2", call=name),
        response(end + 20, 200, "OK", "BYE", number=2, call=name),
    ]


def speech(a: Endpoint = A, b: Endpoint = B, ssrc: int = 77, seconds: float = 3.0) -> Story:
    return talk(a, b, ssrc, seconds=seconds)


def in_pairs(number: int) -> float:
    """What comes in pairs waits for the next one."""
    return 19.0 * (number % 2 == 0)


OTHER = [*called("other", C, D), *speech(C, D, 87), *speech(D, C, 88)]
"""Another call, of which all is plain."""


def judged(story: Story, monkeypatch: pytest.MonkeyPatch) -> list[Facts]:
    """What the rules look at when all calls of a story go at its end."""
    looked: list[Facts] = []
    given = findings

    def kept(values: Facts, rules: object, most: int) -> object:
        looked.extend([values] if rules is OF_CALLS else ())
        return given(values, rules, most)  # type: ignore[arg-type]

    monkeypatch.setattr(retirement, "findings", kept)
    scanner, engine = Scanner(), Engine(max_finished=0)
    records = []
    for number, (time, src, dst, payload) in enumerate(sorted(story, key=lambda one: one[0]), 1):
        octets = frame(src, dst, payload)
        records.append((0, Record(number, int(time * 1e6), ETHERNET, octets, len(octets))))
    for batch in scanner.scan(records):
        engine.feed(batch)
    engine.feed(scanner.finish(engine.announced()))
    engine.retire_finished(scanner, at_the_end=True)
    return looked


def striking(values: Facts) -> set[int]:
    """The SSRCs of the streams that are not plain; where some are, all rules find what they find in all streams."""
    if isinstance(values.streams, Streams):
        streams: tuple[Stream, ...] = tuple(values.streams[number] for number in range(len(values.streams)))
        whole = replace(values, streams=streams, _known={})
        assert findings(values, OF_CALLS) == findings(whole, OF_CALLS)
        assert values.once(rule._traits)._alike == whole.once(rule._traits)._alike
    return {stream.ssrc for _, stream in values.striking}


def test_no_stream_of_a_good_call_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    (values,) = judged([*called("one", A, B), *speech(), *speech(B, A, 78), *OTHER], monkeypatch)
    assert isinstance(values.streams, Streams) and not values.streams._made
    assert not striking(values) and [stream.ssrc for stream in values.streams] == [77, 78, 87, 88]
    assert values.streams[-1] == values.streams[3:][0] and values.streams[-1].ssrc == 88


def changed(number: int, change: Callable[[bytes], bytes]) -> Story:
    """Speech of which one datagram is another one."""
    return [(*told[:3], change(told[3]) if n == number else told[3]) for n, told in enumerate(speech())]


def extended(octets: bytes) -> bytes:
    return bytes((octets[0] | 0x10,)) + octets[1:12] + b"\xbe\xde\x00\x01\x10\x7f\x00\x00" + octets[12:]


STRIKING: dict[str, Story] = {
    "lost": talk(seconds=3, lost=lambda n: n == 70),
    "twice": [*speech(), speech()[70]],
    "late": talk(seconds=3, delay=lambda n: 50.0 * (n == 70)),
    "jitter": talk(seconds=2.2, every=80, step=640, delay=lambda n: 75.0 * (n % 2)),
    "pause": talk(seconds=3, delay=lambda n: 1200.0 * (n > 70)),
    "silence": [*talk(seconds=1), *talk(start=2420, seconds=1, first=150, origin=70 * 160)],
    "restart": [*talk(seconds=1), *talk(start=2020, seconds=1, first=9000, origin=50 * 160)],
    "jump": [*talk(seconds=1), *talk(start=2020, seconds=1, first=150, origin=1 << 30)],
    "fast": talk(seconds=3, fast=40_000),
    "slow": talk(seconds=3, step=80),
    "together": [(told[0] - 19 * (n % 2), *told[1:]) for n, told in enumerate(speech())],
    "another type": [*talk(seconds=1), *talk(start=2020, seconds=1, first=150, origin=8000, payload_type=8)],
    "unknown type": talk(seconds=3, payload_type=99),
    "type of RTCP": talk(seconds=3, payload_type=72),
    "tagged": talk(seconds=3, size=170),
    "extension": changed(70, extended),
    "pressed": [*talk(seconds=1), *(
        (2020 + 20 * n, A, B, rtp(150 + n, 77, 101, 8000, bytes((1, 0x80 * (n > 3), n, 0)))) for n in range(6)
    )],
    "two sources": [*speech(), *talk(ssrc=79, seconds=3, origin=5000)],
    "same name": [*speech(), *talk(D, B, seconds=3, origin=5000, first=4000)],
    "name of another call": talk(ssrc=87, seconds=3),
    "for long": talk(seconds=8.2),
    "reports of loss": [*speech(), receiver_report(2000, 77), receiver_report(3000, 77, lost=20)],
    "a long way": [*speech(), sender_report(2000), receiver_report(3000, 77, lsr=0x10000, dlsr=0.5)],
    "many reports": [*speech(), *[sender_report(time) for time in (1500, 2000, 2500)]],
}


@pytest.mark.parametrize("name", STRIKING)
def test_what_is_unusual_is_looked_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 9.0 if name == "for long" else 3.0
    story = [*called("one", A, B, seconds=seconds), *STRIKING[name], *speech(B, A, 78), *OTHER]
    (values,) = judged(story, monkeypatch)
    assert striking(values) & {77, 79, 87}


@pytest.mark.parametrize("story", [
    talk(seconds=0.1), talk(seconds=3, delay=lambda n: 12.0 * (n % 2)), talk(seconds=3, every=30, step=240, size=240),
    talk(D, B, seconds=3), talk(seconds=1, start=900), talk(seconds=1, start=4000),
])
def test_where_a_stream_comes_from_and_when_is_its_calls_concern(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    (values,) = judged([*called("one", A, B), *story, *speech(B, A, 78), *OTHER], monkeypatch)
    assert not striking(values)


def test_a_stream_is_plain_of_which_reports_say_little(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [receiver_report(2100, 77, lsr=0x10000, dlsr=0.05), receiver_report(3000, 77)]
    (values,) = judged([*called("one", A, B), *speech(), *speech(B, A, 78), *said, *OTHER], monkeypatch)
    assert not striking(values)


def test_a_stream_whose_sender_says_what_time_it_is_may_have_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    (values,) = judged([*called("one", A, B), *speech(), *speech(B, A, 78), sender_report(2000), *OTHER], monkeypatch)
    assert striking(values) == {77}


@pytest.mark.parametrize("named", ["red/8000", "G723/8000", "PCMU/90000", "PCMU/16000", "GSM-EFR/22050"])
def test_a_stream_is_plain_by_its_codec(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    story = [*called("one", A, B, f"a=rtpmap:0 {named}"), *speech(), *speech(B, A, 78), *OTHER]
    (values,) = judged(story, monkeypatch)
    assert striking(values) == {77, 78}


USUAL = Codec("PCMU", 8000, 1, "certain", "named")


@pytest.mark.parametrize("other", [
    {"name": None}, {"clock": None}, {"clock": 90_000}, {"certainty": "likely"}, {"name": "red"}, {"name": "rtx"},
])
def test_of_a_codec_everything_must_be_known_for_certain(other: dict[str, object]) -> None:
    assert plain._is_usual(USUAL, 0) and not plain._is_usual(replace(USUAL, **other), 0)


LONG_FRAMES = {"every": 240, "step": 1920, "size": 1920}
PCMU_IN_KEYS = (NAMED, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40)
BY_ITSELF: dict[str, tuple[Story, Story]] = {
    "protected, with lengths that say nothing": (
        called("one", A, B, *PCMU_IN_KEYS, media="RTP/SAVP 0"),
        [*talk(seconds=3, size=163), *talk(B, A, 78, seconds=3, size=163)],
    ),
    "in pairs": (
        called("one", A, B, seconds=1), [*talk(seconds=1, delay=in_pairs), *talk(B, A, 78, seconds=1, delay=in_pairs)],
    ),
    "long frames": (
        called("one", A, B), [*talk(seconds=3, **LONG_FRAMES), *talk(B, A, 78, seconds=3, **LONG_FRAMES)],
    ),
    "no sound by its line": (
        [(*told[:3], told[3].replace(b"m=audio", b"m=video")) for told in called("one", A, B)],
        [*speech(), *speech(B, A, 78)],
    ),
}
"""Streams that are as others are but for one thing."""


@pytest.mark.parametrize("name", BY_ITSELF)
def test_one_thing_alone_is_enough_to_be_looked_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (values,) = judged([*BY_ITSELF[name][0], *BY_ITSELF[name][1], *OTHER], monkeypatch)
    assert striking(values) == {77, 78}


def test_a_named_payload_type_that_collides_with_rtcp_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    story = [
        *called("one", A, B, "a=rtpmap:72 PCMU/8000", media="RTP/AVP 72"), *talk(seconds=3, payload_type=72),
        *talk(B, A, 78, seconds=3, payload_type=72), *OTHER,
    ]
    (values,) = judged(story, monkeypatch)
    assert striking(values) == {77, 78}


def test_the_end_of_a_stream_is_known_without_those_that_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    story = [*called("one", A, B), *STRIKING["tagged"], *speech(B, A, 78), *OTHER]
    (values,) = judged(story, monkeypatch)
    assert isinstance(values.streams, Streams) and values.streams._made.keys() == dict(values.striking).keys()
    ((_, stream),) = values.striking
    assert values.moment(stream.last_place) == stream.last
    assert values.streams._made.keys() == dict(values.striking).keys()
    assert values.streams[-1] is values.streams[len(values.streams) - 1]


def test_what_was_agreed_to_be_encrypted_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (NAMED, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40)
    media = [*talk(seconds=3, size=170), *talk(B, A, 78, seconds=3, size=170)]
    (values,) = judged([*called("one", A, B, *lines, media="RTP/SAVP 0"), *media, *OTHER], monkeypatch)
    assert striking(values) == {77, 78}


TOLD = {id: pair for id, pair in CASES.items() if not any(map(callable, pair))}
"""The cases that are stories; the others are captures of their own."""


def test_nearly_all_rules_have_a_story() -> None:
    assert len(TOLD) >= 160


@pytest.mark.parametrize("id", TOLD)
def test_a_rule_finds_the_same_where_plain_streams_are_looked_at(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for story in TOLD[id]:
        assert isinstance(story, list)
        (values,) = judged([*story, *OTHER], monkeypatch)
        assert isinstance(values.streams, Streams), "nothing was compared"
        striking(values)
