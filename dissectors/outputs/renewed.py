"""A file that is written again and again: each version takes the place of the one before at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress


def renew(name: str, pieces: Iterable[str]) -> str:
    """Write a version; gives back why that failed, empty where it did not. After a failure the one before stays."""
    beside = f"{name}.{os.getpid()}.new"
    try:
        with open(beside, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(pieces)
        os.replace(beside, name)
    except OSError as error:
        with suppress(OSError):
            os.unlink(beside)
        return (error.strerror or str(error)).lower()
    return ""
