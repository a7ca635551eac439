"""Octets for the Scapy layers, and what must hold of each."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path

from scapy.all import UDP, Packet, Raw, rdpcap

from dissectors.layers import LAYERS, SIP, Mux
from dissectors.mux.classify import classify

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
CAPTURES = sorted((ROOT / "pcaps").glob("*.pcap"))
INVITE = (DATA / "sip" / "facetime_invite.bin").read_bytes()
ANSWER = (DATA / "sdp" / "facetime_answer.sdp").read_bytes()
OFFER = (DATA / "sdp" / "facetime_invite.sdp").read_bytes()


@cache
def samples() -> tuple[bytes, ...]:
    """The payloads of the samples, and those of the captures that are made."""
    kinds = ("sip", "stun", "dtls", "zrtp", "rtp", "rtcp")
    found = [path.read_bytes() for kind in kinds for path in sorted((DATA / kind).iterdir())]
    found += [bytes.fromhex(one["payload"]) for one in json.loads((DATA / "singles.json").read_text())]
    for path in CAPTURES:
        found += [bytes(packet[UDP].payload) for packet in rdpcap(str(path)) if UDP in packet]
    return tuple(dict.fromkeys(filter(None, found)))


def mutated(octets: bytes, chance: random.Random) -> bytes:
    """A few octets changed, then perhaps cut, prolonged or with a piece taken out."""
    changed = bytearray(octets)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(min(len(changed), chance.choice((4, 24, len(changed)))))
        changed[at] = chance.choice((0, 1, 10, 13, 32, 58, 255, chance.randrange(256)))
    first, second = chance.randrange(len(changed) + 1), chance.randrange(len(changed) + 1)
    kinds = (changed, changed, changed[:first], changed + chance.randbytes(9), changed[:first] + changed[second:])
    return bytes(chance.choice(kinds))


def holds(octets: bytes) -> Packet:
    """The layer of some octets, after checking that it is the right one and gives them back."""
    layer = Mux(octets)
    assert type(layer) is LAYERS.get(classify(octets).protocol, Raw), octets
    assert bytes(layer) == octets
    layer.clear_cache()
    assert bytes(layer) == octets
    return layer


def sample(path: str) -> bytes:
    """The octets of one sample."""
    return (DATA / f"{path}.bin").read_bytes()


def rebuilt(layer: SIP) -> SIP:
    """The message as its receiver reads it."""
    return SIP(bytes(layer))
