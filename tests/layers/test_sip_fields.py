"""The fields of a SIP message under `fuzz`."""

from __future__ import annotations

from scapy.all import fuzz

from dissectors.layers import SIP
from tests.layered import INVITE


def test_fuzzing_keeps_the_version_and_what_was_given_and_varies_the_rest() -> None:
    fuzzed = fuzz(SIP(method="OPTIONS", headers={"Call-ID": "mine"}))
    octets = [bytes(fuzzed) for _ in range(20)]
    assert all(b" SIP/2.0\r\nCall-ID: mine\r\n" in each and each.startswith(b"OPTIONS ") for each in octets)
    assert len({each.split(b" SIP/2.0")[0] for each in octets}) > 10
    assert len({each.partition(b"mine\r\n")[2].partition(b"\r\nContent-Length")[0] for each in octets}) > 10
    assert len({each.rpartition(b"\r\n\r\n")[2] for each in octets}) > 10
    assert bytes(fuzz(SIP(INVITE))) == INVITE
