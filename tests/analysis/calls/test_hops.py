"""Calls through proxies, held unread: the report is the one of an engine that reads everything at once."""

from __future__ import annotations

import random
import re
import zlib
from collections import Counter
from collections.abc import Callable

import pytest

from dissectors.engine.trackers import Capacity
from tests.made import Endpoint
from tests.proxied import passed
from tests.stories import Story, Told, challenged, description, request, response, talk
from tests.unread import opened, told

__all__ = ["opened"]

pytest.importorskip("dissectors.protocols.sip_usual", reason="no compiled modules were built here")

PCMU = "a=rtpmap:0 PCMU/8000"
PROXY, SECOND = ("192.0.2.9", 5060), ("192.0.2.10", 5060)
END = 3040.0


class Made:
    """A call of three seconds through proxies, with media between the phones; `story` is what is on its hops."""

    def __init__(
        self, number: int, *proxies: Endpoint, silent: bool = False, by_callee: bool = False, tried: bool = True,
        asked: bool = False, early: bool = False,
        media: Callable[[int], tuple[Endpoint, Endpoint]] | None = None, **ways: object,
    ) -> None:
        self.number, self.start = number, 5000.0 + 700.0 * number
        here, there = f"198.51.101.{number}", f"203.0.114.{number}"
        ends = ((here, 20_000), (there, 30_000)) if media is None else media(number)
        offer, answer = (description(*end, PCMU) for end in ends)
        name = f"c{number}"
        bye = [
            request(END, "BYE", number=2, tag="2", call=name, back=by_callee),
            response(END + 20, 200, "OK", "BYE", number=2, call=name, back=by_callee),
        ]
        said = [
            request(0, "INVITE", body=offer, call=name),
            *[response(5, 100, "Trying", call=name)] * tried,
            *[response(100, 183, "Session Progress", body=answer, call=name)] * early,
            response(200, 180, "Ringing", call=name), response(1000, 200, "OK", body=answer, call=name),
            request(1010, "ACK", tag="2", call=name), *bye,
        ]
        if asked:
            said = [
                (time, src, dst, octets.replace(b"Call-ID: one", b"Call-ID: " + name.encode()))
                for time, src, dst, octets in challenged(said, offer)
            ]
        path = [(here, 5060), *(proxies or (PROXY,)), (there, 5060)]
        first = passed(said[:3], path[:2]) if asked else []
        self.signalling = sorted([*first, *passed(said[3 * asked:], path, **ways)])  # type: ignore[arg-type]
        self.media: Story = []
        for way in () if silent else (0, 1):
            self.media += talk(ends[way], ends[1 - way], number << 8 | way, seconds=2.0, every=60, step=480, size=480)

    def story(self) -> Story:
        """All of it."""
        return [(time + self.start, *rest) for time, *rest in (*self.signalling, *self.media)]  # type: ignore[misc]


def with_reason(call: Made) -> Made:
    """With one in its BYE, so that rules look at its ACK, too."""
    call.signalling = [
        (time, src, dst, octets.replace(b"\r\nCSeq: 2 BYE", b"\r\nReason: Q.850;cause=16\r\nCSeq: 2 BYE"))
        for time, src, dst, octets in call.signalling
    ]
    return call


def with_others(call: Made, hop: int, to: int, payload: bytes) -> Made:
    """With what somebody else sends to an end of a hop, or (-1) one of its ends to the other, then and much later."""
    _, src, dst, _ = call.signalling[hop]
    ends = (src, dst) if to < 0 else (("192.0.2.77", 4000 + call.number), (src, dst)[to])
    call.media = [*call.media, *[(time, *ends, payload) for time in (1500.0, 20_000.0, 45_000.0, 70_000.0)]]
    return call


Making = Callable[[int], Made]

GO_WELL: dict[str, Making] = {
    "plain": Made,
    "recorded": lambda number: Made(number, recorded=True),
    "the proxy tries": lambda number: Made(number, tried=False, tries=True, recorded=True),
    "nobody tries": lambda number: Made(number, tried=False),
    "past the proxy": lambda number: Made(number, directly=(b"ACK", b"BYE")),
    "past the proxy, and the callee hangs up": lambda number: Made(number, directly=(b"ACK", b"BYE"), by_callee=True),
    "the callee hangs up": lambda number: Made(number, by_callee=True),
    "two proxies": lambda number: Made(number, PROXY, SECOND),
    "past two proxies": lambda number: Made(number, PROXY, SECOND, directly=(b"ACK", b"BYE")),
    "a proxy of its own": lambda number: Made(number, (f"192.0.2.{100 + number}", 5060)),
    "silent": lambda number: Made(number, silent=True),
    "an early answer": lambda number: Made(number, early=True, recorded=True),
    "an early answer, and two proxies": lambda number: Made(number, PROXY, SECOND, early=True, tried=False),
    "a challenge and an early answer": lambda number: Made(number, asked=True, early=True),
    "a challenge": lambda number: Made(number, asked=True),
    "a challenge, and past two proxies": lambda number: Made(
        number, PROXY, SECOND, asked=True, recorded=True, directly=(b"ACK", b"BYE")
    ),
    "a reason, past a proxy that wants to stay": lambda number: with_reason(
        Made(number, recorded=True, directly=(b"ACK", b"BYE"))
    ),
}
"""Calls that stay unread."""

OTHERS: dict[str, Making] = {
    "a challenge, and silent": lambda number: Made(number, asked=True, silent=True),
    "five proxies": lambda number: Made(number, *[("192.0.2.9", 5060 + at) for at in range(5)]),
    "ACK alone past the proxy": lambda number: Made(number, directly=(b"ACK",)),
    "BYE alone past the proxy": lambda number: Made(number, directly=(b"BYE",)),
    "there and back": lambda number: Made(number, PROXY, (f"198.51.101.{number}", 5060), PROXY),
    "media where it signals": lambda number: Made(
        number, media=lambda n: ((f"198.51.101.{n}", 5060), (f"203.0.114.{n}", 5060))
    ),
    "media at the proxy": lambda number: Made(
        number, media=lambda n: ((PROXY[0], 9000 + n), (f"203.0.114.{n}", 30_000))
    ),
    "media where the proxy signals": lambda number: Made(number, media=lambda n: (PROXY, (f"203.0.114.{n}", 30_000))),
    "kept alive": lambda number: with_others(Made(number), 0, -1, b"\r\n\r\n"),
    "kept alive behind the proxy": lambda number: with_others(Made(number), 1, -1, b"\r\n\r\n"),
    "a stranger at the caller": lambda number: with_others(Made(number), 0, 0, b"\x05 foreign"),
    "a stranger at the proxy": lambda number: with_others(Made(number), 0, 1, b"\x05 foreign"),
    "a stranger at the callee": lambda number: with_others(Made(number), 1, 1, b"\x05 foreign"),
    "media in a network of its own": lambda number: Made(number, media=lambda n: (("10.0.0.1", n), ("10.0.0.2", n))),
    "media of all at one place": lambda number: Made(
        number, media=lambda n: (("198.51.100.9", 4000), ("203.0.113.9", 4000))
    ),
}
"""Calls that may be read, for one reason or another."""


def left_out(one: Told, chance: random.Random) -> Story:
    return []


def again(one: Told, chance: random.Random) -> Story:
    return [one, (one[0] + chance.choice((0.25, 500.0)), *one[1:])]


def late(one: Told, chance: random.Random) -> Story:
    """Behind one or more of those that follow."""
    return [(one[0] + chance.choice((1.25, 6.0, 1000.0, 2500.0)), *one[1:])]


def early(one: Told, chance: random.Random) -> Story:
    return [(one[0] - chance.choice((1.25, 6.0, 190.0, 2500.0)), *one[1:])]


def at_once(one: Told, chance: random.Random) -> Story:
    """At the time of the one before, or the next one."""
    return [(one[0] + chance.choice((-1.0, 1.0)), *one[1:])]


def rewritten(before: bytes, after: bytes) -> Callable[[Told, random.Random], Story]:
    """With something else in its octets."""
    def change(one: Told, chance: random.Random) -> Story:
        head, gap, body = re.sub(before, after, one[3]).partition(b"\r\n\r\n")
        head = re.sub(rb"(?<=Content-Length: )\d+", b"%d" % len(body), head)
        return [(*one[:3], head + gap + body)]
    return change


def elsewhere(one: Told, chance: random.Random) -> Story:
    """To another port, from another one, or between others."""
    time, src, dst, octets = one
    return [(time, *chance.choice(((src, (dst[0], 5070)), ((src[0], 5070), dst), (("192.0.2.50", 5060), dst))), octets)]


CHANGES: dict[str, Callable[[Told, random.Random], Story]] = {
    "left out": left_out, "again": again, "late": late, "early": early, "at once": at_once, "elsewhere": elsewhere,
    "another branch": rewritten(rb"branch=z9hG4bK\w+", b"branch=z9hG4bKother"),
    "the branch of the INVITE": rewritten(rb"branch=z9hG4bK\w+", b"branch=z9hG4bKINVITE1"),
    "the branch of its passing": rewritten(rb"branch=z9hG4bK\w+", b"branch=z9hG4bKINVITE1p0"),
    "another number": rewritten(rb"CSeq: \d", b"CSeq: 7"),
    "another tag": rewritten(rb"tag=2", b"tag=3"),
    "another caller": rewritten(rb"tag=1", b"tag=4"),
    "no tag": rewritten(rb";tag=2", b""),
    "another description": rewritten(rb"s=-", b"s=x"),
    "another port": rewritten(rb"m=audio \d+", b"m=audio 4444"),
    "another owner": rewritten(rb"o=- 1", b"o=- 2"),
    "another codec": rewritten(rb"0 PCMU", b"0 PCMA"),
    "nothing described": rewritten(rb"(?s)Content-Type.*v=0.*", b"Content-Length: 0\r\n\r\n"),
    "another status": rewritten(rb"^SIP/2.0 \d+", b"SIP/2.0 486"),
    "a challenge": rewritten(rb"^SIP/2.0 \d+", b"SIP/2.0 407"),
    "session timer": rewritten(rb"\r\nCSeq", b"\r\nSession-Expires: 90\r\nCSeq"),
    "another program": rewritten(rb"\r\nCSeq", b"\r\nUser-Agent: Viceroy 1\r\nCSeq"),
    "a strange header": rewritten(rb"\r\nCSeq", b"\r\nStrange: 1\r\nCSeq"),
}


@pytest.mark.parametrize("way", GO_WELL)
def test_what_goes_well_is_never_read(way: str, opened: Counter[str]) -> None:
    story = [each for number in range(1, 13) for each in GO_WELL[way](number).story()]
    made = told(story, True, 0)
    assert opened == {"unread": 12} and not made.calls and not made.streams
    assert made == told(story, False, 0)


def shortened(octets: bytes, packs: bool, more: int) -> bytes:
    """A message with names of one letter, with its body packed or not, and so many octets longer."""
    head, gap, body = octets.partition(b"\r\n\r\n")
    for name, short in ((b"Via", b"v"), (b"From", b"f"), (b"To", b"t"), (b"Call-ID", b"i"), (b"Content-Type", b"c")):
        head = re.sub(b"(?m)^" + name + b":", short + b":", head)
    if body and packs:
        body = zlib.compress(body + b"a=x-more:the same words again and again\r\n" * 7, 9)
        head = re.sub(rb"Content-Length: \d+", b"e: deflate\r\nl: %d" % len(body), head)
    return head + (b"\r\nX-More: " + b"x" * more) * (more > 0) + gap + body


@pytest.mark.parametrize("packs", [False, True])
@pytest.mark.parametrize("which", [b"INVITE", b"SIP/2.0 200"])
def test_each_hop_of_a_call_with_short_names_is_as_small_as_it_must_be(
    which: bytes, packs: bool, opened: Counter[str]
) -> None:
    for more in range(600, 760, 8):
        story: Story = []
        for number in range(1, 9):
            call = Made(number, PROXY, SECOND, recorded=True)
            longer = more * (number in (5, 6))
            call.signalling = [
                (time, src, dst, shortened(octets, packs, longer * octets.startswith(which)))
                for time, src, dst, octets in call.signalling
            ]
            story += call.story()
        assert told(story, True, 0) == told(story, False, 0), more
    assert opened["unread"] and opened["read"]


@pytest.mark.parametrize("way", GO_WELL)
def test_there_is_room_for_the_ends_of_all_hops(way: str, opened: Counter[str]) -> None:
    story = [each for number in range(1, 13) for each in GO_WELL[way](number).story()]
    for most in (30, 48, 80):
        room = Capacity(endpoints=most)
        assert told(story, True, 0, 4096, room) == told(story, False, 0, 4096, room), most


@pytest.mark.parametrize("way", [*GO_WELL, *OTHERS])
def test_each_way_is_told_as_if_it_had_been_read(way: str, opened: Counter[str]) -> None:
    ways = [Made, {**GO_WELL, **OTHERS}[way], Made, {**GO_WELL, **OTHERS}[way]]
    story = [each for number, make in enumerate(ways * 2, 1) for each in make(number).story()]
    for most, size in ((0, 1), (3, 4096)):
        assert told(story, True, most, size) == told(story, False, most, size)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("way", ["past the proxy", "a challenge", "an early answer, and two proxies"])
def test_each_change_of_a_message_is_told_as_if_it_had_been_read(way: str, change: str, opened: Counter[str]) -> None:
    """Each answer is changed, and of the other messages a few."""
    chance = random.Random(f"{way}, {change}")
    said = [octets for _, _, _, octets in GO_WELL[way](1).signalling]
    answers = [at for at, octets in enumerate(said) if octets.startswith((b"SIP/2.0 183", b"SIP/2.0 200"))]
    for at in sorted({*answers, *chance.sample(range(len(said)), 3)}):
        calls = [GO_WELL[way](number) for number in (1, 2)]
        calls[0].signalling[at : at + 1] = CHANGES[change](calls[0].signalling[at], chance)
        story = [each for call in calls for each in call.story()]
        most, size = chance.choice((0, 2)), chance.choice((1, 16, 4096))
        assert told(story, True, most, size) == told(story, False, most, size), at


def test_all_ways_together_are_told_as_if_they_had_been_read(opened: Counter[str]) -> None:
    """With some messages changed, at once or one after the other."""
    for seed in range(60):
        chance = random.Random(seed)
        ways = chance.choices([*GO_WELL.values()], k=8) + chance.choices([*OTHERS.values()], k=chance.choice((0, 2)))
        chance.shuffle(ways)
        story: Story = []
        gap = chance.choice((3.0, 300.0, 4000.0, 40_000.0))
        for number, make in enumerate(ways, 1):
            call = make(number)
            call.start = 5000 + gap * (number + chance.random())
            if chance.random() < 0.2:
                at = chance.randrange(len(call.signalling))
                call.signalling[at : at + 1] = CHANGES[chance.choice([*CHANGES])](call.signalling[at], chance)
            story += call.story()
        most, size, over_tcp = chance.choice((0, 1, 3)), chance.choice((1, 16, 4096)), seed % 3 == 1
        lazily, at_once = (told(story, each, most, size, over_tcp=over_tcp) for each in (True, False))
        assert lazily == at_once, seed
    assert opened["unread"] > 150
