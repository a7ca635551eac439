"""AMR and AMR-WB in both forms of RFC 4867, to frames as a file has them."""

from __future__ import annotations

import random

import pytest

from dissectors.media.amr import NARROW, WIDE, frames
from dissectors.wire.errors import Malformed

Sent = tuple[int, bool, int]
"""The type of a frame, whether it is good, and its bits."""


def random_frames(seed: int, sizes: dict[int, int]) -> list[Sent]:
    chance = random.Random(seed)
    return [
        (kind, True, chance.getrandbits(sizes[kind]) if sizes[kind] else 0)
        for kind in chance.choices(sorted(sizes), k=chance.randrange(1, 5))
    ]


def packed(sent: list[Sent], sizes: dict[int, int]) -> bytes:
    """A bandwidth-efficient payload."""
    bits = "1111" + "".join(f"{at < len(sent) - 1:b}{kind:04b}{good:b}" for at, (kind, good, _) in enumerate(sent))
    bits += "".join(f"{value:0{sizes[kind]}b}" if sizes[kind] else "" for kind, _, value in sent)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def stored(kind: int, good: bool, value: int, sizes: dict[int, int]) -> bytes:
    octets = (sizes[kind] + 7) // 8
    return bytes((kind << 3 | good << 2,)) + (value << 8 * octets - sizes[kind]).to_bytes(octets, "big")


def aligned(sent: list[Sent], sizes: dict[int, int], checks: bytes = b"") -> bytes:
    """An octet-aligned payload."""
    table = bytes((at < len(sent) - 1) << 7 | kind << 3 | good << 2 for at, (kind, good, _) in enumerate(sent))
    return b"\xf0" + table + checks + b"".join(stored(*each, sizes)[1:] for each in sent)


@pytest.mark.parametrize("sizes", [NARROW, WIDE], ids=["AMR", "AMR-WB"])
@pytest.mark.parametrize("seed", range(12))
def test_both_forms_give_the_frames_that_were_sent(seed: int, sizes: dict[int, int]) -> None:
    sent = random_frames(seed, sizes)
    wanted = [stored(*each, sizes) for each in sent]
    assert frames(packed(sent, sizes), sizes, False) == wanted
    assert frames(aligned(sent, sizes), sizes, True) == wanted
    checks = bytes(sum(sizes[kind] > 0 for kind, _, _ in sent))
    assert frames(aligned(sent, sizes, checks), sizes, True, checked=True) == wanted


@pytest.mark.parametrize("kind", range(9))
def test_a_form_that_sdp_does_not_say_or_gets_wrong_is_found(kind: int) -> None:
    sent = [(kind, True, (1 << NARROW[kind]) - 1)]
    wanted = [stored(*sent[0], NARROW)]
    for said in (None, False, True):
        assert frames(packed(sent, NARROW), NARROW, said) == wanted or said is True
    for said in (None, True):
        assert frames(aligned(sent, NARROW), NARROW, said) == wanted


@pytest.mark.parametrize(
    "payload", [b"", b"\xf0", b"\xf0\x3c" + bytes(4), b"\xf0\xbc" * 60, b"\xf0\x54" + bytes(3), bytes(200)]
)
def test_what_is_of_no_form_is_malformed(payload: bytes) -> None:
    for said in (None, False, True):
        with pytest.raises(Malformed):
            frames(payload, NARROW, said)
