"""What is left of a capture in the one that was made of it under other names.

Two looks, and each is with two keys: what both results hold is no accident.
1. Every value that was replaced, in every encoding: capitals, backwards, quoted, UTF-16, hexadecimal, base64.
2. Every word of the original, whether or not anybody took it for a name, but for the vocabulary of the protocols.
"""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from dissectors import offline
from dissectors.protocols import sip
from dissectors.protocols.sip import METHODS
from dissectors.rewriting.anonymous.bodies import coded
from dissectors.rewriting.anonymous.capture import anonymise
from dissectors.rewriting.anonymous.messages import Wanted
from dissectors.rewriting.anonymous.pseudonyms import KEPT_ADDRESSES, Pseudonyms
from dissectors.rewriting.anonymous.words import ATTRIBUTES, KEPT, PARAMETERS, VALUES
from dissectors.sources.capture import open_capture
from dissectors.wire.errors import Malformed

KEYS = (b"one", b"two")
COOKIE = bytes.fromhex("2112a442")
SHORTEST_WORD, SHORTEST_VALUE, SHORTEST_MIXED = 5, 6, 7
"""Letters of words and of values that are looked for: shorter ones stand in any megabyte by accident.

The numbers of headers, which stay, may look like short words that mix letters and digits.
"""

LONGEST_NUMBER = 10
"""Digits of numbers that may be the protocol's: sources, sessions, times."""

MAX_VALUES = 300
"""Values of a capture that are looked for in every encoding, drawn by the seed."""

WORD = re.compile(rb"[A-Za-z0-9]{%d,}" % SHORTEST_WORD)
COOKIE_OF_BRANCHES = b"z9hG4bK"
FURTHER = """
    digest basic bearer block samplesperblock telephone image video udptl speex annexb useinbandfec minptime tmmbr
    transferredtcf t38udpredundancy websocket upgrade metrics instance headers hangupcause hangupcausecode asterisk
    cookie params capability context crypto cname generated mandatory rsize sprop stereo utran value verto
"""
"""Words of ways to authenticate, of formats and of names of headers, which stay where they mean that."""

TRANSACTION = re.compile(COOKIE + rb".{12}", re.DOTALL)
VALIDITY = re.compile(rb"\d{10,14}Z.*")
"""What stays, and may look like a word: the number of a transaction of STUN, and a certificate's times."""

VOCABULARY = {
    word.encode() for words in (ATTRIBUTES, KEPT, PARAMETERS, VALUES, FURTHER.split()) for word in words
}


class Found(NamedTuple):
    """How many values were looked for, the values that are left, and the words that are, but for the vocabulary."""

    values: int
    left: set[str]
    words: set[str]


class Recording(Pseudonyms):
    """Other names, and which names were replaced."""

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.texts: set[str] = set()
        self.addresses: set[bytes] = set()
        self.stations: set[bytes] = set()
        word, address, station = self.word, self.address, self.station

        def recorded(text: str) -> str:
            self.texts.add(text)
            return word(text)

        def recorded_address(octets: bytes) -> bytes:
            self.addresses.add(octets)
            return address(octets)

        def recorded_station(octets: bytes) -> bytes:
            made = station(octets)
            self.stations.update({octets} if made != octets else ())
            return made

        self.word, self.address, self.station = recorded, recorded_address, recorded_station


def left_over(path: Path, folder: Path, seed: int) -> Found:
    """What is left of a capture; raises CaptureError where it cannot be read."""
    outputs = [folder / key.decode() for key in KEYS]
    names = [Recording(key) for key in KEYS]
    for name, out in zip(names, outputs, strict=True):
        anonymise(str(path), str(out), name, Wanted(agents=True), force=True)
    after = [everything(out) for out in outputs]
    values = dict(_values(names[0]))
    drawn = sorted(values)
    if len(drawn) > MAX_VALUES:
        drawn = random.Random(seed).sample(drawn, MAX_VALUES)
    left = {name for name in drawn if any(all(holds(each, octets) for each in after) for octets in values[name])}
    before = set(WORD.findall(TRANSACTION.sub(b"\0", everything(path))))
    stayed = before.intersection(*(WORD.findall(each) for each in after))
    words = {word.decode() for word in stayed if not is_plain(word)}
    return Found(len(drawn), left, words)


def holds(octets: bytes, value: bytes) -> bool:
    """Whether a value stands in octets; an address as text is no part of a longer one."""
    if b"." not in value or not value.replace(b".", b"").isdigit():
        return value in octets
    return re.search(rb"(?<![0-9.])" + re.escape(value) + rb"(?![0-9]|\.[0-9])", octets) is not None


def is_plain(word: bytes) -> bool:
    """Whether a word is the protocol's, or a number that says nothing by itself."""
    bare = word.removeprefix(COOKIE_OF_BRANCHES)
    alike = bare.isalpha() and (bare.islower() or bare.isupper() or bare.istitle())
    if len(bare) < (SHORTEST_WORD if alike else SHORTEST_MIXED) or len(set(bare)) <= 2 or VALIDITY.fullmatch(bare):
        return True
    # A start line may stand behind a number that ends as a letter.
    is_method = any(bare.endswith(method.encode()) and len(bare) - len(method) <= 2 for method in METHODS)
    return bare.lower() in VOCABULARY or bare.isdigit() and len(bare) <= LONGEST_NUMBER or is_method


def _values(names: Recording) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """Each value that was replaced, and how it may be written."""
    for text in names.texts:
        if len(text) >= SHORTEST_VALUE and coded(text.lower()) not in VOCABULARY:
            yield text, tuple(encodings(text))
    for address in names.addresses - KEPT_ADDRESSES:
        yield f"address {address.hex()}", tuple(addresses(address))
    for station in names.stations:
        texts = station.hex(":").encode(), station.hex("-").encode()
        yield f"station {station.hex()}", (station, *texts) if is_telling(station) else texts


def encodings(name: str) -> Iterator[bytes]:
    """A name in every way that it may be written."""
    plain = coded(name)
    for octets in (plain, plain.upper(), plain.lower(), quote(plain).encode(), plain[::-1]):
        yield octets
        yield octets.decode("utf-8", "replace").encode("utf-16-le")
        yield octets.hex().encode()
    for shift in range(3):
        packed = base64.b64encode(bytes(shift) + plain)
        yield packed[4 if shift else 0 : len(packed) - 4]


def addresses(packed: bytes) -> Iterator[bytes]:
    """An address in every way that it may be written: packed, behind STUN's mask, and as text."""
    from ipaddress import ip_address

    if is_telling(packed):
        yield packed
    yield bytes(one ^ two for one, two in zip(packed, COOKIE, strict=False))
    yield str(ip_address(packed)).encode()


def is_telling(octets: bytes) -> bool:
    """Whether octets are hardly ever anything else: neither zeros, as in any header, nor a piece of a text."""
    return octets.count(0) <= len(octets) // 4 and not all(32 <= octet < 127 or octet in b"\r\n" for octet in octets)


def everything(path: Path) -> bytes:
    """The frames of a capture one behind the other, and what compressed bodies hold."""
    with open_capture(str(path)) as capture:
        found = [record.octets for record in capture.records()]
    found += _bodies(path)
    return b"\0\0".join(found)


def _bodies(path: Path) -> Iterable[bytes]:
    for row in offline.rows([str(path)]):
        try:
            parsed = sip.parse_all(row.datagram.payload)
        except Malformed:
            continue
        yield from (message.body.octets for message in parsed if message.body.compressed)
