"""What the payloads of a stream say of encryption: whether they look like random octets."""

from __future__ import annotations

from typing import Literal

from dissectors.wire.values import Struct

Verdict = Literal["not encrypted", "compatible with encryption", "too little data"]


class Randomness(Struct, frozen=True):
    """The verdict on a stream, and the figures behind it.

    `packets` and `octets` are those that were looked at: the ends of payloads, where a tag may stand, are left out.
    `entropy` is in bits per octet. Of `windows` of 20,000 bits, so many are outside the bounds of each test of FIPS
    140-2: `monobit`, `poker`, `runs`, `long_run`, and `failed` outside at least one of them. `repeated` counts payloads
    that came before under another number. `fixed` are places in the payload, in half octets, at which values are far
    from evenly spread over the packets. `why` says what decided.
    """

    verdict: Verdict
    why: str
    packets: int
    octets: int
    entropy: float
    windows: int = 0
    failed: int = 0
    monobit: int = 0
    poker: int = 0
    runs: int = 0
    long_run: int = 0
    repeated: int = 0
    fixed: int = 0
