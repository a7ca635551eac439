"""Calls with media on ports of their own, held unread: the report is the one of an engine that reads everything."""

from __future__ import annotations

import gc
import random
import struct
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from dissectors.analysis.calls.talk import Talk
from dissectors.engine.trackers import Capacity
from tests.made import Endpoint, sip
from tests.stories import Story, description, request, response, rtp, talk
from tests.unread import fed, opened, told

__all__ = ["opened"]

pytest.importorskip("dissectors.protocols.sip_usual", reason="no compiled modules were built here")

PCMU = "a=rtpmap:0 PCMU/8000"
TRUNK: tuple[Endpoint, Endpoint] = ("198.51.100.1", 5060), ("203.0.113.2", 5060)
MEDIA_SERVER, STRANGER = "203.0.113.9", ("192.0.2.77", 4000)
HUNG_UP = 3040.0


class Called:
    """A call of three seconds from one end to another, with media between two others; times are milliseconds."""

    def __init__(self, number: int, start: float, ends: tuple[Endpoint, Endpoint], media: tuple[Endpoint, Endpoint]):
        self.number, self.start, self.ends, self.media = number, start, ends, media
        self.announced, self.sources = media, (number << 8 | 1, number << 8 | 2)
        self.lines: tuple[str, ...] = (PCMU,)
        self.forth: dict[str, object] | None = {}
        self.back: dict[str, object] | None = {}
        self.beside: Story = []
        self.before: Called | None = None

    def story(self) -> Story:
        """All of it."""
        offer, answer = (description(*end, *self.lines) for end in self.announced)
        name = f"c{self.number}"
        said = [
            request(0, "INVITE", body=offer, call=name), response(5, 100, "Trying", call=name),
            response(200, 180, "Ringing", call=name), response(1000, 200, "OK", body=answer, call=name),
            request(1010, "ACK", tag="2", call=name), request(HUNG_UP, "BYE", number=2, tag="2", call=name),
            response(HUNG_UP + 20, 200, "OK", "BYE", number=2, call=name),
        ]
        here, there = self.ends
        forth = [(*self.ends, b"") if src[0] == "198.51.100.1" else (there, here, b"") for _, src, _, _ in said]
        told = [(time, src, dst, octets) for (time, _, _, octets), (src, dst, _) in zip(said, forth, strict=True)]
        for way, changes in enumerate((self.forth, self.back)):
            if changes is not None:
                ends = self.media[way], self.media[1 - way]
                told += talk(*ends, **{"ssrc": self.sources[way], "seconds": 2.0, **changes})  # type: ignore[arg-type]
        return [(time + self.start, *rest) for time, *rest in (*told, *self.beside)]  # type: ignore[misc]


Way = Callable[[Called, random.Random], None]


def plain(call: Called, chance: random.Random) -> None:
    """As it is."""


def changed(call: Called, chance: random.Random, **changes: object) -> None:
    call.forth = changes


def one_way(call: Called, chance: random.Random) -> None:
    call.back = None


def silent(call: Called, chance: random.Random) -> None:
    call.forth = call.back = None


def held_and_silent(call: Called, chance: random.Random) -> None:
    held(call, chance)
    silent(call, chance)


def behind_nat(call: Called, chance: random.Random) -> None:
    """What the caller announces is an address of its own network; media comes from where it signals."""
    call.announced = ("10.0.0.5", call.media[0][1]), call.announced[1]
    call.media = (call.ends[0][0], call.media[0][1]), call.media[1]


def private(call: Called, chance: random.Random) -> None:
    call.media = call.announced = (f"10.0.0.{call.number}", 4000), call.media[1]


def nobody_there(call: Called, chance: random.Random) -> None:
    call.announced = (call.media[0][0], 9998), call.media[1]


def same_end(call: Called, chance: random.Random) -> None:
    call.announced = call.media[1], call.media[1]


def crossed(call: Called, chance: random.Random) -> None:
    call.announced = call.media[1], call.media[0]


def at_the_signalling(call: Called, chance: random.Random) -> None:
    """One side has media on the port of its signalling."""
    call.media = call.announced = call.ends[0], call.media[1]


def held(call: Called, chance: random.Random) -> None:
    call.announced = ("0.0.0.0", call.media[0][1]), call.media[1]


def of_one_source(call: Called, chance: random.Random) -> None:
    call.sources = 4711, chance.choice((4711, 4712))


def with_sources(call: Called, chance: random.Random) -> None:
    """Announced, rightly or not."""
    call.lines = (PCMU, f"a=ssrc:{chance.choice(call.sources)} cname:a")


def third_party(call: Called, chance: random.Random, at: int) -> None:
    """Somebody sends to where the call has media, or signals."""
    call.beside = talk(STRANGER, (*call.media, *call.ends)[at], 900 + call.number, seconds=chance.choice((0.1, 1.0)))


def to_third_party(call: Called, chance: random.Random, at: int) -> None:
    call.beside = talk((*call.media, *call.ends)[at], STRANGER, 900 + call.number, seconds=1.0)


def orphan(call: Called, chance: random.Random) -> None:
    """Some time after the call somebody sends to where it had media."""
    for end in call.media:
        call.beside += talk(STRANGER, end, 900 + call.number, start=chance.choice((10_000, 50_000)), seconds=1.0)


def like_another(call: Called, chance: random.Random) -> None:
    """Without media, announced where the call before has its own, which come soon."""
    if call.before is not None:
        call.announced, call.start = call.before.media, call.before.start + 900
        call.forth = call.back = None


def to_the_host(call: Called, chance: random.Random) -> None:
    """Something goes to the announced port, on the host that signals."""
    at = chance.randrange(2)
    call.beside = talk(STRANGER, (call.ends[at][0], call.announced[at][1]), 900 + call.number, seconds=1.0)


def on_the_signalling(call: Called, chance: random.Random) -> None:
    call.beside = talk(*call.ends, 900 + call.number, seconds=chance.choice((0.1, 1.0)))


def second_source(call: Called, chance: random.Random) -> None:
    call.beside = talk(*call.media, 900 + call.number, start=1500, seconds=1.0)


def kept_alive(call: Called, chance: random.Random) -> None:
    call.beside = [(time, *call.ends, b"\r\n\r\n") for time in (2000.0, 25_000.0, 45_000.0, 65_000.0)]


def stray(call: Called, chance: random.Random, signalling: bool) -> None:
    """Datagrams that are no stream."""
    ends = call.ends if signalling else call.media
    payload = chance.choice((b"\x05 foreign", b"\r\n\r\n", rtp(7, 0x1234), b"\x80\x00"))
    call.beside = [(1500.0 + n, *ends, payload) for n in range(chance.choice((1, 3)))]


def reports(
    call: Called, chance: random.Random, beyond: int = 1, times: tuple[float, ...] = (1500, 2500), lost: int = 0,
    round_trip: float = 20, late: float = 0,
) -> None:
    """Reports of both sides at the next ports, on another way or not; times are milliseconds."""
    ends = [(host, port + beyond) for host, port in call.media]
    said: list[tuple[int, float]] = [(0, 0.0), (0, 0.0)]
    for number, begin in enumerate(times):
        for way, own in enumerate(call.sources):
            time = begin + 3 * way
            sent, (before, when) = int(time - 1020) // 20, said[1 - way]
            clock = int((3_900_000_000 + (call.start + time) / 1000) * 2**32)
            info = struct.pack(">QIII", clock, 160 * sent + int(8 * late), sent, 160 * sent)
            held = int(max(0, time - when - round_trip) * 65.536) if before else 0
            block = struct.pack(
                ">IIIIII", call.sources[1 - way], lost * number, 100 + sent, 8, before >> 16 & 0xFFFFFFFF, held
            )
            octets = struct.pack(">BBHI", 0x81, 200, 12, own) + info + block
            call.beside.append((time, ends[way], ends[1 - way], octets))
            said[way] = clock, time


def reports_of_another(call: Called, chance: random.Random) -> None:
    """On the ports beside, of a source that nobody sends."""
    sources, call.sources = call.sources, (4242, 4243)
    reports(call, chance, lost=8)
    call.sources = sources


def options(call: Called, chance: random.Random) -> None:
    """Somebody asks on the same 5-tuple whether the other side is there, during the call or some time around it."""
    time = chance.choice((-40_000.0, -100.0, 1500.0, 5000.0, 60_000.0))
    here, there = call.ends
    lines = [
        f"Via: SIP/2.0/UDP x;branch=z9hG4bKo{call.number}", "From: <sip:a@x>;tag=1", "To: <sip:b@x>",
        f"Call-ID: o{call.number}", "CSeq: 1 OPTIONS",
    ]
    call.beside = [
        (time, here, there, sip("OPTIONS sip:b@x SIP/2.0", *lines)),
        (time + 20, there, here, sip("SIP/2.0 200 OK", *[each + ";tag=2" * each.startswith("To") for each in lines])),
    ]


WAYS: dict[str, Way] = {
    "plain": plain, "lost": partial(changed, lost=lambda n: n % 7 == 3), "one way": one_way, "silent": silent,
    "goes on": partial(changed, seconds=4.0), "goes on for long": partial(changed, seconds=40.0, every=400, step=3200),
    "early": partial(changed, start=500.0), "encrypted": partial(changed, size=170),
    "not listed": partial(changed, payload_type=9), "behind NAT": behind_nat, "private": private,
    "nobody there": nobody_there, "the same end": same_end, "crossed": crossed,
    "held": held, "held and silent": held_and_silent,
    "at the signalling": at_the_signalling, "of one source": of_one_source, "announced sources": with_sources,
    "a third party": partial(third_party, at=0), "a third party at the other end": partial(third_party, at=1),
    "a third party where the caller signals": partial(third_party, at=2),
    "a third party at the server": partial(third_party, at=3), "to a third party": partial(to_third_party, at=0),
    "from the server to a third party": partial(to_third_party, at=3), "to the host": to_the_host, "orphan": orphan,
    "like another": like_another, "on the signalling's flow": on_the_signalling, "a second source": second_source,
    "stray": partial(stray, signalling=False), "stray signalling": partial(stray, signalling=True),
    "kept alive": kept_alive,
    "reports": reports, "reports beside": partial(reports, beyond=0), "reports of loss": partial(reports, lost=8),
    "a long round trip": partial(reports, round_trip=500),
    "many reports": partial(reports, times=(1100, 1400, 2000, 2500)),
    "reports that are late": partial(reports, times=(1100, 1400, 2000, 2500), late=900),
    "reports of somebody else": reports_of_another, "OPTIONS": options,
}

Place = Callable[[int, random.Random], tuple[tuple[Endpoint, Endpoint], tuple[Endpoint, Endpoint]]]


def pairs(number: int, chance: random.Random) -> tuple[tuple[Endpoint, Endpoint], tuple[Endpoint, Endpoint]]:
    """Two phones that have nothing to do with any other."""
    here, there = f"198.51.101.{number}", f"203.0.114.{number}"
    return ((here, 5060), (there, 5060)), ((here, 20_000 + 2 * number), (there, 30_000 + 2 * number))


def access(number: int, chance: random.Random) -> tuple[tuple[Endpoint, Endpoint], tuple[Endpoint, Endpoint]]:
    """Phones and a server, which has media on a host of its own."""
    phone = f"198.51.102.{number}"
    return ((phone, 5060), TRUNK[1]), ((phone, 20_000 + 2 * number), (MEDIA_SERVER, 30_000 + 2 * number))


def trunk(number: int, chance: random.Random) -> tuple[tuple[Endpoint, Endpoint], tuple[Endpoint, Endpoint]]:
    """Two servers, and two media servers."""
    return TRUNK, (("198.51.100.9", 20_000 + 2 * number), (MEDIA_SERVER, 30_000 + 2 * number))


def crowded(number: int, chance: random.Random) -> tuple[tuple[Endpoint, Endpoint], tuple[Endpoint, Endpoint]]:
    """Few hosts and few ports, which many calls have one after the other, or at once."""
    ends = [(f"198.51.100.{chance.randrange(1, 4)}", chance.choice((5060, 5062))) for _ in range(2)]
    media = [
        (chance.choice((ends[at][0], f"198.51.100.{chance.randrange(1, 6)}")), 20_000 + 2 * chance.randrange(5))
        for at in range(2)
    ]
    return (ends[0], ends[1]), (media[0], media[1])


PLACES: dict[str, Place] = {"pairs": pairs, "access": access, "trunk": trunk, "crowded": crowded}


def world(
    ways: list[str], places: list[str], gap: float, chance: random.Random, jitter: float = 0.0
) -> Story:
    """A call of each way, one after the other or over one another."""
    story: Story = []
    before = None
    for number, way in enumerate(ways, 1):
        ends, media = PLACES[chance.choice(places)](number, chance)
        call = Called(number, 50_000 + gap * (number + jitter * chance.random()), ends, media)
        call.before, before = before, call
        WAYS[way](call, chance)
        story += call.story()
    return story


@pytest.mark.parametrize("way", ["plain", "reports"])
@pytest.mark.parametrize("place", ["pairs", "access", "trunk"])
@pytest.mark.parametrize("over_tcp", [False, True], ids=["UDP", "TCP"])
def test_what_goes_well_is_never_read(way: str, place: str, over_tcp: bool, opened: Counter[str]) -> None:
    story = world([way] * 12, [place], 700.0, random.Random(1))
    made = told(story, True, 0, over_tcp=over_tcp)
    assert opened == {"unread": 12} and not made.calls and not made.streams
    assert made == told(story, False, 0, over_tcp=over_tcp)
    assert made.totals is not None and made.totals.calls == 12 and made.totals.streams_left_out == 24


@pytest.mark.parametrize("over_tcp", [False, True], ids=["UDP", "TCP"])
@pytest.mark.parametrize("keep", [260, 300])
def test_what_the_capture_cut_is_no_fault_of_calls_that_are_only_counted(
    over_tcp: bool, keep: int, opened: Counter[str]
) -> None:
    story = world(["plain"] * 30, ["trunk"], 700.0, random.Random(1))
    for most in (0, 20, 100):
        made = told(story, True, most, over_tcp=over_tcp, keep=keep)
        assert "capture-snaplen" in [each.id for each in made.findings]
        assert not {"header-broken", "header-missing", "content-length-wrong"} & {each.id for each in made.findings}
    assert opened["read"] > 30


@pytest.mark.parametrize("place", ["pairs", "access", "trunk"])
def test_calls_without_media_are_never_read(place: str, opened: Counter[str]) -> None:
    """Though there is something to say of each."""
    story = world(["silent"] * 12, [place], 700.0, random.Random(1))
    made = told(story, True, 0)
    assert opened == {"unread": 12} and made == told(story, False, 0)
    (finding,) = made.findings
    assert finding.id == "media-missing" and finding.what.startswith("12 more in calls")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("place", "gap"), [("access", 1700.0), ("trunk", 1700.0), ("pairs", 20_000.0)])
def test_each_way_is_told_as_if_it_had_been_read(way: str, place: str, gap: float, opened: Counter[str]) -> None:
    story = world(["plain", way, "plain", "plain", way, "plain"], [place], gap, random.Random(2))
    most, size = (0, 1) if place == "access" else (2, 4096)
    assert told(story, True, most, size) == told(story, False, most, size)


def test_all_ways_together_are_told_as_if_they_had_been_read(opened: Counter[str]) -> None:
    """At once or one after the other, between ends of their own or the same few, over UDP or TCP."""
    for seed in range(60):
        chance = random.Random(seed)
        usual = chance.choice(("plain", "plain", "silent"))
        ways = [usual] * chance.choice((3, 8)) + chance.choices([*WAYS], k=chance.choice((1, 3, 8)))
        chance.shuffle(ways)
        places = chance.choice((["pairs"], ["access"], ["trunk"], ["crowded"], [*PLACES]))
        gap = chance.choice((30.0, 300.0, 4000.0, 20_000.0, 70_000.0))
        story = world(ways, places, gap, chance, chance.choice((0, 1.0, 3.0)))
        most, size = chance.choice((0, 1, 3)), chance.choice((1, 16, 4096))
        capacity = Capacity(calls=chance.choice((3, 1000)), endpoints=chance.choice((6, 1000)))
        lazily, at_once = (told(story, each, most, size, capacity, over_tcp=seed % 2 == 1) for each in (True, False))
        assert lazily == at_once, seed
    assert opened["unread"] > 150


def test_nothing_of_what_went_waits_for_the_search_for_garbage() -> None:
    gc.collect()
    gc.disable()
    try:
        held = fed(world(["plain", "silent"] * 20, ["trunk"], 700.0, random.Random(1)), True, 0)
        assert not [each for each in gc.get_objects() if isinstance(each, Talk)]
    finally:
        gc.enable()
    assert held
