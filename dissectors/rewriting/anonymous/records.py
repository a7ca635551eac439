"""Records of TLS under other names: host names, certificates, tickets; what is encrypted becomes random.

Every length stays, so that sequence numbers do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dissectors.rewriting.anonymous import secured
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.wire import tls

MAX_HELD = 16
"""Records over which one handshake message goes on."""

ALERT_OCTETS, STATUS, STATUS_HEADER = 2, 22, 4


class Handshakes:
    """The records of one direction: a message of the handshake may go on in the next, and is clear until a change."""

    def __init__(self) -> None:
        self._changed = False
        self._held: list[bytes] = []

    def take(self, octets: bytes, names: Pseudonyms) -> list[bytes]:
        """What becomes of records that waited, and of this one; nothing of what is not understood, or goes on."""
        kind, body = octets[0], octets[tls.HEADER :]
        if kind == tls.HANDSHAKE and not self._changed:
            self._held.append(octets)
            return self._messages(names)
        self._held.clear()
        if kind == tls.CHANGE_CIPHER_SPEC:
            self._changed = True
        if kind == tls.CHANGE_CIPHER_SPEC and body == b"\1" or kind == tls.ALERT and len(body) == ALERT_OCTETS:
            return [octets]
        return [octets[: tls.HEADER] + names.octets("record", octets, len(body))]

    def _messages(self, names: Pseudonyms) -> list[bytes]:
        try:
            made = _messages(b"".join(each[tls.HEADER :] for each in self._held), names)
        except ValueError:
            self._held.clear()
            return []
        if made is None:
            if len(self._held) >= MAX_HELD:
                self._held.clear()
            return []
        held, self._held, found, at = self._held, [], [], 0
        for each in held:
            end = at + len(each) - tls.HEADER
            found.append(each[: tls.HEADER] + made[at:end])
            at = end
        return found


def _messages(body: bytes, names: Pseudonyms) -> bytes | None:
    """Handshake messages; None where the last one goes on. Raises ValueError for what is not understood."""
    out: list[bytes] = []
    at = 0
    while at < len(body):
        begin = at + tls.MESSAGE_HEADER
        end = begin + int.from_bytes(body[at + 1 : begin], "big")
        write = MESSAGES.get(body[at])
        if write is None or end - begin > tls.MAX_MESSAGE_OCTETS:
            raise ValueError("a handshake message that is not understood")
        if end > len(body):
            return None
        made = write(body[begin:end], names)
        if len(made) != end - begin:
            raise ValueError("a handshake message of another length")
        out += [body[at:begin], made]
        at = end
    return b"".join(out)


def _status(body: bytes, names: Pseudonyms) -> bytes:
    """What a responder says of a certificate, in the same notation as that (RFC 6066 section 8)."""
    return body[:STATUS_HEADER] + secured.certificate(body[STATUS_HEADER:], names)


MESSAGES: dict[int, Callable[[bytes, Pseudonyms], bytes]] = {
    **secured.MESSAGES, tls.CLIENT_HELLO: partial(secured.client_hello, remembered=("session",)), STATUS: _status,
}
"""By the type of a handshake message."""
