"""REGISTER and OPTIONS that are held unread: the report is the one of an engine that reads everything at once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import permutations

import pytest

from dissectors.analysis.calls import messages, table
from dissectors.engine.engine import Engine
from dissectors.engine.trackers import Capacity
from dissectors.limits.texts import MAX_TEXT_LENGTH
from dissectors.offline import scanner_class
from dissectors.protocols import sip_headers
from dissectors.report import size
from dissectors.wire.captures.records import Record
from tests.made import ETHERNET, Endpoint, numbered
from tests.stories import A, B, C, Story, dialled, hung_up, talk
from tests.unread import opened, told

__all__ = ["opened"]

sip_usual = pytest.importorskip("dissectors.protocols.sip_usual", reason="no compiled modules were built here")

SERVER: Endpoint = ("203.0.113.1", 5060)
NONCE = 'WWW-Authenticate: Digest realm="x", nonce="1"'
STALE = NONCE + ", stale=true"
PROOF = 'Authorization: Digest username="bob", realm="x", nonce="1"'


class Phone:
    """Who asks one server under one Call-ID; times are milliseconds."""

    def __init__(self, number: int, start: float, owner: str = "") -> None:
        self.number, self.start, self.owner = number, start, owner or f"sip:p{number}@example.org"
        self.here: Endpoint = (f"198.51.{number >> 8}.{number & 255}", 5060)
        self.story: Story = []

    def _lines(self, sequence: int, method: str, tag: str, branch: str) -> list[str]:
        return [
            f"Via: SIP/2.0/UDP {self.here[0]}:5060;rport;branch=z9hG4bK{self.number}-{branch or sequence}",
            f"From: <{self.owner}>;tag=f{self.number}", f"To: <{self.owner}>{tag and ';tag='}{tag}",
            f"Call-ID: {self.number}@x", f"CSeq: {sequence} {method}",
        ]

    def asks(self, after: float, method: str, sequence: int = 1, *more: str, branch: str = "", tag: str = "") -> None:
        lines = [f"{method} sip:example.org SIP/2.0", *self._lines(sequence, method, tag, branch), *more]
        contact = f"Contact: <sip:bob@{self.here[0]}>"
        self._sent(after, self.here, SERVER, [*lines, contact, "Content-Length: 0"])

    def gets(
        self, after: float, status: int, method: str, sequence: int = 1, *more: str, branch: str = "",
        whence: Endpoint = SERVER,
    ) -> None:
        lines = [f"SIP/2.0 {status} So", *self._lines(sequence, method, "s", branch), *more, "Content-Length: 0"]
        self._sent(after, whence, self.here, lines)

    def _sent(self, after: float, src: Endpoint, dst: Endpoint, lines: list[str]) -> None:
        self.story.append((self.start + after, src, dst, ("\r\n".join(lines) + "\r\n\r\n").encode()))

    def registers(self, after: float = 0.0, sequence: int = 1, expires: int = 60) -> None:
        self.asks(after, "REGISTER", sequence, f"Expires: {expires}")
        self.gets(after + 20, 200, "REGISTER", sequence, f"Expires: {expires}")


def registered(phone: Phone) -> None:
    phone.registers()


def challenged(phone: Phone) -> None:
    phone.asks(0, "REGISTER")
    phone.gets(10, 401, "REGISTER", 1, NONCE)
    phone.asks(20, "REGISTER", 2, PROOF)
    phone.gets(30, 200, "REGISTER", 2)


def tried(phone: Phone) -> None:
    phone.asks(0, "REGISTER")
    phone.gets(5, 100, "REGISTER")
    phone.gets(10, 200, "REGISTER")


def tried_twice(phone: Phone) -> None:
    tried(phone)
    phone.gets(7, 100, "REGISTER")


def refused(phone: Phone) -> None:
    phone.asks(0, "REGISTER")
    phone.gets(10, 403, "REGISTER")


def wrong_password(phone: Phone) -> None:
    challenged(phone)
    del phone.story[-1]
    phone.gets(30, 401, "REGISTER", 2, NONCE)


def stale(phone: Phone) -> None:
    for sequence in range(1, 5):
        phone.asks(20 * sequence, "REGISTER", sequence, PROOF)
        phone.gets(20 * sequence + 10, 401, "REGISTER", sequence, STALE)


def given_up(phone: Phone) -> None:
    phone.asks(0, "REGISTER")
    phone.gets(10, 401, "REGISTER", 1, NONCE)


def unanswered(phone: Phone) -> None:
    for again in range(4):
        phone.asks(500.0 * 2**again, "OPTIONS")


def repeated(phone: Phone) -> None:
    for again in range(3):
        phone.asks(500.0 * again, "REGISTER")
    phone.gets(1100, 200, "REGISTER")


def captured_twice(phone: Phone) -> None:
    phone.registers()
    phone.story += [(time + 1, src, dst, octets) for time, src, dst, octets in phone.story]


def renewed_late(phone: Phone) -> None:
    phone.registers(expires=10)
    phone.registers(40_000, 2, expires=10)


def under_another_call_id(phone: Phone) -> None:
    phone.registers(expires=10)
    again = Phone(phone.number + 4000, phone.start + 40_000, phone.owner)
    again.here = phone.here
    again.registers(expires=10)
    phone.story += again.story


def renewed_by_another(phone: Phone) -> None:
    """What renews a registration late is read, for it was repeated."""
    phone.registers(expires=10)
    again = Phone(phone.number + 4000, phone.start + 40_000, phone.owner)
    again.here = phone.here
    again.asks(-500, "REGISTER")
    again.registers(expires=10)
    phone.story += again.story


def again_and_again(phone: Phone) -> None:
    """One address registers under many Call-IDs, soon after one another: nothing is late."""
    for number in range(5):
        again = Phone(phone.number + 1000 * number, phone.start + 2000 * number, phone.owner)
        again.here = phone.here
        challenged(again)
        phone.story += again.story


def again_from_elsewhere(phone: Phone) -> None:
    """Between two registrations of one contact is one of another."""
    for number, (after, expires) in enumerate(((0, 5), (9000, 5), (18_000, 5))):
        again = Phone(phone.number + 1000 * number, phone.start + after, phone.owner)
        again.here = phone.here if number != 1 else (phone.here[0], 5062)
        again.registers(expires=expires)
        phone.story += [
            (time, src, dst, octets.replace(b"<sip:bob@", f"<sip:bob{number % 2}@".encode()))
            for time, src, dst, octets in again.story
        ]


def again_slowly(phone: Phone) -> None:
    """A challenge that is followed late renews what another Call-ID registered."""
    phone.registers(expires=1)
    again = Phone(phone.number + 1000, phone.start + 5, phone.owner)
    again.here = phone.here
    again.asks(0, "REGISTER")
    again.gets(5, 401, "REGISTER", 1, NONCE)
    again.asks(14_000, "REGISTER", 2, PROOF, "Expires: 1")
    again.gets(14_010, 200, "REGISTER", 2, "Expires: 1")
    phone.story += again.story


def called(phone: Phone, caller: Phone) -> Story:
    """What a caller says, to that phone."""
    to, instead = (f"To: <{each.owner}>".encode() for each in (caller, phone))
    return [(time, src, dst, octets.replace(to, instead)) for time, src, dst, octets in caller.story]


def refused_calls(phone: Phone) -> None:
    """The phone's registration is over when a call to it is refused."""
    phone.registers(expires=10)
    caller = Phone(phone.number + 8000, phone.start + 60_000)
    caller.asks(0, "INVITE")
    caller.gets(10, 480, "INVITE")
    caller.asks(20, "ACK", branch="1", tag="s")
    phone.story += called(phone, caller)


def refused_call_in_part(phone: Phone) -> None:
    """The same, where only the responses of the call were captured."""
    phone.registers(expires=10)
    caller = Phone(phone.number + 8000, phone.start + 60_000)
    caller.gets(0, 180, "INVITE")
    caller.gets(10, 480, "INVITE")
    phone.story += called(phone, caller)


def became_a_call(phone: Phone) -> None:
    phone.registers()
    phone.asks(100, "INVITE", 2)
    phone.gets(110, 486, "INVITE", 2)


def pinged(phone: Phone) -> None:
    phone.asks(0, "OPTIONS")
    phone.gets(10, 200, "OPTIONS")


def pinged_again(phone: Phone) -> None:
    pinged(phone)
    phone.asks(20, "OPTIONS", 2)
    phone.gets(30, 200, "OPTIONS", 2)


def not_found(phone: Phone) -> None:
    phone.asks(0, "OPTIONS")
    phone.gets(10, 404, "OPTIONS")


def from_elsewhere(phone: Phone) -> None:
    phone.asks(0, "OPTIONS")
    phone.gets(10, 200, "OPTIONS", whence=("203.0.113.2", 5060))


def another_branch(phone: Phone) -> None:
    phone.asks(0, "OPTIONS")
    phone.gets(10, 200, "OPTIONS", branch="other")


def answer_alone(phone: Phone) -> None:
    phone.gets(0, 200, "OPTIONS")


def at_the_same_time(phone: Phone) -> None:
    phone.asks(0, "REGISTER")
    phone.gets(0, 200, "REGISTER")


def odd_header(phone: Phone) -> None:
    phone.asks(0, "OPTIONS", 1, "Reason: SIP;cause=200", "nothing")
    phone.gets(10, 200, "OPTIONS", 1, "CSeq: 1 OPTIONS")


def with_sound(phone: Phone) -> None:
    """Media on the port of the signalling, with a hole in it while others register."""
    phone.registers()
    phone.story += talk(phone.here, SERVER, 0x70000 + phone.number, start=phone.start + 50, seconds=2)
    phone.story += [
        each for each in talk(phone.here, SERVER, 0x90000 + phone.number, start=phone.start, seconds=6)
        if not 2000 < each[0] - phone.start < 4000
    ]


def to_two_servers(phone: Phone) -> None:
    """Each has flows of its own, and both begin where the phone is."""
    pinged(phone)
    again = Phone(phone.number + 1000, phone.start + 5)
    again.here = phone.here
    pinged(again)
    other = ("203.0.113.9", 5060)
    phone.story += [
        (time, *(other if end == SERVER else end for end in ends), octets)  # type: ignore[misc]
        for time, *ends, octets in again.story
    ]


def from_the_server(phone: Phone) -> None:
    """The server asks, as it does behind NAT."""
    pinged(phone)
    phone.story = [(time, dst, src, octets) for time, src, dst, octets in phone.story]


def before_something_unknown(phone: Phone) -> None:
    """On the same flow, or at the same end, is something that nobody knows."""
    pinged(phone)
    there = SERVER if phone.number % 2 else B
    phone.story += [(phone.start + 30 + n, phone.here, there, b"\x05 foreign") for n in range(3)]


def beside_something_unknown(phone: Phone) -> None:
    """Somebody else sends something that nobody knows to where the exchange is, at either end or both."""
    pinged(phone)
    somebody: Endpoint = (f"192.0.2.{phone.number & 127}", 7000)
    for n, end in enumerate((SERVER, phone.here, SERVER)):
        if phone.number & (n + 1):
            phone.story.append((phone.start + n, somebody, end, b"\x05 foreign"))


def before_media_there(phone: Phone) -> None:
    """Media goes to the same end once the exchange is over."""
    pinged(phone)
    phone.story += talk(B, phone.here, 0x50000 + phone.number, start=phone.start + 100, seconds=1)


def behind_a_call(phone: Phone) -> None:
    """A call had its media where the exchange is."""
    had_media_there(phone)
    again = Phone(phone.number, phone.start + 80_000)
    pinged(again)
    phone.story += again.story


def had_media_there(phone: Phone) -> None:
    """A call announced its media where the phone is."""
    written = (
        (b"Call-ID: ", b"Call-ID: c%d" % phone.number),
        (b"audio %d " % A[1], b"audio %d " % phone.here[1]),
        (A[0].encode(), phone.here[0].encode()),
    )
    for time, src, dst, octets in [*dialled(), *hung_up()]:
        for before, after in written:
            octets = octets.replace(before, after)
        phone.story.append((phone.start + time, src, dst, octets))


def soon_after_a_call(phone: Phone) -> None:
    """The exchange begins before the call is let go, which had its media there, and outlasts it."""
    had_media_there(phone)
    again = Phone(phone.number, phone.start + 20_000)
    pinged(again)
    phone.story += again.story


WAYS: tuple[Callable[[Phone], None], ...] = (
    registered, challenged, tried, tried_twice, refused, wrong_password, stale, given_up, unanswered, repeated,
    captured_twice, renewed_late, under_another_call_id, renewed_by_another,
    again_and_again, again_from_elsewhere, again_slowly,
    refused_calls, refused_call_in_part, became_a_call, pinged, pinged_again, not_found,
    from_elsewhere, another_branch, answer_alone, at_the_same_time, odd_header, with_sound,
    to_two_servers, from_the_server, before_something_unknown, beside_something_unknown,
    before_media_there, behind_a_call, soon_after_a_call,
)
GO_WELL = (registered, challenged, tried, pinged)
UNREAD = (*GO_WELL, again_and_again)
"""Those of which nothing is read but where there is no room."""


def of(ways: Iterable[Callable[[Phone], None]], apart: float = 700.0) -> Story:
    """A phone for each way, one after the other."""
    story: Story = []
    for number, way in enumerate(ways, 1):
        way(phone := Phone(number, number * apart))
        story += phone.story
    return story


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("most", [0, 3])
def test_each_way_is_told_as_if_it_had_been_read(
    way: Callable[[Phone], None], most: int, opened: Counter[str]
) -> None:
    story = of([way, *GO_WELL, way, registered, way, pinged])
    made = told(story, True, most)
    assert opened["unread"] >= (3 if most else 6)
    assert made == told(story, False, most)


def test_all_ways_together_are_told_as_if_they_had_been_read(opened: Counter[str]) -> None:
    for seed in range(40):
        chance = random.Random(seed)
        story = of(chance.choices(WAYS + 3 * GO_WELL, k=40), chance.choice((50.0, 700.0, 5000.0)))
        most, size = chance.choice((0, 1, 8)), chance.choice((1, 16, 4096))
        assert told(story, True, most, size) == told(story, False, most, size), seed
    assert opened["unread"] > 400


def test_what_goes_well_is_never_read(opened: Counter[str]) -> None:
    made = told(of(UNREAD * 25), True, 0)
    assert made.totals is not None and made.totals.calls == 225 and not made.calls
    assert opened == {"unread": 225}


def test_messages_in_a_hole_of_media_say_that_the_capture_went_on(opened: Counter[str]) -> None:
    def hole(n: int) -> bool:
        return 100 <= n < 300

    pinged(phone := Phone(1, 5000))
    pause = [*talk(lost=hole), *talk(B, A, 78, lost=hole)]
    story = [*dialled(), *pause, *hung_up(), *phone.story]
    # The media stopped, which is an error: the call stays.
    assert told(story, True, 0) == told(story, False, 0) and opened == {"read": 1, "unread": 1}
    # The capture stopped, which is none.
    told([*dialled(), *pause, *hung_up()], True, 0)
    assert opened == {"read": 2, "unread": 1}


# Those after the ones that every message has but once.
@pytest.mark.parametrize("name", [*[each.decode() for each in sip_usual.NAMES[7:]], "X-Serialnumber", "x-cidr"])
def test_no_rule_looks_at_the_headers_that_stay_unread(name: str, opened: Counter[str]) -> None:
    """Otherwise the rule would find nothing in what is not read: its header has to go from NAMES."""
    assert sip_headers.canonical(name.lower()) in (name, name.lower()) and name not in sip_headers.COMPACT
    for value in ("0", "sip:a@x", "x;y=0", "4294967296", '"', ""):
        story: Story = []
        for number, method in enumerate(("REGISTER", "OPTIONS"), 1):
            phone = Phone(number, number * 100)
            phone.asks(0, method, 1, f"{name}: {value}")
            phone.gets(10, 200, method, 1, f"{name}: {value}")
            story += phone.story
        read = told(story, False, 0)
        assert read.findings == () and read == told(story, True, 0), value


def test_what_stays_unread_crosses_no_limit() -> None:
    assert sip_usual.LARGEST <= size.LARGEST_REQUEST and sip_usual.LONGEST + len("1000") <= size.SMALLEST
    assert size.LARGEST_REQUEST + size.IPV6_UDP <= size.ETHERNET and size.SMALLEST <= size.LARGEST_REQUEST
    assert sip_usual.MOST_LINES <= messages.MAX_HEADERS and sip_usual.LONGEST_NAME <= messages.MAX_HEADER_NAME_LENGTH
    assert sip_usual.LONGEST_LINE <= MAX_TEXT_LENGTH


def test_what_stays_unread_takes_no_room_for_texts(opened: Counter[str]) -> None:
    story, capacity = of(GO_WELL * 25, apart=1.0), Capacity(text_octets=50_000)
    read, unread = (told(story, lazily, 8, capacity=capacity) for lazily in (False, True))
    assert not read.calls[0].caller and unread.calls[0].caller
    assert "bound-hit" in [each.id for each in read.findings] and unread.findings == ()


def test_a_call_id_that_comes_back_keeps_its_number(opened: Counter[str]) -> None:
    def much_later(phone: Phone) -> None:
        phone.registers()
        phone.registers(100_000, 2)

    story = of((refused,) * 5 + (much_later,) * 30, apart=2000.0)
    whole = {call.call_id: call.number for call in told(story, False, 1000).calls}
    for lazily in (False, True):
        made = told(story, lazily, 3, size=1)
        assert any(call.returned for call in made.calls)
        assert {call.call_id: call.number for call in made.calls}.items() <= whole.items()
    assert sorted(whole.values()) == [*range(1, 36)] and opened["unread"] > 10


def test_no_more_octets_are_held_unread_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch, opened: Counter[str]
) -> None:
    monkeypatch.setattr(table, "MAX_UNREAD_OCTETS", 10_000)
    story = of(GO_WELL * 25, apart=1.0)
    assert told(story, True, 0) == told(story, False, 0)
    assert opened["read"] > 150 and 0 < opened["unread"] < 20


def test_calls_that_make_room_are_counted_unread() -> None:
    story = of((registered, unanswered) * 20, apart=1.0)
    made = []
    for lazily in (True, False):
        scanner, engine = scanner_class()(), Engine(max_finished=8, glance=sip_usual.glance if lazily else None)
        engine.trackers.calls.limit = 5
        records = [
            (0, Record(n, int(time * 1e6), ETHERNET, octets := numbered(src, dst, payload, n), len(octets)))
            for n, (time, src, dst, payload) in enumerate(sorted(story, key=lambda one: one[0]), 1)
        ]
        for batch in scanner.scan(records):
            engine.feed(batch)
        engine.feed(scanner.finish(engine.announced()))
        engine.retire_finished(scanner, at_the_end=True)
        made.append(engine.report(scanner, ()))
    assert made[0] == made[1] and made[0].totals is not None and made[0].totals.calls_left_out > 30


def foreign(number: int, start: float) -> Story:
    """Something that nobody knows, sent to the server."""
    return [(start + n, (f"192.0.2.{number}", 7000), SERVER, b"\x05 foreign") for n in range(3)]


@pytest.mark.parametrize("size", [1, 16, 4096])
def test_what_nobody_knows_goes_with_the_exchanges_at_its_end_and_a_stream_stays(
    size: int, opened: Counter[str]
) -> None:
    story = of(GO_WELL) + foreign(1, 5.0) + talk(C, SERVER, 0x60001, start=100, seconds=1)
    held, made = (told(story, True, most, size) for most in (1000, 0))
    assert (len(held.flows), len(held.streams)) == (10, 1) and opened == {"unread": 4}
    assert [(flow.src, flow.sport) for flow in made.flows] == [C] and len(made.streams) == 1
    assert made.totals is not None and made.totals.flows_left_out == 9
    assert made == told(story, False, 0, size)


@pytest.mark.parametrize("size", [1, 16, 4096])
@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_what_nobody_knows_goes_whenever_exchanges_were_at_its_end(
    order: tuple[int, ...], size: int, opened: Counter[str]
) -> None:
    """Exchanges go together although the clock was set between them."""
    story: Story = []
    for number in order:
        pinged(phone := Phone(number, 1e6 + 300_000 * number))
        story += phone.story + (foreign(number, phone.start + 100) if number != order[-1] else [])
    assert len(told(story, True, 1000, size, by_time=False).flows) == 8
    made = told(story, True, 0, size, by_time=False)
    assert made.flows == () and made.totals is not None and made.totals.flows_left_out == 8
    assert made == told(story, False, 0, size, by_time=False)


@pytest.mark.parametrize("size", [1, 4, 16])
def test_a_flow_that_was_just_used_stays_although_its_exchange_is_dated_far_ahead(
    size: int, opened: Counter[str]
) -> None:
    """What is asked there next is on the same flow."""
    pinged(phone := Phone(1, 1e6))
    asked, (_, src, dst, answer) = phone.story
    story = [asked, (1e6 + 900_000, src, dst, answer)]
    others = [Phone(n, 1e6 + 1000 * n) for n in range(2, 60)]
    others[26].here = phone.here
    for other in others:
        pinged(other)
        story += other.story
    made = told(story, True, 0, size, by_time=False)
    assert made.totals is not None and made.totals.flows_left_out == 2 * len(others) + 1
    assert made == told(story, False, 0, size, by_time=False)


@pytest.mark.parametrize(
    "way, count, apart, capacity, full",
    [
        # Media that is remembered at the end of an exchange is forgotten with it.
        (soon_after_a_call, 40, 10_000.0, Capacity(endpoints=16), False),
        # What a rule is asked about gives back its texts.
        (given_up, 100, 5000.0, Capacity(text_octets=20_000), False),
        # The ends of all that goes at once find room together, or do not.
        (pinged, 12, 50.0, Capacity(endpoints=24), False),
        (pinged, 12, 50.0, Capacity(endpoints=13), False),
        (pinged, 12, 50.0, Capacity(endpoints=12), True),
    ],
)
@pytest.mark.parametrize("size", [1, 4])
def test_what_goes_takes_as_much_room_as_if_it_had_been_read(
    way: Callable[[Phone], None], count: int, apart: float, capacity: Capacity, full: bool, size: int,
    opened: Counter[str],
) -> None:
    story = of((way,) * count, apart)
    made = told(story, True, 0, size, capacity)
    assert ("bound-hit" in [each.id for each in made.findings]) == full
    assert made == told(story, False, 0, size, capacity)


def test_where_room_ends_the_same_ends_are_forgotten_first(opened: Counter[str]) -> None:
    """The end that was used longest ago goes first, whoever used it."""
    pinged(first := Phone(1, 1e6))
    not_found(second := Phone(2, 1e6 + 1000))
    ends: list[Endpoint] = [("203.0.113.7", 5060), second.here, ("203.0.113.8", 5060)]
    story: Story = []
    for phone, server in ((first, ends[0]), (second, ends[2])):
        story += [
            (time, *(server if end == SERVER else end for end in between), octets)  # type: ignore[misc]
            for time, *between, octets in phone.story
        ]
    for number, end in enumerate(ends):
        story += [(1e6 + time, (f"192.0.2.{number}", 7000), end, b"\x05 foreign") for time in (2000, 40_000)]
    for number in range(3, 8):
        pinged(phone := Phone(number, 1e6 + 40_000 + number))
        story += phone.story
    made = told(story, True, 0, 1, Capacity(endpoints=8))
    assert [flow.dst for flow in made.flows] == [ends[0][0]] and opened == {"read": 1, "unread": 6}
    assert made == told(story, False, 0, 1, Capacity(endpoints=8))
