"""The two errors of the wire."""

from __future__ import annotations


class Malformed(Exception):
    """A payload violates its protocol; `parse` raises nothing else.

    `protocol` is the name of the table's row, `offset` the octet where reading stopped, `reason` a phrase for people.
    """

    def __init__(self, protocol: str, offset: int, reason: str) -> None:
        super().__init__(protocol, offset, reason)
        self.protocol = protocol
        self.offset = offset
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.protocol}, byte {self.offset}: {self.reason}"


class CaptureError(Exception):
    """A capture that cannot be read at all: missing, empty, foreign. One line for people."""
