"""DTLS handshakes: who opened, what was agreed, which certificates were shown, how it ended (RFC 6347, 5764)."""

from __future__ import annotations

from collections.abc import Container

from dissectors.mux.evidence import Bounded
from dissectors.protocols import dtls
from dissectors.protocols.dtls_bodies import Certificate, Hello
from dissectors.protocols.dtls_handshake import Handshake as Fragment
from dissectors.protocols.dtls_handshake import assemble
from dissectors.protocols.dtls_names import version_name
from dissectors.report import Handshake, Place
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct, field

MAX_CERTIFICATE_FRAGMENTS = 64
CLIENT_HELLO, CERTIFICATE, FATAL, CLOSE_NOTIFY = 1, 11, 2, 0


class End(Struct):
    """What one end of a handshake has sent; fragments of its certificate wait until it is whole."""

    encrypted: bool = False
    fingerprint: str | None = None
    fragments: list[Fragment] = field(default_factory=list)


class State(Struct):
    """One handshake; `flow` is the client's, times are nanoseconds."""

    flow: Flow
    first: int
    last: int
    place: Place
    opened: bool = False
    offered: Hello | None = None
    chosen: Hello | None = None
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
        return "unanswered" if self.chosen is None and self.server == End() else "unfinished"

    def to_report(self) -> Handshake:
        """The report's value."""
        flow, chosen = self.flow, self.chosen
        versions = chosen.supported_versions or (chosen.version,) if chosen else ()
        return Handshake(
            src=flow.src,
            sport=flow.sport,
            dst=flow.dst,
            dport=flow.dport,
            version=version_name(versions[0]) if versions else None,
            cipher_suite=chosen.cipher_suite_names[0] if chosen else None,
            srtp_profile=chosen.srtp_profile_names[0] if chosen and chosen.srtp_profiles else None,
            offered_profiles=self.offered.srtp_profile_names if self.offered else (),
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
    """The latest handshake of each 5-tuple and those that were complete before it, at most `limit` of either."""

    def __init__(self, limit: int) -> None:
        self._states = Bounded(limit)
        self._earlier = Bounded(limit)

    @property
    def evicted(self) -> int:
        """How many were given up."""
        return self._states.evicted + self._earlier.evicted

    def forget(self, flows: Container[Flow]) -> None:
        """Let go of the handshakes on these flows."""
        for key in [key for key in self._states if key in flows]:
            del self._states[key]
        for earlier in [earlier for earlier in self._earlier if earlier[0] in flows]:
            del self._earlier[earlier]

    def feed(self, datagram: Datagram, message: dtls.Message) -> None:
        """Take the records of one datagram; raises `Malformed` where fragments make a certificate that does not fit."""
        state = self._state(datagram, _begins(message))
        by_client = state.flow == datagram.flow
        if message.client_hello is not None:
            if not by_client and not state.opened:
                state.flow, by_client = datagram.flow, True
            state.opened, state.offered, state.hellos = True, message.client_hello, state.hellos + 1
        if message.server_hello is not None:
            if by_client and not state.opened:
                state.flow, by_client = datagram.flow.reverse, False
            state.chosen = message.server_hello
        state.last = max(state.last, datagram.time)
        for alert in message.alerts:
            state.fatal |= alert.level == FATAL
            state.alert = alert.text if alert.description != CLOSE_NOTIFY else state.alert
        end = state.client if by_client else state.server
        end.encrypted |= any(record.encrypted for record in message.records)
        _certificate(end, message)

    def to_report(self, flows: Container[Flow] | None = None) -> tuple[Handshake, ...]:
        """Those of which at least a hello or a certificate was seen, in the order in which they began.

        With `flows` only those that began on one of them.
        """
        known = (*self._earlier.values(), *self._states.values())
        states = sorted(
            (each for each in known if flows is None or each.flow in flows), key=lambda each: each.first
        )
        return tuple(each.to_report() for each in states if each.opened or each.chosen or each.server.fingerprint)

    def _state(self, datagram: Datagram, begins: bool) -> State:
        flow = datagram.flow
        key = flow if flow in self._states else flow.reverse
        state: State | None = self._states.get(key)
        if state is not None and begins and state.outcome == "complete":
            self._earlier[key, state.first] = state
            del self._states[key]
            state = None
        if state is None:
            state = self._states[flow] = State(flow, datagram.time, datagram.time, Place(datagram.file, datagram.frame))
        return state


def _begins(message: dtls.Message) -> bool:
    """Whether a client begins anew: its first message in the clear; a renegotiation would be encrypted."""
    return any(each.type == CLIENT_HELLO and each.message_seq == 0 for each in message.handshakes)


def _certificate(end: End, message: dtls.Message) -> None:
    """Keep the fingerprint of an end's certificate, which seldom fits into one datagram."""
    pieces = [each for each in message.handshakes if each.type == CERTIFICATE]
    if not pieces or end.fingerprint is not None or len(end.fragments) >= MAX_CERTIFICATE_FRAGMENTS:
        return
    end.fragments += pieces[: MAX_CERTIFICATE_FRAGMENTS - len(end.fragments)]
    try:
        assembled = assemble(end.fragments)
    except Malformed:
        # Told once; a certificate that is sent again may fit.
        end.fragments.clear()
        raise
    for whole in assembled:
        if isinstance(whole.body, Certificate):
            end.fingerprint = whole.body.fingerprint
            end.fragments.clear()
