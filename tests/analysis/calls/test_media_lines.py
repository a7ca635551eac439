"""The media lines of a call: asked for each stream, walked once."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from dissectors.analysis.calls.media_lines import MediaLines
from dissectors.analysis.calls.negotiation import Announced, Offered
from dissectors.report import Media, Place

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


def announced(
    time: int, side: str, direction: str, port: int = 4000, address: str = "192.0.2.1", kind: str = "audio",
    refused: bool = False,
) -> Announced:
    media = Media(
        kind=kind, address=address, port=port, profile="RTP/AVP", direction=direction, formats=(), rtcp_port=None,
        rtcp_mux=False, rtp_id=None, ssrcs=(), encryption=None, candidates=0, suites=(), fingerprint=None, setup=None,
        endpoints=(),
    )
    offered = Offered(0, side, Place(0, 1), refused=refused)
    return Announced(side, address, port, media, {}, None, address, time, offered)


def held_step_by_step(lines: list[Announced], sender: str, first: int, last: int) -> int:
    """The same by walking every moment."""
    total = 0
    for moment in range(first, last):
        said = {line.side: line for line in lines if line.time <= moment}
        total += any(
            line.media.direction not in (("sendrecv", "sendonly") if side == sender else ("sendrecv", "recvonly"))
            or line.address == "0.0.0.0"
            or (side == sender and line.media.direction == "sendonly" and could_speak(lines, line))
            for side, line in said.items()
        )
    return total


def could_speak(lines: list[Announced], now: Announced) -> bool:
    """Whether a side said sendrecv before this line."""
    return any(line.side == now.side and line.time < now.time and line.media.direction == "sendrecv" for line in lines)


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


def test_sound_is_held_while_a_fax_takes_its_place_and_not_beside_it() -> None:
    fax = [announced(0, "caller", "sendrecv"), announced(10, "caller", "sendrecv", kind="image")]
    held = MediaLines([*fax, announced(30, "caller", "sendrecv")]).on_hold("caller", "audio")
    assert held.within(0, 100) == 20
    beside = MediaLines([*fax, announced(10, "caller", "sendrecv")]).on_hold("caller", "audio")
    assert beside.within(0, 100) == 0
    refused = MediaLines([announced(10, "caller", "sendrecv", port=0, kind="image")])
    assert refused.on_hold("caller", "audio").within(0, 100) == 0


def test_media_on_a_port_is_of_what_was_accepted_there_and_of_no_fax() -> None:
    sound, fax = announced(0, "caller", "sendrecv"), announced(1, "caller", "sendrecv", kind="image")
    video = announced(2, "caller", "sendrecv", kind="video", refused=True)
    assert MediaLines([sound, fax, video]).find("caller", 4000) is sound
    assert MediaLines([fax]).find("caller", 4000) is fax
