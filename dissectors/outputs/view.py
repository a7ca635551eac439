"""How a report is shown: what a format is told beside the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from dissectors.report import Place
from dissectors.wire.values import Struct


class Sent(Struct, frozen=True):
    """A message as it was sent: start line and headers, the body as text, inflated, its octets if it was compressed."""

    head: str
    body: str
    octets: str = ""


class Heard(Struct, frozen=True):
    """The sound of a call, by its Call-ID (None: of streams without one): from when on, how long, and what is cut off.

    Each of the `sides` has its name and how loud it is, from 0 to 1, in equal parts of the time; `holes` are the names
    of the sides with the seconds from which and for which something is missing.
    """

    call_id: str | None
    kind: str
    octets: bytes
    begin: float
    seconds: float
    cut_off: float
    sides: tuple[tuple[str, tuple[float, ...]], ...]
    holes: tuple[tuple[str, float, float], ...]


class View(Struct, frozen=True):
    """How a report for people is shown on a stream.

    `clock` is `relative`, `local` or `utc`; `width` overrides the terminal's; `everything` omits nothing; `weighed`
    adds the size of each message, now and with its body compressed; `nothing` is shown in place of the report;
    `explain` says why each finding matters, also of notes; `colour` is `always`, `never` or `auto`. A page that others
    read has what a report lacks: the messages of a frame as they were `sent`, the `command`, and `digests`, the SHA-256
    of each file, empty where it cannot be read again; and what was `heard`, where that was asked for.
    """

    stream: TextIO
    clock: str = "relative"
    width: int | None = None
    everything: bool = False
    weighed: bool = False
    nothing: str = ""
    explain: bool = False
    colour: str = "auto"
    sent: Mapping[Place, Sequence[Sent]] | None = None
    command: str = ""
    digests: tuple[str, ...] = ()
    heard: tuple[Heard, ...] = ()
