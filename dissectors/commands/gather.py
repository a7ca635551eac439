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
    """Every named file, whatever it is and however often; of folders and patterns each capture once, by their paths."""
    paths: list[str] = []
    seen: set[str] = set()
    others = 0
    for name in named:
        if os.path.isdir(name):
            found = list(_in_folder(name))
        elif not os.path.exists(name) and WILD.intersection(name):
            found = sorted(path for path in glob.glob(name, recursive=True) if os.path.isfile(path))
        else:
            paths.append(name)
            seen.add(name)
            continue
        captures = [path for path in found if is_capture(path)]
        others += len(found) - len(captures)
        paths += [path for path in captures if path not in seen]
        seen.update(captures)
    return Gathered(paths, others)


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
