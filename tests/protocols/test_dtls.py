"""DTLS: records, hellos, certificates, fragments, the headers of DTLS 1.3, and what does not fit."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.mux.classify import classify
from dissectors.protocols.dtls import Message, parse
from dissectors.protocols.dtls_bodies import Certificate, HelloVerifyRequest
from dissectors.protocols.dtls_handshake import assemble
from dissectors.wire.errors import Malformed
from tests.made import A, B, report, stun

DATA = Path(__file__).resolve().parents[1] / "data" / "dtls"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(DATA.glob("*.bin"))}


def record(content_type: int, fragment: bytes, epoch: int = 0, sequence: int = 0, version: int = 0xFEFD) -> bytes:
    """One record."""
    header = bytes((content_type,)) + version.to_bytes(2, "big") + epoch.to_bytes(2, "big")
    return header + sequence.to_bytes(6, "big") + len(fragment).to_bytes(2, "big") + fragment


def handshake(type_: int, body: bytes, offset: int = 0, size: int | None = None, message_seq: int = 0) -> bytes:
    """A handshake message, or the fragment of `size` octets at `offset`."""
    part = body[offset:] if size is None else body[offset:offset + size]
    header = bytes((type_,)) + len(body).to_bytes(3, "big") + message_seq.to_bytes(2, "big")
    return header + offset.to_bytes(3, "big") + len(part).to_bytes(3, "big") + part


def server_hello(extensions: bytes) -> bytes:
    """A record with a ServerHello."""
    body = b"\xfe\xfd" + bytes(32) + b"\0" + b"\xc0\x2b" + b"\0" + len(extensions).to_bytes(2, "big") + extensions
    return record(22, handshake(2, body))


CHAIN = bytes.fromhex("000007" "000004" "30020500")


def test_a_client_hello_offers_srtp_profiles_and_cipher_suites() -> None:
    message = parse(SAMPLES["client_hello_srtp"])
    hello = message.client_hello
    assert hello is not None
    assert (message.records[0].version, hello.version) == (0xFEFF, 0xFEFD)
    assert hello.srtp_profile_names == ("SRTP_AES128_CM_HMAC_SHA1_80",)
    assert len(hello.cipher_suites) == 12
    assert hello.cipher_suite_names[0] == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert (hello.server_name, hello.alpn, hello.cookie) == (None, (), b"")
    assert message.summary == "DTLS 1.0, ClientHello (DTLS 1.2, SRTP_AES128_CM_HMAC_SHA1_80)"


def test_a_client_hello_names_the_server() -> None:
    hello = parse(SAMPLES["server_name"]).client_hello
    assert hello is not None and hello.server_name == "test.example.com"


def test_the_version_of_dtls_1_3_is_in_an_extension() -> None:
    hello = parse(SAMPLES["server_hello_13"]).server_hello
    assert hello is not None
    assert (hello.version, hello.supported_versions) == (0xFEFD, (0xFEFC,))
    assert hello.cipher_suite_names == ("TLS_AES_128_GCM_SHA256",)


def test_a_hello_verify_request_gives_a_cookie() -> None:
    body = parse(SAMPLES["hello_verify_request"]).handshakes[0].body
    assert isinstance(body, HelloVerifyRequest) and len(body.cookie) == 32


def test_a_certificate_in_the_clear_has_its_fingerprint() -> None:
    assert parse(SAMPLES["certificate"]).certificate_fingerprint == (
        "C8:91:54:E0:89:94:B3:45:D7:FD:55:2E:6A:9F:BA:B6:8D:5C:C8:AE:9F:EF:39:39:7F:0A:DD:52:F0:A9:65:2C"
    )


def test_a_certificate_in_fragments_of_one_datagram_has_its_fingerprint() -> None:
    message = parse(SAMPLES["certificate_fragments"])
    assert [(each.name, each.whole) for each in message.handshakes[:2]] == [("Certificate", False)] * 2
    assert message.certificate_fingerprint == (
        "77:6A:F3:00:2D:CD:51:A7:E5:18:B3:C4:7F:28:F3:2B:40:FD:C3:F9:9D:88:22:8B:5F:E1:B3:59:C7:FA:0D:1F"
    )


def test_a_hello_in_fragments_of_two_datagrams_is_put_together_in_any_order() -> None:
    first, second = (parse(SAMPLES[name]) for name in ("fragment_1", "fragment_2"))
    assert (first.client_hello, second.client_hello) == (None, None)
    (whole,) = assemble([*second.handshakes, *first.handshakes, *first.handshakes])
    assert (whole.length, whole.whole, whole.name) == (307, True, "ClientHello")
    assert whole.text == "ClientHello (DTLS 1.2)"


@pytest.mark.parametrize(
    ("parts", "whole"),
    [([(0, 10)], True), ([(0, 4), (4, 6)], True), ([(0, 6), (3, 7)], True), ([(6, 4), (0, 6)], True),
     ([(0, 4), (5, 5)], False), ([(1, 9)], False), ([(0, 9)], False), ([], False)],
)
def test_fragments_make_a_message_only_without_a_gap(parts: list[tuple[int, int]], whole: bool) -> None:
    payload = b"".join(record(22, handshake(11, CHAIN, *part), sequence=at) for at, part in enumerate(parts))
    handshakes = parse(payload).handshakes if payload else ()
    messages = assemble(handshakes)
    assert [each.body for each in messages] == ([Certificate((bytes.fromhex("30020500"),))] if whole else [])


def test_an_alert_in_the_clear_is_named() -> None:
    message = parse(SAMPLES["alert"])
    assert message.summary == "DTLS 1.0, Alert (fatal, unexpected_message)"
    assert [(each.level, each.description) for each in message.alerts] == [(2, 10)]


def test_nothing_is_read_out_of_an_encrypted_record() -> None:
    message = parse(record(22, b"\xff" * 40, epoch=1, sequence=5) + record(21, b"\xff" * 40, epoch=1))
    assert (message.encrypted, message.handshakes, message.alerts) == (True, (), ())
    assert (message.records[0].epoch, message.records[0].sequence, message.records[0].length) == (1, 5, 40)
    assert message.summary == "DTLS 1.2, Handshake (encrypted, 40 bytes), Alert (encrypted, 40 bytes)"


def test_change_cipher_spec_stands_between_clear_and_encrypted() -> None:
    payload = record(22, handshake(16, b"key")) + record(20, b"\x01") + record(22, bytes(40), epoch=1)
    assert parse(payload).summary == "DTLS 1.2, ClientKeyExchange, ChangeCipherSpec, Handshake (encrypted, 40 bytes)"


def test_application_data_is_told_with_its_length() -> None:
    assert parse(SAMPLES["application_data"]).summary == "DTLS 1.0, ApplicationData (encrypted, 96 bytes)"


def test_a_unified_header_hides_type_and_sequence() -> None:
    (only,) = parse(SAMPLES["unified"]).records
    assert (only.unified, only.encrypted, only.epoch, only.length) == (True, True, 2, 31)
    assert only.header + only.fragment == SAMPLES["unified"]
    assert (only.content_type, only.sequence, only.version, only.connection_id) == (None, None, None, b"")


@pytest.mark.parametrize(
    ("payload", "lengths", "identifier"),
    [
        ("2c0001000212340f", None, b""),
        ("2c000100021234", [2], b""),
        ("2c0001000212342c000100021234", [2, 2], b""),
        ("2801021234", [2], b""),
        ("2001123456", [3], b""),
        ("3c0001aabbccdd", [4], None),
    ],
)
def test_unified_headers_have_every_form(payload: str, lengths: list[int] | None, identifier: bytes | None) -> None:
    if lengths is None:
        with pytest.raises(Malformed, match="no content type"):
            parse(bytes.fromhex(payload))
        return
    records = parse(bytes.fromhex(payload)).records
    assert [each.length for each in records] == lengths
    assert {each.connection_id for each in records} == {identifier}


def test_a_connection_identifier_is_what_makes_the_length_fit() -> None:
    payload = record(25, b"", epoch=1)[:11] + b"myself" + b"\x00\x03abc"
    (only,) = parse(payload).records
    assert (only.connection_id, only.length, only.fragment) == (b"myself", 3, b"abc")


def test_a_server_answers_with_one_profile_and_an_empty_name() -> None:
    hello = parse(server_hello(bytes.fromhex("00000000" "000e0005" "0002000700" "00100005" "0003026832"))).server_hello
    assert hello is not None
    assert (hello.server_name, hello.srtp_profile_names, hello.alpn) == (None, ("SRTP_AEAD_AES_128_GCM",), ("h2",))
    assert hello.cipher_suite_names == ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",)
    assert hello.connection_id is None


def test_a_long_server_name_does_not_fill_the_summary() -> None:
    name = (2003).to_bytes(2, "big") + b"\0" + (2000).to_bytes(2, "big") + b"n" * 2000
    message = parse(server_hello(b"\0\0" + len(name).to_bytes(2, "big") + name))
    assert message.server_hello is not None and message.server_hello.server_name == "n" * 2000
    assert len(message.summary) < 200


def test_an_unlikely_version_is_told() -> None:
    assert parse(record(23, b"", epoch=1, version=0x0303)).deviations == ("a record has version 0x0303",)


@pytest.mark.parametrize(
    ("payload", "offset"),
    [
        (b"", 0),
        (b"\x80" + bytes(20), 0),
        (record(23, b"abc", epoch=1)[:12], 0),
        (record(23, b"abc", epoch=1)[:-1], 11),
        (record(20, b"\x01") + b"\x16\xfe", 14),
        (record(21, b"\x02"), 13),
        (record(22, b"\x01\0\0"), 13),
        (record(22, handshake(1, bytes(9))[:-1]), 22),
        (record(22, handshake(14, b"")[:6] + bytes.fromhex("000001000000")), 19),
        (record(22, handshake(1, b"\xfe\xfd" + bytes(8))), 27),
        (server_hello(bytes.fromhex("000e0003" "000200")), 71),
        (b"\x2c\0", 0),
        (b"\x2c\0\x01\0\x05abc", 3),
    ],
)
def test_what_does_not_fit_is_malformed_and_says_where(payload: bytes, offset: int) -> None:
    with pytest.raises(Malformed) as raised:
        parse(payload)
    assert (raised.value.protocol, raised.value.offset) == ("DTLS", offset)


def read_or_refuse(payload: bytes) -> Message | None:
    """The message, whose summary is fit to print, or None where it is malformed."""
    try:
        message = parse(payload)
    except Malformed as malformed:
        assert malformed.protocol == "DTLS"
        return None
    assert message.summary.isprintable()
    return message


@given(st.binary(max_size=200))
def test_any_octets_parse_or_are_malformed(payload: bytes) -> None:
    read_or_refuse(payload)


@given(st.sampled_from([1, 2, 3, 11, 12]), st.binary(max_size=200), st.integers(20, 26))
def test_any_handshake_parses_or_is_malformed(type_: int, body: bytes, content_type: int) -> None:
    read_or_refuse(record(22, handshake(type_, body)))
    read_or_refuse(record(content_type, body))


@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_a_changed_octet_parses_or_is_malformed(name: str, data: st.DataObject) -> None:
    changed = bytearray(SAMPLES[name])
    changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(bytes(changed))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_prefix_parses_only_where_a_record_ends(name: str) -> None:
    ends = []
    total = 0
    for each in parse(SAMPLES[name]).records:
        total += (5 if each.unified else 13) + each.length
        ends.append(total)
    parsed = [size for size in range(len(SAMPLES[name]) + 1) if read_or_refuse(SAMPLES[name][:size]) is not None]
    assert parsed == ends


def test_a_certificate_that_does_not_fit_once_it_is_put_together_is_told_and_ends_nothing() -> None:
    lying = (0x1000).to_bytes(3, "big") + bytes(97)
    parts = [record(22, handshake(11, lying, *part), sequence=at) for at, part in enumerate([(0, 60), (60, 40)])]
    told = report([(A, B, parts[0]), (A, B, parts[1]), (A, B, stun())])
    (finding,) = [each for each in told.findings if each.id == "message-malformed"]
    assert "certificate_list" in finding.what and finding.places[0].frame == 2
    assert [seen.name for seen in told.capture.protocols] == ["DTLS", "STUN"]


def test_padding_behind_the_records_is_told() -> None:
    alert = record(21, b"\1\0")
    for padding in (b"\0", b"\0\0\0"):
        message = parse(alert + alert + padding)
        assert len(message.records) == 2
        assert message.deviations == (f"{len(padding)} bytes of padding follow the records",)
    for more in (bytes(4), b"\0\1"):
        with pytest.raises(Malformed):
            parse(alert + more)


def test_the_version_that_openssl_had_before_the_standard_is_certain_in_a_whole_chain() -> None:
    old = record(21, b"\1\0", version=0x0100) + record(23, bytes(20), epoch=1, version=0x0100)
    assert (classify(old).protocol, classify(old).strength) == ("DTLS", "certain")
    assert classify(old + bytes(3)).strength == "certain"
    assert classify(old + bytes(4)).protocol == "UNKNOWN"
    assert classify(old[:-1]).protocol == "UNKNOWN"
    assert classify(old.replace(b"\1\0", b"\1\1", 1)).protocol == "UNKNOWN"
    assert parse(old).summary.startswith("DTLS of old OpenSSL")
