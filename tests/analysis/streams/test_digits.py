"""Telephone events: what counts as one, what does not, and why a stream pauses without falling silent."""

from __future__ import annotations

import pytest

from dissectors.mux import scan
from dissectors.mux.counters import MAX_EVENTS
from dissectors.report import Report, Stream
from dissectors.wire.captures.records import Record
from tests.made import ETHERNET, frame
from tests.stories import A, B, Story, Told, description, dialled, hung_up, only, report, request, response, rtp, talk
from tests.twins import SCANNERS

EVENTS = "a=rtpmap:101 telephone-event/8000"
NAMED = [description(*end, EVENTS, media="RTP/AVP 0 101") for end in (A, B)]


def key(digit: int, at: float, first: int, stamp: int, *, repeat: bool = False, payload_type: int = 101) -> Story:
    """A key held for 160 ms: seven datagrams, then its end three times, if so under one sequence number."""
    told: Story = []
    for n in range(10):
        octets = bytes([digit, 0x80 * (n > 6) | 10]) + (160 * min(n + 1, 8)).to_bytes(2, "big")
        sequence = first + (min(n, 7) if repeat else n)
        told.append((at + min(n, 7) * 20 + max(0, n - 7) * 0.04, A, B, rtp(sequence, 77, payload_type, stamp, octets)))
    return told


def dialling(digits: list[int], *, seconds: float = 1.0) -> Story:
    """Speech of `seconds`, a key, speech again and so on; nobody is silent."""
    story: Story = []
    at, sequence, stamp = 1020.0, 100, 0
    for digit in digits:
        count = int(seconds * 50)
        story += talk(start=at, first=sequence, origin=stamp, seconds=seconds)
        at, sequence, stamp = at + 20 * count, sequence + count, stamp + 160 * count
        story += key(digit, at, sequence, stamp)
        at, sequence, stamp = at + 160, sequence + 10, stamp + 1280
    return [*story, *talk(start=at, first=sequence, origin=stamp, seconds=seconds)]


def one(made: Report) -> Stream:
    (stream,) = (stream for stream in made.streams if stream.src == A[0])
    return stream


def ids(made: Report) -> set[str]:
    return {finding.id for finding in made.findings}


def moving(digit: int, at: float, first: int, stamp: int, *, growing: bool) -> Story:
    """A key whose datagrams each have a timestamp of their own, while it grows or where its end comes again."""
    told = []
    for n, (time, src, dst, octets) in enumerate(key(digit, at, first, stamp)):
        moved = n if growing else max(0, n - 7)
        told.append((time, src, dst, rtp(first + n, 77, 101, stamp + 160 * moved, octets[12:])))
    return told


@pytest.mark.parametrize("growing", [True, False])
def test_a_key_whose_timestamps_move_is_one_key(growing: bool) -> None:
    speech = [*talk(seconds=2), *talk(start=4000, first=300, origin=50_000, seconds=2)]
    pressed = [*moving(5, 3100, 200, 20_000, growing=growing), *moving(5, 3300, 220, 24_000, growing=growing)]
    made = report([*dialled(*NAMED), *speech, *pressed])
    assert [(each.digit, each.duration_ms, each.timestamps) for each in one(made).digits] == [
        ("5", 160, 10 if growing else 3),
    ] * 2
    (told,) = (each for each in made.findings if each.id == "event-timestamp-moves")
    times = 10 if growing else 3
    assert told.what.endswith(f": 5 has {times} timestamps, 5 has {times} timestamps") and told.severity == "warning"


def test_one_key_twice_in_a_hurry_is_two_keys() -> None:
    made = report([*dialled(*NAMED), *talk(seconds=2), *key(5, 3100, 200, 20_000), *key(5, 3270, 220, 21_360)])
    assert [(each.digit, each.timestamps) for each in one(made).digits] == [("5", 1)] * 2
    assert "event-timestamp-moves" not in ids(made)


def test_keys_of_one_packet_each_in_a_hurry_are_as_many_keys() -> None:
    """A machine dials so, at ends alone: the next one begins when the one before has ended."""
    ends = [(3100 + 80 * n, A, B, rtp(200 + n, 77, 101, 20_000 + 640 * n, b"\1\x8a\1\x40")) for n in range(6)]
    made = report([*dialled(*NAMED), *talk(seconds=2), *ends])
    assert [(each.digit, each.timestamps) for each in one(made).digits] == [("1", 1)] * 6
    assert "event-timestamp-moves" not in ids(made)


@pytest.mark.parametrize("repeat", [False, True])
def test_a_stream_of_nothing_but_events_tells_its_keys(repeat: bool) -> None:
    made = report([*key(1, 1000, 10, 5000, repeat=repeat), *key(11, 2000, 20, 13_000, repeat=repeat)])
    stream = one(made)
    assert [each.digit for each in stream.digits] == ["1", "#"]
    assert stream.codec == "telephone-event" and stream.certainty == "medium"
    assert [each.duration_ms for each in stream.digits] == [160, 160]
    assert "digits-sent" in ids(made) and "codec-guessed" not in ids(made)


def test_the_end_of_an_event_under_one_sequence_number_is_no_duplicate() -> None:
    keys = [each for n in range(4) for each in key(n, 1000 + 400 * n, 8 * n + 10, 5000 + 3200 * n, repeat=True)]
    made = report(keys)
    assert one(made).duplicates == 8 and "stream-duplicates" not in ids(made)
    assert "stream-duplicates" in ids(report([*keys, *[(told[0] + 1, *told[1:]) for told in keys[:6]]]))


@pytest.mark.parametrize(
    "octets", [bytes([5, 0x4A, 1, 0]), bytes([200, 10, 1, 0]), bytes([5, 10, 1, 0]), bytes([5, 0x80, 0, 0])]
)
def test_four_octets_that_are_no_event_press_no_key(octets: bytes) -> None:
    """The reserved bit, an unknown event, one without an end, one without a duration."""
    story = [(2020 + 20 * n, A, B, rtp(150 + n, 77, 101, 8000, octets)) for n in range(12)]
    stream = one(report([*talk(seconds=1), *story]))
    assert stream.digits == () and [each.packets for each in stream.payloads] == [50, 12]


def test_what_the_sdp_names_otherwise_is_no_event() -> None:
    other = [description(*end, "a=rtpmap:101 x/8000", media="RTP/AVP 0 101") for end in (A, B)]
    story = [*dialled(*other), *dialling([1, 2]), *talk(B, A, 78), *hung_up()]
    assert one(report(story)).digits == ()
    assert [each.digit for each in one(report([*dialled(*NAMED), *dialling([1, 2])])).digits] == ["1", "2"]


@pytest.mark.parametrize("twin", SCANNERS)
def test_silence_frames_of_four_octets_leave_room_for_events(twin: type[scan.Scanner]) -> None:
    story = [(30.0 * n, A, B, rtp(n, 77, 4 if n % 2 else 98, 240 * n, b"\xf0\x0a\0\0")) for n in range(4 * MAX_EVENTS)]
    story += [(9000.0 + n, A, B, rtp(4 * MAX_EVENTS + n, 77, 101, 7, bytes([3, 0x8A, 1, 0]))) for n in range(3)]
    records = [(0, Record(n, int(at * 1e6), ETHERNET, made := frame(src, dst, payload), len(made)))
               for n, (at, src, dst, payload) in enumerate(story, 1)]
    scanner = twin()
    list(scanner.scan(records))
    scanner.finish()
    (counters,) = scanner.streams
    assert counters.packets == len(story) and list(counters.events) == [(101, 7)]


def test_keys_beyond_the_bound_are_said_to_be_left_out() -> None:
    keys = [each for n in range(70) for each in key(n % 10, 1000 + 400 * n, 10 * n + 10, 5000 + 3200 * n)]
    made = report(keys)
    (finding,) = (each for each in made.findings if each.id == "digits-sent")
    assert len(one(made).digits) == MAX_EVENTS and f"the first {MAX_EVENTS} are 0 1 2" in finding.what


@pytest.mark.parametrize("named", [True, False])
def test_pressing_keys_is_not_silence(named: bool) -> None:
    story = dialling([1, 2, 3, 4, 5])
    made = report([*dialled(*NAMED), *story, *talk(B, A, 78), *hung_up()] if named else story)
    timing = one(made).timing
    assert timing is not None and timing.silence is not None
    assert timing.silence < 0.01 and "silence-suppressed" not in ids(made)


def test_pressing_keys_is_no_jitter() -> None:
    stream = one(report([*dialled(*NAMED), *dialling([1, 2, 3])]))
    assert stream.maximum_jitter_ms == 0.0 and len(stream.digits) == 3


def holding(direction: str, answer: str, *, pause: bool) -> Story:
    """A call of twenty seconds; from the fifth to the fifteenth the callee holds, and the caller stops if `pause`."""
    resumed = [description(*A, "a=sendrecv"), description(*B, "a=sendrecv")]
    before = talk(seconds=4)
    after = talk(start=16_020, first=300 if pause else 850, origin=750 * 160, seconds=4)
    between = [] if pause else talk(start=5020, first=300, origin=200 * 160, seconds=11)
    return [
        *dialled(), *before, *between, *after, *talk(B, A, 78, seconds=19),
        request(5000, "INVITE", body=description(*B, f"a={direction}"), number=2, tag="2", back=True),
        response(5020, 200, "OK", body=description(*A, f"a={answer}"), number=2, back=True),
        request(5030, "ACK", number=2, tag="2", back=True),
        request(16_000, "INVITE", body=resumed[1] + b"a=x\r\n", number=3, tag="2", back=True),
        response(16_010, 200, "OK", body=resumed[0], number=3, back=True),
        request(16_015, "ACK", number=3, tag="2", back=True),
        *hung_up(20_500),
    ]


@pytest.mark.parametrize(("direction", "answer"), [("sendonly", "recvonly"), ("inactive", "inactive")])
def test_hold_is_not_silence(direction: str, answer: str) -> None:
    made = report(holding(direction, answer, pause=True))
    timing = one(made).timing
    assert timing is not None and timing.silence is not None and timing.silence < 0.02
    assert "silence-suppressed" not in ids(made) and "call-held" in ids(made)


def test_a_pause_that_was_not_agreed_is_silence() -> None:
    made = report(holding("sendrecv", "sendrecv", pause=True))
    timing = one(made).timing
    assert timing is not None and timing.silence == pytest.approx(11 / 19, abs=0.03)
    assert "silence-suppressed" in ids(made)


def test_digits_are_read_with_and_without_a_name() -> None:
    def event(n: int, digit: int, at: float, stamp: int, end: bool) -> Told:
        return at, A, B, rtp(n, 77, 101, stamp, bytes([digit, 0x80 * end, n % 3, 80]))

    keys: Story = []
    for place, digit in enumerate((1, 11, 5)):
        start, stamp = 3000 + place * 400, 16_000 + place * 3200
        keys += [event(200 + place * 6 + n, digit, start + n * 20, stamp, n > 3) for n in range(6)]
    stream = only([*talk(seconds=1.9), *keys, *talk(start=4500, first=300, origin=27_600, seconds=2)])
    assert "".join(each.digit for each in stream.digits) == "1#5"
    assert {each.certainty for each in stream.digits} == {"medium"}


def test_keys_that_are_pressed_while_sound_goes_on_are_no_silence() -> None:
    """RFC 4733 section 2.5.1 lets a sender do that; so many changes to and fro are nothing that finds no room."""
    story: Story = []
    number = 0
    for n in range(400):
        story.append((1020 + 20 * n, A, B, rtp(number, 77, 0, 160 * n)))
        number += 1
        key, place = divmod(n, 50)
        if place < 10:
            event = bytes([key, 0x80 * (place > 6)]) + (160 * place + 160).to_bytes(2, "big")
            story.append((1021 + 20 * n, A, B, rtp(number, 77, 101, 8000 * key, event)))
            number += 1
    made = report(story)
    (stream,) = made.streams
    assert "".join(each.digit for each in stream.digits) == "01234567" and len(stream.payload_types) == 64
    assert not ids(made) & {"silence-suppressed", "bound-hit"}
