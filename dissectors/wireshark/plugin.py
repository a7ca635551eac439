"""The one table as a Wireshark plugin: a single Lua file, made of the parts in `lua/` and of what is known here.

The parts are Lua as a person would write it; only constants are generated: the table's rows, what each first octet
leaves open, the names of headers, what FaceTime's payload types are, and the defaults of the preferences.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

from dissectors.mux.classify import left_open
from dissectors.mux.table import PROTOCOLS, ROWS, TABLE, UNKNOWN
from dissectors.protocols.payload_types import FACETIME, Hint
from dissectors.protocols.sip_headers import COMPACT, NAMES
from dissectors.version import __version__
from dissectors.wire.inflate import LIMITS
from dissectors.wire.spec import Row
from dissectors.wire.values import Struct, astuple

IN_WIRESHARK = ("names", "datagram", "messages", "follow", "ports", "interface")
"""The hand-written parts that come first, after `head` and the settings: what people look for."""

ANYWHERE = (("classify",), ("inflate", "bodies", "sip", "parts"))
"""Parts that need no Wireshark, each group a block of its own: Lua takes 200 local names in one."""

DESCRIBED = "Calls on one UDP port"
"""How the plugin describes its protocol to Wireshark, whatever its name."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_RANGE = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?")


class Defaults(Struct, frozen=True):
    """The defaults of the plugin's preferences, and the name of its protocol, fields and preferences.

    `ports` and `signalling_ports` are Wireshark's ranges, such as `16402,16384-16387`, or empty. Raises ValueError, in
    words for people, where a value is none that Wireshark would take.
    """

    ports: str = "16402"
    signalling_ports: str = "5060"
    heuristic: bool = False
    max_inflated: int = 65535
    name: str = "mux"

    def __post_init__(self) -> None:
        for text in (self.ports, self.signalling_ports):
            ports_of(text)
        taken = {row.wireshark or TABLE[protocol].wireshark for protocol, row in ROWS} | {"udp", "sdp", "frame"}
        if not _NAME.fullmatch(self.name) or self.name in taken:
            raise ValueError(f"{self.name!r} cannot name the plugin: lower-case letters, digits and _, and no protocol")
        if not 0 < self.max_inflated < 1 << 31:
            raise ValueError(f"a body cannot be bounded by {self.max_inflated} bytes")


def ports_of(text: str) -> frozenset[int]:
    """The ports of a range such as `16402,16384-16387`; raises ValueError where it is none."""
    ports: set[int] = set()
    for piece in text.split(",") if text else ():
        first, _, last = piece.partition("-")
        if not _RANGE.fullmatch(piece) or not 0 < int(first) <= int(last or first) < 65536:
            raise ValueError(f"{text!r} is no range of UDP ports such as 16402,16384-16387")
        ports.update(range(int(first), int(last or first) + 1))
    return frozenset(ports)


def render(defaults: Defaults | None = None) -> str:
    """The plugin's whole text, the same for the same defaults."""
    folder = resources.files(__package__) / "lua"

    def part(name: str) -> str:
        return (folder / f"{name}.lua").read_text(encoding="utf-8")

    settings, tables = ("\n".join(lines) + "\n" for lines in (_settings(defaults or Defaults()), _tables()))
    blocks = "".join(f"do\n\n{''.join(map(part, names))}end\n\n" for names in ANYWHERE)
    return part("head") + settings + "".join(map(part, IN_WIRESHARK)) + blocks + tables + part("begin")


def _settings(defaults: Defaults) -> Iterator[str]:
    yield f"local NAME, FILE, VERSION = {_lua(defaults.name)}, {_lua(defaults.name + '.lua')}, {_lua(__version__)}"
    yield f'local DESCRIPTION = {_lua(DESCRIBED)} .. " (" .. NAME .. ")"'
    yield ""
    yield "-- The defaults of the preferences."
    yield f"local PORTS, SIGNALLING_PORTS = {_lua(defaults.ports)}, {_lua(defaults.signalling_ports)}"
    yield f"local HEURISTIC, MAX_INFLATED = {_lua(defaults.heuristic)}, {defaults.max_inflated}"
    yield ""
    yield f"-- What is longer than a datagram may inflate to {LIMITS.ratio} times its size and no further."
    yield f"local MAX_RATIO = {LIMITS.ratio}"


def _tables() -> Iterator[str]:
    yield f"-- The tables {'-' * 105}"
    yield ""
    yield "-- The first row whose every clause holds says what a datagram is."
    yield "ROWS = {"
    for number, (protocol, row) in enumerate(ROWS):
        yield from () if TABLE[protocol].speaks else _row(number, protocol, row)
    yield "}"
    yield "UNKNOWN = {"
    yield '  type = 0, name = "UNKNOWN", strength = "none", reason = "no row of the table matches", declined = true,'
    yield "}"
    yield ""
    yield "TYPES = {"
    yield f"  [0] = {_lua(PROTOCOLS[UNKNOWN].lower())},"
    yield from _wrapped(f"{_lua(spec.name.lower())}," for spec in TABLE if not spec.speaks)
    yield "}"
    yield ""
    yield "-- Which rows each first byte leaves open (RFC 7983 section 7, with SIP in it): first, last, rows in order."
    yield "OPEN = {"
    for first, last, rows, names in _figure():
        yield f"  -- {names}"
        yield f"  {{ {first}, {last}, {{ {', '.join(str(row + 1) for row in rows)} }} }},"
    yield "}"
    yield ""
    yield "-- Header fields of SIP: compact names, and every registered name."
    yield "COMPACT = {"
    yield from _wrapped(f"{short} = {_lua(name.lower())}," for short, name in COMPACT.items())
    yield "}"
    yield "HEADER_NAMES = {"
    yield from _wrapped(f"[{_lua(name)}] = true," for name in sorted(NAMES))
    yield "}"
    yield ""
    yield "-- What FaceTime's payload types without rtpmap probably are."
    yield "HINTS = {"
    for payload_type, hint in FACETIME.items():
        yield f"  -- {hint.certainty} certainty: {hint.source}"
        rtpmap = f", rtpmap = {_lua(_rtpmap(hint))}" if hint.clock else ""
        yield f"  [{payload_type}] = {{ codec = {_lua(_codec(hint))}{rtpmap} }},"
    yield "}"


def _row(number: int, protocol: int, row: Row) -> Iterator[str]:
    """One row as a Lua table, a clause a line."""
    spec = TABLE[protocol]
    certain = row.strength == "certain"
    marks = {
        "opens": spec.opens and certain,
        # A short header has one bit that tells it from anything: Wireshark may know better what it is.
        "declined": spec.role == "other" and not certain,
        # One octet says what it is, and the rest is encrypted: nothing else tells it from text.
        "unread": spec.role == "path" and row.encrypted and not certain,
        "carried": spec.role == "media" or spec.role == "path" and certain,
    }
    yield f"  {{ -- {number + 1}"
    yield f"    type = {protocol + 1}, name = {_lua(spec.name)}, strength = {_lua(row.strength)},"
    yield f"    reason = {_lua(row.reason)},"
    shown = "".join(f", {name} = true" for name, holds in marks.items() if holds)
    others = f", otherwise = {_lua(spec.wireshark)}" if row.wireshark else ""
    yield f"    wireshark = {_lua(row.wireshark or spec.wireshark)}{others}{shown},"
    for clause in row.clauses:
        yield f"    {_lua(clause)},"
    yield "  },"


def _lua(value: object) -> str:
    """A value as Lua writes it; a clause is its word and what follows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"0x{value:X}" if value > 0xFFFF else str(value)
    if isinstance(value, str):
        return _quoted(value.encode())
    if isinstance(value, bytes):
        return _quoted(value)
    if isinstance(value, Struct):
        return "{ " + ", ".join(map(_lua, (type(value).__name__, *astuple(value)))) + " }"
    if isinstance(value, tuple):
        return "{ " + ", ".join(map(_lua, value)) + " }" if value else "{}"
    raise TypeError(f"no Lua for {type(value).__name__}")


_ESCAPES = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r"}


def _quoted(octets: bytes) -> str:
    """Octets as a Lua string; what is not printable in decimal escapes, UTF-8 as it is."""
    text = octets.decode("utf-8", "surrogateescape")
    return '"' + "".join(_ESCAPES.get(ord(c), c if c.isprintable() else f"\\{ord(c) & 0xFF:03}") for c in text) + '"'


def _wrapped(items: Iterator[str], width: int = 118) -> Iterator[str]:
    line = " "
    for item in items:
        if len(line) + 1 + len(item) > width:
            yield line
            line = " "
        line += " " + item
    yield line


def _figure() -> Iterator[tuple[int, int, tuple[int, ...], str]]:
    """Ranges of first octets with the rows that they leave open, and the names of those rows' protocols."""
    open_rows = [tuple(row for row, _ in rows) for rows in map(left_open, range(256))]
    first = 0
    for octet in range(1, 257):
        if octet == 256 or open_rows[octet] != open_rows[first]:
            names = dict.fromkeys(PROTOCOLS[ROWS[row][0]] for row in open_rows[first])
            yield first, octet - 1, open_rows[first], " ".join(names) or "nothing"
            first = octet


def _codec(hint: Hint) -> str:
    rate = f", {hint.clock} Hz" if hint.clock else ""
    return f"{hint.codec or 'unknown codec'}{rate} ({hint.certainty} certainty)"


def _rtpmap(hint: Hint) -> str:
    """What an `a=rtpmap` would say of it: the codec's first word, for an encoding name has no spaces."""
    return f"{(hint.codec or 'unknown').split()[0]}/{hint.clock}"
