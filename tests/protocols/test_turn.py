"""TURN ChannelData."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols.turn import Message, Multiplexed, parse
from dissectors.wire.errors import Malformed


def test_channel_data_gives_channel_and_data() -> None:
    message = parse(b"\x40\x01\x00\x05hello")
    assert isinstance(message, Message)
    assert (message.channel, message.length, message.data, message.padding) == (0x4001, 5, b"hello", b"")
    assert message.summary == "ChannelData, channel 0x4001, 5 bytes"


def test_padding_to_four_octets_is_no_deviation() -> None:
    message = parse(b"\x40\x01\x00\x05hello\0\0\0")
    assert isinstance(message, Message)
    assert (message.data, message.padding, message.deviations) == (b"hello", b"\0\0\0", ())


def test_more_than_padding_is_told() -> None:
    assert parse(b"\x40\x01\x00\x01h\0\0\0\0").deviations == ("4 bytes follow the data",)


def test_channel_data_can_be_empty() -> None:
    assert parse(b"\x4f\xff\x00\x00").data == b""


@pytest.mark.parametrize(
    ("payload", "offset"),
    [
        (b"", 0),
        (b"\x40\x00\x00", 3),
        (b"\x3f\xff\x00\x00", 0),
        (b"\x50\x00\x00\x00", 0),
        (b"\x40\x00\x00\x02x", 2),
        (b"INVITE sip:a@b SIP/2.0\r\n\r\n", 2),
    ],
)
def test_what_is_no_channel_data_is_malformed_and_says_where(payload: bytes, offset: int) -> None:
    with pytest.raises(Malformed) as raised:
        parse(payload)
    assert (raised.value.protocol, raised.value.offset) == ("TURN", offset)


@given(st.integers(0x4000, 0x4FFF), st.binary(max_size=100), st.integers(0, 3))
def test_what_is_written_reads_back(channel: int, data: bytes, padding: int) -> None:
    payload = channel.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data + bytes(padding)
    message = parse(payload)
    assert (message.channel, message.data, len(message.padding)) == (channel, data, padding)


@given(st.binary(max_size=64), st.sampled_from([b"", b"\x40", b"\x4f\x00"]))
def test_any_octets_parse_or_are_malformed(rest: bytes, start: bytes) -> None:
    try:
        assert parse(start + rest).summary.isprintable()
    except Malformed as malformed:
        assert malformed.protocol == "TURN"


SESSION = b"\xff\x10\x00\x0d\1\2\3\4\5\6\7\x08hello"


def test_a_message_of_one_session_among_several_gives_session_and_data() -> None:
    message = parse(SESSION)
    assert isinstance(message, Multiplexed)
    assert (message.session, message.data, message.deviations) == (SESSION[4:12], b"hello", ())
    assert message.summary == "multiplexed TURN, session 0102030405060708, 5 bytes"
    assert parse(SESSION + b"\0").deviations == ("1 bytes follow the data",)


@pytest.mark.parametrize(
    ("payload", "offset"), [(SESSION[:11], 11), (SESSION[:-1], 2), (b"\xff\x10\0\x07" + bytes(8), 2)]
)
def test_a_session_whose_length_does_not_fit_is_malformed(payload: bytes, offset: int) -> None:
    with pytest.raises(Malformed) as raised:
        parse(payload)
    assert raised.value.offset == offset
