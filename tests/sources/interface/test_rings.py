"""Rings whose interfaces vanish while somebody asks what was dropped."""
from __future__ import annotations

import errno
import os
import threading
from typing import Any

import pytest

from dissectors.sources.interface import rings
from dissectors.sources.interface.interfaces import Interface
from dissectors.sources.interface.ring import Counted
from dissectors.sources.interface.source import Wanted

pytestmark = pytest.mark.skipif(not rings.supported(), reason="only Linux has such rings")


class Vanishing:
    """A ring that has dropped seven frames and says so slowly; nobody may ask it once it is closed."""

    size, link, cooked, joined = 64 << 20, 1, False, 0
    asked = threading.Event()

    def __init__(self, interface: Interface, **options: Any) -> None:
        self.interface, self.numbers = interface, options.get("numbers")
        self._out, self._into = os.pipe()
        self._closed = threading.Event()

    def fileno(self) -> int:
        return self._out

    def take(self) -> bytes:
        return b""

    def fault(self) -> None:
        return None

    def stop(self) -> None:
        return None

    def count(self) -> Counted:
        self.asked.set()
        # Whoever closes it meanwhile has the time to.
        if self._closed.wait(0.05):
            raise OSError(errno.EBADF, "Bad file descriptor")
        return Counted(dropped=7)

    def close(self) -> None:
        self._closed.set()
        os.close(self._out)
        os.close(self._into)


def loopback(name: str) -> Interface:
    """An interface that has a ring of its own."""
    return Interface(name, loopback=True)


@pytest.mark.parametrize(("kinds", "groups"), [
    ("e", [[0]]), ("ee", [[0, 1]]), ("eel", [[0, 1], [2]]), ("lee", [[0], [1, 2]]), ("etet", [[0, 2], [1, 3]]),
    ("ll", [[0], [1]]), ("cc", [[0], [1]]), ("a", [[0]]),
])
def test_interfaces_of_one_link_layer_share_a_ring(kinds: str, groups: list[list[int]]) -> None:
    made = {
        "e": Interface("eth", 1, 1), "t": Interface("tun", 2, 65534), "l": Interface("lo", 3, 772, True),
        "c": Interface("odd", 4, 12345), "a": Interface("any"),
    }
    assert rings.together([made[kind] for kind in kinds]) == groups


def test_what_was_dropped_can_be_asked_while_interfaces_vanish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Vanishing, "asked", threading.Event())
    monkeypatch.setattr(rings, "Ring", Vanishing)
    monkeypatch.setattr(rings, "WATCH_SECONDS", 0.001)
    monkeypatch.setattr(rings, "named", loopback)
    # They vanish as soon as somebody is asking.
    monkeypatch.setattr(rings, "state_of", lambda name: "gone" if Vanishing.asked.is_set() else "up")
    source = rings.Rings(Wanted(("one", "two", "three")))
    told: list[str] = []
    try:
        while not source.ended:
            assert source.drops().kernel == 21
            told += source.news()
            if len(told) == 3:
                source.stop()
    finally:
        source.close()
    told += source.news()
    assert told == [f"{name} has disappeared; waiting for it to return" for name in ("one", "two", "three")]
    assert source.drops().kernel == 21


def test_what_was_dropped_is_known_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "Ring", Vanishing)
    monkeypatch.setattr(rings, "named", loopback)
    monkeypatch.setattr(rings, "state_of", lambda name: "up")
    source = rings.Rings(Wanted(("one", "two")))
    source.stop()
    source.close()
    assert source.drops().kernel == 14
