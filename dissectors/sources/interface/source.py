"""The interface of every backend: live frames, drops, and the reason for this backend."""

from __future__ import annotations

from typing import Protocol

from dissectors.wire.captures.records import Record, Walker
from dissectors.wire.values import Struct

SNAPLEN_OCTETS = 262_144
BUFFER_OCTETS = 128 << 20
BACKLOG_OCTETS = 1 << 30


class Wanted(Struct, frozen=True):
    """The capture to open: its interfaces, its filter, the octets to keep of a frame.

    `buffer` octets wait in the kernel, `backlog` octets (in a temporary file) until they are analysed.
    """

    interfaces: tuple[str, ...]
    filter: str = ""
    snaplen: int = SNAPLEN_OCTETS
    promiscuous: bool = False
    buffer: int = BUFFER_OCTETS
    backlog: int = BACKLOG_OCTETS


class Hole(Struct, frozen=True):
    """A time in which frames were dropped, in nanoseconds since the epoch; how many, and how many came all the same."""

    since: int
    until: int
    dropped: int
    came: int


class Drops(Struct):
    """Frames that are lost: the kernel's ring had no room for them, or our backlog had none.

    `holes` says when that was, in order; it is empty where the source does not know.
    """

    kernel: int = 0
    us: int = 0
    holes: tuple[Hole, ...] = ()


class Source(Protocol):
    """Live frames.

    `backend` is its name, `why` a phrase with the reason for it, `names` the interfaces. `ended` is True once no frame
    can follow; `failed` then describes the failure, if there was one.
    """

    backend: str
    why: str
    names: tuple[str, ...]
    failed: str

    @property
    def ended(self) -> bool: ...

    @property
    def walker(self) -> Walker | None:
        """The walker for the octets of `octets`, fed with all octets before; None if there are only records."""
        ...

    @property
    def head(self) -> bytes:
        """The head of a pcapng file with the blocks of `octets`; empty if they are not such blocks."""
        ...

    def octets(self) -> tuple[bytes, int]:
        """The next octets of a capture, for `walker`, and with a `head` their number of frames.

        This and `read` continue where the other stopped.
        """
        ...

    @property
    def behind(self) -> int:
        """Octets that are received and not yet read."""
        ...

    def wait(self, timeout: float) -> None:
        """Sleep until there are frames, at most `timeout` seconds; a signal also wakes it."""
        ...

    def read(self) -> list[Record]:
        """The next frames, in order and numbered from 1; none when there are none now."""
        ...

    def stop(self) -> None:
        """Receive no more frames. Frames received before can still be read, until `ended`."""
        ...

    def drops(self) -> Drops:
        """How many frames were dropped so far."""
        ...

    def news(self) -> list[str]:
        """News for people since the last call, such as an interface that went down."""
        ...

    def close(self) -> None:
        """Close everything."""
        ...


class Refusal(Exception):
    """A backend does not work here; the phrase says why."""
