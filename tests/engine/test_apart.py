"""Calls that go with all that is at their two ends: the report is as if what is theirs had been searched for."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from dissectors.engine import apart, belongings, retirement
from dissectors.engine.engine import Engine
from dissectors.engine.trackers import CAPACITY, Capacity
from dissectors.mux.scan import Scanner
from dissectors.offline import scanner_class
from dissectors.wire.captures.records import Record
from tests.made import ETHERNET, Endpoint, frame
from tests.stories import SDP, Story, asked, attribute, description, message, receiver_report, talk

TWINS = sorted({Scanner, scanner_class()}, key=lambda twin: twin.build)
CORRUPT = b"\x78\x9c\x07" + b"\x07" * 40
FAX = "m=image 4000 udptl t38"


class Phone:
    """Two ends of their own, and what they send; `number` tells them from all others."""

    def __init__(self, number: int, start: float) -> None:
        self.number, self.start = number, start
        self.a: Endpoint = (f"198.51.{number >> 8}.{number & 255}", 4000)
        self.b: Endpoint = (f"203.0.{number >> 8}.{number & 255}", 4000)
        self.ssrc = 100_000 + 10 * number
        self.story: Story = []

    def call(
        self, *lines: str, name: str = "call", at: float = 0, ends: tuple[Endpoint, Endpoint] | None = None,
        announced: tuple[Endpoint, Endpoint] | None = None, broken: bytes = b"", ended: bool = True,
    ) -> None:
        """A call of half a second on two ends, which announces these or others."""
        one, other = ends or (self.a, self.b)
        ours, theirs = announced or (one, other)

        def add(time: float, back: bool, line: str, method: str, body: bytes = b"", tag: str = "2") -> None:
            kind = () if not body else ("Content-Encoding: deflate",) if body is CORRUPT else (SDP,)
            number = 1 + (method == "BYE")
            octets = message(line, number, method, *kind, body=body, tag=tag, call=f"{name} {self.number}")
            src, dst = (other, one) if back else (one, other)
            self.story.append((self.start + at + time, src, dst, octets))

        add(0, False, "INVITE sip:b@x SIP/2.0", "INVITE", description(*ours, *lines), "")
        add(10, True, "SIP/2.0 200 OK", "INVITE", description(*theirs, *lines))
        add(20, False, "ACK sip:b@x SIP/2.0", "ACK", broken)
        if ended:
            add(500, False, "BYE sip:b@x SIP/2.0", "BYE")
            add(510, True, "SIP/2.0 200 OK", "BYE")

    def talk(
        self, src: Endpoint | None = None, dst: Endpoint | None = None, beside: int = 0, at: float = 30,
        seconds: float = 0.4, first: int = 100, every: int = 20,
    ) -> None:
        self.story += talk(
            src or self.a, dst or self.b, self.ssrc + beside, start=self.start + at, seconds=seconds, first=first,
            every=every, step=8 * every,
        )

    def options(self, src: Endpoint, dst: Endpoint, at: float, body: bytes = b"") -> None:
        """An OPTIONS and its answer."""
        kind = ("Content-Encoding: deflate",) if body else ()
        name = f"options {self.number}"
        octets = message("OPTIONS sip:x SIP/2.0", 1, "OPTIONS", *kind, body=body, call=name)
        said = message("SIP/2.0 200 OK", 1, "OPTIONS", tag="2", call=name)
        self.story += [(self.start + at, src, dst, octets), (self.start + at + 5, dst, src, said)]


def usual(phone: Phone) -> None:
    phone.call()
    phone.talk()
    phone.talk(phone.b, phone.a, 1)


def silent(phone: Phone) -> None:
    phone.call()


def with_sources_announced(phone: Phone) -> None:
    phone.call(f"a=ssrc:{phone.ssrc} cname:x")
    phone.talk()


def with_checks(phone: Phone) -> None:
    usual(phone)
    phone.story += asked(phone.start + 25, attribute(0x0006, b"b:a"), src=phone.a, dst=phone.b)


def with_reports(phone: Phone) -> None:
    usual(phone)
    _, _, _, octets = receiver_report(0, phone.ssrc)
    phone.story.append((phone.start + 300, phone.b, phone.a, octets))


def kept_for_its_error(phone: Phone) -> None:
    phone.call(broken=CORRUPT)
    phone.talk()


def one_after_the_other(phone: Phone) -> None:
    usual(phone)
    phone.call(name="later", at=2000)
    phone.talk(at=2030, beside=2)


def beside_something_unknown(phone: Phone) -> None:
    usual(phone)
    phone.story.append((phone.start + 100, ("192.0.2.9", 53), phone.b, b"\x05 foreign"))


def beside_a_stream_of_nobody(phone: Phone) -> None:
    usual(phone)
    phone.talk(("192.0.2.9", 5000 + phone.number), phone.a, 2)


def announced_by_another_that_is_open(phone: Phone) -> None:
    usual(phone)
    away = ("192.0.2.7", 5060), (f"192.0.2.{phone.number & 127}", 6000)
    phone.call(name="open", at=5, ends=away, announced=(phone.a, away[1]), ended=False)


def announced_by_another_that_ends(phone: Phone) -> None:
    usual(phone)
    away = ("192.0.2.7", 5060), (f"192.0.2.{phone.number & 127}", 6000)
    phone.call(name="other", at=5, ends=away, announced=(away[0], phone.b))


def source_of_another(phone: Phone) -> None:
    usual(phone)
    away = ("192.0.2.7", 5061), (f"192.0.2.{phone.number & 127}", 6001)
    phone.call(f"a=ssrc:{phone.ssrc} cname:x", name="other", at=5, ends=away, ended=phone.number % 2 == 0)


def heard_for_long(phone: Phone) -> None:
    usual(phone)
    phone.story += [(phone.start + 1000.0 * n, phone.a, phone.b, b"\x05 foreign") for n in range(60)]


def source_heard_elsewhere(phone: Phone) -> None:
    phone.call(f"a=ssrc:{phone.ssrc} cname:x")
    phone.talk()
    phone.talk(("192.0.2.5", 7000), ("192.0.2.6", 7000 + phone.number), first=9000)


def media_elsewhere(phone: Phone) -> None:
    one, other = (phone.a[0], 5000), (phone.b[0], 5000)
    phone.call(announced=(one, other))
    phone.talk(one, other)


def behind_nat(phone: Phone) -> None:
    inner = ("10.0.0.5", 4000)
    phone.call(announced=(inner, phone.b))
    phone.talk()


def goes_on_long(phone: Phone) -> None:
    usual(phone)
    phone.talk(at=430, seconds=60, first=120, every=200)


def moves(phone: Phone) -> None:
    phone.call()
    phone.talk()
    phone.talk((phone.a[0], 4444), (phone.b[0], 4444), at=430, first=120)


def faxed(phone: Phone) -> None:
    phone.call(FAX)
    phone.story += [(phone.start + 100 + n, phone.a, phone.b, b"\0\1\2fax" + bytes(20)) for n in range(5)]


def pinged(phone: Phone) -> None:
    usual(phone)
    phone.options(phone.a, phone.b, 600)


def pinged_with_an_error(phone: Phone) -> None:
    usual(phone)
    phone.options(phone.a, phone.b, 600, CORRUPT)


def pinged_before(phone: Phone) -> None:
    phone.options(phone.a, ("192.0.2.7", 5060), -40_000)
    usual(phone)


def comes_back(phone: Phone) -> None:
    usual(phone)
    phone.call(at=80_000)
    phone.talk(at=80_030, first=9000)


def with_itself(phone: Phone) -> None:
    phone.call(ends=(phone.a, phone.a))


APART = (usual, silent, with_sources_announced, with_checks, with_reports, kept_for_its_error)
WAYS = (
    *APART, one_after_the_other, beside_something_unknown, beside_a_stream_of_nobody, announced_by_another_that_is_open,
    announced_by_another_that_ends, source_of_another, source_heard_elsewhere, media_elsewhere, behind_nat,
    goes_on_long, moves, faxed, pinged, pinged_with_an_error, pinged_before, comes_back, with_itself,
)
Way = Callable[[Phone], None]


def of(ways: Iterable[Way], between: float) -> Story:
    story: Story = []
    for number, way in enumerate(ways, 1):
        way(phone := Phone(number, 50_000 + number * between))
        story += phone.story
    return story


def told(twin: type[Scanner], story: Story, most: int, size: int, capacity: Capacity = CAPACITY) -> Any:
    """The report on a story, and what is held besides by the scan and of calls that went."""
    scanner, engine = twin(), Engine(max_finished=most, capacity=capacity)
    frames = [(time, frame(src, dst, payload)) for time, src, dst, payload in sorted(story, key=lambda one: one[0])]
    records = [(0, Record(n, int(time * 1e6), ETHERNET, one, len(one))) for n, (time, one) in enumerate(frames, 1)]
    for batch in scanner.scan(records, size):
        engine.feed(batch)
        engine.retire_finished(scanner)
    engine.feed(scanner.finish(engine.announced()))
    engine.retire_finished(scanner, at_the_end=True)
    calls = engine.trackers.calls
    remembered = [sorted(table.items()) for table in (calls.retired_media, calls.retired_signalling)]
    held = sorted((each.ssrc, each.flows, each.packets) for each in scanner.streams)
    return engine.report(scanner, ()), remembered, held, [state.key for state in scanner.flows]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Tells a story with calls that are apart and without; gives back how many were."""
    monkeypatch.setattr(retirement, "MIN_FINISHED", 1)
    real = apart.apart
    found: list[Any] = []

    def looked_for(*arguments: Any) -> Any:
        found.append(real(*arguments))
        return found[-1]

    def compare(*arguments: Any) -> int:
        found.clear()
        monkeypatch.setattr(belongings, "apart", looked_for)
        made = told(*arguments)
        monkeypatch.setattr(belongings, "apart", lambda *_: None)
        assert made == told(*arguments)
        return sum(each is not None for each in found)

    return compare


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("twin", TWINS)
def test_each_way_is_told_as_if_it_had_been_searched_for(
    way: Way, twin: type[Scanner], compared: Callable[..., int]
) -> None:
    story = of([way, usual, way, usual, way], 9000.0)
    for most, size in ((0, 1), (1, 16), (0, 100_000)):
        assert compared(twin, story, most, size) >= (5 - most if way in APART else 1)


@pytest.mark.parametrize("seed", range(20))
def test_all_ways_together_are_told_as_if_they_had_been_searched_for(
    seed: int, compared: Callable[..., int]
) -> None:
    chance = random.Random(seed)
    story = of(chance.choices(WAYS + 4 * APART, k=25), chance.choice((50.0, 900.0, 9000.0)))
    assert compared(scanner_class(), story, chance.choice((0, 1, 8)), chance.choice((1, 16, 4096))) > 5


def test_where_others_are_remembered_what_is_apart_takes_no_room_of_them(compared: Callable[..., int]) -> None:
    story = of([heard_for_long, *[usual] * 8], 50.0)
    assert compared(scanner_class(), story, 0, 100_000, Capacity(endpoints=4)) == 0
