"""The clauses with which a protocol describes its datagrams.

Clauses are data, never functions: the interpreter in `mux.classify`, the generated Lua and the compiled scan all read
the same rows. Offsets are octets from the start of the UDP payload; numbers on the wire are big-endian. Lengths are
those of the UDP header; octets that were not captured cannot satisfy a clause that looks at them, while a clause about
a *chain* or a *line* holds as far as the capture goes.

A new word is an edit here, in `mux.classify` and in `wireshark.plugin`; the differential tests cover it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from dissectors.wire.values import Struct

Strength = Literal["certain", "plausible"]

Role = Literal["signalling", "path", "media", "other"]
"""The role of a protocol in a call: it signals it, prepares its path or keys, is its media, or has no part in it.

A 5-tuple with any of the first three is a *media path*: there, datagrams that look like media need less evidence.
"""

NO_DISSECTOR = "data"
"""Wireshark's name for octets without a dissector."""


class AtLeast(Struct, frozen=True):
    """The datagram has at least `octets` octets."""

    octets: int


class AtMost(Struct, frozen=True):
    """The datagram has at most `octets` octets."""

    octets: int


class Bits(Struct, frozen=True):
    """The octet at `offset`, masked with `mask`, is `value`."""

    offset: int
    mask: int
    value: int


class Between(Struct, frozen=True):
    """The number of `size` octets (1 to 4) at `offset` lies in [low, high]."""

    offset: int
    size: int
    low: int
    high: int


class U16(Struct, frozen=True):
    """The 16-bit number at `offset` is `value`."""

    offset: int
    value: int


class U32(Struct, frozen=True):
    """The 32-bit number at `offset` is `value`."""

    offset: int
    value: int


class Only(Struct, frozen=True):
    """Every octet of the datagram is one of `octets`."""

    octets: bytes


class LengthField(Struct, frozen=True):
    """The 16-bit length at `offset`, times `unit`, plus `header`, ends at most `slack` octets before the datagram."""

    offset: int
    unit: int
    header: int
    slack: int


class Chain(Struct, frozen=True):
    """From octet `start` to the last one, whole elements follow one another; none at all is a chain too.

    An element's 16-bit length stands at `length_at` within it and counts `unit` octets each; with `header` added and
    rounded up to a multiple of `align` it gives the element's size. `checks`, each of one octet, hold for each element,
    their offsets counted from its beginning. Behind at least one element, up to `padding` octets of zero may end the
    datagram: whoever relays it may fill it up to a multiple of four.
    """

    start: int
    length_at: int
    unit: int
    header: int
    align: int
    checks: tuple[Bits | Between, ...]
    padding: int = 0


class RtpHeader(Struct, frozen=True):
    """The contributing sources and the header extension that an RTP header announces fit (RFC 3550 section 5.1)."""


class StartLine(Struct, frozen=True):
    """After any CR and LF, the first line is a request or a status line of `version` (RFC 3261 section 7).

    `TOKEN SP anything SP version`, or `version SP` and three digits; the version compares without case. A line that
    the capture cut short needs `TOKEN SP` and one of `schemes`, or the version and its digits.
    """

    version: bytes
    schemes: tuple[bytes, ...]


class Streamed(Struct, frozen=True):
    """No datagram: a message of WebSocket or HTTP, of which the content says what it is."""


Clause = AtLeast | AtMost | Bits | Between | U16 | U32 | Only | LengthField | Chain | RtpHeader | StartLine | Streamed


class Row(Struct, frozen=True):
    """One way to recognise a protocol: every clause holds. `reason` finishes the sentence «it is … because of»."""

    strength: Strength
    reason: str
    clauses: tuple[Clause, ...]
    encrypted: bool
    wireshark: str | None


class Incomplete(Struct, frozen=True):
    """A message on a stream that is not whole: it takes at least so many octets, counted from its beginning."""

    octets: int


class Beyond(Incomplete, frozen=True):
    """A message on a stream that is too large to be kept: `octets` of it are passed over, then all up to `until`.

    Behind `until`, which may be empty, stand `behind` octets that are of it, too.
    """

    until: bytes = b""
    behind: int = 0


class Spec(Struct, frozen=True):
    """One protocol of the table, and all that the other floors need to know of it.

    `name` in capital letters, `match` its rows in order, `parse` reads a datagram or raises `Malformed`.

    `role` says what it does for a call. `confirmed_by` names the protocols that confirm a plausible row when they stand
    on the same 5-tuple; by default the protocol itself, by a row that is certain. Those whose evidence needs more have
    rules of their own in `mux.evidence`.

    `frame` says how many octets a message takes on a stream, from those that begin it, or `Incomplete`, or that it is
    `Beyond` what is kept; it raises `Malformed` where none begins. None for what is on no stream by itself. `speaks`
    says whether a message of WebSocket is one of it, where no clause about octets can, given whether one came before on
    its connection.

    With `reported` every datagram is parsed for the report, and what is malformed is a finding.

    `wireshark` is the dissector that Wireshark's plugin hands it to; a row may name another one. `layers` are further
    names under which Wireshark shows it, so that `verify` knows its verdict. `opens` lets its certain rows open a
    conversation on any port, for the plugin's heuristic: only where they take nothing for a call that is none.

    `summarise` gives the summary of a message without making the message, None where there is none; it is for what a
    capture is full of.

    `short` is its name where a column is narrow, of up to four letters; `colour` a terminal's name for its colour.
    """

    name: str
    match: tuple[Row, ...]
    parse: Callable[[bytes], Any]
    role: Role = "other"
    confirmed_by: tuple[str, ...] = ()
    reported: bool = False
    wireshark: str = NO_DISSECTOR
    layers: tuple[str, ...] = ()
    opens: bool = False
    short: str = ""
    colour: str = ""
    frame: Callable[[bytes], int | Incomplete] | None = None
    speaks: Callable[[bytes, bool], bool] | None = None
    summarise: Callable[[bytes], str | None] | None = None

    @property
    def shown_as(self) -> frozenset[str]:
        """Wireshark's names for it, of dissectors and of layers; none where Wireshark has no dissector."""
        return frozenset(name for name in (self.wireshark, *self.layers) if name != NO_DISSECTOR)


def certain(reason: str, *clauses: Clause, wireshark: str | None = None) -> Row:
    """A row that needs nothing else: what it matches is its protocol."""
    return Row("certain", reason, clauses, False, wireshark)


def plausible(reason: str, *clauses: Clause, encrypted: bool = False, wireshark: str | None = None) -> Row:
    """A row that counts only once the flow or the SSRC confirms it."""
    return Row("plausible", reason, clauses, encrypted, wireshark)
