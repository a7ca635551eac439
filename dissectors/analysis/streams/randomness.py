"""Is it really encrypted? What is encrypted looks like random octets; what is not hardly ever does.

The tests of FIPS 140-2 (2001, withdrawn since) look at windows of 20,000 bits: the number of ones, of each half octet,
of runs of each length, and the longest run. What a codec compressed may pass them. But its payloads have headers, and
frames have shapes: at some place of the payload the values are not evenly spread over the packets (chi-square). A
payload that comes again under another number is never encrypted.

That something passes proves nothing, so the best verdict is "compatible with encryption". And no encrypted stream may
be called clear: the bounds leave one in a million, and the ends of payloads are left out, where SRTP puts its tag and a
fixed key identifier. An application may add a fixed header behind which it encrypts; then the report says which places
of the payload decided.
"""

from __future__ import annotations

import re
from collections import Counter
from math import log2

from dissectors.report import Randomness
from dissectors.wire.values import Struct, replace

WINDOW_OCTETS, MAX_WINDOWS = 2500, 32
"""Octets of a window of 20,000 bits; how many windows are looked at, and so how much of a stream."""

TAIL_OCTETS = 24
"""What SRTP may add to a payload: a tag of 16 octets, a master key identifier of a few, which is always the same."""

PLACES, MIN_PACKETS = 32, 32
"""Half octets at the beginning of payloads that are compared over packets, and how many packets that takes."""

MAX_SPREAD = 90.0
"""Chi-square with 15 degrees of freedom: for what is evenly spread, beyond this once in 10^12."""

MONOBIT, POKER, LONG_RUN = (9725, 10275), (2.16, 46.17), 26
RUNS = ((2315, 2685), (1114, 1386), (527, 723), (240, 384), (103, 209), (103, 209))
"""The bounds of FIPS 140-2: ones; the statistic of half octets; a run that is too long; runs of 1 to 6 and more."""

GROSS_MONOBIT, GROSS_POKER, GROSS_RUN = (9350, 10650), 100.0, 48
"""What no window of random bits has in practice (9 standard deviations): one such window decides."""

MIN_FAILED, FAILED_SHARE = 4, 0.1
"""Windows that must be outside the bounds otherwise: one in 500 is by chance."""

BITS = re.compile("0+|1+")


TAGS, MAX_IDENTIFIER, MIN_IDENTIFIED = (0, 4, 10, 16), 4, 4
"""Octets of a tag, of an identifier before it, and packets that show it, where nobody announces them.

AES-GCM has its tag before the identifier (RFC 7714 section 8.3).
"""


class Payloads:
    """The payloads of one stream, as many as are needed; `tail` octets at the end of each are left out.

    Without a tail, one is left out nevertheless where what stands before a tag is always the same.
    """

    def __init__(self, tail: int = TAIL_OCTETS) -> None:
        self._tail = tail
        self._payloads: list[bytes] = []
        self._size = 0
        self._octets = bytearray()
        self._spread = [Counter[int]() for _ in range(PLACES)]
        self._numbers: set[int] = set()
        self._whole: set[bytes] = set()
        self.packets = self.repeated = 0

    @property
    def enough(self) -> bool:
        """Whether no more are looked at."""
        return self._size >= WINDOW_OCTETS * MAX_WINDOWS

    def take(self, number: int, payload: bytes) -> None:
        """Take the payload of a packet with its sequence number; a packet that comes again says nothing."""
        if self.enough or number in self._numbers:
            return
        self._numbers.add(number)
        if len(payload) > self._tail:
            self._payloads.append(payload)
            self._size += len(payload) - self._tail

    def _look(self, kept: bytes) -> None:
        """Look at what is left of a payload."""
        self.packets += 1
        # Of two short payloads one may be like the other by chance.
        if len(kept) >= 16:
            self.repeated += kept in self._whole
            self._whole.add(kept)
        self._octets += kept
        for place, octet in enumerate(kept[: PLACES // 2]):
            self._spread[2 * place][octet >> 4] += 1
            self._spread[2 * place + 1][octet & 0x0F] += 1

    def judge(self) -> Randomness:
        """The verdict."""
        tail = self._tail or _hidden(self._payloads)
        for payload in self._payloads:
            if len(payload) > tail:
                self._look(payload[: len(payload) - tail])
        self._payloads = []
        octets = bytes(self._octets)
        fixed = sum(_uneven(counts) for counts in self._spread)
        tests = [
            _tested(octets[at : at + WINDOW_OCTETS])
            for at in range(0, len(octets) - WINDOW_OCTETS + 1, WINDOW_OCTETS)
        ]
        told = Randomness(
            verdict="compatible with encryption",
            why="the payloads look like random bytes",
            packets=self.packets,
            octets=len(octets),
            entropy=round(_entropy(octets), 3),
            windows=len(tests),
            failed=sum(each.monobit or each.poker or each.runs or each.long_run for each in tests),
            monobit=sum(each.monobit for each in tests),
            poker=sum(each.poker for each in tests),
            runs=sum(each.runs for each in tests),
            long_run=sum(each.long_run for each in tests),
            repeated=self.repeated,
            fixed=fixed,
        )
        return _decided(told, any(each.gross for each in tests))


def _hidden(payloads: list[bytes]) -> int:
    """How long a tag is with an identifier before it, where that is the same in all payloads and nothing near it is."""
    shortest = min(map(len, payloads), default=0)
    if len(payloads) < MIN_IDENTIFIED:
        return 0
    first = payloads[0]
    same = {back for back in range(1, min(shortest, max(TAGS) + MAX_IDENTIFIER + 1) + 1)
            if all(each[-back] == first[-back] for each in payloads)}
    for tag in TAGS:
        long = next(size for size in range(MAX_IDENTIFIER + 1) if tag + size + 1 not in same or size == MAX_IDENTIFIER)
        if long and same == set(range(tag + 1, tag + long + 1)):
            return tag + long
    return 0


def _decided(told: Randomness, gross: bool) -> Randomness:
    """The verdict by the figures."""
    if told.repeated > 1:
        why = f"{told.repeated:,} payloads came again under another number"
    elif gross or told.failed >= max(MIN_FAILED, FAILED_SHARE * told.windows):
        why = f"{told.failed:,} of {told.windows:,} windows of 20,000 bits are not random"
    elif told.fixed:
        why = f"{told.fixed:,} half bytes at the beginning of the payload are not evenly spread"
    elif told.octets < WINDOW_OCTETS:
        few = f"{told.octets:,} bytes, {WINDOW_OCTETS:,} are needed"
        return replace(told, verdict="too little data", why=few)
    else:
        return told
    return replace(told, verdict="not encrypted", why=why)


class _Tested(Struct, frozen=True):
    """Which bounds one window is outside of, and whether it is beyond any doubt."""

    monobit: bool
    poker: bool
    runs: bool
    long_run: bool
    gross: bool


def _tested(window: bytes) -> _Tested:
    ones = int.from_bytes(window, "big").bit_count()
    halves = Counter(window.hex())
    poker = 16 / (2 * WINDOW_OCTETS) * sum(count * count for count in halves.values()) - 2 * WINDOW_OCTETS
    lengths: Counter[tuple[str, int]] = Counter()
    longest = 0
    for run in BITS.findall(f"{int.from_bytes(window, 'big'):0{8 * WINDOW_OCTETS}b}"):
        lengths[run[0], min(len(run), len(RUNS))] += 1
        longest = max(longest, len(run))
    runs = any(
        not low <= lengths[bit, length] <= high for length, (low, high) in enumerate(RUNS, 1) for bit in "01"
    )
    return _Tested(
        monobit=not MONOBIT[0] < ones < MONOBIT[1],
        poker=not POKER[0] < poker < POKER[1],
        runs=runs,
        long_run=longest >= LONG_RUN,
        gross=not GROSS_MONOBIT[0] < ones < GROSS_MONOBIT[1] or poker > GROSS_POKER or longest >= GROSS_RUN,
    )


def _uneven(counts: Counter[int]) -> bool:
    """Whether half octets at one place are far from evenly spread."""
    total = sum(counts.values())
    if total < MIN_PACKETS:
        return False
    return 16 / total * sum(count * count for count in counts.values()) - total > MAX_SPREAD


def _entropy(octets: bytes) -> float:
    """Bits per octet, by how often each value comes."""
    total = len(octets)
    return -sum(count / total * log2(count / total) for count in Counter(octets).values()) if total else 0.0
