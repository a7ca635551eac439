"""Records of TLS, and handshake messages in parts."""

from __future__ import annotations

import pytest

from dissectors.wire import tls
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Incomplete
from dissectors.wire.tls_names import alert_name, cipher_suite_name, version_name

RECORD = b"\x17\3\3\0\5hello"


def test_a_record_is_whole_or_says_how_much_it_needs() -> None:
    assert tls.record(RECORD + b"more") == tls.Record(23, 0x0303, b"hello")
    assert tls.record(RECORD).size == len(RECORD)  # type: ignore[union-attr]  # it is whole
    for size in range(len(RECORD)):
        assert tls.record(RECORD[:size]) == Incomplete(5 if size < 5 else 10)


@pytest.mark.parametrize("octets", [
    b"GET / HTTP/1.1", b"G", b"\x17\2", b"\x17\3\5\0\1a", b"\x16\3\3\0\0", b"\x17\3\3\xff\xff", b"\x19\3\3\0\1a",
])
def test_other_octets_are_no_record(octets: bytes) -> None:
    with pytest.raises(Malformed):
        tls.record(octets)


def test_messages_are_put_together_however_they_are_cut() -> None:
    one, two = b"\1\0\0\3abc", b"\2\0\0\0"
    for cut in range(len(one + two)):
        messages = tls.Messages()
        octets = one + two
        assert messages.take(octets[:cut]) + messages.take(octets[cut:]) == [one, two]
        assert messages.weight == 0


def test_a_message_that_is_too_large_is_none() -> None:
    messages = tls.Messages()
    with pytest.raises(Malformed):
        messages.take(b"\1\xff\xff\xff")
    assert messages.take(b"\2\0\0\0") == [b"\2\0\0\0"]


def test_a_chain_of_certificates_is_read_of_both_forms() -> None:
    chain = b"\0\0\3one\0\0\3two"
    assert tls.certificates(len(chain).to_bytes(3, "big") + chain, False) == [b"one", b"two"]
    newer = b"\0\0\3one\0\0" + b"\0\0\3two\0\1x"
    assert tls.certificates(b"\0" + len(newer).to_bytes(3, "big") + newer, True) == [b"one", b"two"]
    assert tls.certificates(b"", True) == tls.certificates(b"\0\0\3\0\0\x09x", False) == []


def test_numbers_have_names() -> None:
    assert version_name(0x0304) == "TLS 1.3" and version_name(0x7F17) == "version 0x7F17"
    assert alert_name(48) == "unknown_ca" and alert_name(255) == "description 255"
    assert cipher_suite_name(0x1301) == "TLS_AES_128_GCM_SHA256" and cipher_suite_name(0xFFFF) == "0xFFFF"
