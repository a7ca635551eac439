"""What the counters of a stream remember of losses and repairs, and of its first datagrams and largest pictures."""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.wire.values import NamedTuple, Struct

MAX_HOLES, MAX_LATE, MAX_LARGE = 256, 256, 256
PROBED_DATAGRAMS = 8
"""So many of the first datagrams are kept with their header extension and the first two octets of their payload."""

MAX_ORIGINALS = 1024
MAX_LONGER = 64
"""So many header extensions are kept that are longer than those shortly before: they hold what others do not."""

MAX_EXTENSION_OCTETS = 64
MAX_OPENING_OCTETS = 96
"""So much of a stream's first datagram is kept until it is known whether it began a picture."""

LEAST_STEP, MOST_STEP = -100, 3000
MOST_REPEATED_SHARE = 0.75
"""How far the number of what is sent again may be from the one before, and how often it may be the same."""

LARGE_PICTURE = 3.0
"""So many times the usual size is large enough for a key frame."""

FALL, RISE = 1 / 8, 1 / 32
"""How quickly the usual size follows smaller pictures, and larger ones: most streams begin with a large one."""


class Hole(NamedTuple):
    """Numbers that were left out: when that was seen, the first of them, how many."""

    time: int
    first: int
    numbers: int


class Late(NamedTuple):
    """A datagram with a number that was passed already, or that came before: when it came, and the number."""

    time: int
    sequence: int


class Original(NamedTuple):
    """When a datagram came, and the number that its payload begins with: of RTX it is the original one (RFC 4588)."""

    time: int
    sequence: int


class Sampled(NamedTuple):
    """When a datagram with a header extension came, its sequence number, and the extension with its own header."""

    time: int
    sequence: int
    octets: bytes


class Large(Struct, frozen=True):
    """A picture that is large enough for a key frame: when it began, and its octets."""

    time: int
    octets: int


def looks_numbered(numbers: Sequence[int]) -> bool:
    """Whether numbers modulo 65,536 advance as those of datagrams do that are sent again."""
    repeated, before = 0, numbers[0] if numbers else 0
    for number in numbers[1:]:
        step = (number - before + 0x8000 & 0xFFFF) - 0x8000
        # What begins no payload of RTX is as good as chance, and soon is no number.
        if not LEAST_STEP < step < MOST_STEP:
            return False
        repeated += step == 0
        before = number
    return repeated <= MOST_REPEATED_SHARE * max(0, len(numbers) - 1)
