"""What a program may name as a capture: a path of any kind, an open binary file, or several of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from io import TextIOBase
from typing import BinaryIO, Protocol, cast

from dissectors.mux.table import TABLE

NAMES: tuple[str, ...] = tuple(spec.name for spec in TABLE)


class BinaryFile(Protocol):
    """What is asked of an open file; `seek` and `tell` only of one that is `seekable`."""

    def read(self, size: int, /) -> bytes: ...

    def seekable(self) -> bool: ...


Path = str | os.PathLike[str]
Capture = Path | BinaryFile


def sources(captures: Capture | Iterable[Capture]) -> list[str | BinaryIO]:
    """The captures as `offline` reads them; raises TypeError for what is none, ValueError for none at all."""
    if isinstance(captures, (str, bytes, bytearray, os.PathLike)) or hasattr(captures, "read"):
        return [_source(captures)]
    named = [_source(capture) for capture in captures]
    if not named:
        raise ValueError("no capture named")
    return named


def paths(names: Path | Iterable[Path]) -> list[str]:
    """Paths of files, one alone too."""
    return [os.fsdecode(name) for name in ([names] if isinstance(names, (str, os.PathLike)) else names)]


def _source(capture: object) -> str | BinaryIO:
    if isinstance(capture, (str, os.PathLike)):
        return os.fsdecode(capture)
    if isinstance(capture, (bytes, bytearray)):
        raise TypeError("bytes are no file: io.BytesIO(bytes) is one")
    if isinstance(capture, TextIOBase):
        raise TypeError("a capture is no text: open it with mode 'rb'")
    if not hasattr(capture, "read"):
        raise TypeError(f"a path or an open binary file is needed, not {type(capture).__name__}")
    return cast(BinaryIO, capture)


def protocol_name(name: str) -> str:
    """The name of a protocol as the table has it; raises ValueError where there is no such."""
    if name.upper() not in NAMES:
        raise ValueError(f"no protocol {name!r}; there are {', '.join(NAMES)}")
    return name.upper()


def forced_ports(forced: Mapping[int, str] | None) -> dict[int, str]:
    """Ports whose protocol is known, with names of the table; raises ValueError where there is no such."""
    return {port: protocol_name(name) for port, name in (forced or {}).items()}
