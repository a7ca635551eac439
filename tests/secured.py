"""TLS by OpenSSL in memory: what both sides send, as `tests.tcp_frames` makes segments of it, and its key log."""

from __future__ import annotations

import atexit
import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.tcp_frames import A, B, Sent

Said = tuple[bool, bytes]
"""Whether the client says it, and what."""

Prepare = Callable[[ssl.SSLContext, ssl.SSLContext], object]
"""Changes the contexts of client and server before they speak."""


class Made(NamedTuple):
    """One connection: what was sent, the lines of its key log, and the client's session."""

    sent: list[Sent]
    keys: bytes
    session: ssl.SSLSession | None


@cache
def identity(kind: str = "ec", name: str = "sip.example.com") -> tuple[Path, Path]:
    """A certificate that vouches for itself from 2020 to 2099, and its private key, as files of PEM."""
    folder = Path(tempfile.mkdtemp(prefix="muxshark-tls-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    bits = {"rsa": 2048, "weak": 1024}.get(kind)
    key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, datetime(2020, 1, 1), datetime(2099, 1, 1))
    made = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False).sign(key, SHA256())
    (folder / "certificate.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "certificate.pem", folder / "key.pem"


def contexts(kind: str = "ec") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A client and a server that take each other."""
    client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate, key = identity(kind)
    if kind == "weak":
        for context in (client, server):
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
    server.load_cert_chain(certificate, key)
    client.load_verify_locations(certificate)
    return client, server


def suite(name: str, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> Prepare:
    """Both sides speak one version and, before TLS 1.3, one cipher suite by OpenSSL's name."""

    def prepare(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
        for context in (client, server):
            context.minimum_version = context.maximum_version = version
            if name:
                context.set_ciphers(f"{name}:@SECLEVEL=0")

    return prepare


def secured(
    said: Iterable[Said], prepare: Prepare | None = None, *, kind: str = "ec", name: str = "sip.example.com",
    protocols: tuple[str, ...] = (), both: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
    session: ssl.SSLSession | None = None, close: bool = False,
) -> Made:
    """A connection on which both sides say something; a handshake that fails ends it."""
    client_context, server_context = both or contexts(kind)
    if prepare is not None:
        prepare(client_context, server_context)
    if protocols:
        client_context.set_alpn_protocols(list(protocols))
        server_context.set_alpn_protocols(list(protocols))
    with tempfile.NamedTemporaryFile() as log:
        client_context.keylog_filename = log.name
        up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = client_context.wrap_bio(down, up, server_hostname=name, session=session)
        server_in, server_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = server_context.wrap_bio(server_in, server_out, server_side=True)
        sent: list[Sent] = []
        done = True

        def carry() -> bool:
            octets, back = up.read(), server_out.read()
            if octets:
                sent.append((A, octets))
                server_in.write(octets)
            if back:
                sent.append((B, back))
                down.write(back)
            return bool(octets or back)

        try:
            _handshake(client, server, carry)
            for ours, octets in said:
                (client if ours else server).write(octets)
                carry()
                _read(server if ours else client)
            if close:
                for end in (client, server):
                    try:
                        end.unwrap()
                    except ssl.SSLError:
                        carry()
        except ssl.SSLError:
            done = False
        carry()
        client_context.keylog_filename = None  # type: ignore[assignment]  # the type says that it cannot be unset
        return Made(sent, Path(log.name).read_bytes(), client.session if done else None)


def _handshake(client: ssl.SSLObject, server: ssl.SSLObject, carry: Callable[[], bool]) -> None:
    ends = [client, server]
    while ends:
        for end in [*ends]:
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                pass
            carry()
    # The tickets of TLS 1.3 come behind the handshake.
    _read(client)


def _read(end: ssl.SSLObject) -> bytes:
    try:
        return end.read(1 << 16)
    except ssl.SSLWantReadError:
        return b""
