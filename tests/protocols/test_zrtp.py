"""ZRTP: real messages, their CRC, and what does not fit."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols.zrtp import Commit, Error, Hello, crc32c, parse
from dissectors.wire.errors import Malformed

DATA = Path(__file__).resolve().parents[1] / "data" / "zrtp"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(DATA.glob("*.bin"))}


def packet(type_: bytes, body: bytes, words: int | None = None) -> bytes:
    """A packet with a right CRC."""
    length = 3 + len(body) // 4 if words is None else words
    octets = b"\x10\0\0\x07ZRTP\x12\x34\x56\x78\x50\x5a" + length.to_bytes(2, "big") + type_.ljust(8) + body
    return octets + crc32c(octets).to_bytes(4, "little")


def test_crc_32c_gives_the_check_value_of_its_catalogue() -> None:
    assert crc32c(b"123456789") == 0xE3069283


def test_a_hello_lists_what_its_sender_can_do() -> None:
    message = parse(SAMPLES["hello"])
    hello = message.decoded
    assert isinstance(hello, Hello)
    assert (message.type, message.sequence, message.source_identifier) == ("Hello", 0x09F1, 0x12345678)
    assert (message.crc_ok, message.deviations) == (True, ())
    assert (hello.version, hello.client_id) == ("1.10", "LINPHONE-ZRTPCPP")
    assert hello.zid.hex() == "7eb00497c0feb2c92431497f"
    assert (hello.signature_capable, hello.mitm, hello.passive) == (False, False, False)
    assert hello.hashes == ("S256",)
    assert hello.ciphers == ("AES1",)
    assert hello.auth_tags == ("HS32", "HS80")
    assert hello.key_agreements == ("DH3k", "DH2k", "Mult")
    assert hello.sas_types == ("B32",)


def test_a_commit_names_what_was_chosen() -> None:
    commit = parse(SAMPLES["commit"]).decoded
    assert isinstance(commit, Commit)
    chosen = (commit.hash, commit.cipher, commit.auth_tag, commit.key_agreement, commit.sas_type)
    assert chosen == ("S256", "AES1", "HS32", "DH3k", "B32")


def test_a_message_without_content_has_its_type_alone() -> None:
    message = parse(SAMPLES["conf2ack"])
    assert (message.type, message.message, message.decoded, message.crc_ok) == ("Conf2ACK", b"", None, True)


def test_an_error_has_its_reason() -> None:
    message = parse(packet(b"Error", bytes.fromhex("00000090")))
    assert message.decoded == Error(0x90)
    assert message.summary == "ZRTP Error, SSRC 0x12345678, sequence 7, equal ZIDs in Hello"


@pytest.mark.parametrize("at", range(28))
def test_a_changed_octet_breaks_the_crc_or_the_message(at: int) -> None:
    changed = bytearray(SAMPLES["conf2ack"])
    changed[at] ^= 0x01
    try:
        assert parse(bytes(changed)).crc_ok is False
    except Malformed as malformed:
        assert malformed.offset <= at


def test_an_unknown_type_is_told_and_escaped() -> None:
    message = parse(packet(b"Hi\x1b[2J", b""))
    assert message.deviations == ("'Hi\\x1b[2J' is no message of RFC 6189",)
    assert message.summary.startswith("ZRTP 'Hi\\x1b[2J', ")


def test_octets_after_the_crc_are_told() -> None:
    assert parse(SAMPLES["conf2ack"] + b"xy").deviations == ("2 bytes follow the CRC",)


@pytest.mark.parametrize(
    ("payload", "offset"),
    [
        (b"", 0),
        (SAMPLES["conf2ack"][:27], 27),
        (b"\x20" + SAMPLES["conf2ack"][1:], 0),
        (SAMPLES["conf2ack"][:4] + b"ZRTQ" + SAMPLES["conf2ack"][8:], 4),
        (packet(b"Ping", b"", words=2), 14),
        (packet(b"Ping", b"", words=4), 14),
        (packet(b"Hello", bytes(64)), 88),
        (packet(b"Hello", bytes(64) + bytes.fromhex("00010000")), 92),
        (packet(b"Commit", bytes(60)), 84),
        (packet(b"Error", b""), 24),
    ],
)
def test_what_does_not_fit_is_malformed_and_says_where(payload: bytes, offset: int) -> None:
    with pytest.raises(Malformed) as raised:
        parse(payload)
    assert (raised.value.protocol, raised.value.offset) == ("ZRTP", offset)


@given(st.sampled_from([b"Hello", b"Commit", b"Error", b"\x00\xff"]), st.binary(max_size=200))
def test_any_message_parses_or_is_malformed(type_: bytes, body: bytes) -> None:
    try:
        assert parse(packet(type_, body + bytes(-len(body) % 4))).summary.isprintable()
    except Malformed as malformed:
        assert malformed.protocol == "ZRTP"


@given(st.binary(max_size=100))
def test_any_octets_are_malformed_without_the_cookie(payload: bytes) -> None:
    with pytest.raises(Malformed):
        parse(payload.replace(b"ZRTP", b"zrtp"))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_prefix_is_malformed(name: str) -> None:
    for size in range(len(SAMPLES[name])):
        with pytest.raises(Malformed):
            parse(SAMPLES[name][:size])
