"""STUN transactions to checks: who asked whom, how often and how fast it was answered, what came back (RFC 8445)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from operator import attrgetter

from dissectors.limits.budget import Bounds
from dissectors.limits.pending import Pending
from dissectors.limits.table import Table
from dissectors.limits.texts import MAX_TEXT_OCTETS, Texts
from dissectors.protocols import stun
from dissectors.protocols.stun_attributes import Address
from dissectors.report import Check, Place
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.values import Struct, field

MAX_PENDING = 8192
MAX_ERRORS_PER_CHECK = 8
REQUEST_TIMEOUT_NS = 39_500_000_000
"""Nanoseconds after which a client gives up a request (RFC 8489 section 6.2.1, with its default values)."""


class Asked(Struct):
    """What one end asked of another with one method; times are nanoseconds.

    `began` and `used` number its first and its last message.
    """

    flow: Flow
    kind: str
    first: int
    last: int
    requests: int = 0
    answered: int = 0
    indications: int = 0
    errors: dict[str, None] = field(default_factory=dict)
    round_trips: float = 0.0
    timed: int = 0
    slowest: float | None = None
    mapped: Address | None = None
    username: str | None = None
    role: str | None = None
    nominated: bool = False
    software: str | None = None
    relayed: str | None = None
    lifetime: int | None = None
    silent: int = 0
    last_answer: int | None = None
    place: Place = Place(0, 0)
    began: int = 0
    used: int = 0

    def to_report(self) -> Check:
        """The report's value."""
        return Check(
            src=self.flow.src,
            sport=self.flow.sport,
            dst=self.flow.dst,
            dport=self.flow.dport,
            kind=self.kind,
            requests=self.requests,
            answered=self.answered,
            errors=tuple(self.errors),
            indications=self.indications,
            first=self.first / 1e9,
            last=self.last / 1e9,
            round_trip_ms=1000 * self.round_trips / self.timed if self.timed else None,
            maximum_round_trip_ms=None if self.slowest is None else 1000 * self.slowest,
            mapped=None if self.mapped is None else str(self.mapped),
            username=self.username,
            role=self.role,
            nominated=self.nominated,
            software=self.software,
            relayed=self.relayed,
            lifetime=self.lifetime,
            silent=self.silent,
            last_answer=None if self.last_answer is None else self.last_answer / 1e9,
            place=self.place,
        )


class Checks:
    """Pairs requests with responses by transaction; at most `limit` askers are kept, and of `texts` what finds room.

    What is given up is counted in `bounds`.
    """

    def __init__(self, limit: int, bounds: Bounds | None = None, texts: Texts | None = None) -> None:
        self._bounds = bounds or Bounds()
        self._texts = texts or Texts(MAX_TEXT_OCTETS, self._bounds)
        self.asked: Table[tuple[Flow, str], Asked] = Table(
            "checks", limit, self._bounds, used=attrgetter("used"), given_up=self._release, groups=_flow_and_host
        )
        self._messages = 0
        self._pending: Pending[Asked] = Pending("STUN requests", MAX_PENDING, REQUEST_TIMEOUT_NS, self._bounds)

    def on(self, groups: Iterable[Flow | str]) -> list[Asked]:
        """What was asked on these flows, or by these hosts, in the order in which it began."""
        groups = groups if self.asked else ()
        found = [self.asked[key] for group in groups for key in self.asked.of(group)]
        return sorted(found, key=attrgetter("began"))

    def forget(self, flows: Iterable[Flow]) -> None:
        """Let go of what was asked on these flows."""
        for flow in flows if self.asked else ():
            for key in self.asked.of(flow):
                self._release(key, self.asked.pop(key))

    def feed(self, datagram: Datagram, message: stun.Message) -> None:
        """Take one STUN message."""
        self._messages += 1
        if message.class_ in ("success", "error"):
            self._response(datagram, message)
            return
        asked = self._asker(datagram, _kind(message))
        asked.used = self._messages
        asked.last = max(asked.last, datagram.time)
        if message.class_ == "indication":
            asked.indications += 1
            return
        if self._pending.wait_new((datagram.flow, message.transaction), datagram.time, asked):
            asked.requests += 1
        asked.silent += 1
        username, software = message.username, message.software
        if username and username != asked.username:
            asked.username = self._instead(asked.username, username)
        asked.role = message.role or asked.role
        asked.nominated |= message.use_candidate
        if software and software != asked.software:
            asked.software = self._instead(asked.software, software)

    def _asker(self, datagram: Datagram, kind: str) -> Asked:
        key = (datagram.flow, kind)
        asked = self.asked.get(key)
        if asked is None:
            asked = self.asked[key] = Asked(
                datagram.flow, kind, datagram.time, datagram.time, place=Place(datagram.file, datagram.frame),
                began=self._messages,
            )
        return asked

    def _response(self, datagram: Datagram, message: stun.Message) -> None:
        found = self._pending.pop((datagram.flow.reverse, message.transaction), None)
        if found is None:
            return
        sent, asked = found
        asked.answered += 1
        asked.used = self._messages
        asked.silent, asked.last_answer = 0, datagram.time
        asked.last = max(asked.last, datagram.time)
        round_trip = (datagram.time - sent) / 1e9
        asked.round_trips += round_trip
        asked.timed += 1
        asked.slowest = max(asked.slowest or 0.0, round_trip)
        # What a peer sees behind a relay is the relay.
        if not datagram.flow.inside:
            asked.mapped = message.mapped_address or asked.mapped
        if message.method != "Binding":
            self._allocated(asked, message)
        if message.class_ == "error" and message.error is not None:
            self._failed(asked, str(message.error))

    def _failed(self, asked: Asked, error: str) -> None:
        if error in asked.errors:
            return
        if len(asked.errors) >= MAX_ERRORS_PER_CHECK:
            self._bounds.hit("errors of checks")
        elif kept := self._texts.text(error):
            if kept in asked.errors:
                self._texts.release((kept,))
            asked.errors[kept] = None

    def _instead(self, before: str | None, text: str) -> str | None:
        """A text as it is kept, instead of the one before."""
        self._texts.release((before,))
        return self._texts.text(text)

    def _release(self, _: tuple[Flow, str], asked: Asked) -> None:
        self._texts.release((asked.username, asked.software, *asked.errors))

    def _allocated(self, asked: Asked, message: stun.Message) -> None:
        relayed, lifetime = message.relayed_address, message.lifetime
        asked.relayed = asked.relayed if relayed is None else str(relayed)
        asked.lifetime = asked.lifetime if lifetime is None else lifetime


def _flow_and_host(key: tuple[Flow, str], _: Asked) -> tuple[Hashable, ...]:
    """What a check is found by: its flow, and the host that asks."""
    return key[0], key[0].src


def _kind(message: stun.Message) -> str:
    """A connectivity check carries the credentials of ICE; any other Binding asks a server or keeps a binding alive."""
    if message.method != "Binding":
        return message.method.lower()
    return "connectivity check" if message.username or message.priority is not None else "binding"
