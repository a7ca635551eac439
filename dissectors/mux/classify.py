"""Octets to a row of the table: the plain interpreter of the clause words.

`match` never raises and knows nothing of other datagrams: what it finds plausible, `mux.evidence` confirms or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from dissectors.mux.table import PROTOCOLS, ROWS, UNKNOWN_ROW
from dissectors.wire.spec import (
    U16,
    U32,
    AtLeast,
    AtMost,
    Between,
    Bits,
    Chain,
    Clause,
    LengthField,
    Only,
    RtpHeader,
    StartLine,
    Streamed,
    Strength,
)
from dissectors.wire.values import Struct, replace

TOKEN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~"
"""The characters of a token (RFC 3261 section 25.1)."""


class Verdict(Struct, frozen=True):
    """What one datagram is by its own octets: the protocol, how strong that is, why, and the number of the row."""

    protocol: str
    strength: Strength | None
    reason: str
    row: int
    encrypted: bool = False


def classify(payload: bytes, length: int | None = None) -> Verdict:
    """The verdict on a UDP payload alone; `length` is the UDP header's when the capture cut the payload short.

    Never raises. What no row matches is `UNKNOWN`, without a strength.
    """
    row = match(payload, len(payload) if length is None else length)
    if row == UNKNOWN_ROW:
        return Verdict("UNKNOWN", None, "no row of the table matches", row)
    protocol, spec = ROWS[row]
    return Verdict(PROTOCOLS[protocol], spec.strength, spec.reason, row, spec.encrypted)


def looks_like(payload: bytes, length: int) -> str:
    """The protocol that octets look like by themselves; empty where no row matches."""
    row = match(payload, length)
    return "" if row == UNKNOWN_ROW else PROTOCOLS[ROWS[row][0]]


def match(payload: bytes, length: int) -> int:
    """The number of the first row whose every clause holds, or `UNKNOWN_ROW`."""
    for row, clauses in remaining(payload[0], payload[1]) if len(payload) > 1 else _EVERY_ROW:
        for clause in clauses:
            if not HOLDS[type(clause)](clause, payload, length):
                break
        else:
            return row
    return UNKNOWN_ROW


def matches(payload: bytes, length: int) -> list[int]:
    """The numbers of every row that matches, in the order of the table."""
    return [row for row, clauses in _EVERY_ROW if all(holds(clause, payload, length) for clause in clauses)]


def holds(clause: Clause, payload: bytes, length: int) -> bool:
    """Whether one clause holds for a payload whose UDP header claims `length` octets."""
    return HOLDS[type(clause)](clause, payload, length)


def number(octets: bytes, offset: int, size: int) -> int | None:
    """The big-endian number of `size` octets at `offset`, or None where it is not whole."""
    end = offset + size
    return int.from_bytes(octets[offset:end], "big") if end <= len(octets) else None


def _at_least(clause: AtLeast, payload: bytes, length: int) -> bool:
    return length >= clause.octets


def _at_most(clause: AtMost, payload: bytes, length: int) -> bool:
    return length <= clause.octets


def _bits(clause: Bits, payload: bytes, length: int) -> bool:
    return clause.offset < len(payload) and payload[clause.offset] & clause.mask == clause.value


def _between(clause: Between, payload: bytes, length: int) -> bool:
    value = number(payload, clause.offset, clause.size)
    return value is not None and clause.low <= value <= clause.high


def _u16(clause: U16, payload: bytes, length: int) -> bool:
    return number(payload, clause.offset, 2) == clause.value


def _u32(clause: U32, payload: bytes, length: int) -> bool:
    return number(payload, clause.offset, 4) == clause.value


def _only(clause: Only, payload: bytes, length: int) -> bool:
    return len(payload) == length and not payload.translate(None, clause.octets)


def _length_field(clause: LengthField, payload: bytes, length: int) -> bool:
    value = number(payload, clause.offset, 2)
    return value is not None and 0 <= length - (value * clause.unit + clause.header) <= clause.slack


def _chain(clause: Chain, payload: bytes, length: int) -> bool:
    start, length_at, unit, align = clause.start, clause.length_at, clause.unit, clause.align
    first, captured = start, len(payload)
    while start < length:
        if first < start and length - start <= clause.padding and not any(payload[start:]):
            return True
        for check in clause.checks:
            moved = replace(check, offset=check.offset + start)
            if moved.offset < captured and not HOLDS[type(check)](moved, payload, length):
                return False
        if start + length_at + 2 > captured:
            return captured < length
        value = payload[start + length_at] << 8 | payload[start + length_at + 1]
        start += -(-(value * unit + clause.header) // align) * align
    return start == length


def _rtp_header(clause: RtpHeader, payload: bytes, length: int) -> bool:
    if not payload:
        return False
    end = 12 + 4 * (payload[0] & 0x0F)
    if payload[0] & 0x10:
        words = number(payload, end + 2, 2)
        if words is None and end + 4 <= length:
            return True
        end += 4 + 4 * (words or 0)
    return end <= length


def _start_line(clause: StartLine, payload: bytes, length: int) -> bool:
    text = payload.lstrip(b"\r\n")
    line = text.split(b"\n", 1)[0].split(b"\r", 1)[0]
    version = clause.version
    if line[: len(version) + 1].upper() == version + b" ":
        code = line[len(version) + 1 :]
        return len(code) >= 3 and code[:3].isdigit() and code[3:4] in (b"", b" ")
    method, space, rest = line.rstrip(b" \t").partition(b" ")
    if not space or not method or method.translate(None, TOKEN):
        return False
    if len(line) == len(text) and len(payload) < length:
        return rest.lower().startswith(clause.schemes)
    return rest.upper().endswith(b" " + version)


HOLDS: dict[type, Callable[[Any, bytes, int], bool]] = {
    AtLeast: _at_least,
    AtMost: _at_most,
    Bits: _bits,
    Between: _between,
    U16: _u16,
    U32: _u32,
    Only: _only,
    LengthField: _length_field,
    Chain: _chain,
    RtpHeader: _rtp_header,
    StartLine: _start_line,
    Streamed: lambda clause, payload, length: False,
}


def _between_begins(clause: Between, octet: int) -> bool:
    shift = 8 * (clause.size - 1)
    return clause.low >> shift <= octet <= clause.high >> shift


_MAY_BEGIN: dict[type, Callable[[Any, int], bool]] = {
    Bits: lambda clause, octet: octet & clause.mask == clause.value,
    Between: _between_begins,
    Only: lambda clause, octet: octet in clause.octets,
    AtMost: lambda clause, octet: clause.octets > 0,
    Streamed: lambda clause, octet: False,
    StartLine: lambda clause, octet: octet in TOKEN or octet in b"\r\n",
    Chain: lambda clause, octet: all([_MAY_BEGIN[type(each)](each, octet) for each in _looking(clause.checks)]),
}
"""Whether a datagram that begins with an octet can still satisfy a clause that looks at it."""


def _looking(clauses: tuple[Clause, ...]) -> list[Clause]:
    """Those of some clauses that look at the first octet."""
    return [
        clause for clause in clauses
        if type(clause) in _MAY_BEGIN and not getattr(clause, "offset", 0) and not getattr(clause, "start", 0)
    ]


def _says_all_of(clause: Clause, pair: bytes) -> bool | None:
    """Whether the clause is settled by the first two octets alone, and how; None when it looks at more."""
    if isinstance(clause, Bits) and clause.offset < 2:
        return _bits(clause, pair, 2)
    if isinstance(clause, Between) and clause.offset + clause.size <= 2:
        return _between(clause, pair, 2)
    if isinstance(clause, Chain) and clause.start == 0 and any(_says_all_of(c, pair) is False for c in clause.checks):
        return False
    return None


_EVERY_ROW: tuple[tuple[int, tuple[Clause, ...]], ...] = tuple(
    (number_, row.clauses) for number_, (_, row) in enumerate(ROWS)
)


@cache
def _looking_of_rows() -> tuple[tuple[int, tuple[Clause, ...], list[Clause]], ...]:
    return tuple([(row, clauses, _looking(clauses)) for row, clauses in _EVERY_ROW])


@cache
def left_open(octet: int) -> tuple[tuple[int, tuple[Clause, ...]], ...]:
    """The rows that a first octet leaves open: the figure of RFC 7983 section 7, with SIP in it."""
    return tuple([
        (row, clauses) for row, clauses, looking in _looking_of_rows()
        if all([_MAY_BEGIN[type(clause)](clause, octet) for clause in looking])
    ])


def _looks_at_second(clause: Clause) -> bool:
    """Whether the second octet may settle the clause."""
    if isinstance(clause, Bits):
        return clause.offset == 1
    if isinstance(clause, Between):
        return clause.offset + clause.size == 2
    return isinstance(clause, Chain) and clause.start == 0 and any(_looks_at_second(each) for each in clause.checks)


@cache
def _asked_of_second(first: int) -> tuple[Clause, ...]:
    """The clauses of the rows that a first octet leaves open which the second octet may settle, each once."""
    return tuple(dict.fromkeys(
        clause for _, clauses in left_open(first) for clause in clauses if _looks_at_second(clause)
    ))


@cache
def _answered(first: int, said: tuple[bool | None, ...]) -> tuple[tuple[int, tuple[Clause, ...]], ...]:
    """The rows that a first octet leaves open where the clauses that look at the second one say this."""
    settled, alone, rows = dict(zip(_asked_of_second(first), said, strict=True)), bytes((first, 0)), []
    for row, clauses in left_open(first):
        known = [(clause, settled[clause] if clause in settled else _says_all_of(clause, alone)) for clause in clauses]
        if all(says is not False for _, says in known):
            rows.append((row, tuple(clause for clause, says in known if says is None)))
    return tuple(rows)


def remaining(first: int, second: int) -> tuple[tuple[int, tuple[Clause, ...]], ...]:
    """The rows that the first two octets leave open, each with the clauses that they do not settle."""
    pair = bytes((first, second))
    return _answered(first, tuple([_says_all_of(clause, pair) for clause in _asked_of_second(first)]))


def every_second(first: int) -> list[tuple[tuple[int, tuple[Clause, ...]], ...]]:
    """What `remaining` says of a first octet with each second one, for who meets many of them."""
    said = [_of_every_second(clause, first) for clause in _asked_of_second(first)]
    if not said:
        return [_answered(first, ())] * 256
    each = [*zip(*said, strict=True)]
    rows = {one: _answered(first, one) for one in {*each}}
    return [rows[one] for one in each]


def _of_every_second(clause: Clause, first: int) -> Sequence[bool | None]:
    """What `_says_all_of` says of a clause that looks at the second octet, for each of them."""
    if isinstance(clause, Bits):
        return [octet & clause.mask == clause.value for octet in range(256)]
    if isinstance(clause, Between):
        begin = first << 8 if clause.size == 2 else 0
        return [clause.low <= begin + octet <= clause.high for octet in range(256)]
    assert isinstance(clause, Chain)
    alone = bytes((first, 0))
    checks = [
        _of_every_second(each, first) if _looks_at_second(each) else [_says_all_of(each, alone)] * 256
        for each in clause.checks
    ]
    return [False if False in each else None for each in zip(*checks, strict=True)]
