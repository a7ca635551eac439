"""Records open with the right number and key alone."""

from __future__ import annotations

import pytest

from dissectors.crypto.tls_records import MAX_MISSING_RECORDS, Protection, newer
from dissectors.crypto.tls_suites import suite
from dissectors.wire.tls import APPLICATION_DATA, Record
from dissectors.wire.values import replace

SECRET = bytes(32)


def sealed(number: int, content: bytes) -> Record:
    """A record of TLS 1.3 with its number in the direction."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from dissectors.crypto.tls_schedule import traffic_keys

    parts = suite(0x1301)
    assert parts is not None
    key, fixed = traffic_keys(parts, SECRET)
    inner = content + bytes((APPLICATION_DATA,)) + bytes(5)
    nonce = (int.from_bytes(fixed, "big") ^ number).to_bytes(12, "big")
    beside = bytes((APPLICATION_DATA, 3, 3)) + (len(inner) + 16).to_bytes(2, "big")
    return Record(APPLICATION_DATA, 0x0303, AESGCM(key).encrypt(nonce, inner, beside))


def protection() -> Protection:
    parts = suite(0x1301)
    assert parts is not None
    return Protection(newer(parts, SECRET))


def test_records_open_one_after_the_other_without_their_padding() -> None:
    opening = protection()
    for number in range(3):
        assert opening.take(sealed(number, b"%d" % number)) == (APPLICATION_DATA, b"%d" % number)


@pytest.mark.parametrize(("gap", "missing", "opens"), [
    (1, False, False), (1, True, True), (MAX_MISSING_RECORDS - 1, True, True), (MAX_MISSING_RECORDS, True, False),
])
def test_records_may_be_missing_where_octets_are(gap: int, missing: bool, opens: bool) -> None:
    opening = protection()
    assert (opening.take(sealed(gap, b"a"), missing) is not None) is opens
    assert (opening.take(sealed(gap + 1, b"b")) is not None) is opens


def test_an_altered_record_does_not_open() -> None:
    record = sealed(0, b"hello")
    assert protection().take(replace(record, fragment=record.fragment[:-1] + b"\0")) is None
    assert protection().take(replace(record, fragment=b"")) is None
