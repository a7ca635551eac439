"""The header fields of a SIP message, kept line by line as they were written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dissectors.layers.sip_values import text_of_value
from dissectors.protocols.sip_headers import (
    COMPACT,
    LISTS,
    Address,
    Header,
    address,
    canonical,
    read,
    split,
    text_of,
    unfold,
)
from dissectors.protocols.sip_via import Via, via

_SHORT = {long: short for short, long in COMPACT.items()}
_LINE_END = re.compile(r"\r\n|\r|\n")
_FIELDS = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*\n)*")

Given = Mapping[str, Any] | Iterable[bytes | str | tuple[str, Any]] | str | bytes


def octets_of(text: Any) -> bytes:
    """Text as UTF-8, octets as they are; octets that were no UTF-8 when they were read come back too."""
    return text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogateescape")


def visible(value: Any) -> str:
    """A value for people: without quotes, and harmless whatever it holds."""
    return ascii(str(value))[1:-1]


class Headers:
    """Header fields in order, asked for by their long or compact name in any case.

    `headers["Call-ID"]` is the first value, unfolded; assigning it keeps the name as it was written and adds the
    field where there is none; `del` removes every field of that name; `all` gives every value, `items` the pairs.
    Made from pairs, a mapping, text of several lines, or raw lines with their ends, which are kept to the octet. A list
    as a value is a field for each of its elements, None is no field. `recovered` are fields that were compressed with
    the body: they can be read by name, but stand in no line. `assigned` are the names that were assigned since.
    """

    __slots__ = ("assigned", "lines", "recovered")

    def __init__(self, given: Given | Headers = (), recovered: tuple[Header, ...] = ()) -> None:
        self.recovered = recovered
        self.assigned: set[str] = set()
        if isinstance(given, Headers):
            self.lines: list[bytes] = list(given.lines)
            self.recovered = given.recovered
            self.assigned = set(given.assigned)
            return
        if isinstance(given, (str, bytes)):
            given = split_fields(_ended(given))
        each = given.items() if isinstance(given, Mapping) else given
        self.lines = [line for one in each for line in _lines(one)]

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        wanted = canonical(name).lower()
        self.assigned.add(wanted)
        found = [at for at, field in enumerate(self.fields()) if field is not None and field.name.lower() == wanted]
        if not found:
            self.add(name, value)
            return
        written = (_field(self.lines[found[0]]) or Header("", "", name)).written
        lines = _lines((written, value))
        if value is None or type(value) in (list, tuple):
            for at in reversed(found):
                del self.lines[at]
            self.lines[found[0] : found[0]] = lines
        else:
            self.lines[found[0]] = lines[0]

    def __delitem__(self, name: str) -> None:
        wanted = canonical(name).lower()
        kept = [
            line
            for line, field in zip(self.lines, self.fields(), strict=True)
            if field is None or field.name.lower() != wanted
        ]
        if len(kept) == len(self.lines):
            raise KeyError(name)
        self.lines = kept

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        """The long names in order, without those that come again."""
        return iter(dict.fromkeys(name for name, _ in self.items()))

    def __len__(self) -> int:
        return len(self.lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.lines == other.lines

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({self.command()})"

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of a header field, or `default`."""
        wanted = canonical(name).lower()
        return next((value for long, value in self.items() if long.lower() == wanted), default)

    def all(self, name: str) -> list[str]:
        """Every value of a header field in order; lists within one value are left as they are."""
        wanted = canonical(name).lower()
        return [value for long, value in self.items() if long.lower() == wanted]

    def address(self, name: str) -> Address | None:
        """The first value of From, To, Contact and their like with its parts: display name, URI, parameters, tag."""
        return next(iter(self.addresses(name)), None)

    def addresses(self, name: str) -> list[Address]:
        """Every value of that name with its parts, also those that stand in one field; each can be assigned."""
        return [address(value) for value in self._each(name)]

    @property
    def vias(self) -> list[Via]:
        """The hops of Via with their parts, the topmost first; each can be assigned. What is no hop is left out."""
        return [hop for value in self._each("Via") if (hop := via(value))]

    def _each(self, name: str) -> Iterator[str]:
        is_list = canonical(name) in LISTS
        for value in self.all(name):
            yield from split(value, ",") if is_list else (value,)

    def items(self) -> Iterator[tuple[str, str]]:
        """Long names and values in order; lines that are no header field are left out."""
        for field in (*self.fields(), *self.recovered):
            if field is not None:
                yield field.name, field.value

    def add(self, name: str, value: Any) -> None:
        """Add a header field at the end, even where there is one of that name."""
        self.lines += _lines((name, value))

    def insert(self, index: int, name: str, value: Any) -> None:
        """Put a header field before the line with that number, as `list.insert` does; 0 is the top."""
        self.lines[index:index] = _lines((name, value))

    def write(self, name: str, value: Any) -> None:
        """Set a header field whose name, where it is new, is compact if others are; it does not count as assigned."""
        compact = any(field is not None and len(field.written) == 1 for field in self.fields())
        assigned = set(self.assigned)
        self[_SHORT.get(name, name) if compact else name] = value
        self.assigned = assigned

    def copy(self) -> Headers:
        """Headers of their own."""
        return Headers(self)

    def command(self, json: bool = False) -> Any:
        """The list that makes these headers again, as Scapy's `command` writes it; as JSON the pairs alone."""
        if json:
            return [list(pair) for pair in self.items()]
        return repr([self._pair(line) for line in self.lines])

    def fields(self) -> Iterator[Header | None]:
        """The header field of each line; None for a line that is none."""
        return map(_field, self.lines)

    def _pair(self, line: bytes) -> bytes | tuple[str, str]:
        """A line as a pair, where that gives the same line again."""
        field = _field(line)
        pair = (field.written, field.value) if field else None
        return pair if pair is not None and _line(*pair) == line else line


def split_fields(block: bytes) -> list[bytes]:
    """The lines of a header block with their ends, continuations with the line that they continue."""
    return _FIELDS.findall(block)


def _line(name: str, value: Any) -> bytes:
    return octets_of(name) + b": " + octets_of(text_of_value(value)) + b"\r\n"


def _lines(given: bytes | str | tuple[str, Any]) -> list[bytes]:
    """The lines of one element: octets as they are, text with its end, a pair once for each value."""
    if isinstance(given, bytes):
        return [given]
    if isinstance(given, str):
        return [_ended(given)]
    name, value = given
    if value is None:
        return []
    return [_line(name, each) for each in (value if type(value) in (list, tuple) else (value,))]


def _ended(given: str | bytes) -> bytes:
    """Octets as they are, text with CR LF for line ends; the last line has one."""
    octets = given if isinstance(given, bytes) else octets_of(_LINE_END.sub("\r\n", given))
    return octets if octets.endswith(b"\n") or not octets else octets + b"\r\n"


def _field(line: bytes) -> Header | None:
    """The header field of a line and its continuations; None where it is none."""
    pieces = [piece.removesuffix(b"\r") for piece in line.removesuffix(b"\n").split(b"\n")]
    return next((found for joined in unfold(pieces) if (found := read(text_of(joined).lstrip(" \t")))), None)
