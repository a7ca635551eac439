"""TLS and DTLS with keys, damaged: octets of records, frames lost, twice or out of order, and the keys themselves."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.fuzz import house
from tests.fuzz.mutants import Corpus, pcap
from tests.fuzz.streams import damaged

SAMPLES = Path(__file__).parent.parent / "data" / "tls"
HEADERS = 66
"""Octets of Ethernet, IPv4 and TCP with its timestamps: what is damaged is mostly behind them."""

MOST_FRAMES = 300


def sealed(dice: Random, corpus: Corpus) -> list[bytes]:
    """A capture, and its keys."""
    path = dice.choice(sorted(SAMPLES.glob("*.pcap")))
    with house.open_capture(str(path)) as capture:
        records = [record for record, _ in zip(capture.records(), range(MOST_FRAMES), strict=False)]
    link = records[0].link
    kept: list[house.Record] = []
    for record in records:
        chance = dice.random()
        if chance < 0.04:
            record = record._replace(octets=_changed(dice, record.octets))
        kept += [record] * (0 if 0.04 < chance < 0.05 else 2 if 0.05 < chance < 0.06 else 1)
        if len(kept) > 1 and 0.06 < chance < 0.08:
            kept[-2:] = kept[:-3:-1]
    keys = path.with_suffix(".keys").read_bytes()
    return [pcap(kept, link), damaged(dice, keys) if dice.random() < 0.3 else keys]


def _changed(dice: Random, octets: bytes) -> bytes:
    """A frame of the same length with other octets in it, mostly behind its headers."""
    made = bytearray(octets)
    for _ in range(dice.choice((1, 1, 2, 5))):
        begin = min(len(made) - 1, HEADERS) if dice.random() < 0.95 else 0
        at, size = dice.randrange(begin, len(made)), dice.choice((1, 1, 2, 4, 40))
        made[at : at + size] = dice.choice((dice.randbytes, bytes))(len(made[at : at + size]))
    return bytes(made)
