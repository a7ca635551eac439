"""A file that gets its name only when it is whole.

Laws of this file:
1. Until everything is written, the octets stand under a temporary name in the same folder; after an error nothing is.
2. What exists is replaced only when that was asked for, and what is read never.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Iterable
from shutil import copyfileobj, rmtree
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO

from dissectors.wire.errors import CaptureError

STANDARD_OUTPUT = "-"
COMPRESSED = (".gz", ".zst", ".xz", ".bz2", ".lz4")
"""How names of compressed files end: nothing is compressed here."""

BUFFER_OCTETS = 1 << 18


class Output:
    """A file being written; as a context manager it gets its name at the end, or is removed after an error.

    `inputs` are the paths of what is read. Raises CaptureError, one line for people, where `path` exists and not
    `force`, where it is one of the inputs, and where writing fails. Standard output, a device or a pipe gets everything
    at the end.
    """

    def __init__(self, path: str, *, force: bool = False, inputs: Iterable[str] = ()) -> None:
        self.path = path
        self._force = force
        self._held: list[bytes] = []
        self._octets = 0
        self._temporary = ""
        refuse(path, force=force, inputs=inputs)
        self._spool: IO[bytes] | None = None
        try:
            if path == STANDARD_OUTPUT or os.path.exists(path) and not os.path.isfile(path):
                self._spool = TemporaryFile()
                self._descriptor = self._spool.fileno()
                return
            folder, name = os.path.split(path)
            self._temporary = os.path.join(folder, f".{name[:64]}.{secrets.token_hex(4)}.part")
            self._descriptor = os.open(
                self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
            )
        except (OSError, ValueError) as error:
            self._temporary = ""
            raise CaptureError(f"{path}: {reason(error)}") from None

    def write(self, octets: bytes | memoryview) -> None:
        """Add octets; those of a view are written at once, or copied if they are few."""
        if len(octets) >= BUFFER_OCTETS:
            self._flush()
            self._pass(memoryview(octets))
            return
        self._held.append(bytes(octets))
        self._octets += len(octets)
        if self._octets >= BUFFER_OCTETS:
            self._flush()

    def begin_again(self) -> None:
        """Forget all that was written."""
        self._held.clear()
        self._octets = 0
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.ftruncate(self._descriptor, 0)

    def commit(self) -> None:
        """Give the file its name: what it holds is whole."""
        try:
            self._flush()
            if self._spool is not None:
                self._pour(self._spool)
                return
            os.close(self._descriptor)
            if self._temporary and self._force:
                os.replace(self._temporary, self.path)
            elif self._temporary:
                _name(self._temporary, self.path)
            self._temporary = ""
        except BrokenPipeError:
            raise
        except CaptureError:
            self.discard()
            raise
        except OSError as error:
            self._remove()
            raise CaptureError(f"{_called(self.path)}: {reason(error)}") from None

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._spool is not None:
            self._spool.close()
            return
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        self._remove()

    def __enter__(self) -> Output:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.commit()
        else:
            self.discard()

    def _pour(self, spool: IO[bytes]) -> None:
        """Write what is whole to standard output, a device or a pipe."""
        with spool:
            spool.seek(0)
            if self.path == STANDARD_OUTPUT:
                copyfileobj(spool, sys.stdout.buffer)
                sys.stdout.buffer.flush()
                return
            with open(self.path, "wb", buffering=0) as file:
                copyfileobj(spool, file)

    def _flush(self) -> None:
        held = b"".join(self._held)
        self._held.clear()
        self._octets = 0
        self._pass(memoryview(held))

    def _pass(self, view: memoryview) -> None:
        """Write octets to the file."""
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise CaptureError(f"{_called(self.path)}: {reason(error)}") from None

    def _remove(self) -> None:
        if self._temporary:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)
            self._temporary = ""


class Folder:
    """A folder being filled; as a context manager it gives a temporary folder, which gets its name at the end.

    One that is there already and not empty is refused, unless `force`; then files of the same names are replaced.
    Raises CaptureError.
    """

    def __init__(self, path: str, *, force: bool = False) -> None:
        self.path = path
        if os.path.lexists(path) and not os.path.isdir(path):
            raise CaptureError(f"{path}: exists and is no folder")
        if os.path.lexists(path) and os.listdir(path) and not force:
            raise CaptureError(f"{path}: exists and is not empty; --force writes into it")
        parent, name = os.path.split(os.path.normpath(path))
        self._temporary = os.path.join(parent, f".{name[:64]}.{secrets.token_hex(4)}.part")
        try:
            os.mkdir(self._temporary)
        except (OSError, ValueError) as error:
            raise CaptureError(f"{path}: {reason(error)}") from None

    def __enter__(self) -> str:
        return self._temporary

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._name()
        except OSError as failed:
            raise CaptureError(f"{self.path}: {reason(failed)}") from None
        finally:
            rmtree(self._temporary, ignore_errors=True)

    def _name(self) -> None:
        """Give the folder its name; into one that is there already its files are moved."""
        if not os.path.lexists(self.path):
            os.rename(self._temporary, self.path)
            return
        for name in sorted(os.listdir(self._temporary)):
            os.replace(os.path.join(self._temporary, name), os.path.join(self.path, name))


def refuse(path: str, *, force: bool, inputs: Iterable[str]) -> None:
    """Raise CaptureError where `path` may not be written.

    It is one of the inputs, exists and not `force`, or is named like a compressed file.
    """
    if path == STANDARD_OUTPUT:
        return
    if path.lower().endswith(COMPRESSED):
        plain, ending = os.path.splitext(path)
        raise CaptureError(f"{path}: nothing is compressed here; name {plain}, and make {ending} of it afterwards")
    for name in inputs:
        if name != STANDARD_OUTPUT and is_same(path, name):
            raise CaptureError(f"{path}: it is the capture that is read; name another file")
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return
    if stat.S_ISDIR(mode):
        raise CaptureError(f"{path}: a directory, not a file")
    if stat.S_ISREG(mode) and not force:
        raise CaptureError(f"{path}: exists; --force replaces it")


def is_same(one: str, two: str) -> bool:
    """Whether two paths are one file."""
    try:
        return os.path.samefile(one, two)
    except (OSError, ValueError):
        return False


def reason(error: Exception) -> str:
    """Why a file cannot be written, for people."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def _called(path: str) -> str:
    return "standard output" if path == STANDARD_OUTPUT else path


def _name(temporary: str, path: str) -> None:
    """Rename without replacing a file that somebody else made meanwhile, as far as the system can do that."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        os.rename(temporary, path)
        return
    os.unlink(temporary)
