"""Bodies of the DTLS handshake messages in the clear: the hellos and the certificate (RFC 6347 section 4.2)."""
from __future__ import annotations

from collections.abc import Callable

from dissectors.protocols.dtls_names import srtp_profile_name, version_name
from dissectors.wire.errors import Malformed
from dissectors.wire.tls_names import cipher_suite_name
from dissectors.wire.values import Struct

SHOWN = 64
SERVER_NAME, USE_SRTP, ALPN, SUPPORTED_VERSIONS, CONNECTION_ID = 0, 14, 16, 43, 54


class Hello(Struct, frozen=True):
    """A ClientHello or ServerHello (RFC 5246 section 7.4.1, RFC 9147 section 5.3).

    `version` is the legacy version of the hello; `supported_versions` what the extension says: a client's list, or the
    server's choice. `cipher_suites` and `srtp_profiles` are numbers, a server's the one that it chose.
    `connection_id` is None unless the sender can use one (RFC 9146). `extensions` are all, undecoded, in order.
    """

    version: int
    random: bytes
    session_id: bytes
    cookie: bytes
    cipher_suites: tuple[int, ...]
    server_name: str | None
    srtp_profiles: tuple[int, ...]
    supported_versions: tuple[int, ...]
    alpn: tuple[str, ...]
    connection_id: bytes | None
    extensions: tuple[tuple[int, bytes], ...]

    @property
    def cipher_suite_names(self) -> tuple[str, ...]:
        """The cipher suites by name, or in hexadecimal."""
        return tuple(map(cipher_suite_name, self.cipher_suites))

    @property
    def srtp_profile_names(self) -> tuple[str, ...]:
        """The SRTP protection profiles by name (RFC 5764 section 4.1.2), or in hexadecimal."""
        return tuple(map(srtp_profile_name, self.srtp_profiles))

    @property
    def text(self) -> str:
        """A summary for a list."""
        parts = [", ".join(map(version_name, self.supported_versions[:8])) or version_name(self.version)]
        if self.server_name:
            parts.append(f"server name {self.server_name[:SHOWN]!r}")
        if len(self.cipher_suites) == 1:
            parts += self.cipher_suite_names
        if self.srtp_profiles:
            parts.append(" ".join(self.srtp_profile_names[:8]))
        return ", ".join(parts)


class HelloVerifyRequest(Struct, frozen=True):
    """The server's demand that the client repeat its hello with this cookie (RFC 6347 section 4.2.1)."""

    version: int
    cookie: bytes

    @property
    def text(self) -> str:
        """A summary for a list."""
        return f"cookie of {len(self.cookie)} bytes"


class Certificate(Struct, frozen=True):
    """A chain of certificates in DER, the sender's own first."""

    certificates: tuple[bytes, ...]

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of the sender's own certificate, as `a=fingerprint` writes it (RFC 8122 section 5)."""
        # OpenSSL, which this loads, takes a sixth of a start.
        from hashlib import sha256

        return sha256(self.certificates[0]).digest().hex(":").upper() if self.certificates else None

    @property
    def text(self) -> str:
        """A summary for a list."""
        return f"sha-256 {self.fingerprint}" if self.certificates else "no certificate"


Body = Hello | HelloVerifyRequest | Certificate


class Reader(Struct):
    """Takes fields off `octets`, which lie at `place` in the datagram; raises `Malformed` where they do not suffice."""

    octets: bytes
    place: int
    offset: int = 0

    def take(self, size: int, what: str) -> bytes:
        """The next `size` octets."""
        end = self.offset + size
        if end > len(self.octets):
            left = len(self.octets) - self.offset
            raise Malformed("DTLS", self.place + self.offset, f"{what} needs {size} bytes, {left} are left")
        taken = self.octets[self.offset:end]
        self.offset = end
        return taken

    def number(self, size: int, what: str) -> int:
        """The next number of `size` octets."""
        return int.from_bytes(self.take(size, what), "big")

    def vector(self, length_size: int, what: str) -> Reader:
        """The next vector: a length of `length_size` octets and as many octets (RFC 5246 section 4.3)."""
        size = self.number(length_size, f"the length of {what}")
        place = self.place + self.offset
        return Reader(self.take(size, what), place)

    def numbers(self, size: int, what: str) -> tuple[int, ...]:
        """All that is left, as numbers of `size` octets."""
        found = []
        while self.more:
            found.append(self.number(size, what))
        return tuple(found)

    @property
    def more(self) -> bool:
        """Whether octets are left."""
        return self.offset < len(self.octets)


def client_hello(body: Reader) -> Hello:
    """Read a ClientHello; its `cookie` is the one that a HelloVerifyRequest gave."""
    version, random = body.number(2, "version"), body.take(32, "random")
    session_id = body.vector(1, "session_id").octets
    cookie = body.vector(1, "cookie").octets
    cipher_suites = body.vector(2, "cipher_suites").numbers(2, "cipher suite")
    body.vector(1, "compression_methods")
    return _hello(body, version, random, session_id, cookie, cipher_suites)


def server_hello(body: Reader) -> Hello:
    """Read a ServerHello (a HelloRetryRequest of DTLS 1.3 has the same form)."""
    version, random = body.number(2, "version"), body.take(32, "random")
    session_id = body.vector(1, "session_id").octets
    cipher_suite = body.number(2, "cipher suite")
    body.take(1, "compression_method")
    return _hello(body, version, random, session_id, b"", (cipher_suite,))


def hello_verify_request(body: Reader) -> HelloVerifyRequest:
    """Read a HelloVerifyRequest."""
    return HelloVerifyRequest(body.number(2, "version"), body.vector(1, "cookie").octets)


def certificate(body: Reader) -> Certificate:
    """Read a Certificate of DTLS 1.0 and 1.2; that of 1.3 is never in the clear."""
    chain = body.vector(3, "certificate_list")
    certificates = []
    while chain.more:
        certificates.append(chain.vector(3, "certificate").octets)
    return Certificate(tuple(certificates))


def _hello(
    body: Reader, version: int, random: bytes, session_id: bytes, cookie: bytes, cipher_suites: tuple[int, ...]
) -> Hello:
    extensions = _extensions(body)
    found: dict[int, Reader] = {}
    for type_, extension in extensions:
        found.setdefault(type_, extension)
    return Hello(
        version=version,
        random=random,
        session_id=session_id,
        cookie=cookie,
        cipher_suites=cipher_suites,
        server_name=_server_name(found.get(SERVER_NAME)),
        srtp_profiles=_srtp_profiles(found.get(USE_SRTP)),
        supported_versions=_supported_versions(found.get(SUPPORTED_VERSIONS)),
        alpn=_alpn(found.get(ALPN)),
        connection_id=found[CONNECTION_ID].vector(1, "cid").octets if CONNECTION_ID in found else None,
        extensions=tuple((type_, extension.octets) for type_, extension in extensions),
    )


def _extensions(body: Reader) -> list[tuple[int, Reader]]:
    if not body.more:
        return []
    block = body.vector(2, "extensions")
    found = []
    while block.more:
        type_ = block.number(2, "extension type")
        found.append((type_, block.vector(2, f"extension {type_}")))
    return found


def _server_name(extension: Reader | None) -> str | None:
    """The first host name (RFC 6066 section 3); a server answers with an empty extension."""
    if extension is None or not extension.more:
        return None
    names = extension.vector(2, "server_name_list")
    while names.more:
        kind, name = names.number(1, "name_type"), names.vector(2, "server name").octets
        if kind == 0:
            return name.decode("ascii", "backslashreplace")
    return None


def _srtp_profiles(extension: Reader | None) -> tuple[int, ...]:
    if extension is None:
        return ()
    return extension.vector(2, "SRTPProtectionProfiles").numbers(2, "SRTP protection profile")


def _supported_versions(extension: Reader | None) -> tuple[int, ...]:
    """A client sends a vector of versions, a server two octets (RFC 8446 section 4.2.1)."""
    if extension is None:
        return ()
    if len(extension.octets) == 2:
        return (extension.number(2, "selected_version"),)
    return extension.vector(1, "versions").numbers(2, "version")


def _alpn(extension: Reader | None) -> tuple[str, ...]:
    if extension is None:
        return ()
    names = extension.vector(2, "protocol_name_list")
    found = []
    while names.more:
        found.append(names.vector(1, "protocol name").octets.decode("utf-8", "backslashreplace"))
    return tuple(found)


BODIES: dict[int, Callable[[Reader], Body]] = {
    1: client_hello,
    2: server_hello,
    3: hello_verify_request,
    11: certificate,
}
"""Handshake type → how its body is read; other types keep their octets."""
