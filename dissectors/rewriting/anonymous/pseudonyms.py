"""Other names for names: by a key, the same for the same, never the same as before, and of the same form.

Laws of this file:
1. Two values never become one: each map is a permutation of all values of a form.
2. No value stays what it was, but for what has no other of its kind (0.0.0.0, ::1, broadcast).
3. A digit becomes a digit, a letter a letter of the same case; an address keeps its class and its neighbours.
4. Many digits of hexadecimal stay such, and a UUID stays one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b, shake_256
from ipaddress import ip_address, ip_network
from math import isqrt

from dissectors.mux.unconfirmed import OTHER_SERVICES

KEY_OCTETS = 32
ROUNDS = (0, 1, 2, 3)
MAX_REMEMBERED, MAX_KINDS = 1 << 16, 64
UUID = r"(?<![A-Za-z0-9])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![A-Za-z0-9])"
WORD = re.compile(UUID + r"|[A-Za-z0-9\u0080-\U0010ffff]+")
HEX = re.compile(r"(?=[0-9]*[a-fA-F])(?=[a-fA-F]*[0-9]|[a-fA-F]{32})(?:[0-9a-f]{16,128}|[0-9A-F]{16,128})")
"""What is hexadecimal for certain: digits and letters of one case, and many of them, or very many letters."""

NO_SESSION = "0" * 32
"""What stands for the identifier of a session that is not known (RFC 7989 section 5): it is nobody's."""

UUID_ENDS, UUID_OCTETS = (8, 12, 16, 20), 36
"""Digits of a UUID before each of its dashes, and its length."""

LONGEST_WORD = 40
"""Letters of a word that are permuted together; longer ones go piece by piece."""

KEPT_ADDRESSES = frozenset(
    address.packed for address in map(ip_address, ("0.0.0.0", "255.255.255.255", "::", "::1"))
)
"""Addresses that are nobody's: unspecified, broadcast, and IPv6's only loopback."""

CLASSES = tuple(
    (network.version, int(network.network_address), network.prefixlen)
    for network in map(ip_network, (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10",
        "224.0.0.0/24", "239.0.0.0/8", "224.0.0.0/4", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
        "198.18.0.0/15", "0.0.0.0/8", "240.0.0.0/4",
        "::ffff:0:0/96", "64:ff9b::/96", "fe80::/10", "fc00::/7", "ff02::/16", "ff05::/16", "ff00::/8",
        "2001:db8::/32", "2002::/16", "2001::/32", "2000::/3",
    ))
)
"""Networks whose addresses become others of the same network; the first that fits counts."""

MULTICAST = ((32, 224 << 24, 4), (128, 0xFF << 120, 8))
UNMOVED = frozenset(
    (bits, place, network >> (bits - place))
    for bits, outer, begins in MULTICAST for version, network, ends in CLASSES
    if version == (4 if bits == 32 else 6) and network >> (bits - begins) == outer >> (bits - begins)
    for place in range(begins, ends)
)
"""Bits, by the length of an address, their place and those before them, on the way to the classes within multicast.

These classes stay where they are: who moved into one would have to go on, and leave its neighbours. The classes within
what is public are not among them, or its first bits would say whose it was.
"""

EMBEDDED = frozenset((0xFFFF << 32, 0x64FF9B << 96))
"""Networks of IPv6 whose last four octets are an address of IPv4."""

FIRST_PORT, PAIRS = 1024, (65536 - 1024) // 2
KEPT_PAIRS = frozenset(
    (port - FIRST_PORT) // 2 for port in (3478, 5060, 5349, 4460, *OTHER_SERVICES) if port >= FIRST_PORT
)
"""Where ports begin that may say something, and pairs of an even and an odd port that are everybody's."""

BROADCAST = b"\xff" * 6
GROUPS = {b"\x01\x00\x5e": 3, b"\x33\x33": 2}
"""Groups of Ethernet, and how many octets say so."""


class Pseudonyms:
    """What becomes of each value under a key; `keep_digits` of numbers that begin with + stay.

    Ports stay, too, unless `ports`.
    """

    def __init__(self, key: bytes, keep_digits: int = 0, ports: bool = False) -> None:
        self._key = blake2b(key, digest_size=KEY_OCTETS).digest()
        self._keep_digits = keep_digits
        self.moves_ports = ports
        self.port: Callable[[int], int] = lru_cache(MAX_REMEMBERED)(self._port)
        self.word: Callable[[str], str] = lru_cache(MAX_REMEMBERED)(self._word)
        self.address: Callable[[bytes], bytes] = lru_cache(MAX_REMEMBERED)(self._address)
        self.written_address: Callable[[str], str] = lru_cache(MAX_REMEMBERED)(self._written_address)
        self.station: Callable[[bytes], bytes] = lru_cache(MAX_REMEMBERED)(self._station)
        self._flip: Callable[[int, int, int], int] = lru_cache(MAX_REMEMBERED)(self._bit)
        self._shift: Callable[[int, int], int] = lru_cache(MAX_REMEMBERED)(self._shifted)
        self._begun: Callable[[str], blake2b] = lru_cache(MAX_KINDS)(self._begin)

    def text(self, text: str) -> str:
        """Every word of a text another one of the same length."""
        return WORD.sub(lambda found: self.word(found[0]), text)

    def number(self, text: str) -> str:
        """A telephone number: the digits that may stay, and other ones."""
        kept = self._keep_digits
        return text[:kept] + self.word(text[kept:]) if kept and text[kept:] else self.word(text)

    def written_port(self, text: str) -> str:
        """A port as text; what is none stays."""
        return str(self.port(int(text))) if text.isascii() and text.isdigit() and len(text) <= 5 else text

    def octets(self, kind: str, value: bytes, size: int) -> bytes:
        """So many octets that look random, the same for the same value."""
        made = b""
        while len(made) < size:
            made += self._hash(kind, value + len(made).to_bytes(4, "big"))
        return made[:size]

    def noise(self, value: bytes, size: int) -> bytes:
        """The same of what comes very often."""
        return shake_256(self._key + value).digest(size)

    def _written_address(self, text: str) -> str:
        """An address as text; what is none becomes another text."""
        try:
            return str(ip_address(self.address(ip_address(text).packed)))
        except ValueError:
            return self.text(text)

    def _station(self, address: bytes) -> bytes:
        """An address of Ethernet: what says that it is a group, or local, stays."""
        if len(address) != 6 or address == BROADCAST or not any(address):
            return address
        kept = next((size for start, size in GROUPS.items() if address.startswith(start)), 0)
        made = self.octets("station", address, 6)
        if kept:
            made = address[:kept] + made[kept:]
        else:
            made = bytes((made[0] & 0xFC | address[0] & 0x03,)) + made[1:]
        return made if made != address else made[:5] + bytes((made[5] ^ 1,))

    def _port(self, port: int) -> int:
        """Another port, which beside an even one is the odd one behind that of the even one."""
        pair, odd = divmod(port - FIRST_PORT, 2)
        if not self.moves_ports or not 0 <= pair < PAIRS or pair in KEPT_PAIRS:
            return port
        while True:
            pair = self._moved(pair, PAIRS, 0)
            if pair not in KEPT_PAIRS:
                return FIRST_PORT + 2 * pair + odd

    def _begin(self, kind: str) -> blake2b:
        return blake2b(key=self._key, person=kind.encode()[:16])

    def _hash(self, kind: str, value: bytes) -> bytes:
        made = self._begun(kind).copy()
        made.update(value)
        return made.digest()

    def _word(self, word: str) -> str:
        if len(word) == UUID_OCTETS and "-" in word:
            return self._uuid(word)
        if word == NO_SESSION:
            return word
        if HEX.fullmatch(word):
            return self._hexadecimal(word)
        if len(word) > LONGEST_WORD:
            return "".join(self.word(word[at : at + LONGEST_WORD]) for at in range(0, len(word), LONGEST_WORD))
        made = self._other(word)
        while HEX.fullmatch(made):
            made = self._other(made)
        return made

    def _uuid(self, text: str) -> str:
        """The digits of a UUID are those of the same number without dashes."""
        made = self._word(text.replace("-", ""))
        begins = (0, *UUID_ENDS)
        return "-".join(made[begin:end] for begin, end in zip(begins, (*UUID_ENDS, None), strict=True))

    def _hexadecimal(self, text: str) -> str:
        size, made = 1 << 4 * len(text), text
        while True:
            made = f"{self._moved(int(made, 16), size, len(text)):0{len(text)}x}"
            made = made if text == text.lower() else made.upper()
            if HEX.fullmatch(made):
                return made

    def _other(self, word: str) -> str:
        size, place, codes = 1, 0, [*map(ord, word)]
        for code in codes:
            radix, begin = _row(code)
            size *= radix
            place = place * radix + code - begin
        place = self._moved(place, size, len(word))
        for at in range(len(codes) - 1, -1, -1):
            radix, begin = _row(codes[at])
            place, value = divmod(place, radix)
            codes[at] = begin + value
        return "".join(map(chr, codes))

    def _moved(self, place: int, size: int, length: int) -> int:
        """A permutation of all numbers below `size` that leaves none in its place: a shift within another one."""
        tweak, shift = b"%d %d" % (size, length), self._shift(size, length)
        return self._permute((self._permute(place, size, tweak, True) + shift) % size, size, tweak, False)

    def _shifted(self, size: int, length: int) -> int:
        return 1 + int.from_bytes(self._hash("shift", b"%d %d" % (size, length))[:16], "big") % (size - 1)

    def _permute(self, place: int, size: int, tweak: bytes, forward: bool) -> int:
        """A network of Feistel's on two numbers, walked until the result is below `size`."""
        left_size = isqrt(size - 1) + 1
        right_size, begun = -(-size // left_size), self._begun("round")
        turns, sign = (ROUNDS, 1) if forward else (ROUNDS[::-1], -1)
        while True:
            left, right = divmod(place, right_size)
            for turn in turns:
                made = begun.copy()
                made.update(b"%d %d %b" % (turn, right if turn % 2 else left, tweak))
                step = sign * int.from_bytes(made.digest()[:32], "big")
                if turn % 2:
                    left = (left + step) % left_size
                else:
                    right = (right + step) % right_size
            place = left * right_size + right
            if place < size:
                return place

    def _address(self, address: bytes) -> bytes:
        if address in KEPT_ADDRESSES or len(address) not in (4, 16):
            return address
        bits = 8 * len(address)
        number = int.from_bytes(address, "big")
        network, kept = class_of(number, bits)
        if bits == 128 and kept == 96 and network in EMBEDDED:
            return address[:12] + self.address(address[12:])
        moved = number
        while True:
            moved = self._walk(moved, bits, kept)
            if moved != number and class_of(moved, bits) == (network, kept):
                return moved.to_bytes(len(address), "big")

    def _walk(self, number: int, bits: int, kept: int) -> int:
        """Each bit behind the kept ones flipped or not by those before it, so that neighbours stay neighbours.

        The last one always is: no address stays what it was.
        """
        made = number >> (bits - kept) if kept else 0
        for place in range(kept, bits):
            before = number >> (bits - place)
            bit = number >> (bits - place - 1) & 1
            made = made << 1 | bit ^ (1 if place == bits - 1 else self._flip(bits, place, before))
        return made

    def _bit(self, bits: int, place: int, before: int) -> int:
        if (bits, place, before) in UNMOVED:
            return 0
        return self._hash("address", b"%d %d %d" % (bits, place, before))[0] & 1


def class_of(number: int, bits: int) -> tuple[int, int]:
    """The network of an address that keeps its meaning, and how long its prefix is; (-1, 0) for any other."""
    version = 4 if bits == 32 else 6
    for of, network, prefix in CLASSES:
        if of == version and number >> (bits - prefix) == network >> (bits - prefix):
            return network, prefix
    return -1, 0


def _row(code: int) -> tuple[int, int]:
    """How many characters take one another's place with that of this code, and the first of them."""
    if code < 0x80:
        return (10, 0x30) if code <= 0x39 else (26, 0x61 if code >= 0x61 else 0x41)
    return 64, code & ~0x3F
