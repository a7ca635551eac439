"""The trackers of one engine, and how much they hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dissectors.analysis.calls.carried import identity_of
from dissectors.analysis.calls.table import MAX_RETIRED_ENDPOINTS, Calls
from dissectors.analysis.connectivity.checks import Checks
from dissectors.analysis.connectivity.said import Glance
from dissectors.analysis.streams.rtcp import Control
from dissectors.engine.reading import Reader, Take
from dissectors.limits.budget import Bounds
from dissectors.limits.texts import MAX_TEXT_OCTETS, Texts
from dissectors.mux.table import TABLE
from dissectors.protocols import rtcp, rtcp_reports, sip, stun
from dissectors.report import DataChannel, Handshake
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.errors import Malformed
from dissectors.wire.inflate import Limits
from dissectors.wire.values import Struct

if TYPE_CHECKING:
    from dissectors.analysis.calls.jsep import JsepCalls
    from dissectors.analysis.calls.verto import VertoCalls
    from dissectors.analysis.connectivity.channels import Channels
    from dissectors.analysis.connectivity.handshakes import Handshakes
    from dissectors.crypto.secrets import Secrets
    from dissectors.mux.entry import Entry
    from dissectors.protocols import dtls, jsep, verto
    from dissectors.protocols.sip_usual import Usual

MAX_CALLS = 131_072
MAX_CHECKS = 262_144


class Capacity(Struct, frozen=True):
    """How much an engine holds at most.

    These are calls, endpoints that ask by STUN, sources that RTCP reports on, handshakes, endpoints of calls that were
    retired, and octets of texts that senders choose.
    """

    calls: int = MAX_CALLS
    checks: int = MAX_CHECKS
    sources: int = MAX_CHECKS
    handshakes: int = MAX_CALLS
    endpoints: int = MAX_RETIRED_ENDPOINTS
    text_octets: int = MAX_TEXT_OCTETS


CAPACITY = Capacity()


class NoHandshakes:
    """The handshakes of a capture without DTLS."""

    silent = True

    def to_report(self, groups: Collection[Flow | str] | None = None) -> tuple[Handshake, ...]:
        """None."""
        return ()

    def forget(self, flows: Iterable[Flow]) -> None:
        """Nothing is known of any of them."""


NO_HANDSHAKES = NoHandshakes()


class Trackers:
    """One tracker for each kind of thing; `readers` says by protocol what parses its datagrams and who takes them."""

    def __init__(
        self, limits: Limits, max_finished: int | None, capacity: Capacity, secrets: bool = False,
        glance: Callable[[bytes], Usual | None] | None = None,
    ) -> None:
        self.bounds = bounds = Bounds()
        texts = Texts(capacity.text_octets, bounds, secrets)
        self.calls = Calls(capacity.calls, max_finished, capacity.endpoints, bounds, texts, limits)
        self.checks = Checks(capacity.checks, bounds, texts)
        self.control = Control(capacity.sources, bounds)
        takes: dict[str, Take] = {"DTLS": self._take_dtls, "VERTO": self._take_verto, "JSEP": self._take_jsep}
        # Few captures have these: what tracks them waits for the first message.
        self._handshakes: Handshakes | None = None
        self._channels: Channels | None = None
        self._most_handshakes = capacity.handshakes
        self._secrets: Secrets | None = None
        self._verto: VertoCalls | None = None
        self._jsep: JsepCalls | None = None
        self.readers = {
            spec.name: Reader(spec.parse, takes.get(spec.name, untracked)) for spec in TABLE if spec.reported
        }
        self.readers["STUN"] = Reader(stun.parse, self.checks.feed, Glance().at, self.checks.hold)
        self.readers["RTCP"] = Reader(rtcp.parse, self.control.feed, rtcp_reports.glance, self.control.hold)
        self.readers["SIP"] = Reader(partial(sip.parse_all, limits=limits), self.calls.take, glance, self.calls.hold)

    @property
    def bounds_hit(self) -> dict[str, int]:
        """How much was given up because a bound was hit, by the bound's name."""
        return dict(self.bounds.hits)

    @property
    def handshakes(self) -> Handshakes | NoHandshakes:
        """The handshakes of DTLS."""
        return NO_HANDSHAKES if self._handshakes is None else self._handshakes

    @property
    def data_channels(self) -> tuple[DataChannel, ...]:
        """The channels that DTLS carries, as the report has them."""
        return () if self._channels is None else self._channels.to_report()

    def wait_no_longer(self) -> None:
        """Give back what answers that have not come would need: everything was read."""
        self.checks.pending.clear()
        self.control.sent.clear()

    def open_with(self, secrets: Secrets | None) -> None:
        """Open with these keys what DTLS carries, and add those to them that messages announce."""
        self._secrets = secrets
        if self._channels is not None:
            self._channels.secrets = secrets
        reader = self.readers["SIP"]
        reader.take = self.calls.take if secrets is None else partial(self._announced, secrets)
        reader.hold = self.calls.hold if secrets is None else partial(self._held, secrets)

    def _held(self, secrets: Secrets, entry: Entry, usual: Usual) -> Sequence[Malformed]:
        """Take what may stay unread; what describes something is read at once, for it may announce keys."""
        if usual.octets:
            return self._announced(secrets, entry.datagram, (sip.parse(entry.payload, self.calls.limits),))
        return self.calls.hold(entry, usual)

    def _announced(
        self, secrets: Secrets, datagram: Datagram, messages: tuple[sip.Message, ...]
    ) -> Sequence[Malformed]:
        for message in messages:
            for octets in (message.body.octets, *(part.body for part in message.parts)):
                secrets.announce(identity_of(message.identity()).call_id or "", octets)
        return self.calls.take(datagram, messages)

    def _take_dtls(self, datagram: Datagram, message: dtls.Message) -> Sequence[Malformed]:
        if self._handshakes is None:
            from dissectors.analysis.connectivity.channels import Channels
            from dissectors.analysis.connectivity.handshakes import Handshakes

            self._channels = Channels(self.bounds)
            self._channels.secrets = self._secrets
            self._handshakes = Handshakes(self._most_handshakes, self.bounds, self._channels)
        return self._handshakes.feed(datagram, message)

    def _take_verto(self, datagram: Datagram, message: verto.Message) -> Sequence[Malformed] | None:
        if self._verto is None:
            from dissectors.analysis.calls.verto import VertoCalls

            self._verto = VertoCalls(self.calls, self.bounds)
        return self._verto.feed(datagram, message)

    def _take_jsep(self, datagram: Datagram, message: jsep.Message) -> Sequence[Malformed] | None:
        if self._jsep is None:
            from dissectors.analysis.calls.jsep import JsepCalls

            self._jsep = JsepCalls(self.calls, self.bounds)
        return self._jsep.feed(datagram, message)


def untracked(datagram: Datagram, message: object) -> None:
    """Take a message of a protocol that has no tracker: that it could be read was all there was to find out."""
