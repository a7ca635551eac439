"""More calls than a report can hold: those that ended well make room, totals stay, and nothing is told wrong."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from dissectors.analysis.calls import table
from dissectors.engine import belongings, retirement
from dissectors.engine import engine as engine_of_reports
from dissectors.engine.engine import Engine
from dissectors.engine.trackers import Capacity
from dissectors.limits.table import Table
from dissectors.mux.evidence import MIN_RANDOM_SSRC
from dissectors.mux.scan import RECENT_RECORDS, Scanner, middle
from dissectors.mux.table import PROTOCOLS
from dissectors.offline import scanner_class
from dissectors.report import Report
from dissectors.wire.captures.records import Record
from tests import icmp
from tests.finding_cases.plain import FINGERPRINTS, certified, dtls_call
from tests.made import ETHERNET, Endpoint, frame
from tests.stories import (
    OTHER_SERVER,
    SDP,
    SERVER,
    A,
    B,
    C,
    Story,
    asked,
    attribute,
    description,
    dialled,
    error,
    hung_up,
    message,
    receiver_report,
    srtcp,
    talk,
)


def call(number: int, *, start: float, status: int = 200, ended: bool = True) -> Story:
    """A short call between two endpoints of its own."""
    a: Endpoint = (f"198.51.100.{number}", 4000)
    b: Endpoint = (f"203.0.113.{number}", 4000)
    name, told = f"call {number}", []

    def add(time: float, back: bool, line: str, method: str, body: bytes = b"", tag: str = "2") -> None:
        kind = (SDP,) if body else ()
        octets = message(line, 1 + (method == "BYE"), method, *kind, body=body, tag=tag, call=name)
        told.append((start + time, b, a, octets) if back else (start + time, a, b, octets))

    add(0, False, "INVITE sip:b@x SIP/2.0", "INVITE", description(*a), "")
    if status != 200:
        add(10, True, f"SIP/2.0 {status} No", "INVITE")
        return told
    add(10, True, "SIP/2.0 200 OK", "INVITE", description(*b))
    add(20, False, "ACK sip:b@x SIP/2.0", "ACK")
    if ended:
        add(500, False, "BYE sip:b@x SIP/2.0", "BYE")
        add(510, True, "SIP/2.0 200 OK", "BYE")
    return [*told, *talk(a, b, number, start=start + 30, seconds=0.4), *talk(b, a, 1000 + number, start=start + 30,
                                                                             seconds=0.4)]


def told(story: Story, limit: int) -> Report:
    scanner, engine = Scanner(), Engine(capacity=Capacity(calls=limit))
    records = []
    for number, (time, src, dst, payload) in enumerate(sorted(story, key=lambda one: one[0]), 1):
        octets = frame(src, dst, payload)
        records.append((0, Record(number, int(time * 1e6), ETHERNET, octets, len(octets))))
    for batch in scanner.scan(records):
        engine.feed(batch)
    engine.feed(scanner.finish(engine.announced()))
    return engine.report(scanner, ())


TWINS = sorted({Scanner, scanner_class()}, key=lambda twin: twin.build)

STORY = [
    *call(1, start=0, status=486),
    *call(2, start=100, ended=False),
    *(each for n in range(3, 15) for each in call(n, start=n * 1000.0)),
]


def test_calls_that_ended_well_make_room_and_the_others_stay() -> None:
    made = told(STORY, 5)
    assert len(made.calls) == 5
    assert {call.outcome for call in made.calls} == {"rejected", "established", "ended"}
    assert made.totals is not None
    assert (made.totals.calls, made.totals.calls_left_out) == (14, 9)
    assert {seen.name: seen.count for seen in made.totals.outcomes} == {
        "call, ended": 12,
        "call, rejected": 1,
        "call, established": 1,
    }


def test_their_streams_are_counted_and_not_taken_for_unsignalled_ones() -> None:
    whole, made = told(STORY, 100), told(STORY, 5)
    assert whole.totals is not None and made.totals is not None
    assert (made.totals.streams, made.totals.packets) == (whole.totals.streams, whole.totals.packets) == (26, 520)
    assert made.totals.streams_left_out == 26 - len(made.streams) == 18
    assert all(stream.call is not None for stream in made.streams)
    assert "stream-unsignalled" not in {each.id for each in made.findings}
    assert "bound-hit" not in {each.id for each in made.findings}


def test_what_is_given_up_while_it_is_open_is_told() -> None:
    open_calls = [each for n in range(1, 9) for each in call(n, start=n * 1000.0, ended=False)]
    made = told(open_calls, 5)
    assert made.totals is not None and made.totals.calls == 8
    assert "bound-hit" in {each.id for each in made.findings}


def test_an_ordinary_capture_is_listed_whole() -> None:
    made = told(STORY, 100)
    assert made.totals is not None and made.totals.calls_left_out == made.totals.streams_left_out == 0
    assert len(made.calls) == made.totals.calls and len(made.streams) == made.totals.streams


def test_many_calls_on_one_port_keep_their_own_streams() -> None:
    a, b = ("198.51.100.1", 16402), ("203.0.113.2", 16402)
    story: Story = []
    for n in range(150):
        name, start = f"call {n}", n * 40_000.0
        for time, back, line, method, body in (
            (0, False, "INVITE sip:b@x SIP/2.0", "INVITE", description(*a)),
            (10, True, "SIP/2.0 200 OK", "INVITE", description(*b)),
            (900, False, "BYE sip:b@x SIP/2.0", "BYE", b""),
        ):
            octets = message(line, 1, method, *((SDP,) if body else ()), body=body, tag="2" * back, call=name)
            story.append((start + time, b, a, octets) if back else (start + time, a, b, octets))
        story += talk(a, b, 5000 + n, start=start + 100, seconds=0.2)
    made = told(story, 1000)
    assert [made.calls[stream.call or 0].dialogs[0].call_id for stream in made.streams] == [
        f"call {stream.ssrc - 5000}" for stream in made.streams
    ]
    assert len(made.streams) == 150


CROWD = [each for n in range(1, 201) for each in call(n, start=n * 1000.0)]


def crowd(
    scanner: Scanner, well: int, story: Story = CROWD, together: int = 16, beside: Iterable[tuple[float, bytes]] = (),
) -> tuple[Report, int]:
    """The report on two hundred calls, one after the other, and the most streams that the scan held at once."""
    engine = Engine(max_finished=well)
    records, most = [], 0
    frames = [*[(time, frame(src, dst, payload)) for time, src, dst, payload in story], *beside]
    for number, (time, octets) in enumerate(sorted(frames, key=lambda one: one[0]), 1):
        records.append((0, Record(number, int(time * 1e6), ETHERNET, octets, len(octets))))
    for batch in scanner.scan(records, together):
        engine.feed(batch)
        engine.retire_finished(scanner)
        most = max(most, len(scanner.streams))
    engine.feed(scanner.finish(engine.announced()))
    engine.retire_finished(scanner, at_the_end=True)
    return engine.report(scanner, ()), most


@pytest.mark.parametrize("twin", TWINS)
def test_what_calls_leave_behind_is_let_go_and_summed_up(twin: type[Scanner]) -> None:
    (whole, all_of_them), (made, most) = crowd(twin(), 1000), crowd(twin(), 8)
    assert whole.totals is not None and made.totals is not None
    assert all_of_them == 400 and most < 250
    assert (made.totals.calls, made.totals.streams) == (200, 400)
    assert (made.totals.packets, made.totals.lost) == (whole.totals.packets, whole.totals.lost)
    assert made.totals.outcomes == whole.totals.outcomes and made.capture.protocols == whole.capture.protocols
    assert made.totals.flows_left_out + len(made.flows) == len(whole.flows) == 400
    assert not {each.id for each in made.findings} & {"stream-unsignalled", "bound-hit", "media-missing"}


def test_all_that_was_wrong_is_counted_however_many_go_together() -> None:
    answered = [told for told in CROWD if not (told[3].startswith(b"SIP") and b"2 BYE" in told[3])]
    later = [(time + 300_000, src, dst, octets.replace(b"call ", b"later ")) for time, src, dst, octets in answered]
    more = [(time + 600_000, src, dst, octets.replace(b"call ", b"more ")) for time, src, dst, octets in answered]
    made, _ = crowd(Scanner(), 8, [*answered, *later, *more], 100_000)
    (counted,) = [each for each in made.findings if each.id == "bye-unanswered" and "only counted" in each.what]
    # One call a second: those of the last 32 seconds may still be answered.
    assert counted.what.startswith(f"{600 - 32} more")


@pytest.mark.parametrize("together", [1, 50, 1000, 100_000])
def test_the_report_is_the_same_whenever_calls_were_let_go(together: int) -> None:
    story = [*CROWD, *(told for n in range(100) for told in registered(n, n * 700.0))]
    made, _ = crowd(Scanner(), 8, story, together)
    assert made == crowd(Scanner(), 8, story)[0]
    assert Counter(one.kind for one in made.calls) == {"call": 8, "registration": 8}


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("together", [16, 1000])
def test_what_only_sdp_makes_a_stream_counts_where_its_call_is_let_go(twin: type[Scanner], together: int) -> None:
    lone: Story = []
    for n in range(1, 201, 2):
        a, b = (f"198.51.100.{n}", 4000), (f"203.0.113.{n}", 4000)
        lone += talk(a, b, 7000 + n, start=n * 1000.0 + 450, seconds=0.02)
    (whole, _), (made, _) = (crowd(twin(), well, [*CROWD, *lone], together) for well in (1000, 8))
    assert whole.totals is not None and made.totals is not None
    assert whole.totals.streams == made.totals.streams == 400 + 100
    assert made.capture.protocols == whole.capture.protocols


@pytest.mark.parametrize("together", [16, 1000])
def test_calls_stay_as_long_as_their_streams_go_on_and_are_judged_then(together: int) -> None:
    outlasting: Story = []
    for n in range(1, 101, 25):
        a, b = (f"198.51.100.{n}", 4000), (f"203.0.113.{n}", 4000)
        outlasting += talk(a, b, 9000 + n, start=n * 1000.0 + 450, seconds=50)
    (whole, _), (made, _) = (crowd(scanner_class()(), well, [*CROWD, *outlasting], together) for well in (1000, 8))
    told = [each for each in made.findings if each.id == "media-after-bye"]
    (counted,) = [each for each in told if "only counted" in each.what]
    assert len(told) - 1 + int(counted.what.split()[0]) == 4
    assert sum(each.id == "media-after-bye" for each in whole.findings) == 4


def test_a_stream_that_was_let_go_is_confirmed_anew() -> None:
    scanner = Scanner()
    story = talk(seconds=1)
    octets = [frame(src, dst, payload) for _, src, dst, payload in story]
    records = [(0, Record(n, n * 20_000_000, ETHERNET, each, len(each))) for n, each in enumerate(octets, 1)]
    for _ in scanner.scan(records[:25]):
        pass
    scanner.forget(list(scanner.streams), list(scanner.flows))
    assert not scanner.streams and not len(scanner.flows)
    for _ in scanner.scan(records[25:]):
        pass
    assert [stream.packets for stream in scanner.streams] == [len(records) - 25]


def test_what_was_wrong_with_calls_that_are_let_go_is_not_lost() -> None:
    answered = [told for told in CROWD if not (told[3].startswith(b"SIP") and b"2 BYE" in told[3])]
    one_way = [*dialled(), *talk(seconds=5), *hung_up(8000)]
    story = [told for told in answered if A[0] not in (told[1][0], told[2][0])] + one_way
    (made, _), (whole, _) = crowd(Scanner(), 8, story), crowd(Scanner(), 1000, story)
    assert made.totals is not None and made.totals.calls_left_out > 100
    (silent,) = [each for each in made.findings if each.id == "media-one-way"]
    assert silent.call is not None and made.calls[silent.call].call_id == "one"
    (counted,) = [each for each in made.findings if "only counted" in each.what]
    assert counted.id == "bye-unanswered" and len(counted.places) == 8 and counted.why and counted.fix
    told = sum(each.id == "bye-unanswered" for each in made.findings) - 1
    assert told + int(counted.what.split()[0]) == sum(each.id == "bye-unanswered" for each in whole.findings) > 100


def test_what_rtcp_says_of_a_call_outlives_others_with_the_same_ssrc() -> None:
    same = (77).to_bytes(4, "big")
    others = [(*told[:3], told[3][:8] + same + told[3][12:] if told[3][0] == 0x80 else told[3]) for told in CROWD]
    here = [*dialled(), *talk(seconds=199), *talk(B, A, 78, seconds=199)]
    here += [receiver_report(5000 + 1000 * n, 77, fraction=0.25) for n in range(10)]
    story = [told for told in others if A[0] not in (told[1][0], told[2][0])]
    for made in (crowd(Scanner(), well, [*here, *story])[0] for well in (1000, 8)):
        (stream,) = [each for each in made.streams if each.ssrc == 77 and each.packets > 1000]
        assert stream.rtcp is not None and (stream.rtcp.reports, stream.rtcp.fraction_lost) == (10, 0.25)


def test_an_ssrc_stays_known_as_long_as_a_stream_has_it() -> None:
    scanner = Scanner()
    elsewhere = talk(SERVER, OTHER_SERVER, MIN_RANDOM_SSRC, seconds=1, first=9000)
    story = [*talk(ssrc=MIN_RANDOM_SSRC, seconds=1), *elsewhere]
    octets = [frame(src, dst, payload) for _, src, dst, payload in story]
    records = [(0, Record(n, n * 20_000_000, ETHERNET, each, len(each))) for n, each in enumerate(octets, 1)]
    for _ in scanner.scan(records):
        pass
    first, second = scanner.streams
    scanner.forget([first if first.flows > second.flows else second], [])
    late = frame(C, A, srtcp(0, MIN_RANDOM_SSRC)[3])
    (batch,) = scanner.scan([(0, Record(101, 10**10, ETHERNET, late, len(late)))])
    assert [(PROTOCOLS[entry.protocol], entry.evidence) for entry in batch.entries] == [("RTCP", "its SSRC sends RTP")]


PHONE = ("198.51.100.7", 5060)


def registered(number: int, start: float, status: int = 200, again: bool = False) -> Story:
    """A registration that is challenged first; `again` is its refresh with a higher CSeq."""
    server, told = (SERVER[0], 5060), []
    for back, line, sequence in (
        (False, "REGISTER sip:x SIP/2.0", 1), (True, "SIP/2.0 401 Unauthorized", 1),
        (False, "REGISTER sip:x SIP/2.0", 2), (True, f"SIP/2.0 {status} Said", 2),
    ):
        octets = message(line, sequence + 2 * again, "REGISTER", tag="2" * back, call=f"registration {number}")
        src, dst = (server, PHONE) if back else (PHONE, server)
        told.append((start + len(told), src, dst, octets))
    return told


def outcomes(made: Report) -> dict[str, int]:
    assert made.totals is not None
    assert made.totals.calls == len(made.calls) + made.totals.calls_left_out
    return {seen.name: seen.count for seen in made.totals.outcomes}


def test_transactions_that_are_over_make_room_and_open_calls_stay() -> None:
    open_calls = [told for n in range(1, 4) for told in call(n, start=n * 10.0, ended=False)]
    ended = [told for n in range(4, 10) for told in call(n, start=n * 10.0)]
    story = [*open_calls, *ended, *(told for n in range(300) for told in registered(n, 20_000 + n * 1000.0))]
    made, _ = crowd(Scanner(), 8, story)
    assert outcomes(made) == {"registration, registered": 300, "call, ended": 6, "call, established": 3}
    assert sum(one.outcome == "established" for one in made.calls) == 3
    assert sum(one.outcome == "ended" for one in made.calls) == 6
    assert len(made.calls) == 3 + 6 + 8
    assert "bound-hit" not in {each.id for each in made.findings}


def test_refused_registrations_are_summed_up_with_what_was_found() -> None:
    story = [told for n in range(300) for told in registered(n, n * 1000.0, status=403)]
    (made, _), (whole, _) = crowd(Scanner(), 8, story), crowd(Scanner(), 1000, story)
    assert outcomes(made) == outcomes(whole) == {"registration, refused": 300}
    assert len(made.calls) < 100
    refused = [each for each in made.findings if each.id == "registration-refused"]
    (counted,) = [each for each in refused if "only counted" in each.what]
    assert len(refused) - 1 + int(counted.what.split()[0]) == 300


def probed(number: int, start: float, body: bytes = b"") -> Story:
    """An OPTIONS from a port of its own, and its answer."""
    server, phone, name = (SERVER[0], 5060), (PHONE[0], 20_000 + number), f"probe {number}"
    kind = ("Content-Encoding: deflate",) if body else ()
    octets = message("OPTIONS sip:x SIP/2.0", 1, "OPTIONS", *kind, body=body, call=name)
    said = message("SIP/2.0 200 OK", 1, "OPTIONS", tag="2", call=name)
    return [(start, phone, server, octets), (start + 5, server, phone, said)]


@pytest.mark.parametrize("together", [1, 100_000])
def test_a_transaction_that_is_kept_for_its_error_keeps_its_flows(together: int) -> None:
    broken = b"\x78\x9c\x07" + b"\x07" * 40
    story = [told for n in range(60) for told in probed(n, n * 1000.0, broken if n == 30 else b"")]
    made, _ = crowd(Scanner(), 8, story, together)
    assert [one.call_id for one in made.calls] == ["probe 30", *(f"probe {n}" for n in range(52, 60))]
    assert {flow.sport for flow in made.flows} - {5060} == {20_030, *range(20_052, 20_060)}
    assert made.totals is not None and made.totals.flows_left_out == 2 * 51
    assert [each.call for each in made.findings if each.id == "body-corrupt"] == [0]


def test_when_there_is_no_room_calls_that_go_on_are_given_up_last() -> None:
    talking = [told for n in range(1, 6) for told in call(n, start=n * 10.0, ended=False)]
    ringing = [told for n in range(6, 12) for told in call(n, start=n * 1000.0)[:1]]
    refused = [told for n in range(12, 16) for told in call(n, start=n * 1000.0, status=486)]
    later = [told for n in range(40) for told in registered(n, 20_000 + n * 10.0)]
    engine = Engine(capacity=Capacity(calls=12))
    fed(engine, [*talking, *ringing, *refused, *later])
    held = Counter((one.kind, one.outcome) for one in engine.trackers.calls.calls.values())
    assert held == {("call", "established"): 5, ("call", "unanswered"): 6, ("registration", "registered"): 1}
    assert engine.trackers.bounds.hits["calls"] == 0
    fed(engine, [told for n in range(16, 26) for told in call(n, start=60_000 + n * 10.0)[:1]])
    held = Counter((one.kind, one.outcome) for one in engine.trackers.calls.calls.values())
    assert held == {("call", "established"): 5, ("call", "unanswered"): 7}
    assert engine.trackers.bounds.hits["calls"] == 9


def fed(engine: Engine, story: Story) -> None:
    scanner = Scanner()
    frames = [(time, frame(src, dst, payload)) for time, src, dst, payload in sorted(story, key=lambda one: one[0])]
    records = [(0, Record(n, int(time * 1e6), ETHERNET, one, len(one))) for n, (time, one) in enumerate(frames, 1)]
    for batch in (*scanner.scan(records), scanner.finish()):
        engine.feed(batch)


def test_who_comes_back_after_being_let_go_is_not_counted_again() -> None:
    late: Story = [(195_000, ("198.51.100.1", 4000), ("203.0.113.1", 4000),
                    message("BYE sip:b@x SIP/2.0", 2, "BYE", tag="2", call="call 1"))]
    story = [*CROWD, *late, *(told for n in range(50) for told in registered(n, n * 100.0)),
             *registered(7, 196_000, again=True)]
    made, _ = crowd(Scanner(), 8, story)
    assert outcomes(made) == {"call, ended": 200, "registration, registered": 50}
    returned = [one for one in made.calls if one.returned]
    assert [(one.call_id, one.outcome) for one in returned] == [
        ("call 1", "fragment"), ("registration 7", "registered")
    ]
    assert "call-in-part" not in {each.id for each in made.findings}


def again(number: int, start: float, method: str, status: str, tag: str) -> Story:
    """A request under the Call-ID of a registration, and the response to it, if any."""
    asked, server = f"{method} sip:x SIP/2.0", (SERVER[0], 5060)
    told: Story = [(start, PHONE, server, message(asked, 9, method, tag=tag, call=f"registration {number}"))]
    if status:
        answer = message(f"SIP/2.0 {status}", 9, method, tag=tag or "2", call=f"registration {number}")
        told.append((start + 1, server, PHONE, answer))
    return told


@pytest.mark.parametrize(("method", "status", "tag"), [
    ("REGISTER", "403 No", ""), ("REGISTER", "401 Who", ""), ("REGISTER", "", ""), ("REGISTER", "200 OK", ""),
    ("OPTIONS", "405 No", ""), ("SUBSCRIBE", "", ""), ("INVITE", "200 OK", ""), ("INVITE", "", ""),
    ("INVITE", "486 Busy", ""), ("BYE", "", "2"), ("BYE", "200 OK", "2"),
    ("BYE", "", ""), ("BYE", "481 No", ""), ("CANCEL", "200 OK", ""), ("MESSAGE", "200 OK", ""),
])
@pytest.mark.parametrize("before", [200, 403])
def test_what_a_call_id_comes_to_counts_in_the_place_of_what_it_had_come_to(
    method: str, status: str, tag: str, before: int
) -> None:
    story = [told for n in range(40) for told in registered(n, n * 100.0, before)]
    story += [told for n in range(0, 40, 2) for told in again(n, 100_000 + n * 100.0, method, status, tag)]
    held, few = outcomes(crowd(Scanner(), 1000, story)[0]), crowd(Scanner(), 3, story)[0]
    assert outcomes(few) == outcomes(crowd(Scanner(), 3, story, 100_000)[0]) == held
    assert sum(held.values()) == 40


def test_where_all_calls_are_listed_more_is_that_was_found_in_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_of_reports, "MAX_ALIKE", 5)
    monkeypatch.setattr(engine_of_reports, "MAX_ALIKE_OF_ALL", 15)
    story = [told for n in range(1, 21) for told in call(n, start=n * 10_000.0, status=503)]
    listed = {}
    for most in (8, None):
        scanner, engine = Scanner(), Engine(max_finished=most)
        for number, (time, src, dst, payload) in enumerate(story, 1):
            octets = frame(src, dst, payload)
            for batch in scanner.scan([(0, Record(number, int(time * 1e6), ETHERNET, octets, len(octets)))]):
                engine.feed(batch)
        listed[most] = [each for each in engine.report(scanner, ()).findings if each.id == "call-server-failed"]
    assert [len(each) for each in listed.values()] == [6, 16]
    assert [each[-1].what.split(": ")[1].split()[0] for each in listed.values()] == ["15", "5"]


@pytest.mark.parametrize("later", ["INVITE", "BYE", "OPTIONS"])
@pytest.mark.parametrize("status", [200, 486])
def test_a_call_that_ended_and_comes_back_counts_once(later: str, status: int) -> None:
    story = [told for n in range(1, 41) for told in call(n, start=n * 1000.0, status=status)]
    for n in range(1, 41, 3):
        src, dst = (f"198.51.100.{n}", 4000), (f"203.0.113.{n}", 4000)
        asked = message(f"{later} sip:b@x SIP/2.0", 7, later, tag="2", call=f"call {n}")
        story.append((100_000.0 + n, src, dst, asked))
    few, whole = crowd(Scanner(), 3, story)[0], crowd(Scanner(), 1000, story)[0]
    assert outcomes(few) == outcomes(whole) == {f"call, {'ended' if status == 200 else 'rejected'}": 40}


def test_what_icmp_says_of_calls_that_are_let_go_is_not_lost() -> None:
    a, b = ("198.51.100.201", 4000), ("203.0.113.201", 4000)
    media = talk(a, b, 7777, start=1040, seconds=8)
    end = [(9500, a, b, "BYE sip:b@x SIP/2.0"), (9510, b, a, "SIP/2.0 200 OK")]
    story = [
        *CROWD, *call(201, start=1000, ended=False), *media,
        *[(time, src, dst, message(line, 2, "BYE", tag="2", call="call 201")) for time, src, dst, line in end],
    ]
    for twin in TWINS:
        made, _ = crowd(twin(), 8, story, beside=icmp.refused(media[::20]))
        kept = next(each for each in made.findings if each.id == "media-unreachable" and each.severity == "error")
        assert made.calls[kept.call or 0].call_id == "call 201"
        made, _ = crowd(twin(), 8, story, beside=icmp.refused(media[:9], icmp.TOO_BIG, mtu=1400))
        assert "call 201" not in {each.call_id for each in made.calls}
        (counted,) = [each for each in made.findings if each.id == "packet-too-big"]
        assert counted.severity == "warning" and counted.what.startswith("1 more in calls that are only counted")


def test_what_was_wrong_with_the_paths_of_calls_that_are_let_go_is_counted() -> None:
    refused: Story = []
    for n in range(1, 201):
        src, dst = (f"198.51.100.{n}", 4000), (f"203.0.113.{n}", 4000)
        refused += asked(n * 1000.0 + 25, attribute(0x0006, b"b:a"), answer=(0x0111, error(401)), src=src, dst=dst)
    (made, _), (whole, _) = crowd(Scanner(), 8, [*CROWD, *refused]), crowd(Scanner(), 1000, [*CROWD, *refused])
    told = [each for each in made.findings if each.id == "ice-refused"]
    (counted,) = [each for each in told if "only counted" in each.what]
    assert len(told) - 1 + int(counted.what.split()[0]) == 200
    assert sum(each.id == "ice-refused" for each in whole.findings) == 200


def test_calls_one_after_the_other_leave_one_memory_of_their_place() -> None:
    engine = Engine(capacity=Capacity(calls=2))
    fed(engine, [told for n in range(20) for told in renamed(call(1, start=n * 1000.0), n)])
    fed(engine, [told for n in range(20, 23) for told in renamed(call(1, start=n * 100_000.0), n)])
    here = engine.trackers.calls.retired_media["198.51.100.1", 4000]
    assert [(each.start, each.end) for each in here] == [
        (0, 19_510 * 10**6), (2_000_000 * 10**6, 2_000_510 * 10**6)
    ]


def renamed(story: Story, number: int) -> Story:
    return [(*told[:3], told[3].replace(b"call 1", b"call %d" % number)) for told in story]


def test_a_stream_beside_transactions_that_were_let_go_is_still_told() -> None:
    server = (SERVER[0], 5060)
    story = [told for n in range(100) for told in registered(n, n * 1000.0)]
    made, _ = crowd(Scanner(), 8, [*story, *talk(PHONE, server, 5, start=10_000, seconds=60)])
    assert made.totals is not None and made.totals.streams_left_out == 0
    assert [(stream.ssrc, stream.call) for stream in made.streams] == [(5, None)]


YEARS_MS = 70 * 365 * 86_400_000.0


def held_after(story: Story, dated: dict[int, float]) -> tuple[set[str], int]:
    """Which calls are still held after a crowd, and the most streams at once; `dated` gives frames other times."""
    scanner, engine, most = scanner_class()(), Engine(max_finished=8), 0
    records = []
    for number, (time, src, dst, payload) in enumerate(sorted(story, key=lambda one: one[0]), 1):
        octets, moment = frame(src, dst, payload), int(dated.get(number, time) * 1e6)
        records.append((0, Record(number, moment, ETHERNET, octets, len(octets))))
    for batch in scanner.scan(records, 16):
        engine.feed(batch)
        engine.retire_finished(scanner)
        most = max(most, len(scanner.streams))
    return set(engine.trackers.calls.calls), most


EPOCH_MS = 1_700_000_000_000.0
LATE_CROWD = [(EPOCH_MS + time, *told) for time, *told in CROWD]


@pytest.mark.parametrize("wrong", [EPOCH_MS + YEARS_MS, 0.0], ids=["far ahead", "long ago"])
@pytest.mark.parametrize("place", [1, 1500, 8800])
def test_one_frame_that_is_dated_wrong_lets_nothing_go_and_stops_nothing(wrong: float, place: int) -> None:
    plain, most = held_after(LATE_CROWD, {})
    held, most_now = held_after(LATE_CROWD, {place: wrong})
    assert {f"call {number}" for number in range(180, 201)} <= held
    assert len(held - plain) <= 1 and most_now <= most + 2


def test_a_call_whose_end_is_dated_wrong_does_not_keep_the_others() -> None:
    order = [told[3] for told in sorted(LATE_CROWD, key=lambda one: one[0])]
    bye = next(number for number, octets in enumerate(order, 1) if b"BYE" in octets and b"call 1\r" in octets)
    assert held_after(LATE_CROWD, {bye: EPOCH_MS + YEARS_MS})[1] <= held_after(LATE_CROWD, {})[1] + 2


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_goes_on_as_before(hours: int) -> None:
    set_at = EPOCH_MS + 100_000
    story = sorted(LATE_CROWD, key=lambda one: one[0])
    dated = {n: told[0] + hours * 3_600_000 for n, told in enumerate(story, 1) if told[0] >= set_at}
    held, most = held_after(LATE_CROWD, dated)
    assert {f"call {number}" for number in range(180, 201)} <= held
    assert most < 250


@pytest.mark.parametrize("twin", TWINS)
def test_the_middle_of_the_last_times_is_what_the_clock_says(twin: type[Scanner]) -> None:
    scanner, octets = twin(), frame(A, B, b"")
    assert scanner.recent_times == ()
    times = [*range(100, 140), 10**18, 0]
    for _ in scanner.scan((0, Record(n, time, ETHERNET, octets, len(octets))) for n, time in enumerate(times, 1)):
        pass
    assert scanner.recent_times == tuple(times[-RECENT_RECORDS:])
    assert 100 < middle(scanner.recent_times) < 140


class Visits:
    """Counts how many entries of the tables are walked over; to find one by its key is no visit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        for name in ("__iter__", "__reversed__", "keys", "values", "items"):
            monkeypatch.setattr(Table, name, self._counting(getattr(OrderedDict, name)), raising=False)

    def _counting(self, walk: Callable[[OrderedDict[Any, Any]], Iterable[Any]]) -> Callable[[Any], Iterator[Any]]:
        def walked(held: OrderedDict[Any, Any]) -> Iterator[Any]:
            for entry in walk(held):
                self.count += 1
                yield entry

        return walked


def foreign(number: int) -> Story:
    """Flows, a stream, a check, a handshake and RTCP between hosts that no call knows."""
    a, b, c = (f"192.0.2.{number}", 6000), ("198.18.0.1", 7000), ("198.18.0.1", 7001)
    told: Story = [(1 + each, (a[0], 20_000 + each), b, b"\x05 foreign") for each in range(3)]
    told += [*talk(a, b, 90_000 + number, start=2, seconds=0.2), *asked(3, attribute(0x0006, b"b:a"), src=a, dst=b)]
    return [*told, (5, a, c, receiver_report(0, 90_000 + number)[3])]


@pytest.mark.parametrize("twin", TWINS)
def test_what_is_held_beside_finished_calls_is_walked_over_once(
    twin: type[Scanner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retirement, "MIN_FINISHED", 2)
    monkeypatch.setattr(retirement, "SHARE", 1000)
    passes: list[int] = []
    real = belongings.Belongings.find

    def find(*arguments: Any) -> None:
        passes.append(visits.count)
        real(*arguments)

    monkeypatch.setattr(belongings.Belongings, "find", find)
    story = [*CROWD, *(told for number in range(60) for told in foreign(number))]
    visits = Visits(monkeypatch)
    made, _ = fed_and_asked(twin(), story)
    before_the_end = passes[-1]
    assert len(passes) > 60 and made.totals is not None and made.totals.calls_left_out == 192
    held = len(made.flows) + len(made.streams) + len(made.checks)
    assert held > 400
    # The groups of each table are made once, over what is held then.
    assert before_the_end <= held + 1000


def fed_and_asked(scanner: Scanner, story: Story, engine: Engine | None = None) -> tuple[Report, Engine]:
    engine = engine or Engine(max_finished=8)
    frames = [(time, frame(src, dst, payload)) for time, src, dst, payload in sorted(story, key=lambda one: one[0])]
    records = [(0, Record(n, int(time * 1e6), ETHERNET, one, len(one))) for n, (time, one) in enumerate(frames, 1)]
    for batch in scanner.scan(records, 16):
        engine.feed(batch)
        engine.retire_finished(scanner)
    engine.feed(scanner.finish())
    engine.retire_finished(scanner, at_the_end=True)
    return engine.report(scanner, ()), engine


def test_many_flows_at_the_server_of_all_calls_are_looked_at_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retirement, "MIN_FINISHED", 2)
    looked: Counter[str] = Counter()
    real = belongings.used_by_retired

    def used_by_retired(*arguments: Any) -> bool:
        looked[type(arguments[0]).__name__] += 1
        return real(*arguments)

    monkeypatch.setattr(belongings, "used_by_retired", used_by_retired)
    server = (SERVER[0], 5060)
    beside: Story = [
        (10_000.0 * minute + n, ("192.0.2.9", 10_000 + n), server, b"\x05 foreign") for n in range(400)
        for minute in range(30)
    ]
    story = [*beside, *(told for n in range(300) for told in registered(n, n * 1000.0))]
    made, _ = fed_and_asked(scanner_class()(), story)
    assert made.totals is not None and made.totals.calls_left_out == 292
    # Each of some 140 searches would look at all 400.
    assert looked["FlowState"] < 10 * (400 + 300)


def test_a_stream_that_outlasts_its_call_goes_once_it_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retirement, "MIN_FINISHED", 2)
    a, b = ("198.51.100.1", 4000), ("203.0.113.1", 4000)
    scanner, engine = scanner_class()(), Engine(max_finished=8)
    held: list[bool] = []
    real = engine.retire_finished

    def watched(scanner: Scanner, at_the_end: bool = False) -> None:
        real(scanner, at_the_end)
        held.append(any(stream.ssrc == 9001 for stream in scanner.streams))

    monkeypatch.setattr(engine, "retire_finished", watched)
    fed_and_asked(scanner, [*CROWD, *talk(a, b, 9001, start=1400, seconds=60)], engine=engine)
    assert engine.trackers.calls.calls.get("call 1") is None
    first = held.index(True)
    gone = held.index(False, first)
    assert first < gone < len(held) - 20 and not any(held[gone:])


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_stream_that_outlasts_its_call_goes_when_the_clock_is_set(
    hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retirement, "MIN_FINISHED", 2)
    a, b = ("198.51.100.1", 4000), ("203.0.113.1", 4000)
    set_at = EPOCH_MS + 70_000
    outlasting = [(EPOCH_MS + time, *told) for time, *told in talk(a, b, 9001, start=1400, seconds=65)]
    story = sorted([*LATE_CROWD, *outlasting], key=lambda one: one[0])
    scanner, engine = scanner_class()(), Engine(max_finished=8)
    held: list[bool] = []
    records = []
    for number, (time, src, dst, payload) in enumerate(story, 1):
        octets, moment = frame(src, dst, payload), time + (hours * 3_600_000 if time >= set_at else 0)
        records.append((0, Record(number, int(moment * 1e6), ETHERNET, octets, len(octets))))
    for batch in scanner.scan(records, 16):
        engine.feed(batch)
        engine.retire_finished(scanner)
        held.append(any(stream.ssrc == 9001 for stream in scanner.streams))
    assert any(held) and not any(held[-20:])


def test_where_calls_come_and_go_unasked_all_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MIN_CHANGED", 4)
    monkeypatch.setattr(retirement, "MIN_FINISHED", 1)
    engine, scanner, seen = Engine(capacity=Capacity(calls=5), max_finished=100), scanner_class()(), 0
    calls = engine.trackers.calls
    for batch in batches(scanner, [told for n in range(60) for told in call(n, start=n * 1000.0)]):
        engine.feed(batch)
        engine.retire_finished(scanner)
        seen = max(seen, len(calls.changed or ()))
    assert calls.changed is None and seen <= 4 + 2 * 5 + 1
    assert len(scanner.flows) == 120
    calls.max_finished = 0
    for batch in batches(scanner, [(200_000.0 + n, A, B, b"\x05 foreign") for n in range(200)]):
        engine.feed(batch)
        engine.retire_finished(scanner)
    # Those of calls that made room before have gone, too.
    assert calls.changed == {} and len(scanner.flows) == 1
    assert len(calls.retired_media) == 0


def batches(scanner: Scanner, story: Story) -> Iterator[Any]:
    records = []
    for number, (time, src, dst, payload) in enumerate(sorted(story, key=lambda one: one[0]), 1):
        octets = frame(src, dst, payload)
        records.append((0, Record(number, int(time * 1e6), ETHERNET, octets, len(octets))))
    return scanner.scan(records, 16)


def test_endpoints_of_calls_that_went_are_forgotten_with_their_flows() -> None:
    _, engine = fed_and_asked(scanner_class()(), CROWD)
    assert len(engine.trackers.calls.retired_media) == 0


@pytest.mark.parametrize("twin", TWINS)
def test_what_becomes_a_call_beside_another_one_on_its_ports_is_let_go(
    monkeypatch: pytest.MonkeyPatch, twin: type[Scanner]
) -> None:
    monkeypatch.setattr(retirement, "MIN_FINISHED", 1)

    def on_one_port(name: str, start: float, ended: bool = True) -> Story:
        octets = message("INVITE sip:b@x SIP/2.0", 7, "INVITE", SDP, body=description(*A), call=name)
        answer = message("SIP/2.0 200 OK", 7, "INVITE", SDP, body=description(*B), tag="2", call=name)
        bye = message("BYE sip:b@x SIP/2.0", 8, "BYE", tag="2", call=name)
        over = message("SIP/2.0 200 OK", 8, "BYE", tag="2", call=name)
        told = [(start, A, B, octets), (start + 5, B, A, answer), (start + 500, A, B, bye), (start + 510, B, A, over)]
        return told if ended else told[:2]

    def some(name: str, start: float) -> Story:
        return [told for n in range(8) for told in on_one_port(f"{name} {n}", start + n * 1000)]

    asked_first = message("OPTIONS sip:b@x SIP/2.0", 1, "OPTIONS", call="odd")
    described = message("UPDATE sip:b@x SIP/2.0", 2, "UPDATE", SDP, body=description(*A), tag="2", call="odd")
    story = [
        *some("before", 0), (100_000, A, B, asked_first), (100_020, A, B, described),
        *on_one_port("open", 200_000, ended=False), *some("between", 220_000),
        *on_one_port("odd", 300_000), *some("after", 400_000),
    ]
    made, _ = crowd(twin(), 2, story, 2)
    assert outcomes(made) == {"call, ended": 25, "call, established": 1}
    assert "odd" not in {one.call_id for one in made.calls}


@pytest.mark.parametrize(("fingerprint", "wrong"), [(FINGERPRINTS[1], True), (certified(b"server").decode(), False)])
def test_the_handshake_of_a_call_that_goes_is_looked_at(fingerprint: str, wrong: bool) -> None:
    made, _ = fed_and_asked(Scanner(), dtls_call(fingerprint), Engine(max_finished=0))
    assert ("fingerprint-mismatch" in {each.id for each in made.findings}) == wrong
