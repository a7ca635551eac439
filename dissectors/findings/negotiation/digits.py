"""Rules about keys that come more than once: as telephone events (RFC 4733) and by INFO, or as several events."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rule import Facts, Found, name_of, rule
from dissectors.findings.transactions import transactions
from dissectors.protocols import dtmf
from dissectors.report import Digit, Message

MAX_APART_SECONDS = 2.0
"""The two reports of one key are no further apart than this."""

MAX_TOLD = 8
MIN_KEYS = 2
"""So many keys that came twice are no chance."""


@rule(
    "digits-twice", "warning", "Keys were sent by two ways at once",
    why="The same keys came as telephone events in RTP and by INFO. A menu or a conference that understands both "
    "counts each key twice: 1 becomes 11.",
    fix="Set the phone, or the gateway, to only one way of sending keys (RFC 4733 if both sides agreed on it).",
)
def digits_twice(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks() if any([stream.digits for _, stream in facts.striking]) else ():
        for side in ("caller", "callee"):
            pressed = [(digit.time, digit) for each in facts.of(call) if each.sender == side for digit in each.digits]
            told = _by_info(facts, number, side) if pressed else []
            both = _paired(sorted(pressed, key=lambda each: each[0]), told)
            if len(both) >= MIN_KEYS:
                keys = " ".join(digit.digit for digit, _ in both[:32])
                what = f"the {side} sent {keys} as telephone events and by INFO"
                places = [place for digit, message in both for place in (digit.place, message.place) if place]
                yield Found(what, places, number, time=both[0][0].time, certainty="high")


def _by_info(facts: Facts, number: int, side: str) -> list[tuple[str, Message]]:
    """The keys that a side sent by INFO and that were accepted, in order."""
    found = []
    for each in transactions(facts)[number]:
        first = each.requests[0]
        accepted = each.final is None or (each.final.status or 0) < 300
        if each.method == "INFO" and each.side == side and first.body and accepted:
            found += [(key, first) for key in dtmf.keys(first.body.content_type, first.body.text)]
    return found


def _paired(pressed: list[tuple[float, Digit]], told: list[tuple[str, Message]]) -> list[tuple[Digit, Message]]:
    """The keys that came both ways, each once, at about the same time; both lists are in order of time."""
    found: list[tuple[Digit, Message]] = []
    place = 0
    for time, digit in pressed:
        while place < len(told) and told[place][1].time < time - MAX_APART_SECONDS:
            place += 1
        if place < len(told) and told[place][0] == digit.digit and told[place][1].time <= time + MAX_APART_SECONDS:
            found.append((digit, told[place][1]))
            place += 1
    return found


@rule(
    "event-timestamp-moves", "warning", "Timestamps move while a key is pressed",
    scope="stream",
    why="All packets of a telephone event have the timestamp of its beginning (RFC 4733 section 2.5.1.2): with a new "
    "one a new event begins. A menu or a conference may count one key several times.",
    fix="Repair the sender, or the gateway that writes new timestamps, such as one that transcodes the sound.",
)
def event_timestamp_moves(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        moved = [each for each in stream.digits if each.timestamps > 1]
        if moved:
            told = ", ".join(f"{each.digit} has {each.timestamps} timestamps" for each in moved[:MAX_TOLD])
            more = f", and {len(moved) - MAX_TOLD} keys more" if len(moved) > MAX_TOLD else ""
            what = f"{name_of(stream)}: {told}{more}"
            places = [each.place for each in moved if each.place]
            yield Found(what, places, stream.call, number, certainty=moved[0].certainty, time=moved[0].time)


RULES = (digits_twice, event_timestamp_moves)
