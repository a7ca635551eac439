"""The clock of the frames that a session sees: one that is dated wrong moves nothing, one that was set is followed."""
from __future__ import annotations

import os
import struct
from collections.abc import Iterator

import pytest

from dissectors.live import clock as clocks
from dissectors.live.clock import FramesClock
from dissectors.live.events import CallEvent, Event, Look, StreamEvent
from dissectors.live.session import Session
from dissectors.sources.pipe import Pipe
from tests.made import Sent, frame, rtp, sip

SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND
FAR_AHEAD, LONG_AGO = 4_080_000_000 * SECOND, 86_400 * SECOND


class Frames:
    """A session over a pipe, into which frames are written with the times that they are to have."""

    def __init__(self) -> None:
        out, self._into = os.pipe()
        self.told: list[Event] = []
        self.looks: list[Look] = []
        self._out = out
        self.session = Session(Pipe(out), watch=self._watch)
        os.write(self._into, struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))

    def _watch(self, look: Look) -> None:
        self.looks.append(look)
        self.told.extend(look.events)

    def come(self, sent: list[Sent], first: int, look: bool = True) -> None:
        """These come in and are taken, a fiftieth of a second apart, then somebody looks."""
        for number, (src, dst, payload) in enumerate(sent):
            octets, (seconds, rest) = frame(src, dst, payload), divmod(first + number * SECOND // 50, SECOND)
            os.write(self._into, struct.pack("<IIII", seconds, rest, len(octets), len(octets)) + octets)
        self.session._step(1.0)
        if look:
            self.session._look()

    def close(self) -> None:
        os.close(self._into)
        os.close(self._out)


@pytest.fixture
def frames() -> Iterator[Frames]:
    made = Frames()
    yield made
    made.close()


def call(number: int) -> list[Sent]:
    """A call that begins, and a stream beside it."""
    a, b = (f"192.0.2.{number}", 16402), (f"198.51.100.{number}", 16402)
    headers = (f"Call-ID: {number}", "From: <sip:a>;tag=1", "To: <sip:b>", "CSeq: 1 INVITE")
    return [(a, b, sip("INVITE sip:b SIP/2.0", *headers)), *((a, b, rtp(i, ssrc=number)) for i in range(20))]


def seen(frames: Frames) -> tuple[list[str], list[int]]:
    """The calls and the streams that were told to have begun."""
    calls = [event.call_id for event in frames.told if isinstance(event, CallEvent)]
    return calls, [event.ssrc for event in frames.told if isinstance(event, StreamEvent) and event.state == "began"]


@pytest.mark.parametrize("wrong", [FAR_AHEAD, LONG_AGO], ids=["far ahead", "long ago"])
def test_one_frame_that_is_dated_wrong_blinds_nobody(frames: Frames, wrong: int) -> None:
    frames.come(call(1), NOW)
    frames.come(call(9)[:1], wrong)
    frames.come(call(2), NOW + SECOND, look=False)
    frames.come(call(8)[:1], wrong)
    assert {"1", "2"} <= set(seen(frames)[0]) and seen(frames)[1] == [1, 2]
    last = frames.looks[-1].report.capture.last
    assert last is not None and NOW <= last * SECOND < NOW + 600 * SECOND


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_set_is_followed(frames: Frames, hours: int) -> None:
    frames.come(call(1), NOW)
    frames.come(call(2), NOW + hours * 3600 * SECOND)
    assert seen(frames) == (["1", "2"], [1, 2])
    frames.come(call(3), NOW + (hours * 3600 + 1) * SECOND)
    assert seen(frames) == (["1", "2", "3"], [1, 2, 3])
    last = frames.looks[-1].report.capture.last
    assert last is not None and abs(last - NOW / SECOND - hours * 3600) < 600


def test_the_clock_goes_on_by_ours_and_takes_three_frames_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = 5_000
    monkeypatch.setattr(clocks.time, "monotonic_ns", lambda: ours)
    clock = FramesClock()
    monkeypatch.setattr(clocks.time, "time_ns", lambda: 7)
    assert clock.now() == 7
    for moment in range(NOW, NOW + 5):
        clock.hear([moment])
    assert clock.now() == NOW + 2
    ours += 100
    assert clock.now() == NOW + 102
    for _ in range(2):
        clock.hear([FAR_AHEAD])
        assert clock.now() < NOW + 200
    clock.hear([FAR_AHEAD])
    assert clock.now() == FAR_AHEAD
