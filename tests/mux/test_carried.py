"""What channels, indications and sessions carry is judged as if it came by itself."""

from __future__ import annotations

import pytest

from dissectors.limits.budget import Bounds
from dissectors.mux.carried import MAX_ASKED, MAX_CHANNELS, Channels
from dissectors.mux.scan import Scanner
from dissectors.mux.table import PROTOCOLS
from dissectors.protocols.stun import parse as stun_message
from tests.made import COOKIE, A, Sent, channel_data, protocols, records, rtp, settled, stun

C = ("198.51.100.7", 3478)


def test_a_stream_inside_channel_data_confirms_the_channel() -> None:
    sent = [(A, C, channel_data(rtp(n))) for n in range(4)]
    assert protocols(sent) == ["TURN"] * 4
    inside = [entry for entry in settled(sent) if entry.number < 0]
    assert [PROTOCOLS[entry.protocol] for entry in inside] == ["RTP"] * 4
    assert {entry.flow.flow.inside for entry in inside} == {"channel 0x4000"}


def xored(host: bytes, port: int) -> bytes:
    """A transport address as TURN writes it."""
    return b"\0\1" + (port ^ 0x2112).to_bytes(2, "big") + bytes(a ^ b for a, b in zip(host, COOKIE, strict=True))


PEER = b"\0\x12\0\x08" + xored(bytes((198, 51, 100, 9)), 5000)


def bind(type_: int, transaction: bytes = b"binding-one.", channel: int = 0x4000) -> bytes:
    """A ChannelBind or its answer."""
    attributes = b"\0\x0c\0\x04" + channel.to_bytes(2, "big") + bytes(2) + PEER if type_ == 0x0009 else b""
    return stun(type_, transaction, attributes)


def carried_flows(sent: list[Sent]) -> list[str]:
    """What the flows of whatever TURN carried are called, in order."""
    return list(dict.fromkeys(entry.flow.flow.inside for entry in settled(sent) if entry.number < 0))


def test_a_channel_that_is_bound_to_a_peer_is_one_path_with_the_indications() -> None:
    data = [b"\0\x13" + len(rtp(n)).to_bytes(2, "big") + rtp(n) for n in range(6)]
    sent = [
        *((A, C, stun(0x0016, attributes=PEER + data[n])) for n in range(3)),
        (A, C, bind(0x0009)),
        (C, A, bind(0x0109)),
        *((A, C, channel_data(rtp(n))) for n in range(3, 6)),
    ]
    assert carried_flows(sent) == ["peer 198.51.100.9:5000"]
    scanner = Scanner()
    for _ in scanner.scan(records(sent)):
        pass
    (counters,) = scanner.streams
    assert (counters.packets, counters.lost, len(counters.flows)) == (6, 0, 1)


@pytest.mark.parametrize(
    "answer", [bind(0x0119), bind(0x0109, b"binding-two."), bind(0x0009), b"\1\x09\0\x08" + COOKIE + bytes(12)]
)
def test_a_channel_without_a_success_keeps_its_number(answer: bytes) -> None:
    sent = [(A, C, bind(0x0009)), (C, A, answer), *((A, C, channel_data(rtp(n))) for n in range(3))]
    assert carried_flows(sent) == ["channel 0x4000"]


def test_a_stream_goes_on_when_its_channel_is_bound_while_it_runs() -> None:
    sent = [
        *((A, C, channel_data(rtp(n))) for n in range(4)),
        (A, C, bind(0x0009)),
        (C, A, bind(0x0109)),
        *((A, C, channel_data(rtp(n))) for n in range(4, 8)),
    ]
    scanner = Scanner()
    for _ in scanner.scan(records(sent)):
        pass
    (counters,) = scanner.streams
    assert (counters.packets, counters.lost, len(counters.flows)) == (8, 0, 2)


def test_what_is_remembered_of_channels_is_bounded() -> None:
    bounds = Bounds()
    channels = Channels(bounds)
    for number in range(2 * MAX_CHANNELS):
        channels.take(stun_message(bind(0x0009, number.to_bytes(12, "big"), 0x4000 + number)))
        channels.take(stun_message(bind(0x0109, number.to_bytes(12, "big"))))
    assert list(channels.peers) == list(range(0x4000 + MAX_CHANNELS, 0x4000 + 2 * MAX_CHANNELS))
    for number in range(MAX_ASKED + 1):
        channels.take(stun_message(bind(0x0009, number.to_bytes(12, "big"), 0x4000)))
    assert bounds.hits == {"TURN channels": MAX_CHANNELS, "requests for TURN channels": 1}
    channels.peers.clear()
    channels.take(stun_message(bind(0x0109, bytes(12))))
    assert not channels.peers
    channels.take(stun_message(bind(0x0109, (1).to_bytes(12, "big"))))
    assert channels.peers


SESSION = bytes(range(1, 9))
MARK = b"\0\x0f\0\x04\x72\xc6\x4b\xc6"


def framed(data: bytes) -> bytes:
    """A message of one session of Skype or Teams."""
    return b"\xff\x10" + (8 + len(data)).to_bytes(2, "big") + SESSION + data


def test_sessions_of_skype_and_teams_are_opened_and_what_is_inside_is_judged_again() -> None:
    D = ("203.0.113.5", 3480)
    sent = [(A, D, framed(rtp(n))) for n in range(3)]
    assert protocols(sent[:2]) == ["UNKNOWN"] * 2
    assert protocols(sent) == ["TURN"] * 3
    assert protocols([sent[0], (D, A, framed(stun()))]) == ["TURN"] * 2
    assert carried_flows(sent) == ["session 0102030405060708"]


def test_send_and_data_of_skype_and_teams_are_one_path_with_a_peer() -> None:
    address = b"\0\1\x13\x88" + bytes((198, 51, 100, 9))
    def send(n: int) -> bytes:
        attributes = MARK + b"\0\x11\0\x08" + address + b"\0\x13" + len(rtp(n)).to_bytes(2, "big") + rtp(n)
        return stun(0x0004, attributes=attributes)

    def data(n: int) -> bytes:
        attributes = MARK + b"\0\x12\0\x08" + address + b"\0\x13" + len(rtp(n)).to_bytes(2, "big") + rtp(n)
        return b"\1\x15" + len(attributes).to_bytes(2, "big") + b"D" * 16 + attributes

    sent = [each for n in range(3) for each in ((A, C, send(n)), (C, A, data(n)))]
    assert protocols(sent) == ["STUN"] * 6
    assert carried_flows(sent) == ["peer 198.51.100.9:5000"]
    scanner = Scanner()
    for _ in scanner.scan(records(sent)):
        pass
    assert [counters.packets for counters in scanner.streams] == [3, 3]
    assert [stun_message(each(0)).summary for each in (send, data)] == [
        "Send request, peer 198.51.100.9:5000, data 72 bytes",
        "Data indication (RFC 3489), peer 198.51.100.9:5000, data 72 bytes",
    ]
