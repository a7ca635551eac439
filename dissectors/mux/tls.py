"""TLS of one connection: what its handshake says, and with its keys what it carries (RFC 5246, RFC 8446).

Laws of this file:
1. What is in the clear is told with or without keys.
2. A record that is encrypted waits, within bounds, for the hellos and for its key; without any keys nothing waits.
3. A key is right where the record opens. Where octets are missing, the next record that opens goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING

from dissectors.mux.flows import FlowKey
from dissectors.mux.unread import Server
from dissectors.wire import tls, tls_hello
from dissectors.wire.errors import Malformed
from dissectors.wire.tcp import Origin
from dissectors.wire.tls import Record
from dissectors.wire.tls_hello import ClientHello, ServerHello
from dissectors.wire.tls_names import ALERT_LEVELS, TLS_1_3, alert_name
from dissectors.wire.values import NamedTuple, replace

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets
    from dissectors.crypto.tls_records import Inner
    from dissectors.mux.tls_keys import Keys

MAX_WAITING_OCTETS = 1 << 17
"""Octets of records of one connection that wait for their key."""

FIRST_WAITING_OCTETS = 1 << 13
"""The same as long as no key at all was seen, and no log of keys grows."""

MAX_ENCRYPTED_RECORDS = 8
"""Records that one side encrypts while the other says nothing, before a connection without keys is given up."""

MAX_FAILED_RECORDS = 64
"""Records one after the other that do not open, before a connection is given up."""

MAX_TRANSCRIPT_OCTETS = 1 << 16
"""Octets of handshake messages that are kept for the extended master secret."""

MAX_CERTIFICATE_OCTETS = 1 << 14
"""Octets of a certificate beyond which it is not kept; only that of the sender itself is."""

MAX_ALERTS = 4
ALERT_OCTETS = 2 + 1 + 16
"""Octets of an encrypted alert of TLS 1.3: the alert, its content type, the tag."""

CLIENT, SERVER = 0, 1
FATAL, CLOSE_NOTIFY = 2, 0


class Opened(NamedTuple):
    """Octets that a record carried, who sent them, and where its last octet came from."""

    side: int
    octets: bytes
    origin: Origin


class Alert(NamedTuple):
    """One alert: who sent it, how grave it is, its name, whether it was encrypted, and where it was."""

    side: int
    level: str
    name: str
    encrypted: bool
    origin: Origin


class Side:
    """One direction: `changed` says that its records are encrypted, `missing` that some are not in the capture.

    `encrypted` and `opened` count its records.
    """

    __slots__ = ("changed", "chain", "encrypted", "failed", "messages", "missing", "opened", "waiting")

    def __init__(self) -> None:
        self.changed = self.missing = False
        self.messages = tls.Messages()
        self.waiting: list[tuple[Record, Origin]] = []
        self.encrypted = self.opened = self.failed = 0
        self.chain: list[bytes] = []


class Session:
    """TLS of one connection, from its ClientHello on. `take` gives back what its records carried.

    `requested` says that the server wants a certificate of the client; `early` that the client sent data at once, and
    `early_accepted` whether the server takes it, None where that is not known. `key` is the client's direction;
    `carries` names the framing of what it carries, once that is read; until then `named` is how it is counted.
    """

    def __init__(self, key: FlowKey, secrets: Secrets | None, origin: Origin) -> None:
        self.key = key
        self.first = self.last = origin
        self.named: Server | None = None
        self.carries = ""
        self.sides = Side(), Side()
        self.hello: ClientHello | None = None
        self.server: ServerHello | None = None
        self.alerts: list[Alert] = []
        self.requested = self.early = self.resumed = False
        self.early_accepted: bool | None = None
        self.complete: Origin | None = None
        self.settled: Origin | None = None
        self.refused: Origin | None = None
        self.closed: Origin | None = None
        self.closed_by: int | None = None
        self.transcript = bytearray()
        self.exchange: bytes | None = None
        self.secrets = secrets
        self._keys: Keys | None = None
        self._possible = self._released = False
        self._readers = {
            tls.CLIENT_HELLO: self._client_hello, tls.SERVER_HELLO: self._server_hello,
            tls.CERTIFICATE: self._certificate, tls.CERTIFICATE_REQUEST: self._request,
            tls.CLIENT_KEY_EXCHANGE: self._exchange, tls.ENCRYPTED_EXTENSIONS: self._extensions,
        }

    @property
    def version(self) -> int | None:
        """The version that was chosen."""
        return None if self.server is None else self.server.version

    @property
    def newer(self) -> bool:
        """Whether TLS 1.3 was chosen."""
        return self.server is not None and self.server.version >= TLS_1_3

    @property
    def waits(self) -> bool:
        """Whether records wait for their key."""
        return any(side.waiting for side in self.sides)

    @property
    def weight(self) -> int:
        """Octets that are held."""
        waiting = sum(record.size for side in self.sides for record, _ in side.waiting)
        return waiting + len(self.transcript) + sum(side.messages.weight for side in self.sides)

    @property
    def opened(self) -> int:
        """How many records were opened."""
        return sum(side.opened for side in self.sides)

    @property
    def over(self) -> bool:
        """Whether nothing more is learned from its records."""
        if self.secrets is None or self._hopeless():
            sizes = [side.encrypted for side in self.sides]
            return all(sizes) or max(sizes) > MAX_ENCRYPTED_RECORDS
        waiting = sum(record.size for side in self.sides for record, _ in side.waiting)
        failed = max(side.failed for side in self.sides) > MAX_FAILED_RECORDS
        expects_keys = self.secrets.growing or len(self.secrets) > 0
        return failed or waiting > (MAX_WAITING_OCTETS if expects_keys else FIRST_WAITING_OCTETS)

    def take(self, number: int, record: Record, origin: Origin) -> list[Opened]:
        """What is open with the next record of a side, in the order in which it arrived."""
        self.last = max(self.last, origin)
        side = self.sides[number]
        if record.kind == tls.APPLICATION_DATA or side.changed:
            side.encrypted += 1
            self._count(number, record, origin)
            if self.secrets is not None:
                side.waiting.append((record, origin))
        else:
            self._clear(number, record.kind, record.fragment, origin, False)
        return self.drain()

    def drain(self) -> list[Opened]:
        """What is open of the records that wait, now that more is known."""
        found: list[Opened] = []
        while any([self._drain(number, found) for number in (CLIENT, SERVER)]):
            pass
        found.sort(key=attrgetter("origin"))
        return found

    def end(self, number: int, origin: Origin) -> None:
        """A side ends the connection."""
        if self.closed is None:
            self.closed, self.closed_by = origin, number

    @property
    def possible(self) -> bool:
        """Whether there are keys for it."""
        keys = None if self._released else self._known()
        return self._possible or self.opened > 0 or keys is not None and keys.possible

    def release(self) -> None:
        """Keep only what is told of it: nothing more is read."""
        self._possible, self._released = self.possible, True
        self._keys, self.exchange = None, None if self.exchange is None else b""
        self.transcript.clear()
        for side in self.sides:
            side.waiting.clear()
            side.messages.lose()
        if self.hello is not None:
            self.hello = replace(self.hello, extensions={})
        if self.server is not None:
            self.server = replace(self.server, extensions={})

    def lose(self, number: int) -> None:
        """Octets of a side are missing."""
        self.sides[number].missing = True
        self.sides[number].messages.lose()

    def _count(self, number: int, record: Record, origin: Origin) -> None:
        """Note how far the handshake is, by records that are encrypted."""
        side = self.sides[number]
        if self.newer and number == CLIENT and side.encrypted == 1 and len(record.fragment) == ALERT_OCTETS:
            # A Finished is longer: all that the client has to say is an alert.
            self.refused = origin
        if self.complete is None and all(each.encrypted for each in self.sides) and self.refused is None:
            self.complete = origin
        if self.complete is not None and self.settled is None and number == SERVER and origin > self.complete:
            self.settled = origin

    def _drain(self, number: int, found: list[Opened]) -> bool:
        """Open what waits of one side; whether any record went on."""
        side, done = self.sides[number], 0
        for record, origin in list(side.waiting):
            keys = self._known()
            if keys is None or not keys.ready(number):
                break
            done += 1
            # What it says may let others go on, or ask that they wait again.
            del side.waiting[0]
            inner = keys.open(number, record, side.missing)
            if inner is None:
                side.failed += 1
                continue
            side.opened += 1
            side.failed, side.missing = 0, False
            self._inner(number, inner, origin, found)
        return done > 0

    def _inner(self, number: int, inner: Inner, origin: Origin, found: list[Opened]) -> None:
        kind, octets = inner
        if kind == tls.APPLICATION_DATA:
            if octets:
                found.append(Opened(number, octets, origin))
        else:
            self._clear(number, kind, octets, origin, True)

    def _known(self) -> Keys | None:
        """The keys, once both hellos are there and something is known to make them from."""
        if self._keys is None and self.secrets is not None and self.hello is not None and self.server is not None:
            from dissectors.mux.tls_keys import Keys

            self._keys = Keys(self, self.secrets)
        return self._keys

    def _hopeless(self) -> bool:
        """Whether there are no keys for it, and none will come."""
        secrets, keys = self.secrets, self._known()
        if secrets is None or keys is None:
            return secrets is None
        return keys.suite is None or not (secrets.growing or keys.possible)

    def _clear(self, number: int, kind: int, octets: bytes, origin: Origin, encrypted: bool) -> None:
        """Take a record as it is without protection."""
        side = self.sides[number]
        if kind == tls.ALERT and len(octets) == 2:
            if len(self.alerts) < MAX_ALERTS:
                level = ALERT_LEVELS.get(octets[0], "fatal")
                self.alerts.append(Alert(number, level, alert_name(octets[1]), encrypted, origin))
        elif kind == tls.CHANGE_CIPHER_SPEC:
            # In TLS 1.3 it says nothing; before the ServerHello nobody knows (RFC 8446 appendix D.4).
            if not self.newer:
                side.changed = True
                if self._keys is not None:
                    self._keys.change(number)
        elif kind == tls.HANDSHAKE:
            try:
                messages = side.messages.take(octets)
                for message in messages:
                    self._message(number, message)
            except Malformed:
                side.messages.lose()

    def _message(self, number: int, message: bytes) -> None:
        kind, body = message[0], message[tls.MESSAGE_HEADER :]
        if kind == tls.CLIENT_HELLO and not (self.server is not None and self.server.retry):
            self.transcript.clear()
            self.exchange = None
        if self.exchange is None and len(self.transcript) < MAX_TRANSCRIPT_OCTETS and self.secrets is not None:
            self.transcript += message
        reader = self._readers.get(kind)
        if reader is not None:
            reader(number, body)
        keys = self._known()
        if keys is not None:
            keys.message(number, kind, body)

    def _client_hello(self, number: int, body: bytes) -> None:
        if number == CLIENT:
            again = self.server is not None and self.server.retry
            self.hello = tls_hello.client_hello(body)
            self.early |= tls_hello.EARLY_DATA in self.hello.extensions and not again

    def _server_hello(self, number: int, body: bytes) -> None:
        if number != SERVER:
            return
        self.server = server = tls_hello.server_hello(body)
        if server.version >= TLS_1_3:
            self.resumed = tls_hello.PRE_SHARED_KEY in server.extensions
            for side in self.sides:
                side.changed = False
        if self._keys is not None:
            self._keys.again()

    def _certificate(self, number: int, body: bytes) -> None:
        chain = tls.certificates(body, self.newer)[:1]
        self.sides[number].chain = [each for each in chain if len(each) <= MAX_CERTIFICATE_OCTETS]

    def _request(self, number: int, _: bytes) -> None:
        self.requested |= number == SERVER

    def _exchange(self, number: int, body: bytes) -> None:
        if number == CLIENT:
            self.exchange = body

    def _extensions(self, number: int, body: bytes) -> None:
        """What the server of TLS 1.3 says encrypted: of early data, and the application protocol."""
        if number == SERVER and self.server is not None:
            extensions = tls_hello.encrypted_extensions(body)
            self.early_accepted = tls_hello.EARLY_DATA in extensions
            protocol = tls_hello.protocol(extensions.get(tls_hello.APPLICATION_PROTOCOLS, b""))
            self.server = replace(self.server, protocol=protocol or self.server.protocol)


def fatal(alerts: list[Alert]) -> Iterator[Alert]:
    """The alerts that end a connection for a reason."""
    return (each for each in alerts if each.level == ALERT_LEVELS[FATAL] and each.name != alert_name(CLOSE_NOTIFY))
