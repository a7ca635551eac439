"""The keys of one connection of TLS: which secret protects which records, and when that changes."""

from __future__ import annotations

from typing import Protocol

from dissectors.crypto import primitives, tls_records, tls_schedule
from dissectors.crypto.secrets import ENCRYPTED_PREMASTER, MASTER, PREMASTER, SESSION, Secrets
from dissectors.crypto.tls_records import Inner, Protection
from dissectors.crypto.tls_suites import Suite, suite
from dissectors.wire import tls, tls_hello
from dissectors.wire.tls import Record
from dissectors.wire.tls_hello import ClientHello, ServerHello
from dissectors.wire.tls_names import TLS_1_0, TLS_1_3

CLIENT, SERVER = 0, 1
SIDES = ("CLIENT", "SERVER")
EARLY, HANDSHAKE, APPLICATION = range(3)
"""What protects the records of TLS 1.3, one after the other."""

LABELS = "{}_EARLY_TRAFFIC_SECRET", "{}_HANDSHAKE_TRAFFIC_SECRET", "{}_TRAFFIC_SECRET_0"

LENGTH = 2
"""Octets of the length before an encrypted premaster secret, and of the version in the secret."""

KNOWN_BY = 8
"""Octets of the encrypted premaster secret by which an old log knows it."""


class Known(Protocol):
    """What is known of a connection; see `mux.tls.Session`."""

    hello: ClientHello | None
    server: ServerHello | None
    exchange: bytes | None
    transcript: bytearray
    resumed: bool


class Keys:
    """The keys of one connection, by what `session` knows and what `secrets` hold.

    `again` begins anew with another ServerHello, `change` is for a ChangeCipherSpec, `message` for what the handshake
    says behind it.
    """

    def __init__(self, session: Known, secrets: Secrets) -> None:
        self._session, self._secrets = session, secrets
        self._current: list[Protection | None] = [None, None]
        self._phases = [EARLY, HANDSHAKE]
        self._made: dict[tuple[int, int], Protection] = {}
        self._traffic: dict[int, bytes] = {}
        self.again()

    def again(self) -> None:
        """Begin with the hellos that there are now."""
        self._block: tuple[tls_schedule.Keys, tls_schedule.Keys] | None = None
        self._master: bytes | None = None

    @property
    def suite(self) -> Suite | None:
        """The cipher suite, None where it cannot be opened here."""
        server = self._session.server
        return None if server is None else suite(server.suite)

    @property
    def possible(self) -> bool:
        """Whether anything that is known may open records."""
        parts = self.suite
        if parts is None:
            return False
        if self._newer:
            return any(self._secret(side, phase) for side in (CLIENT, SERVER) for phase in range(len(LABELS)))
        return parts.cipher.mode == "NULL" or self._master_secret(parts) is not None

    def ready(self, side: int) -> bool:
        """Whether the next record of a side can be tried."""
        if self.suite is None:
            return False
        if self._newer:
            phase = self._phases[side]
            return any(self._secret(side, each) for each in range(phase, APPLICATION + 1))
        return self._older(side) is not None

    def change(self, side: int) -> None:
        """The records of a side that follow have other keys."""
        self._current[side] = None

    def open(self, side: int, record: Record, missing: bool) -> Inner | None:
        """What is in the next record of a side, None where it does not open."""
        if not self._newer:
            protection = self._older(side)
            return None if protection is None else protection.take(record, missing)
        for phase in range(self._phases[side], APPLICATION + 1):
            protection = self._protection(side, phase)
            inner = None if protection is None else protection.take(record, missing)
            if inner is not None:
                self._phases[side] = phase
                return inner
        if missing and self._update(side):
            inner = self._made[side, APPLICATION].take(record, missing)
            if inner is not None:
                return inner
        return None

    def message(self, side: int, kind: int, body: bytes) -> None:
        """Follow what the handshake says of keys."""
        if not self._newer:
            if kind == tls.NEW_SESSION_TICKET and side == SERVER:
                self._keep_ticket(body)
        elif kind == tls.FINISHED:
            self._phases[side] = APPLICATION
        elif kind == tls.END_OF_EARLY_DATA and side == CLIENT:
            self._phases[side] = HANDSHAKE
        elif kind == tls.KEY_UPDATE:
            self._update(side)

    @property
    def _newer(self) -> bool:
        server = self._session.server
        return server is not None and server.version >= TLS_1_3

    def _secret(self, side: int, phase: int) -> bytes | None:
        hello = self._session.hello
        known = {} if hello is None else self._secrets.of(hello.random)
        label = LABELS[phase].format(SIDES[side])
        return known.get(label)

    def _protection(self, side: int, phase: int) -> Protection | None:
        """The protection of a phase of TLS 1.3."""
        made = self._made.get((side, phase))
        parts = self.suite
        if made is None and parts is not None and (secret := self._secret(side, phase)) is not None:
            made = self._made[side, phase] = Protection(tls_records.newer(parts, secret))
            if phase == APPLICATION:
                self._traffic[side] = secret
        return made

    def _update(self, side: int) -> bool:
        """Go on with the next keys of a side; whether there are any."""
        parts, secret = self.suite, self._traffic.get(side)
        if parts is None or secret is None:
            return False
        self._traffic[side] = secret = tls_schedule.next_secret(parts, secret)
        self._made[side, APPLICATION] = Protection(tls_records.newer(parts, secret))
        return True

    def _older(self, side: int) -> Protection | None:
        """The protection of a side before TLS 1.3, made when its first record is there."""
        protection, session, parts = self._current[side], self._session, self.suite
        if protection is not None or parts is None or session.hello is None or session.server is None:
            return protection
        server = session.server
        if self._block is None:
            master = self._master_secret(parts)
            if master is None and parts.cipher.mode != "NULL":
                return None
            self._keep_session(master)
            self._block = tls_schedule.key_block(
                server.version, parts, master or b"", session.hello.random, server.random
            )
        outside = tls_hello.ENCRYPT_THEN_MAC in server.extensions and parts.cipher.block > 0
        opener = tls_records.older(server.version, parts, self._block[side], outside)
        protection = self._current[side] = Protection(opener)
        return protection

    def _master_secret(self, parts: Suite) -> bytes | None:
        """The master secret, as it is known or from what it is made of."""
        session = self._session
        if self._master is not None or session.hello is None or session.server is None:
            return self._master
        known = self._secrets.of(session.hello.random)
        found = known.get(MASTER)
        if found is None and session.exchange is None:
            found = self._resumed(session.hello, session.server)
        if found is None:
            premaster = known.get(PREMASTER) or self._premaster(session.hello)
            found = None if premaster is None else self._from(parts, premaster)
        self._master = found
        return found

    def _from(self, parts: Suite, premaster: bytes) -> bytes | None:
        hello, server = self._session.hello, self._session.server
        if hello is None or server is None or server.version < TLS_1_0 or self._session.exchange is None:
            return None
        extended = tls_hello.EXTENDED_MASTER_SECRET in server.extensions
        seed = hello.random + server.random
        if extended:
            seed = tls_schedule.session_hash(server.version, parts, bytes(self._session.transcript))
        return tls_schedule.master_secret(server.version, parts, premaster, seed, extended)

    def _premaster(self, hello: ClientHello) -> bytes | None:
        """The premaster secret of a key exchange by RSA, by a line of an old log or a private key."""
        octets = (self._session.exchange or b"")[LENGTH:]
        known = self._secrets.of(octets[:KNOWN_BY]).get(ENCRYPTED_PREMASTER) if octets else None
        parts = self.suite
        if known is not None or parts is None or parts.exchange != "RSA" or not octets:
            return known
        for key in self._secrets.private_keys:
            found = primitives.decrypted(key, octets)
            if found is not None and len(found) == tls_schedule.MASTER_OCTETS and found[0] == 3:
                return found
        return None

    def _resumed(self, hello: ClientHello, server: ServerHello) -> bytes | None:
        """The master secret of the session that goes on here, by its identifier or its ticket."""
        ticket = hello.extensions.get(tls_hello.SESSION_TICKET, b"")
        for name in (server.session, ticket):
            master = self._secrets.of(name).get(SESSION) if name else None
            if master is not None:
                return master
        return None

    def _keep_session(self, master: bytes | None) -> None:
        """Remember the master secret for those who resume this session."""
        server = self._session.server
        if master is not None and server is not None and server.session:
            self._secrets.remember(server.session, master)

    def _keep_ticket(self, body: bytes) -> None:
        """The same by the ticket that the server gives (RFC 5077 section 3.3)."""
        parts, ticket = self.suite, body[6 : 6 + int.from_bytes(body[4:6], "big")]
        master = None if parts is None else self._master_secret(parts)
        if master is not None and ticket:
            self._secrets.remember(ticket, master)
