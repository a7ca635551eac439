"""QUIC headers: the samples of RFC 9001, later and earlier versions, and what does not fit."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols.quic import name_of_version, parse
from dissectors.wire.errors import Malformed

# RFC 9001 appendix A.2, A.4 and A.5 (the first one without its payload).
INITIAL = bytes.fromhex("c300000001088394c8f03e5157080000449e00000002")
RETRY = bytes.fromhex("ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba")
SHORT = bytes.fromhex("4cfe4189655e5cd55c41f69080575d7999c25a5bfb")
NEGOTIATION = bytes.fromhex("8000000000" "00" "080102030405060708" "00000001ff00001d0a0a0a0a")


def test_the_client_initial_of_rfc_9001_has_a_destination_and_no_source() -> None:
    message = parse(INITIAL)
    assert (message.form, message.type, message.version) == ("long", "Initial", 1)
    assert (message.destination, message.source) == (bytes.fromhex("8394c8f03e515708"), b"")
    assert message.summary == "QUIC Initial, version 1, destination 8394c8f03e515708, source none"


def test_the_retry_of_rfc_9001_has_a_source_and_no_destination() -> None:
    message = parse(RETRY)
    assert (message.type, message.destination, message.source) == ("Retry", b"", bytes.fromhex("f067a5502a4262b5"))


def test_a_short_header_says_nothing_of_its_connection() -> None:
    message = parse(SHORT)
    assert (message.form, message.version, message.destination, message.deviations) == ("short", None, None, ())


@pytest.mark.parametrize(("first", "type_"), [(0xC0, "Retry"), (0xD0, "Initial"), (0xE0, "0-RTT"), (0xF0, "Handshake")])
def test_version_2_turns_the_types_round(first: int, type_: str) -> None:
    assert parse(bytes((first,)) + bytes.fromhex("6b3343cf0000")).type == type_


def test_version_negotiation_lists_the_versions() -> None:
    message = parse(NEGOTIATION)
    assert message.form == "version negotiation"
    assert message.versions == (0x00000001, 0xFF00001D, 0x0A0A0A0A)
    assert message.summary.endswith("offers version 1, draft 29, version 0x0A0A0A0A")


def test_octets_after_the_versions_are_told() -> None:
    assert parse(NEGOTIATION + b"\0").deviations == ("1 bytes follow the versions",)


def test_an_unknown_version_keeps_its_identifiers_and_names_no_type() -> None:
    message = parse(bytes.fromhex("c0babababa") + b"\x1e" + bytes(30) + b"\x00")
    assert (message.type, message.version, len(message.destination or b"")) == ("", 0xBABABABA, 30)
    assert message.summary == f"QUIC, version 0xBABABABA, destination {'00' * 20}…, source none"


def test_a_cleared_fixed_bit_is_told() -> None:
    assert parse(b"\x83" + INITIAL[1:]).deviations == ("the fixed bit is zero",)
    assert parse(b"\x0c" + SHORT[1:]).deviations[0].startswith("the fixed bit is zero")


def test_the_two_lengths_of_googles_q046_share_an_octet() -> None:
    message = parse(bytes.fromhex("c35130343650") + bytes(range(8)) + b"rest")
    assert (message.destination, message.source) == (bytes(range(8)), b"")
    assert "Q046" in message.summary


def test_googles_early_public_header_gives_version_and_connection() -> None:
    message = parse(bytes.fromhex("0d") + bytes(range(8)) + b"Q039" + b"\x01")
    assert (message.form, message.destination) == ("google", bytes(range(8)))
    assert "Q039" in message.summary


@pytest.mark.parametrize(
    ("version", "name"),
    [(1, "version 1"), (0x6B3343CF, "version 2"), (0xFF00001D, "draft 29"), (0x51303530, "Q050"), (0x54303531, "T051"),
     (0xFACEB002, "mvfst draft 27"), (0x511B5B4A, "version 0x511B5B4A"), (0xBABABABA, "version 0xBABABABA")],
)
def test_versions_have_names(version: int, name: str) -> None:
    assert name_of_version(version) == name


@pytest.mark.parametrize(
    ("payload", "offset"),
    [
        (b"", 0),
        (INITIAL[:6], 6),
        (INITIAL[:5] + b"\x15" + bytes(30), 5),
        (INITIAL[:13], 5),
        (INITIAL[:14], 14),
        (RETRY[:10], 6),
        (bytes.fromhex("c351303436ff00"), 5),
        (bytes.fromhex("0d") + bytes(8) + b"Q0", 11),
    ],
)
def test_what_does_not_fit_is_malformed_and_says_where(payload: bytes, offset: int) -> None:
    with pytest.raises(Malformed) as raised:
        parse(payload)
    assert (raised.value.protocol, raised.value.offset) == ("QUIC", offset)


STARTS = (b"", b"\xc0\0\0\0\x01", b"\x80\0\0\0\0", b"\xc3Q046", b"\xff\xff\0\0\x1d")


@given(st.sampled_from(STARTS), st.binary(max_size=100))
def test_any_octets_parse_or_are_malformed(start: bytes, rest: bytes) -> None:
    try:
        assert parse(start + rest).summary.isprintable()
    except Malformed as malformed:
        assert malformed.protocol == "QUIC"
