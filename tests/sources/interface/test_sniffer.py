"""Scapy's sockets as a source: what they have taken from the kernel is read, also what is queued at the end."""
from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dissectors.sources.interface import sniffer
from dissectors.sources.interface.interfaces import Interface
from dissectors.sources.interface.sniffer import MAX_READ_FRAMES, Sniffer
from dissectors.sources.interface.source import Wanted
from tests.made import A, B, frame, rtp

pytest.importorskip("scapy")
OCTETS = frame(A, B, rtp(1))


class Buffered:
    """A listening socket as Scapy has it on macOS: one visit of the kernel gives all, frames are then given singly."""

    LL = type("Ether", (), {})
    made: list[Buffered] = []

    def __init__(self, **_: Any) -> None:
        self.ins, self.sender = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.frames: list[bytes] = []
        self.waited: list[float] = []
        self.made.append(self)

    def fileno(self) -> int:
        return self.ins.fileno()

    def recv_raw(self) -> tuple[type, bytes, float]:
        self.ins.setblocking(False)
        while not self.frames or self.frames[-1]:
            try:
                self.frames.append(self.ins.recv(1 << 16))
            except BlockingIOError:
                break
        return self.LL, self.frames.pop(0), 1.0

    def close(self) -> None:
        self.ins.close()
        self.sender.close()

    @staticmethod
    def select(sockets: list[Buffered], remain: float) -> list[Buffered]:
        import select

        buffered = [one for one in sockets if one.frames]
        others = [one for one in sockets if not one.frames]
        for one in others:
            one.waited.append(remain)
        return buffered + (select.select(others, [], [], 0)[0] if others else [])


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sniffer]:
    import scapy.arch  # noqa: F401  it would put its own class in the place of this one
    from scapy.config import conf

    monkeypatch.setattr(Buffered, "made", [])
    monkeypatch.setattr(conf, "L2listen", Buffered)
    monkeypatch.setattr(sniffer, "_chosen", lambda names: [Interface(name) for name in names])
    made = Sniffer(Wanted(("one", "two")))
    yield made
    made.close()


def send(count: int, number: int = 0) -> None:
    for _ in range(count):
        Buffered.made[number].sender.send(OCTETS)


def test_frames_that_were_taken_from_the_kernel_at_once_are_all_read(source: Sniffer) -> None:
    send(5)
    source.wait(0)
    assert [record.octets for record in source.read()] == [OCTETS] * 5


def test_nobody_waits_for_one_socket_while_another_has_frames(source: Sniffer) -> None:
    send(2)
    one, other = Buffered.made
    one.recv_raw()
    source.wait(7.0)
    assert one.frames and 7.0 not in other.waited


def test_what_is_queued_at_the_stop_is_read(source: Sniffer) -> None:
    Buffered.made[0].frames = [OCTETS] * (2 * MAX_READ_FRAMES)
    send(5, 1)
    records, turns = [], 0
    source.stop()
    while not source.ended:
        source.stop()
        source.wait(1.0)
        records += source.read()
        turns += 1
        assert turns < 100
    assert len(records) == 2 * MAX_READ_FRAMES + 5
    assert [record.frame for record in records] == [*range(1, len(records) + 1)]
    assert (source.drops().kernel, source.drops().us) == (0, 0)


def test_what_cannot_be_read_in_time_at_the_stop_is_counted(source: Sniffer, monkeypatch: pytest.MonkeyPatch) -> None:
    Buffered.made[0].frames = [OCTETS] * (MAX_READ_FRAMES + 100)
    now = time.monotonic()
    source.stop()
    monkeypatch.setattr(sniffer.time, "monotonic", lambda: now + 60)
    assert len(source.read()) == MAX_READ_FRAMES
    assert source.ended and source.drops().us == 100
