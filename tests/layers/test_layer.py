"""Every layer gives its octets back, cut, nested, fuzzed or crafted."""

from __future__ import annotations

import json
import pickle
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.all import UDP, Packet, Padding, Raw, conf, explore, fuzz, rdpcap

from dissectors import layers
from dissectors.layers import (
    DTLS,
    LAYERS,
    RTP,
    SDP,
    SIP,
    STUN,
    TURN,
    Multipart,
    Mux,
    STUNAttribute,
    TelephoneEvent,
    bind,
)
from dissectors.mux.classify import classify
from tests import made
from tests.layered import CAPTURES, DATA, INVITE, holds, mutated, samples

NAMES = {name: getattr(layers, name) for name in layers.__all__} | {"Raw": Raw, "Padding": Padding}


@given(st.binary(max_size=200))
def test_any_octets_make_every_layer_and_come_back(octets: bytes) -> None:
    for layer in LAYERS.values():
        if octets:
            found = layer(octets)
            found.clear_cache()
            assert bytes(found) == octets


def test_every_prefix_of_every_sample_makes_a_layer_that_comes_back() -> None:
    paths = [path for kind in ("sip", "stun", "rtcp", "rtp") for path in sorted((DATA / kind).iterdir())]
    for octets in [path.read_bytes()[:700] for path in paths]:
        layer = LAYERS.get(classify(octets).protocol)
        for end in range(1, len(octets)) if layer else ():
            cut = layer(octets[:end])
            cut.clear_cache()
            assert bytes(cut) == octets[:end]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_a_frame_shows_what_scapy_shows_of_any(path: Path) -> None:
    with bind(everywhere=True):
        for packet in rdpcap(str(path))[:80]:
            assert packet.summary() and "\x1b" not in packet.summary()
            assert packet.show(dump=True) and repr(packet) and packet.json()
            assert packet.copy() == packet
            assert bytes(pickle.loads(pickle.dumps(packet))) == bytes(packet)


def test_the_command_of_a_layer_builds_it_again() -> None:
    chance = random.Random(8489)
    for octets in (*samples()[:400], *(mutated(each, chance) for each in samples()[:400])):
        if octets:
            assert bytes(eval(Mux(octets).command(), dict(NAMES))) == octets


def test_fuzz_and_defaults_build_every_layer() -> None:
    kinds = [kind for kind in NAMES.values() if isinstance(kind, type) and issubclass(kind, Packet) and kind is not Mux]
    for kind in kinds:
        assert bytes(kind(bytes(kind()))) == bytes(kind())
        for _ in range(10):
            bytes(fuzz(kind()))


def test_what_a_channel_carries_is_dissected_but_not_what_a_channel_in_it_carries() -> None:
    inner = made.channel_data(made.rtp(1))
    assert TURN(inner).layers() == [TURN, RTP, Raw]
    session = TURN(b"\xff\x10\0\x50" + b"8 octets" + made.rtp(1) + b"more")
    assert session.layers() == [TURN, RTP, Raw, Padding]
    assert (session.channel, session.session, bytes(session[RTP])[:84]) == (0xFF10, b"8 octets", made.rtp(1) + b"more")
    built = TURN(channel=0xFF10, session=b"8 octets") / Raw(b"abc")
    assert bytes(built) == b"\xff\x10\0\x0b8 octetsabc"
    assert TURN(made.channel_data(inner)).layers() == [TURN, TURN, Raw]
    nested = b""
    while len(nested) < 60_000:
        nested = made.channel_data(nested)
    assert holds(nested).layers() == [TURN, TURN, Raw]


def test_hostile_sizes_make_few_layers() -> None:
    assert len(holds(b"\x80\xd0\0\0" * 16_000).layers()) <= 40
    assert len(holds(b"\x80\xcf" + (15_999).to_bytes(2, "big") + bytes(4 * 15_999)).getfieldval("blocks")) <= 128
    many = made.stun(attributes=b"\x80\x22\0\0" * 15_000)
    assert len(holds(many).attributes) <= 128
    media = b"v=0\r\n" + b"m=audio 9 RTP/AVP 0\r\n" * 2_000
    message = made.sip("INVITE sip:a@b SIP/2.0", "Content-Type: application/sdp", body=media)
    assert len(holds(message)[SDP].media) <= 128


def test_nothing_that_was_dissected_fails_to_be_shown_compared_or_fuzzed() -> None:
    chance = random.Random(2145)
    pool = samples()
    for _ in range(250):
        octets = mutated(chance.choice(pool), chance)
        kind = chance.choice(list(LAYERS.values()))
        for layer in (Mux(octets), kind(octets[: chance.randint(1, 30)])) if octets else ():
            assert layer.show(dump=True) and repr(layer) and layer.command()
            assert isinstance(json.loads(layer.json()), dict)
            assert repr(fuzz(layer)) and fuzz(layer).show(dump=True)
            assert bytes(fuzz(layer)) == bytes(layer)
            assert layer.hashret() is not None and layer.answers(layer.copy()) is not None


def test_layers_that_are_fuzzed_are_shown_too() -> None:
    for kind in (*LAYERS.values(), Multipart, SDP, TelephoneEvent):
        for layer in (fuzz(kind()), fuzz(UDP(sport=9, dport=9) / kind())):
            assert layer.show(dump=True) and repr(layer) and json.loads(layer.json())
            assert isinstance(layer.summary(), str) and isinstance(bytes(layer), bytes)


def test_json_has_what_values_mean_and_empty_lists() -> None:
    error = STUNAttribute(type="ERROR-CODE", value=(487, "Role Conflict"))
    mapped = STUNAttribute(type="XOR-MAPPED-ADDRESS", value=("192.0.2.1", 5000))
    for message in (STUN(attributes=[mapped, error]), STUN(bytes(STUN(attributes=[mapped, error])))):
        values = [each["value"] for each in json.loads(message.json())["attributes"]]
        assert values == [{"host": "192.0.2.1", "port": 5000}, {"code": 487, "reason": "Role Conflict"}]
    assert json.loads(STUN().json())["attributes"] == []
    assert json.loads(SDP().json())["attributes"] == json.loads(SDP().json())["media"] == []
    invite = json.loads(SIP(INVITE).json())
    assert invite["headers"][0] == ["Via", SIP(INVITE).headers["Via"]] and invite["payload"]["media"]
    assert json.loads(RTP(b"\x80\0").json())["sync"] == [] and RTP(b"\x80\0").sync == []
    assert json.loads(DTLS(bytes(3)).json()) == {"records": [], "payload": {"load": "\0\0\0"}}


def test_scapy_finds_the_layers_by_their_modules(capsys: pytest.CaptureFixture[str]) -> None:
    assert dict(conf.layers.layers())["dissectors.layers.sip"].startswith("SIP (RFC 3261)")
    explore("scapy.layers.rtp")
    assert "RTPExtension" in capsys.readouterr().out
