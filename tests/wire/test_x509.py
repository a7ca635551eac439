"""A certificate says whose it is and how long it is valid, as OpenSSL wrote it."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
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
