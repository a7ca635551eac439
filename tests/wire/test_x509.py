"""A certificate says whose it is and how long it is valid, as OpenSSL wrote it."""

from __future__ import annotations

import ssl
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.errors import Malformed
from dissectors.wire.x509 import certificate, fits
from tests.secured import identity


def der(path: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def test_names_and_dates_are_read() -> None:
    found = certificate(der(identity()[0]))
    assert found.subject == found.issuer == "sip.example.com" and found.own
    assert found.names == ("sip.example.com",)
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-startdate", "-enddate", "-in", identity()[0]],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    assert [found.begins, found.ends] == [ssl.cert_time_to_seconds(line.partition("=")[2]) for line in said]


def test_every_part_is_a_certificate_or_malformed() -> None:
    whole = der(identity()[0])
    for size in range(len(whole)):
        with pytest.raises(Malformed):
            certificate(whole[:size])


@given(st.binary(max_size=300))
def test_any_octets_are_read_or_malformed(octets: bytes) -> None:
    try:
        certificate(octets)
    except Malformed as malformed:
        assert malformed.protocol == "X.509"


@pytest.mark.parametrize(
    ("pattern", "name", "same"),
    [
        ("sip.example.com", "SIP.example.com.", True), ("*.example.com", "sip.example.com", True),
        ("*.example.com", "a.sip.example.com", False), ("*.example.com", "example.com", False),
        ("example.com", "sip.example.com", False), ("*.com", "example.com", False), ("192.0.2.1", "192.0.2.1", True),
    ],
)
def test_a_star_stands_for_one_label(pattern: str, name: str, same: bool) -> None:
    assert fits(pattern, name) is same


def signed(bits: int, digest: HashAlgorithm, *, own: bool) -> bytes:
    """A certificate with a key of RSA of so many bits, whose signature says such a digest."""
    key = rsa.generate_private_key(65537, bits)
    one, two = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("one", "two"))
    dates = datetime(2020, 1, 1), datetime(2099, 1, 1)
    builder = x509.CertificateBuilder(two if own else one, two, key.public_key(), 1, *dates)
    return builder.sign(key, digest).public_bytes(Encoding.DER)


def test_weak_keys_and_signatures_are_named() -> None:
    strong = signed(2048, SHA256(), own=False)
    assert certificate(strong).weak == () == certificate(der(identity()[0])).weak
    assert certificate(signed(1024, SHA256(), own=True)).weak == ("a key of RSA with 1,024 bits",)
    # Nothing signs with SHA-1 any more: its identifier stands where that of SHA-256 stood.
    sha256, sha1 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"
    assert certificate(strong.replace(sha256, sha1)).weak == ("a signature with SHA-1",)
    assert certificate(signed(2048, SHA256(), own=True).replace(sha256, sha1)).weak == ()
