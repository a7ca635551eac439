"""DTLS handshakes: who opened, what was agreed, which certificates were shown, how it ended (RFC 6347, 5764)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Any

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.protocols import dtls
from dissectors.protocols.dtls_bodies import Certificate, Hello
from dissectors.protocols.dtls_handshake import Handshake as Fragment
from dissectors.protocols.dtls_handshake import assemble
from dissectors.protocols.dtls_names import version_name
from dissectors.report import Handshake, Place
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.values import Struct, field

MAX_CERTIFICATE_FRAGMENTS = 64
MAX_CERTIFICATE_OCTETS = 1 << 24
"""Octets of all certificates that are still to become whole."""

FRAGMENT_OCTETS = 200
"""What it takes to keep a fragment, beside its octets."""

MAX_OFFERED_PROFILES = 64
"""SRTP profiles of an offer that are kept; there are sixteen (IANA, SRTP Protection Profiles)."""

CLIENT_HELLO, CERTIFICATE, FATAL, CLOSE_NOTIFY = 1, 11, 2, 0


class End(Struct):
    """What one end of a handshake has sent; `certified` says that some of its certificate came."""

    encrypted: bool = False
    certified: bool = False
    fingerprint: str | None = None


class State(Struct):
    """One handshake; `flow` is the client's, times are nanoseconds."""

    flow: Flow
    first: int
    last: int
    place: Place
    opened: bool = False
    chosen: bool = False
    version: str | None = None
    cipher_suite: str | None = None
    srtp_profile: str | None = None
    offered_profiles: tuple[str, ...] = ()
    hellos: int = 0
    alert: str | None = None
    fatal: bool = False
    client: End = field(default_factory=End)
    server: End = field(default_factory=End)

    @property
    def outcome(self) -> str:
        """See `report.Handshake`."""
        if self.client.encrypted and self.server.encrypted:
            return "complete"
        if self.fatal:
            return "failed"
        return "unanswered" if not self.chosen and self.server == End() else "unfinished"

    def to_report(self) -> Handshake:
        """The report's value."""
        flow = self.flow
        return Handshake(
            src=flow.src,
            sport=flow.sport,
            dst=flow.dst,
            dport=flow.dport,
            version=self.version,
            cipher_suite=self.cipher_suite,
            srtp_profile=self.srtp_profile,
            offered_profiles=self.offered_profiles,
            client_fingerprint=self.client.fingerprint,
            server_fingerprint=self.server.fingerprint,
            outcome=self.outcome,
            alert=self.alert,
            hellos=self.hellos,
            first=self.first / 1e9,
            last=self.last / 1e9,
            place=self.place,
        )


class Handshakes:
    """The latest handshake of each 5-tuple and those that were complete before it, at most `limit` of either.

    Fragments of certificates wait until they are whole, within bounds of their own. `bounds` counts what is given up.
    """

    def __init__(self, limit: int, bounds: Bounds | None = None) -> None:
        self._bounds = bounds = bounds or Bounds()
        self._states: Table[Flow, State] = Table(
            "handshakes", limit, bounds, groups=lambda flow, _: _flow_and_hosts(flow)
        )
        self._earlier: Table[tuple[Flow, int], State] = Table(
            "handshakes", limit, bounds, groups=lambda key, _: _flow_and_hosts(key[0])
        )
        self._fragments: Table[tuple[Flow, bool], list[Fragment]] = Table(
            "certificates in part", 2 * limit, bounds, octets=MAX_CERTIFICATE_OCTETS
        )

    def forget(self, flows: Iterable[Flow]) -> None:
        """Let go of the handshakes on these flows."""
        for flow in flows:
            if flow in self._states:
                self._let_go(flow)
            for earlier in self._earlier.of(flow) if self._earlier else ():
                del self._earlier[earlier]

    def feed(self, datagram: Datagram, message: dtls.Message) -> None:
        """Take the records of one datagram; raises `Malformed` where fragments make a certificate that does not fit."""
        state = self._state(datagram, _begins(message))
        by_client = state.flow == datagram.flow
        if message.client_hello is not None:
            if not by_client and not state.opened:
                state.flow, by_client = datagram.flow, True
            state.opened, state.hellos = True, state.hellos + 1
            self._offer(state, message.client_hello)
        if message.server_hello is not None:
            if by_client and not state.opened:
                state.flow, by_client = datagram.flow.reverse, False
            _choose(state, message.server_hello)
        state.last = max(state.last, datagram.time)
        for alert in message.alerts:
            state.fatal |= alert.level == FATAL
            state.alert = alert.text if alert.description != CLOSE_NOTIFY else state.alert
        end = state.client if by_client else state.server
        end.encrypted |= any(record.encrypted for record in message.records)
        self._certificate(end, (state.flow, by_client), message)

    def to_report(self, groups: Collection[Flow | str] | None = None) -> tuple[Handshake, ...]:
        """Those of which at least a hello or a certificate was seen, in the order in which they began.

        With `groups` only those that began on one of these flows, or at one of these hosts.
        """
        tables: tuple[Table[Any, State], ...] = (self._earlier, self._states)
        known = [
            state for table in tables for state in (table.values() if groups is None else _within(table, groups))
        ]
        states = sorted(known, key=lambda each: each.first)
        return tuple(each.to_report() for each in states if each.opened or each.chosen or each.server.fingerprint)

    def _state(self, datagram: Datagram, begins: bool) -> State:
        flow = datagram.flow
        key = flow if flow in self._states else flow.reverse
        state = self._states.use(key)
        if state is not None and begins and state.outcome == "complete":
            self._earlier[key, state.first] = state
            self._let_go(key)
            state = None
        if state is None:
            state = self._states[flow] = State(flow, datagram.time, datagram.time, Place(datagram.file, datagram.frame))
        return state

    def _let_go(self, key: Flow) -> None:
        """Let go of the handshake that stands there, and of what waits for it."""
        flow = self._states.pop(key).flow
        for by_client in (True, False):
            self._fragments.pop((flow, by_client), None)

    def _offer(self, state: State, hello: Hello) -> None:
        """What the client offers."""
        offered = hello.srtp_profile_names
        if len(offered) > MAX_OFFERED_PROFILES:
            self._bounds.hit("SRTP profiles of an offer", len(offered) - MAX_OFFERED_PROFILES)
        state.offered_profiles = offered[:MAX_OFFERED_PROFILES]

    def _certificate(self, end: End, key: tuple[Flow, bool], message: dtls.Message) -> None:
        """Keep the fingerprint of an end's certificate, which seldom fits into one datagram."""
        pieces = [each for each in message.handshakes if each.type == CERTIFICATE]
        if not pieces or end.fingerprint is not None:
            return
        end.certified = True
        held = self._fragments.use(key) or []
        room = MAX_CERTIFICATE_FRAGMENTS - len(held)
        if len(pieces) > room:
            self._bounds.hit("certificate fragments", len(pieces) - room)
            if not room:
                return
        self._fragments.pop(key, None)
        fragments = [*held, *pieces[:room]]
        # Where a body that was put together does not fit, this raises, once: one that is sent again may fit.
        for whole in assemble(fragments):
            if isinstance(whole.body, Certificate):
                end.fingerprint = whole.body.fingerprint
        if end.fingerprint is None:
            self._fragments.put(key, fragments, sum(FRAGMENT_OCTETS + len(each.fragment) for each in fragments))


def _flow_and_hosts(flow: Flow) -> tuple[Hashable, ...]:
    """What a handshake is found by."""
    return flow, flow.src, flow.dst


def _within(table: Table[Any, State], groups: Collection[Flow | str]) -> Iterator[State]:
    """The handshakes of a table on flows or at hosts; the key may be the way back of the flow that they began on."""
    if not table:
        return
    sought = {way for group in groups for way in ((group,) if isinstance(group, str) else (group, group.reverse))}
    for key in dict.fromkeys(key for group in sought for key in table.of(group)):
        state = table[key]
        if state.flow in groups or state.flow.src in groups or state.flow.dst in groups:
            yield state


def _begins(message: dtls.Message) -> bool:
    """Whether a client begins anew: its first message in the clear; a renegotiation would be encrypted."""
    return any(each.type == CLIENT_HELLO and each.message_seq == 0 for each in message.handshakes)


def _choose(state: State, hello: Hello) -> None:
    """What the server has chosen; of a hello nothing is kept but that."""
    state.chosen = True
    state.version = version_name((hello.supported_versions or (hello.version,))[0])
    state.cipher_suite = hello.cipher_suite_names[0]
    state.srtp_profile = hello.srtp_profile_names[0] if hello.srtp_profiles else None
