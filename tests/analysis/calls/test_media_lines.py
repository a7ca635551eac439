"""The media lines of a call: asked for each stream, walked once."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from dissectors.analysis.calls.media_lines import MediaLines
from dissectors.analysis.calls.negotiation import Announced, Offered
from dissectors.report import Media, Place

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


def announced(time: int, side: str, direction: str, port: int = 4000, address: str = "192.0.2.1") -> Announced:
    media = Media(
        kind="audio", address=address, port=port, profile="RTP/AVP", direction=direction, formats=(), rtcp_port=None,
        rtcp_mux=False, rtp_id=None, ssrcs=(), encryption=None, candidates=0, suites=(), fingerprint=None, setup=None,
        endpoints=(),
    )
    return Announced(side, address, port, media, {}, None, address, time, Offered(0, side, Place(0, 1)))


def held_step_by_step(lines: list[Announced], sender: str, first: int, last: int) -> int:
    """The same by walking every moment."""
    total = 0
    for moment in range(first, last):
        said = {line.side: line for line in lines if line.time <= moment}
        total += any(
            line.media.direction not in (("sendrecv", "sendonly") if side == sender else ("sendrecv", "recvonly"))
            or (side != sender and line.address == "0.0.0.0")
            for side, line in said.items()
        )
    return total


@pytest.mark.parametrize("seed", range(20))
def test_time_on_hold_is_that_of_every_moment_added_up(seed: int) -> None:
    chance = Random(seed)
    lines = [
        announced(time, chance.choice(("caller", "callee")), chance.choice(DIRECTIONS),
                  address=chance.choice(("192.0.2.1", "0.0.0.0")))
        for time in sorted(chance.sample(range(100), 12))
    ]
    asked = MediaLines(lines)
    for _ in range(50):
        first, last = sorted(chance.sample(range(120), 2))
        for sender in ("caller", "callee"):
            assert asked.on_hold(sender, "audio").within(first, last) == held_step_by_step(lines, sender, first, last)


def test_nobody_was_on_hold_between_the_end_and_the_beginning() -> None:
    assert MediaLines([announced(0, "caller", "inactive")]).on_hold("caller", "audio").within(9, 3) == 0


def test_a_port_finds_its_latest_line_and_an_unknown_port_the_latest_of_all() -> None:
    lines = [announced(0, "caller", "sendrecv", 1), announced(1, "caller", "sendonly", 1),
             announced(2, "caller", "inactive", 2), announced(3, "callee", "recvonly", 1)]
    asked = MediaLines(lines)
    assert asked.find("caller", 1) is lines[1]
    assert asked.find("caller", 9) is lines[2]
    assert asked.find("callee", 9) is lines[3]
    assert MediaLines([]).find("caller", 1) is None


class Walked(list[Announced]):
    """Counts how often its lines are looked at."""

    looks = 0

    def __iter__(self) -> Iterator[Announced]:
        for line in super().__iter__():
            self.looks += 1
            yield line


def test_lines_are_walked_once_however_many_streams_ask() -> None:
    lines = Walked(announced(time, "caller", DIRECTIONS[time % 4], port=time) for time in range(64))
    asked = MediaLines(lines)
    for number in range(1000):
        asked.on_hold("caller", "audio").within(number, number + 50)
        asked.find("callee", number)
    assert lines.looks == 64
    assert asked.on_hold("caller", "audio") is asked.on_hold("caller", "audio")


def test_calls_in_which_nobody_holds_share_the_answer() -> None:
    one, other = (MediaLines([announced(0, side, "sendrecv")]) for side in ("caller", "callee"))
    assert one.on_hold("caller", "audio") is other.on_hold("callee", "audio")
    assert one.on_hold("caller", "audio").within(0, 1000) == 0
