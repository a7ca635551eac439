"""Why a payload is what it is: every row of the table tried aloud, clause by clause, with the octets it looked at.

The verdict stays `mux.classify`'s; this only watches. A clause word has one line in `TOLD`, and whether the clause
holds is asked of the classifier itself, so that the explanation cannot disagree with the scan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dissectors.mux.classify import holds, number
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS, ROWS, TABLE, UNKNOWN_ROW
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import (
    U16,
    U32,
    AtLeast,
    AtMost,
    Between,
    Bits,
    Chain,
    LengthField,
    Only,
    RtpHeader,
    StartLine,
    Streamed,
    Strength,
)
from dissectors.wire.values import Struct, replace

MOST_ELEMENTS = 64
SHOWN = 40
FORCED = "forced by the user"
"""The evidence of a datagram whose port the user insists on."""


class Step(Struct, frozen=True):
    """One clause asked: `wanted` says what it requires, `found` what was there, `octets` where it looked.

    `octets` is (offset, octets) as far as they were captured; a clause about the length alone looked at none.
    """

    wanted: str
    found: str
    octets: tuple[int, bytes]
    holds: bool


class Trial(Struct, frozen=True):
    """One row tried: its clauses in order up to and including the first that does not hold."""

    number: int
    protocol: str
    strength: Strength
    reason: str
    steps: tuple[Step, ...]
    clauses: int

    @property
    def matched(self) -> bool:
        """Whether every clause holds."""
        return all(step.holds for step in self.steps)


class Explanation(Struct, frozen=True):
    """Every row in the order of the table, and the two that matter.

    `winner` is the first row that matches, None when there is none. `runner_up` is what the payload would be without
    it: the next matching row of another protocol, else the row of another protocol that came closest to matching.
    """

    trials: tuple[Trial, ...]
    winner: Trial | None
    runner_up: Trial | None


def explain(payload: bytes, length: int | None = None, streamed: int | None = None) -> Explanation:
    """Try every row on a payload; `length` is the UDP header's when the capture cut the payload. Never raises.

    `streamed` is the row of a message of WebSocket or HTTP, which is what its content said it is.
    """
    claimed = len(payload) if length is None else length
    trials = tuple(_trial(row, payload, claimed, row == streamed) for row in range(UNKNOWN_ROW))
    matched = [trial for trial in trials if trial.matched]
    winner = next((trial for trial in matched if trial.number == streamed), matched[0] if matched else None)
    name = winner.protocol if winner else None
    others = [trial for trial in matched if trial.protocol != name]
    near = [trial for trial in trials if trial.protocol != name and _came_near(trial)]
    runner_up = others[0] if others else max(near, key=_nearness, default=None)
    return Explanation(trials, winner, runner_up)


def reason(row: Row) -> str:
    """Why the verdict is what it is: the row of the table, and what confirmed it or did not."""
    return why(row.row, row.evidence)


def why(row: int, evidence: str) -> str:
    """The same of the number of a row, and the evidence."""
    if row == UNKNOWN_ROW or evidence == FORCED:
        return evidence or "no row of the table matches"
    matched = ROWS[row][1].reason
    return f"{matched}; {evidence}" if evidence else matched


def read(protocol: str, payload: bytes) -> Any:
    """The message that `protocol` reads in `payload`, the `Malformed` that says why not, or None for no protocol."""
    if protocol not in PROTOCOLS[: len(TABLE)]:
        return None
    try:
        return TABLE[PROTOCOLS.index(protocol)].parse(payload)
    except Malformed as malformed:
        return malformed


def _trial(row: int, payload: bytes, length: int, streamed: bool) -> Trial:
    protocol, spec = ROWS[row]
    steps: list[Step] = []
    for clause in spec.clauses:
        wanted, found, octets = TOLD[type(clause)](clause, payload, length)
        steps.append(Step(wanted, found, octets, streamed or holds(clause, payload, length)))
        if not steps[-1].holds:
            break
    return Trial(row, PROTOCOLS[protocol], spec.strength, spec.reason, tuple(steps), len(spec.clauses))


def _came_near(trial: Trial) -> bool:
    """Whether a clause about the octets held, and not only one about the length."""
    return any(step.holds and step.octets[1] for step in trial.steps)


def _nearness(trial: Trial) -> tuple[float, int]:
    held = sum(step.holds for step in trial.steps)
    return held / trial.clauses, -trial.number


# Each clause word in words: what it wants, what it found, and the octets it looked at.

Told = tuple[str, str, tuple[int, bytes]]
NOTHING: tuple[int, bytes] = (0, b"")


def _at_least(clause: AtLeast, payload: bytes, length: int) -> Told:
    return f"at least {clause.octets} bytes", f"{length} bytes", NOTHING


def _at_most(clause: AtMost, payload: bytes, length: int) -> Told:
    wanted = f"at most {clause.octets} bytes" if clause.octets else "no bytes at all"
    return wanted, f"{length} bytes", NOTHING


def _bits(clause: Bits, payload: bytes, length: int) -> Told:
    offset, mask, value = clause.offset, clause.mask, clause.value
    octet = number(payload, offset, 1)
    looked = (offset, payload[offset : offset + 1])
    if mask == 0xFF:
        return f"byte {offset} is 0x{value:02x}", _hex(octet, 1), looked
    bits = "".join(str(value >> bit & 1) if mask >> bit & 1 else "·" for bit in range(7, -1, -1))
    found = _absent() if octet is None else f"0x{octet:02x} = {octet:08b}"
    return f"byte {offset} has the bits {bits}", found, looked


def _between(clause: Between, payload: bytes, length: int) -> Told:
    offset, size, low, high = clause.offset, clause.size, clause.low, clause.high
    where = f"byte {offset}" if size == 1 else f"bytes {offset} to {offset + size - 1}"
    verb = "is" if size == 1 else "are"
    wanted = f"{where} {verb} {low}" if low == high else f"{where} {verb} {low} to {high}"
    value = number(payload, offset, size)
    return wanted, _absent() if value is None else str(value), (offset, payload[offset : offset + size])


def _u16(clause: U16, payload: bytes, length: int) -> Told:
    return _number(clause.offset, 2, clause.value, payload)


def _u32(clause: U32, payload: bytes, length: int) -> Told:
    return _number(clause.offset, 4, clause.value, payload)


def _number(offset: int, size: int, value: int, payload: bytes) -> Told:
    wanted = f"bytes {offset} to {offset + size - 1} are 0x{value:0{2 * size}x}"
    return wanted, _hex(number(payload, offset, size), size), (offset, payload[offset : offset + size])


def _only(clause: Only, payload: bytes, length: int) -> Told:
    foreign = payload.translate(None, clause.octets)
    at = payload.index(foreign[:1]) if foreign else 0
    found = f"0x{payload[at]:02x} at byte {at}" if foreign else f"{len(payload)} such bytes"
    if len(payload) < length:
        found += f", and {length - len(payload)} bytes that were not captured"
    return f"nothing but {_named(clause.octets)}", found, (at, payload[at : at + 8])


def _length_field(clause: LengthField, payload: bytes, length: int) -> Told:
    offset, unit, header, slack = clause.offset, clause.unit, clause.header, clause.slack
    more = f", or up to {slack} bytes before it" if 0 < slack < 0xFFFF else "" if slack == 0 else ", or before it"
    wanted = f"the length at byte {offset} ends where the datagram does{more}"
    value = number(payload, offset, 2)
    found = _absent()
    if value is not None:
        found = f"{value} × {unit} + {header} = {value * unit + header} of {length} bytes"
    return wanted, found, (offset, payload[offset : offset + 2])


def _chain(clause: Chain, payload: bytes, length: int) -> Told:
    """How far the elements go, and what breaks the chain if something does."""
    wanted = f"whole elements from byte {clause.start} to the last one"
    if clause.padding:
        wanted += f", or to {clause.padding} bytes of zero at most"
    at, elements = clause.start, 0
    while at < length and elements < MOST_ELEMENTS and not (elements and _pads(clause, payload[at:], length - at)):
        size, broken = _element(clause, at, payload, length)
        if broken:
            looked = (at, payload[at : at + max(8, clause.length_at + 2)])
            return wanted, f"element {elements + 1}, at byte {at}: {broken}", looked
        elements, at = elements + 1, at + size
    more = at < length and elements == MOST_ELEMENTS
    found = f"more than {elements} elements" if more else f"{elements} whole elements"
    if at < length and not more:
        found += f" and {length - at} bytes of zero"
    return wanted, found, (clause.start, payload[clause.start : clause.start + max(8, clause.length_at + 2)])


def _pads(clause: Chain, left: bytes, size: int) -> bool:
    """Whether what is left is no element but padding."""
    return size <= clause.padding and not any(left)


def _element(clause: Chain, at: int, payload: bytes, length: int) -> tuple[int, str]:
    """The size of the element at an octet, and what is wrong with it, if anything."""
    value = number(payload, at + clause.length_at, 2)
    if value is None:
        return 0, "the capture ends within it" if len(payload) < length else "no room for its length"
    for check in clause.checks:
        moved = replace(check, offset=check.offset + at)
        if not holds(moved, payload, length):
            wanted, found, _ = TOLD[type(moved)](moved, payload, length)
            return 0, f"{found}, but {wanted}"
    size = -(-(value * clause.unit + clause.header) // clause.align) * clause.align
    if at + size > length:
        return size, f"it claims {size} bytes, {length - at} are left"
    return size, "" if size > 0 else "it has no size"


def _rtp_header(clause: RtpHeader, payload: bytes, length: int) -> Told:
    wanted = "contributing sources and header extension fit"
    if not payload:
        return wanted, _absent(), NOTHING
    sources, end = payload[0] & 0x0F, 12 + 4 * (payload[0] & 0x0F)
    found = f"{sources} contributing sources"
    if payload[0] & 0x10:
        words = number(payload, end + 2, 2)
        found += ", an extension" if words is None else f", an extension of {words} words"
        end += 4 + 4 * (words or 0)
    return wanted, f"{found}: {end} of {length} bytes", (0, payload[:1])


def _start_line(clause: StartLine, payload: bytes, length: int) -> Told:
    version = clause.version.decode("ascii")
    line = payload.lstrip(b"\r\n")[:256].split(b"\n", 1)[0].rstrip(b"\r")
    shown = line[:SHOWN].decode("latin-1") + ("…" if len(line) > SHOWN else "")
    return f"a first line “METHOD … {version}” or “{version} ddd”", f"“{shown}”", (0, payload[:SHOWN])


def _streamed(clause: Streamed, payload: bytes, length: int) -> Told:
    return "a message of WebSocket or HTTP that says so", "its content decides", NOTHING


def _named(octets: bytes) -> str:
    names = {13: "CR", 10: "LF", 0: "NUL", 32: "space"}
    return " and ".join(names.get(octet, f"0x{octet:02x}") for octet in octets)


def _hex(value: int | None, size: int) -> str:
    return _absent() if value is None else f"0x{value:0{2 * size}x}"


def _absent() -> str:
    return "not there"


TOLD: dict[type, Callable[[Any, bytes, int], Told]] = {
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
    Streamed: _streamed,
}
