"""Captures that are read several times: what cannot be (a pipe, standard input) is copied to a temporary file."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, suppress
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import BinaryIO

from dissectors.sources.capture import STANDARD_INPUT
from dissectors.wire.errors import CaptureError


def rereadable(stack: ExitStack, path: str) -> str:
    """A path with the same octets that can be opened again and again, as long as `stack` is open."""
    if path == STANDARD_INPUT:
        return _copied(stack, sys.stdin.buffer, "standard input")
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        try:
            with open(path, "rb") as file:
                return _copied(stack, file, path)
        except OSError as error:
            raise CaptureError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    return path


def _copied(stack: ExitStack, file: BinaryIO, name: str) -> str:
    """The path of a copy; what is wrong with it is told under the `name` of the original."""
    copy = temporary_copy(stack, file)

    def rename(_: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if isinstance(error, CaptureError) and copy in str(error):
            raise CaptureError(str(error).replace(copy, name)) from None

    stack.push(rename)
    return copy


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
