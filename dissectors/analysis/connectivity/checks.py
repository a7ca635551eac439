"""STUN transactions to checks: who asked whom, how often and how fast it was answered, what came back (RFC 8445)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container

from dissectors.limits.pending import Pending
from dissectors.protocols import stun
from dissectors.protocols.stun_attributes import Address
from dissectors.report import Check, Place
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.values import Struct, field

MAX_PENDING = 8192
REQUEST_TIMEOUT_NS = 39_500_000_000
"""Nanoseconds after which a client gives up a request (RFC 8489 section 6.2.1, with its default values)."""


class Asked(Struct):
    """What one end asked of another with one method; times are nanoseconds."""

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
    """Pairs requests with responses by transaction; at most `limit` askers are kept."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.evicted = 0
        self.asked: OrderedDict[tuple[Flow, str], Asked] = OrderedDict()
        self._pending: Pending[Asked] = Pending(MAX_PENDING, REQUEST_TIMEOUT_NS)

    @property
    def bounds_hit(self) -> dict[str, int]:
        """How many were given up of what is bounded."""
        return {"checks": self.evicted, "STUN requests": self._pending.given_up}

    def on(self, flows: Container[Flow]) -> list[Asked]:
        """What was asked on these flows."""
        return [asked for (flow, _), asked in self.asked.items() if flow in flows]

    def forget(self, flows: Container[Flow]) -> None:
        """Let go of what was asked on these flows."""
        for key in [key for key in self.asked if key[0] in flows]:
            del self.asked[key]

    def feed(self, datagram: Datagram, message: stun.Message) -> None:
        """Take one STUN message."""
        if message.class_ in ("success", "error"):
            self._response(datagram, message)
            return
        asked = self._asker(datagram, _kind(message))
        asked.last = max(asked.last, datagram.time)
        if message.class_ == "indication":
            asked.indications += 1
            return
        if self._pending.put_new((datagram.flow, message.transaction), datagram.time, asked):
            asked.requests += 1
        asked.silent += 1
        asked.username = message.username or asked.username
        asked.role = message.role or asked.role
        asked.nominated |= message.use_candidate
        asked.software = message.software or asked.software

    def _asker(self, datagram: Datagram, kind: str) -> Asked:
        key = (datagram.flow, kind)
        asked = self.asked.get(key)
        if asked is None:
            asked = self.asked[key] = Asked(
                datagram.flow, kind, datagram.time, datagram.time, place=Place(datagram.file, datagram.frame)
            )
            if len(self.asked) > self.limit:
                self.asked.popitem(last=False)
                self.evicted += 1
        return asked

    def _response(self, datagram: Datagram, message: stun.Message) -> None:
        found = self._pending.pop((datagram.flow.reverse, message.transaction))
        if found is None:
            return
        sent, asked = found
        asked.answered += 1
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
        if message.class_ == "error" and message.error is not None and len(asked.errors) < 8:
            asked.errors[str(message.error)] = None

    def _allocated(self, asked: Asked, message: stun.Message) -> None:
        relayed, lifetime = message.relayed_address, message.lifetime
        asked.relayed = asked.relayed if relayed is None else str(relayed)
        asked.lifetime = asked.lifetime if lifetime is None else lifetime


def _kind(message: stun.Message) -> str:
    """A connectivity check carries the credentials of ICE; any other Binding asks a server or keeps a binding alive."""
    if message.method != "Binding":
        return message.method.lower()
    return "connectivity check" if message.username or message.priority is not None else "binding"
