"""Captures that are read several times: what cannot be (a pipe, standard input) is copied to a temporary file."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, suppress
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from dissectors.sources.capture import STANDARD_INPUT
from dissectors.wire.errors import CaptureError


def rereadable(stack: ExitStack, path: str) -> str:
    """A path with the same octets that can be opened again and again, as long as `stack` is open."""
    if path == STANDARD_INPUT:
        return temporary_copy(stack, sys.stdin.buffer)
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        try:
            with open(path, "rb") as file:
                return temporary_copy(stack, file)
        except OSError as error:
            raise CaptureError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    return path


def temporary_copy(stack: ExitStack, file: BinaryIO) -> str:
    """The path of a temporary file with the rest of `file`, which is removed when `stack` closes."""
    # Windows opens it again, and removes it, only when it is closed.
    with NamedTemporaryFile(prefix="muxshark-", delete=False) as copy:
        stack.callback(_remove, copy.name)
        copyfileobj(file, copy)
    return copy.name


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
