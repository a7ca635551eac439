"""DTLS handshakes: who opened, what was agreed, which certificates were shown, how it ended (RFC 6347, 5764)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Any

from dissectors.analysis.connectivity.channels import Channels
from dissectors.analysis.connectivity.messages import CERTIFICATE, MessagesInPart
from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.protocols import dtls
from dissectors.protocols.dtls_bodies import Certificate, Hello
from dissectors.protocols.dtls_names import version_name
from dissectors.report import Handshake, Missing, Place
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct, field

MAX_OFFERED_PROFILES = 64
"""SRTP profiles of an offer that are kept; there are sixteen (IANA, SRTP Protection Profiles)."""

CLIENT_HELLO, ALERT, FATAL, CLOSE_NOTIFY = 1, 21, 2, 0
COPY_NS = 100_000_000
"""A copy of a datagram comes within this time; a client waits longer until it says hello again (RFC 6347, 4.2.4.1)."""


class End(Struct):
    """What one end of a handshake has sent: `certified` says that some of its certificate came, `hellos` how often it
    began, `hello` the number and the time of the record that began it last, `random` the one that it sent last.
    """

    hellos: int = 0
    hello: tuple[int | None, int] | None = None
    random: bytes = b""
    encrypted: bool = False
    certified: bool = False
    fingerprint: str | None = None

    @property
    def answered(self) -> bool:
        """Whether it sent more than what a client begins with."""
        return self.encrypted or self.certified or self.fingerprint is not None


class State(Struct):
    """One handshake; `flow` is the client's, times are nanoseconds.

    `closed` is the first alert after it was complete, which is encrypted, or a close_notify in the clear. Where nothing
    of the handshake was captured, an alert that is encrypted comes after it.
    """

    flow: Flow
    first: int
    last: int
    place: Place
    chosen: bool = False
    version: str | None = None
    cipher_suite: str | None = None
    srtp_profile: str | None = None
    offered_profiles: tuple[str, ...] = ()
    alert: str | None = None
    fatal: bool = False
    client: End = field(default_factory=End)
    server: End = field(default_factory=End)
    complete: int | None = None
    closed: int | None = None
    closed_by: Flow | None = None
    closed_place: Place | None = None
    hello_octets: int | None = None
    hello_parts: int = 0
    reflected: int = 0

    @property
    def opened(self) -> bool:
        """Whether a ClientHello was seen, or a part of one."""
        return self.client.hellos > 0

    @property
    def outcome(self) -> str:
        """See `report.Handshake`; `continued` where no beginning was seen on this 5-tuple."""
        if not (self.opened or self.chosen or self.server.fingerprint):
            return "continued"
        if self.complete is not None:
            return "complete"
        if self.fatal:
            return "failed"
        return "unfinished" if self.chosen or self.server.answered else "unanswered"

    def swap(self) -> None:
        """Let the ends change places: what was taken for the client is the server."""
        self.flow = self.flow.reverse
        self.client, self.server = self.server, self.client

    def to_report(self, missing: tuple[Missing, ...] = ()) -> Handshake:
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
            hellos=self.client.hellos,
            first=self.first / 1e9,
            last=self.last / 1e9,
            place=self.place,
            inside=flow.inside,
            server_hellos=self.server.hellos,
            encrypted_ends=self.client.encrypted + self.server.encrypted,
            completed=None if self.complete is None else self.complete / 1e9,
            closed=None if self.closed is None else self.closed / 1e9,
            closed_by=None if self.closed_by is None else "client" if self.closed_by == flow else "server",
            closed_place=self.closed_place,
            missing=missing,
            hello_octets=self.hello_octets,
            hello_parts=self.hello_parts // (self.client.hellos or 1),
            reflected=self.reflected,
        )


class Handshakes:
    """The latest handshake of each 5-tuple and those that were complete before it, at most `limit` of either.

    Messages in fragments wait until they are whole, within bounds of their own. `bounds` counts what is given up.
    `channels` get the hellos and the records where they have keys.
    """

    def __init__(self, limit: int, bounds: Bounds | None = None, channels: Channels | None = None) -> None:
        self._bounds = bounds = bounds or Bounds()
        self._channels = channels or Channels(bounds)
        self._states: Table[Flow, State] = Table(
            "handshakes", limit, bounds, groups=lambda flow, _: _flow_and_hosts(flow)
        )
        self._earlier: Table[tuple[Flow, int], State] = Table(
            "handshakes", limit, bounds, groups=lambda key, _: _flow_and_hosts(key[0])
        )
        self._parts = MessagesInPart(2 * limit, bounds)

    def forget(self, flows: Iterable[Flow]) -> None:
        """Let go of the handshakes on these flows."""
        for flow in flows if self._states or self._earlier else ():
            if flow in self._states:
                self._let_go(flow)
            for earlier in self._earlier.of(flow) if self._earlier else ():
                del self._earlier[earlier]

    def feed(self, datagram: Datagram, message: dtls.Message) -> list[Malformed]:
        """Take the records of one datagram; gives back what is wrong where fragments make a message that does not fit.
        """
        state = self._state(datagram, _begins(message))
        if (hellos := _hellos(message)) and state.flow != datagram.flow and not state.opened:
            state.swap()
        end = state.client if state.flow == datagram.flow else state.server
        if hellos:
            # Who says hello again gives the record a new number; with the same one at once, the capture has it twice.
            before, end.hello = end.hello, (_number(message), datagram.time)
            copied = before is not None and before[0] == end.hello[0] and datagram.time - before[1] < COPY_NS
            hellos = 0 if copied else hellos
        end.hellos += hellos
        if hellos and end is state.client:
            state.hello_octets = max([each.length for each in message.handshakes if each.type == CLIENT_HELLO])
        if end is state.client and (hellos or not _hellos(message)):
            state.hello_parts += sum([each.type == CLIENT_HELLO for each in message.handshakes])
        wrong = self._messages(state, end, datagram, message)
        # Of two that both begin, the one that answers is the server.
        end = state.client if state.flow == datagram.flow else state.server
        state.last = max(state.last, datagram.time)
        end.encrypted |= any([record.encrypted and record.content_type != ALERT for record in message.records])
        # A server with a certificate is the last to finish, whether or not the client's side was captured.
        if state.complete is None and state.server.encrypted and (state.client.encrypted or state.server.certified):
            state.complete = datagram.time
        self._alerts(state, datagram, message)
        if self._channels.secrets is not None:
            self._channels.feed(datagram, message)
        return wrong

    def _alerts(self, state: State, datagram: Datagram, message: dtls.Message) -> None:
        begun = state.opened or state.chosen or state.client.answered or state.server.answered
        closing = (state.complete is not None or not begun) and any(
            [record.encrypted and record.content_type == ALERT for record in message.records]
        )
        for alert in message.alerts:
            state.fatal |= alert.level == FATAL
            state.alert = alert.text if alert.description != CLOSE_NOTIFY else state.alert
            closing |= alert.description == CLOSE_NOTIFY
        if closing and state.closed is None:
            state.closed, state.closed_by = datagram.time, datagram.flow
            state.closed_place = Place(datagram.file, datagram.frame)

    def _messages(self, state: State, end: End, datagram: Datagram, message: dtls.Message) -> list[Malformed]:
        """What the handshake messages say, of this datagram and those that it makes whole."""
        whole, wrong = self._parts.feed(datagram, message)
        end.certified |= any([each.type == CERTIFICATE for each in message.handshakes])
        for each in whole:
            body = each.body
            if isinstance(body, Hello) and self._channels.secrets is not None:
                self._channels.hello(datagram.flow, body, each.type == CLIENT_HELLO)
            if isinstance(body, Hello) and each.type == CLIENT_HELLO:
                self._begun(state, end, body)
            elif isinstance(body, Hello):
                if end is state.client and (not state.opened or state.server.hellos):
                    state.swap()
                _choose(state, body)
            elif isinstance(body, Certificate) and end.fingerprint is None:
                end.fingerprint = body.fingerprint
        return wrong

    @property
    def silent(self) -> bool:
        """Whether there was none."""
        return not (self._states or self._earlier)

    def to_report(self, groups: Collection[Flow | str] | None = None) -> tuple[Handshake, ...]:
        """All of them in the order in which they began; see `State.outcome` for those that only went on here.

        With `groups` only those that began on one of these flows, or at one of these hosts.
        """
        tables: tuple[Table[Any, State], ...] = (self._earlier, self._states)
        known = [
            state for table in tables for state in (table.values() if groups is None else _within(table, groups))
        ]
        states = sorted(known, key=lambda each: each.first)
        return tuple(
            each.to_report(() if each.complete is not None else self._parts.missing(each.flow)) for each in states
        )

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
        self._parts.forget(self._states.pop(key).flow)

    def _begun(self, state: State, end: End, hello: Hello) -> None:
        """Take a ClientHello; what comes back from the other side as it was sent begins nothing."""
        if end is state.client:
            end.random = hello.random
            self._offer(state, hello)
        elif hello.random == state.client.random and any(hello.random):
            state.reflected += 1
            end.hellos = max(0, end.hellos - 1)

    def _offer(self, state: State, hello: Hello) -> None:
        """What the client offers."""
        offered = hello.srtp_profile_names
        if len(offered) > MAX_OFFERED_PROFILES:
            self._bounds.hit("SRTP profiles of an offer", len(offered) - MAX_OFFERED_PROFILES)
        state.offered_profiles = offered[:MAX_OFFERED_PROFILES]


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


def _number(message: dtls.Message) -> int | None:
    """The number of the first record with a ClientHello."""
    return next(
        (each.sequence for each in message.records if any([one.type == CLIENT_HELLO for one in each.handshakes])), None
    )


def _hellos(message: dtls.Message) -> int:
    """How many ClientHellos begin here."""
    return sum([each.type == CLIENT_HELLO and not each.fragment_offset for each in message.handshakes])


def _choose(state: State, hello: Hello) -> None:
    """What the server has chosen; of a hello nothing is kept but that."""
    state.chosen = True
    state.version = version_name((hello.supported_versions or (hello.version,))[0])
    state.cipher_suite = hello.cipher_suite_names[0]
    state.srtp_profile = hello.srtp_profile_names[0] if hello.srtp_profiles else None
