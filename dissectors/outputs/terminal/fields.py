"""Any value, field by field: `explain` shows decoded messages and octets in this form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dissectors.outputs.escape import visible
from dissectors.wire.values import Struct

MAX_ELEMENTS = 64
MAX_OCTETS = 64
MAX_DEPTH = 8
MAX_LINE_CELLS = 76

SOURCES = ("ssrc", "media_ssrc", "ssrcs", "sources")
"""Fields of synchronisation sources, which people write in hexadecimal."""


Hide = Callable[[bytes], bytes]
"""What is shown of octets."""


def listing(value: Any, indent: int = 0, hide: Hide = bytes) -> Iterator[str]:
    """The fields of a struct or tuple, one per line, inner fields indented; every line is escaped."""
    for name, inner in _members(value):
        yield from _field(name, inner, indent, hide)


def dump(octets: bytes, start: int = 0) -> Iterator[str]:
    """Octets as offsets, hexadecimal and ASCII, sixteen per line."""
    for at in range(0, len(octets), 16):
        row = octets[at : at + 16]
        text = "".join(chr(octet) if 32 <= octet < 127 else "." for octet in row)
        yield f"{start + at:04x}  {row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}  {text}"


def _field(name: str, value: Any, indent: int, hide: Hide) -> Iterator[str]:
    margin = " " * indent
    value = hide(value) if isinstance(value, bytes) else value
    if isinstance(value, bytes) and (lines := _text(value)):
        yield f"{margin}{name}: {len(value):,} bytes of text"
        yield from (f"{margin}  | {text}" for text in lines)
        return
    short = _short(_hexadecimal(value) if name in SOURCES else value, hide)
    if short is not None and (len(short) + indent + len(name) < MAX_LINE_CELLS or not _members(value)):
        yield f"{margin}{name}: {short}"
    elif indent >= 2 * MAX_DEPTH:
        yield f"{margin}{name}: …"
    else:
        yield f"{margin}{name}:{_title(value)}"
        yield from listing(value, indent + 2, hide)


def _hexadecimal(value: Any) -> Any:
    """The numbers of sources as people write them; anything else as it is."""
    if isinstance(value, tuple):
        return tuple([_hexadecimal(inner) for inner in value])
    return f"0x{value:08X}" if isinstance(value, int) else value


def _members(value: Any) -> list[tuple[str, Any]]:
    """The parts of a value with their names; a plain value has none."""
    if isinstance(value, Struct):
        return [(name, getattr(value, name)) for name in value.__struct_fields__]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=True))
    if isinstance(value, (tuple, list, dict)):
        pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        shown = [(visible(str(key)), inner) for key, inner in pairs[:MAX_ELEMENTS]]
        return [*shown, ("…", f"{len(pairs) - MAX_ELEMENTS} more")] if len(pairs) > MAX_ELEMENTS else shown
    return []


def _short(value: Any, hide: Hide = bytes) -> str | None:
    """A value on one line, or None if it has parts that need lines of their own."""
    if isinstance(value, bytes):
        value = hide(value)
        more = f" … {len(value):,} bytes" if len(value) > MAX_OCTETS else ""
        return (value[:MAX_OCTETS].hex(" ") or "no bytes") + more
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, str):
        return visible(value) or "“”"
    members = _members(value)
    if not members:
        return "none" if isinstance(value, (tuple, list, dict)) else visible(str(value))
    if isinstance(value, Struct):
        return None
    parts = [_short(inner, hide) for _, inner in members]
    return None if any(part is None for part in parts) else ", ".join(part for part in parts if part is not None)


def _text(octets: bytes) -> list[str]:
    """The lines of octets that hold several lines of text; none for other values."""
    try:
        text = octets.decode("utf-8").replace("\r\n", "\n").rstrip("\n")
    except UnicodeDecodeError:
        return []
    lines = text.split("\n")
    if len(lines) < 2 or not all(line.isprintable() for line in lines):
        return []
    more = [f"… {len(lines) - MAX_ELEMENTS} more lines"] if len(lines) > MAX_ELEMENTS else []
    return [*lines[:MAX_ELEMENTS], *more]


def _title(value: Any) -> str:
    return f" {type(value).__name__}" if isinstance(value, Struct) else ""
