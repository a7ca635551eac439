"""JSON from the wire (RFC 8259), as much of it and as deep as may be read."""

from __future__ import annotations

import re
from typing import Any

from dissectors.wire.errors import Malformed
from dissectors.wire.patterns import pattern

MAX_OCTETS, MAX_DEPTH = 1 << 20, 64
"""Octets of a text, and how deep its arrays and objects may nest."""

_BRACKETS = pattern(rb'"(?:[^"\\]|\\.)*"?|[][{}]', re.DOTALL)


def parse(octets: bytes) -> Any:
    """The value; raises Malformed where the octets are no JSON, too many, or nest too deep."""
    if len(octets) > MAX_OCTETS:
        raise Malformed("JSON", MAX_OCTETS, f"{len(octets)} bytes, {MAX_OCTETS} are read")
    depth = 0
    for found in _BRACKETS().finditer(octets):
        bracket = found[0]
        depth += 1 if bracket in (b"{", b"[") else -1 if bracket in (b"}", b"]") else 0
        if depth > MAX_DEPTH:
            raise Malformed("JSON", found.start(), f"nests deeper than {MAX_DEPTH}")
    import json

    try:
        return json.loads(octets)
    except ValueError as wrong:
        raise Malformed("JSON", getattr(wrong, "pos", 0), "no JSON") from None


def text(value: Any, name: str) -> str | None:
    """A member of an object that is a text, or a number written out; None where it is neither, or there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)
    return characters(found) if isinstance(found, str) else None


def characters(text: str) -> str:
    """A text without half surrogate pairs, which are no characters, so that nobody can write them down."""
    return text.encode("utf-8", "replace").decode()


def number(value: Any, name: str) -> int | None:
    """A member of an object that is a whole number."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def member(value: Any, name: str) -> Any:
    """A member of an object; None where there is none."""
    return value.get(name) if isinstance(value, dict) else None
