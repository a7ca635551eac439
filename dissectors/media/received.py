"""A stream's datagrams, opened where they are encrypted, and read: what sound, video and text begin with.

Nothing of a stream that is encrypted is taken but what a key was verified for.
"""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.crypto.srtp import Source
from dissectors.protocols import rtp
from dissectors.queries.payloads import Taken
from dissectors.wire.errors import Malformed


class Received:
    """One stream, and what became of its datagrams."""

    __slots__ = ("_cut", "_encrypted", "_unread", "source")

    def __init__(self, source: Source, encrypted: bool) -> None:
        self.source, self._encrypted = source, encrypted
        self._unread = self._cut = 0

    def message(self, taken: Taken) -> rtp.Message | None:
        """The RTP of a datagram; None where it is not there in whole, or no key opens it."""
        octets: bytes | None = taken.octets
        if self._encrypted:
            if taken.cut:
                self._cut += 1
                return None
            octets = self.source.open(taken.octets)
            if octets is None:
                return None
        try:
            return rtp.parse(octets or b"")
        except Malformed:
            self._unread += 1
            return None

    def opened(self) -> Iterator[str]:
        """What keys opened, for people."""
        for key, count in self.source.verified.items():
            yield f"{count:,} datagrams verified and decrypted with a key of {key.suite.name}"

    def left_out(self) -> Iterator[str]:
        """What was not taken, for people."""
        for count, what in (
            (self.source.failed, "fit no key"), (self.source.cryptex, "have an encrypted header (RFC 9335)"),
            (self._cut, "are cut by the capture and cannot be verified"), (self._unread, "cannot be read"),
        ):
            if count:
                yield f"{count:,} datagrams {what}"
