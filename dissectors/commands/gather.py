"""The captures among files, folders and patterns; in folders a capture is known by its first octets, not its name."""

from __future__ import annotations

import glob
import gzip
import os
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from dissectors.wire.captures.formats import GZIP, MIN_MAGIC_OCTETS, has_magic

WILD = frozenset("*?[")


class Gathered(NamedTuple):
    """The paths of captures, in order, and how many other files were passed over in folders."""

    paths: list[str]
    others: int


def gather(named: list[str]) -> Gathered:
    """Every named file, whatever it is; of folders and patterns, the captures, each once, sorted by their paths."""
    paths: dict[str, None] = {}
    others = 0
    for name in named:
        if os.path.isdir(name):
            found = list(_in_folder(name))
        elif not os.path.exists(name) and WILD.intersection(name):
            found = sorted(path for path in glob.glob(name, recursive=True) if os.path.isfile(path))
        else:
            paths[name] = None
            continue
        captures = [path for path in found if is_capture(path)]
        others += len(found) - len(captures)
        paths |= dict.fromkeys(captures)
    return Gathered(list(paths), others)


def is_capture(path: str) -> bool:
    """Whether a file begins as a capture does, also within gzip; one that cannot be opened is none."""
    try:
        with open(path, "rb") as file:
            start = file.read(MIN_MAGIC_OCTETS)
        if start.startswith(GZIP):
            with gzip.open(path, "rb") as inside:
                start = inside.read(MIN_MAGIC_OCTETS)
    except (OSError, EOFError, zlib.error):
        return False
    return has_magic(start)


def _in_folder(folder: str) -> Iterator[str]:
    """Every file below a folder, but for hidden ones."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(place, name) for name in sorted(names) if not name.startswith("."))
