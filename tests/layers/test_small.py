"""The smaller layers, and what all layers of media have in common."""

from __future__ import annotations

import json

from scapy.all import Packet

from dissectors.layers import DTLS, QUIC, RTCP, RTP, STUN, TURN, ZRTP, DTLSRecord, Mux
from tests import made
from tests.layered import DATA, sample


def test_the_smaller_layers_build_what_their_parsers_read() -> None:
    built: list[Packet] = [
        ZRTP(sequence=3, sourcesync=7),
        TURN(channel=0x4001) / RTP() / b"abc",
        DTLS(records=[DTLSRecord(content_type=21, fragment=b"\2\x28")]),
        QUIC(first=0xC3, version=1) / (b"\x04abcd\x00" + bytes(20)),
    ]
    for layer in built:
        assert type(Mux(bytes(layer))) is type(layer)
        assert layer.message.summary in layer.summary() or isinstance(layer, TURN)
    assert built[0].message.crc_ok


def test_a_summary_names_its_protocol_once() -> None:
    for octets in (made.stun(), made.rtp(1), made.rtcp(), made.srtcp(), sample("dtls/alert"), sample("zrtp/hello")):
        layer = Mux(octets)
        assert layer.summary().split(",")[0].count(layer.spec.name) == 1
    assert "malformed" in STUN(made.stun(attributes=b"\x80\x22\0\x09abcd")).summary()


def test_singles_of_media_protocols_come_back() -> None:
    for one in json.loads((DATA / "singles.json").read_text()):
        octets = bytes.fromhex(one["payload"])
        layer = {"RTP": RTP, "RTCP": RTCP, "STUN": STUN, "ZRTP": ZRTP}.get(one["protocol"], Mux)(octets)
        layer.clear_cache()
        assert bytes(layer) == octets, one["name"]
