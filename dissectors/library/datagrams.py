"""The datagrams of a capture one by one, each with its verdict and, when asked, its message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

from dissectors import offline
from dissectors.library.messages import read
from dissectors.mux.explain import reason
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS
from dissectors.wire.datagram import Flow
from dissectors.wire.values import Struct

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets
    from dissectors.library.messages import Message


class ClassifiedDatagram(Struct, frozen=True):
    """One UDP datagram with its final verdict, for which its whole capture was looked at.

    `file` counts the captures from 0, `frame` the frames of one from 1, `layer` the UDP headers of a frame from 0.
    `time` is seconds since the epoch, `time_ns` the same in nanoseconds. `length` is what the UDP header claims, in
    octets; `payload` is shorter where the capture cut it. `protocol` is a name of the table or `UNKNOWN`. `strength` is
    `certain`; `confirmed`, by other datagrams; `plausible`, where nothing confirmed what it looks like and it counts as
    unknown; or None, where it looks like nothing. `inside` is the protocol that TURN carries in it, if any.
    """

    file: int
    frame: int
    layer: int
    time: float
    time_ns: int
    flow: Flow
    length: int
    payload: bytes
    protocol: str
    strength: Literal["certain", "confirmed", "plausible"] | None
    reason: str
    encrypted: bool
    inside: str

    def parse(self) -> Message:
        """Its message; raises Malformed where it cannot be read as its protocol, and for an unknown one."""
        return read(self.payload, self.protocol)


def datagrams(
    sources: Sequence[str | BinaryIO], forced: dict[int, str], damaged: Callable[[str], object] | None,
    keys: Secrets | None = None,
) -> Iterator[ClassifiedDatagram]:
    """Every datagram in the order of the captures."""
    return map(_classified, offline.rows(sources, forced=forced, damaged=damaged, keys=keys))


def _classified(row: Row) -> ClassifiedDatagram:
    datagram = row.datagram
    return ClassifiedDatagram(
        file=datagram.file,
        frame=datagram.frame,
        layer=datagram.layer,
        time=datagram.time / 1e9,
        time_ns=datagram.time,
        flow=datagram.flow,
        length=datagram.length,
        payload=datagram.payload,
        protocol=PROTOCOLS[row.protocol],
        strength=cast(Literal["certain", "confirmed", "plausible"] | None, row.strength),
        reason=reason(row),
        encrypted=row.encrypted,
        inside=row.inside,
    )
