"""The layer of a datagram is the one that the table says."""

from __future__ import annotations

import random

from scapy.all import IP, UDP, Ether, Raw

from dissectors.layers import LAYERS, RTCP, Mux, bind
from dissectors.mux.classify import classify
from tests import made
from tests.layered import holds, mutated, samples

PORT = 16402


def test_every_protocol_of_the_table_has_a_layer() -> None:
    from dissectors.mux.table import PROTOCOLS

    assert [*LAYERS, "UNKNOWN"] == list(PROTOCOLS)


def test_every_sample_is_the_layer_that_the_table_says_and_gives_back_its_octets() -> None:
    for octets in samples():
        holds(octets)


def test_random_and_mutated_octets_are_what_the_table_says_and_come_back() -> None:
    chance = random.Random(16402)
    pool = samples()
    for _ in range(10_000):
        octets = mutated(chance.choice(pool), chance)
        for each in filter(None, (octets, chance.randbytes(chance.randint(1, 60)))):
            holds(each)


def test_two_hundred_thousand_random_and_mutated_octets_get_the_class_that_the_table_says() -> None:
    chance = random.Random(7983)
    pool = samples()
    for _ in range(100_000):
        for octets in filter(None, (mutated(chance.choice(pool), chance), chance.randbytes(chance.randint(1, 40)))):
            assert Mux.dispatch_hook(octets) is LAYERS.get(classify(octets).protocol, Raw), octets


def test_a_datagram_that_the_capture_cut_is_judged_by_the_length_of_its_header() -> None:
    whole = made.rtp(1)
    frame = made.frame(made.A, made.B, whole)
    for kept in (4, 10, 20):
        with bind(ports=PORT):
            packet = Ether(frame[: len(frame) - len(whole) + kept])
        assert type(packet[UDP].payload) is LAYERS[classify(whole[:kept], len(whole)).protocol]
        packet.clear_cache()
        assert bytes(packet) == frame[: len(frame) - len(whole) + kept]


def test_a_length_that_ip_has_no_room_for_is_not_believed() -> None:
    payload = made.rtcp()
    packet = IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=PORT, dport=PORT, len=900) / payload
    with bind(ports=PORT):
        assert RTCP in IP(bytes(packet))
