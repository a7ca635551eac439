"""What every way into an interface gives: frames as they come, drops, and why it is this way."""

from __future__ import annotations

from typing import Protocol

from dissectors.wire.captures.records import Record, Walker
from dissectors.wire.values import Struct

SNAPLEN_OCTETS = 262_144
BUFFER_OCTETS = 64 << 20
BACKLOG_OCTETS = 1 << 30


class Wanted(Struct, frozen=True):
    """What is to be captured: from which interfaces, by which filter, how much of a frame.

    `buffer` octets wait in the kernel, `backlog` octets (in a temporary file) until they are analysed.
    """

    interfaces: tuple[str, ...]
    filter: str = ""
    snaplen: int = SNAPLEN_OCTETS
    promiscuous: bool = False
    buffer: int = BUFFER_OCTETS
    backlog: int = BACKLOG_OCTETS


class Drops(Struct):
    """Frames that are lost: the kernel's ring had no room for them, or our backlog had none."""

    kernel: int = 0
    us: int = 0


class Source(Protocol):
    """Frames as they come.

    `backend` is the way in, `why` a phrase that says why this one, `names` the interfaces. `ended` is True once nothing
    more will come; `failed` then says what broke, if anything did.
    """

    backend: str
    why: str
    names: tuple[str, ...]
    failed: str

    @property
    def ended(self) -> bool: ...

    @property
    def walker(self) -> Walker | None:
        """What walks the octets of `octets`, fed with all that came before; None where there are only records."""
        ...

    @property
    def head(self) -> bytes:
        """What a pcapng file of all that `octets` gives begins with; empty where they are no such blocks."""
        ...

    def octets(self) -> tuple[bytes, int]:
        """The next octets of a capture, for `walker`, and where there is a `head` how many frames they are.

        It and `read` go on where the other stopped.
        """
        ...

    @property
    def behind(self) -> int:
        """Octets that are taken in and not yet read."""
        ...

    def wait(self, timeout: float) -> None:
        """Sleep until something is there, at most `timeout` seconds; a signal wakes too."""
        ...

    def read(self) -> list[Record]:
        """The next frames, in order and numbered from 1; none when there are none now."""
        ...

    def stop(self) -> None:
        """Take nothing more in. What came before is still to be read, until `ended`."""
        ...

    def drops(self) -> Drops:
        """How many frames were dropped so far."""
        ...

    def news(self) -> list[str]:
        """What people should hear of since this was asked last: an interface that went down, and the like."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class Refusal(Exception):
    """One way in does not work here; the phrase says why."""
