"""Files of keys: read once, or followed while they grow."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import BinaryIO

from dissectors.crypto import primitives
from dissectors.crypto.secrets import Secrets

MAX_FILE_OCTETS = 1 << 28
"""The largest file of keys that is read."""

MAX_LINE_OCTETS = 4096
"""Octets of a line that is not whole yet; a longer one is no key."""

ENVIRONMENT = "SSLKEYLOGFILE"


class NoKeys(Exception):
    """A file that holds no keys, or cannot be read: one line for people."""


def read(names: Iterable[str], private: Iterable[str] = ()) -> Secrets | None:
    """The keys in files of any kind, and in those that hold a private key of RSA; None where no file is named.

    Raises NoKeys, and NoCryptography where the library is missing.
    """
    named, asked = list(names), list(private)
    if not named and not asked:
        return None
    primitives.require()
    secrets = Secrets()
    for name in named + asked:
        octets, before = _content(name), len(secrets.private_keys)
        found = secrets.add(octets, name)
        keys = secrets.private_keys[before:]
        if keys and not primitives.is_private_key(keys[0]):
            raise NoKeys(f"{name}: not a private key of RSA that can be read without a passphrase")
        if not (found or is_begun(octets)) or name in asked and not keys:
            what = "private key" if name in asked else "keys (a TLS key log, a private key, keys of SRTP)"
            raise NoKeys(f"{name}: holds no {what}")
    return secrets


def is_begun(octets: bytes) -> bool:
    """Whether this is a key log with nothing but comments yet: the handshake failed before there was a secret."""
    lines = octets.split(b"\n")
    return octets[:1] == b"#" and not any(line.strip() and not line.startswith(b"#") for line in lines)


def _content(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            octets = file.read(MAX_FILE_OCTETS + 1)
    except OSError as error:
        raise NoKeys(f"{name}: {(error.strerror or str(error)).lower()}") from None
    if len(octets) > MAX_FILE_OCTETS:
        raise NoKeys(f"{name}: larger than {MAX_FILE_OCTETS >> 20} MiB")
    return octets


class KeyLog:
    """A key log that grows; it may not be there yet. `origin` says who named it."""

    def __init__(self, name: str, origin: str = "file") -> None:
        self.name, self.origin = name, origin
        self._file: BinaryIO | None = None
        self._rest = b""
        self._open()

    def poll(self, secrets: Secrets) -> None:
        """Take the lines that are new."""
        if self._file is None and not self._open() or self._file is None:
            return
        try:
            octets = self._file.read(MAX_FILE_OCTETS)
            if not octets and os.fstat(self._file.fileno()).st_size < self._file.tell():
                # Somebody began the file anew.
                self._file.seek(0)
                octets, self._rest = self._file.read(MAX_FILE_OCTETS), b""
        except OSError:
            return
        if octets:
            lines, _, rest = (self._rest + octets).rpartition(b"\n")
            self._rest = rest[-MAX_LINE_OCTETS:]
            secrets.add(lines, self.name, self.origin)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> bool:
        try:
            self._file = open(self.name, "rb", buffering=0)  # noqa: SIM115  (followed until the session ends)
        except OSError:
            return False
        return True


class Following:
    """Keys that come while a session runs: those of files, and of key logs that grow."""

    def __init__(self, names: Iterable[str], private: Iterable[str] = ()) -> None:
        """Raises NoKeys for a file that cannot be read, and NoCryptography where it would be needed."""
        named = list(dict.fromkeys(names))
        environment = os.environ.get(ENVIRONMENT, "")
        self.secrets: Secrets | None = None
        self.logs: list[KeyLog] = []
        if not named and not private and (not environment or not primitives.available()):
            return
        primitives.require()
        self.secrets = read([], private) or Secrets()
        self.secrets.growing = True
        for name in named:
            octets = _content(name)
            if b"PRIVATE KEY-----" in octets:
                self.secrets.add(octets, name)
            else:
                self.logs.append(KeyLog(name))
        if environment and environment not in named:
            self.logs.append(KeyLog(environment, ENVIRONMENT))
        self.poll()

    def poll(self) -> None:
        """Take what is new."""
        if self.secrets is not None:
            for log in self.logs:
                log.poll(self.secrets)

    def close(self) -> None:
        """Close the key logs."""
        for log in self.logs:
            log.close()
