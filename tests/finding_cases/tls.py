"""Stories of TLS: what its handshakes say, and keys that are of no use."""

from __future__ import annotations

import ssl
import sys
from io import BytesIO
from unittest.mock import patch

from dissectors import offline
from dissectors.crypto.secrets import Secrets
from dissectors.report import Report
from dissectors.wire.captures.records import Record
from dissectors.wire.tcp import ACK, FIN, Segment
from tests.capture_octets import block, enhanced, interface, section
from tests.finding_cases.plain import Case
from tests.made import ETHERNET
from tests.mux.test_framings import OPTIONS
from tests.secured import Made, contexts, identity, secured, suite
from tests.tcp_frames import FIRST, A, B, Endpoint, conversation, frame, segment

MADE = secured([(True, OPTIONS)])


def pcapng(made: Made, keys: bool = True, behind: int = 0) -> bytes:
    """A capture that holds the keys of what it captured, behind so many frames."""
    secrets = b"KSLT" + len(made.keys).to_bytes(4, "little") + made.keys + bytes(-len(made.keys) % 4)
    frames = [enhanced(frame(one), number * 1000) for number, one in enumerate(conversation(made.sent))]
    held = [block(10, secrets)] if keys else []
    return b"".join([section(), interface(), *frames[:behind], *held, *frames[behind:]])


def without_library(octets: bytes) -> Report:
    """The report where the package is not installed."""
    with patch.dict(sys.modules, {"cryptography": None}):
        return offline.analyze([BytesIO(octets)])


NOW, EXPIRED = 1_790_000_000, 4_100_000_000
"""Times of a capture in seconds: while the certificate is valid, and after that."""


def told(
    made: Made, *after: Segment, keys: bytes | None = None, time: int = NOW,
    ends: tuple[Endpoint, Endpoint] = (A, B),
) -> Report:
    """The report on a connection, and on segments after it."""
    segments = [*conversation(made.sent, ends), *after]
    records = [
        Record(number, time * 10**9 + number * 10**7, ETHERNET, octets, len(octets))
        for number, octets in enumerate(map(frame, segments), 1)
    ]
    secrets = None
    if keys is not None:
        secrets = Secrets()
        secrets.add(keys)
    return offline.analyze_records(records, "frames in memory", keys=secrets)


def strangers() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A client that knows no authority, and a server."""
    client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), contexts()[1]
    return client, server


def demanding(version: ssl.TLSVersion, shows: bool = False) -> Made:
    """A server that wants a certificate of the client, which shows one or none."""
    client, server = contexts()
    server.verify_mode = ssl.CERT_REQUIRED
    certificate, key = identity()
    server.load_verify_locations(certificate)
    if shows:
        client.load_cert_chain(certificate, key)
    return secured([(True, OPTIONS)], suite("", version), both=(client, server))


def too_old(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """A client that is too old for the server."""
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    server.minimum_version = ssl.TLSVersion.TLSv1_3


def careless(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """A client that takes any name, of a version that shows the certificate."""
    suite("", TLS_1_2)(client, server)
    client.check_hostname = False


def hello_alone(*, server_ends: bool) -> Report:
    """A ClientHello after which one side ends the connection."""
    made = Made([sent for sent in MADE.sent if sent[0] == A][:1], b"", None)
    ends = (B, A, FIRST + 78) if server_ends else (A, B, FIRST + 1 + len(made.sent[0][1]))
    return told(made, segment(*ends, flags=FIN | ACK))


TLS_1_2 = ssl.TLSVersion.TLSv1_2
OLDER = secured([(True, OPTIONS)], suite("", TLS_1_2))

CASES: dict[str, Case] = {
    "keys-unused": (
        lambda: without_library(pcapng(MADE)),
        lambda: offline.analyze([BytesIO(pcapng(MADE))]),
    ),
    "tls-untrusted": (
        lambda: told(secured([], suite("", TLS_1_2), both=strangers())),
        lambda: told(OLDER),
    ),
    "tls-client-certificate": (
        lambda: told(demanding(TLS_1_2)),
        lambda: told(demanding(TLS_1_2, shows=True)),
    ),
    "tls-refused": (
        lambda: told(secured([], too_old)),
        lambda: told(MADE),
    ),
    "tls-closed": (
        lambda: hello_alone(server_ends=True),
        lambda: hello_alone(server_ends=False),
    ),
    "tls-certificate-expired": (
        lambda: told(OLDER, time=EXPIRED),
        lambda: told(OLDER),
    ),
    "tls-certificate-name": (
        lambda: told(secured([], careless, name="sip.example.org")),
        lambda: told(secured([], careless, name="SIP.example.com")),
    ),
    "tls-certificate-weak": (
        lambda: told(secured([(True, OPTIONS)], suite("ECDHE-RSA-AES128-GCM-SHA256", TLS_1_2), kind="weak")),
        lambda: told(secured([(True, OPTIONS)], suite("ECDHE-RSA-AES128-GCM-SHA256", TLS_1_2), kind="rsa")),
    ),
    "tls-old": (
        lambda: told(secured([], suite("ECDHE-ECDSA-AES128-SHA", ssl.TLSVersion.TLSv1_1))),
        lambda: told(OLDER),
    ),
    "tls-keys-missing": (
        lambda: told(MADE, keys=OLDER.keys),
        lambda: told(MADE, keys=OLDER.keys + MADE.keys),
    ),
}
