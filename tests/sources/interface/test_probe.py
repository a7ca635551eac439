"""Whether the kernel says how long joined datagrams are: what it says, and that it need not say anything."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from dissectors.sources.interface import probe
from dissectors.sources.interface.interfaces import Interface
from tests.ip_frames import ethernet, ipv4, udp
from tests.sources.interface.blocks import block


class Told:
    """A ring that has one block, with the frame to this port and what is said of it."""

    kind, size = 5, probe.STEP_OCTETS

    def __init__(self, *_: Any, **__: Any) -> None:
        self.closed = False

    def take(self) -> bytes:
        frames = [ethernet(ipv4(udp(bytes(9), dport=port))) for port in (9, Near.port)]
        said = [(self.kind, probe.STEP_OCTETS), (self.kind, self.size)]
        return block([(octets, len(octets), 1, 0, 0, 0) for octets in frames], False, said)

    def close(self) -> None:
        self.closed = True


class Near(socket.socket):
    """A socket that only seems to send."""

    port = 16402

    def bind(self, address: Any) -> None:
        return None

    def getsockname(self) -> tuple[str, int]:
        return probe.HOST, self.port

    def setsockopt(self, *_: Any) -> None:
        return None

    def sendto(self, *_: Any) -> int:
        return 0


@pytest.fixture(autouse=True)
def without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "named", lambda name: Interface(name, loopback=True))
    monkeypatch.setattr(probe.socket, "socket", Near)
    monkeypatch.setattr(probe, "Ring", Told)
    monkeypatch.setattr(probe, "WAIT_SECONDS", 0.01)


def test_a_kernel_that_says_the_size_of_the_frame_that_was_sent_is_believed() -> None:
    assert probe.says_sizes()


@pytest.mark.parametrize(("kind", "size"), [(0, 0), (5, 1000), (1, probe.STEP_OCTETS)])
def test_one_that_says_something_else_is_not(kind: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Told, "kind", kind)
    monkeypatch.setattr(Told, "size", size)
    assert not probe.says_sizes()


def test_one_that_gives_nothing_or_refuses_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Told, "take", lambda self: b"")
    assert not probe.says_sizes()

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(probe, "Ring", refuse)
    assert not probe.says_sizes()
