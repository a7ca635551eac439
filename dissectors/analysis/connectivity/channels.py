"""Data channels: what DTLS carries beside media, opened with its keys (RFC 8831, RFC 8832)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.protocols import dtls
from dissectors.protocols.dtls_bodies import Hello
from dissectors.report import DataChannel, Place
from dissectors.wire import sctp, tls
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.errors import Malformed
from dissectors.wire.tls_hello import ENCRYPT_THEN_MAC
from dissectors.wire.tls_names import TLS_1_1, TLS_1_2
from dissectors.wire.values import Struct, field, replace

if TYPE_CHECKING:
    from dissectors.crypto.dtls_records import Sent
    from dissectors.crypto.secrets import Secrets
    from dissectors.crypto.tls_records import Opener

DTLS_1_2, DTLS_1_0 = 0xFEFD, 0xFEFF
MAX_ASSOCIATIONS, MAX_CHANNELS, MAX_PROFILES = 1024, 256, 8
"""Associations of which data are opened, channels of each, and profiles of SRTP of which its keys may be."""

MAX_REMEMBERED_CHUNKS = 512
"""Numbers of chunks that are remembered, so that what is sent again counts once."""


class Channel(Struct):
    """One channel as it is counted; `messages` and `octets` are those of the client and of the server."""

    opening: sctp.Opening | None = None
    opened: int | None = None
    opened_by: int = 0
    acknowledged: bool = False
    first: int = 0
    last: int = 0
    place: Place = Place(0, 0)
    messages: list[int] = field(default_factory=lambda: [0, 0])
    octets: list[int] = field(default_factory=lambda: [0, 0])


class Association(Struct):
    """One association of DTLS: its hellos, what opens the records of each side, and its channels."""

    flow: Flow
    client: Hello | None = None
    server: Hello | None = None
    openers: list[Opener] | None = None
    sent: list[Sent] | None = None
    channels: dict[int, Channel] = field(default_factory=dict)
    seen: list[dict[int, None]] = field(default_factory=lambda: [{}, {}])


class Channels:
    """The data channels of a capture; `secrets` are asked for the keys of each association."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.secrets: Secrets | None = None
        self._associations: Table[Flow, Association] = Table("DTLS associations with keys", MAX_ASSOCIATIONS, bounds)
        self._bounds = bounds or Bounds()

    def hello(self, flow: Flow, hello: Hello, by_client: bool) -> None:
        """A hello of the side that sends on this flow."""
        client = flow if by_client else flow.reverse
        outside = tuple([(kind, b"") for kind, _ in hello.extensions if kind == ENCRYPT_THEN_MAC])
        hello = replace(hello, extensions=outside, cipher_suites=hello.cipher_suites[:1], cookie=b"", alpn=())
        known = self._associations.use(client)
        if known is None:
            known = self._associations[client] = Association(client)
        if by_client:
            known.client, known.server, known.openers, known.sent = hello, None, None, None
        else:
            known.server, known.openers, known.sent = hello, None, None
            self._export(known)

    def feed(self, datagram: Datagram, message: dtls.Message) -> None:
        """Open the records of a datagram that carry data."""
        flow = datagram.flow
        known = self._associations.get(flow) or self._associations.get(flow.reverse)
        if known is None or self.secrets is None:
            return
        side = int(known.flow != flow)
        for record in message.records:
            if record.unified:
                sent = known.sent or self._sent(known)
                inner = None if sent is None else sent[side].open(record.header, record.fragment)
                if inner is not None and inner[0] == tls.APPLICATION_DATA:
                    self._packet(known, side, datagram, inner[1])
            elif record.content_type == tls.APPLICATION_DATA and record.epoch and record.sequence is not None:
                openers = known.openers or self._openers(known)
                if openers is None:
                    return
                held = tls.Record(record.content_type, record.version or 0, record.fragment)
                inner = openers[side](record.epoch << 48 | record.sequence, held)
                if inner is not None:
                    self._packet(known, side, datagram, inner[1])

    def to_report(self) -> tuple[DataChannel, ...]:
        """Each channel, in the order in which they began."""
        found = [
            _to_report(known.flow, stream, channel)
            for known in self._associations.values() for stream, channel in known.channels.items()
        ]
        return tuple(sorted(found, key=lambda each: each.first))

    def _openers(self, known: Association) -> list[Opener] | None:
        """What opens the records of both sides, once hellos and keys are there."""
        client, server = known.client, known.server
        if client is None or server is None or self.secrets is None or server.supported_versions:
            return None
        from dissectors.crypto.secrets import MASTER
        from dissectors.crypto.tls_records import older
        from dissectors.crypto.tls_schedule import key_block
        from dissectors.crypto.tls_suites import suite

        parts, master = suite(server.cipher_suites[0]), self.secrets.of(client.random).get(MASTER)
        if parts is None or master is None or server.version != DTLS_1_2:
            return None
        outside = parts.cipher.block > 0 and any(kind == ENCRYPT_THEN_MAC for kind, _ in server.extensions)
        keys = key_block(TLS_1_2, parts, master, client.random, server.random)
        known.openers = [older(TLS_1_2, parts, each, outside) for each in keys]
        return known.openers

    def _sent(self, known: Association) -> list[Sent] | None:
        """What opens the records of both sides of DTLS 1.3, once hellos and keys are there."""
        client, server = known.client, known.server
        if client is None or server is None or self.secrets is None or not server.supported_versions:
            return None
        from dissectors.crypto.dtls_records import Sent
        from dissectors.crypto.secrets import TRAFFIC
        from dissectors.crypto.tls_suites import suite

        parts, secrets = suite(server.cipher_suites[0]), self.secrets.of(client.random)
        if parts is None or not parts.cipher.tag or not all(label in secrets for label in TRAFFIC):
            return None
        known.sent = [Sent(parts, secrets[label]) for label in TRAFFIC]
        return known.sent

    def _export_newer(self, known: Association, client: Hello, server: Hello) -> None:
        """The same of DTLS 1.3: which profile was chosen is encrypted, so that each one that was offered may be it."""
        from dissectors.crypto.secrets import EXPORTER
        from dissectors.crypto.srtp_keys import of_dtls_1_3
        from dissectors.crypto.srtp_suites import PROFILES
        from dissectors.crypto.tls_suites import suite

        assert self.secrets is not None
        parts, secret = suite(server.cipher_suites[0]), self.secrets.of(client.random).get(EXPORTER)
        if parts is None or secret is None:
            return
        for chosen in filter(None, map(PROFILES.get, client.srtp_profiles[:MAX_PROFILES])):
            keys = of_dtls_1_3(chosen, parts, secret)
            for flow, key in zip((known.flow, known.flow.reverse), keys, strict=True):
                self.secrets.export((flow.src, flow.sport, flow.dst, flow.dport), key)

    def _export(self, known: Association) -> None:
        """Hand on the keys of SRTP, where both sides agreed on it and the master secret is known (RFC 5764)."""
        client, server = known.client, known.server
        if client is None or server is None or self.secrets is None:
            return
        if server.supported_versions:
            self._export_newer(known, client, server)
            return
        from dissectors.crypto.secrets import MASTER
        from dissectors.crypto.srtp_keys import of_dtls
        from dissectors.crypto.srtp_suites import PROFILES
        from dissectors.crypto.tls_suites import suite

        chosen = PROFILES.get(server.srtp_profiles[0]) if server.srtp_profiles else None
        parts, master = suite(server.cipher_suites[0]), self.secrets.of(client.random).get(MASTER)
        if chosen is None or parts is None or master is None:
            return
        version = TLS_1_2 if server.version == DTLS_1_2 else TLS_1_1
        keys = of_dtls(chosen, version, parts.prf, master, client.random, server.random)
        for flow, key in zip((known.flow, known.flow.reverse), keys, strict=True):
            self.secrets.export((flow.src, flow.sport, flow.dst, flow.dport), key)

    def _packet(self, known: Association, side: int, datagram: Datagram, packet: bytes) -> None:
        try:
            found = sctp.data(packet)
        except Malformed:
            return
        for each in found:
            seen = known.seen[side]
            if each.number in seen:
                continue
            seen[each.number] = None
            if len(seen) > MAX_REMEMBERED_CHUNKS:
                del seen[next(iter(seen))]
            channel = known.channels.get(each.stream)
            if channel is None:
                if len(known.channels) >= MAX_CHANNELS:
                    self._bounds.hit("data channels", 1)
                    continue
                place = Place(datagram.file, datagram.frame)
                channel = known.channels[each.stream] = Channel(first=datagram.time, place=place)
            channel.last = datagram.time
            _take(channel, side, datagram, each)


def _take(channel: Channel, side: int, datagram: Datagram, data: sctp.Data) -> None:
    """Count a chunk, or read what opens the channel."""
    if data.protocol != sctp.CONTROL:
        channel.messages[side] += data.ends
        channel.octets[side] += len(data.octets)
        return
    try:
        opening = sctp.opening(data.octets) if data.begins else None
    except Malformed:
        return
    if opening is not None:
        channel.opening, channel.opened, channel.opened_by = opening, datagram.time, side
    elif data.octets[:1] == bytes((sctp.ACKNOWLEDGE,)):
        channel.acknowledged = True


def _to_report(flow: Flow, stream: int, channel: Channel) -> DataChannel:
    opening = channel.opening
    return DataChannel(
        src=flow.src,
        sport=flow.sport,
        dst=flow.dst,
        dport=flow.dport,
        inside=flow.inside,
        stream=stream,
        label=None if opening is None else opening.label,
        protocol=None if opening is None else opening.protocol,
        ordered=None if opening is None else opening.ordered,
        reliability=None if opening is None else opening.reliability,
        limit=None if opening is None or opening.reliability == "reliable" else opening.limit,
        opened=None if channel.opened is None else channel.opened / 1e9,
        opened_by=None if channel.opened is None else "server" if channel.opened_by else "client",
        acknowledged=channel.acknowledged,
        client_messages=channel.messages[0],
        server_messages=channel.messages[1],
        client_octets=channel.octets[0],
        server_octets=channel.octets[1],
        first=channel.first / 1e9,
        last=channel.last / 1e9,
        place=channel.place,
    )
