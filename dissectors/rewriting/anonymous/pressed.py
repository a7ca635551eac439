"""Keys that were pressed, with other digits: in telephone events and in bodies of INFO.

A digit becomes the same other one everywhere, so that what was told twice still is.
"""

from __future__ import annotations

import re

from dissectors.rewriting.anonymous import texts
from dissectors.rewriting.anonymous.texts import Names

DIGITS = "0123456789"
LINE = re.compile(r"(?is)([ \t]*(?:signal|d)[ \t]*=[ \t]*(?:digits[ \t]*=[ \t]*)?)(\S.*)")
DURATION = re.compile(r"(?i)[ \t]*duration[ \t]*=[ \t]*[0-9]{1,6}\s*")
DIALLED = re.compile(r"[0-9*#a-dw, ]+(?:@[0-9]{1,6})?")
OTHER_KEYS = frozenset((*map(str, range(10, 17)), "flash", "hf", "!"))
"""Lines that tell keys, how long they are, and what stands for keys that are no digits."""


def event(octets: bytes, names: Names) -> bytes:
    """A telephone event of RFC 4733; keys that are no digits say nothing of anybody."""
    digit = octets[0]
    return bytes((int(names.pseudonyms.word(DIGITS[digit])) if digit < len(DIGITS) else digit,)) + octets[1:]


def body(text: str, names: Names) -> str:
    """The body of an INFO that tells keys."""
    lines = text.splitlines(keepends=True)
    if not any(LINE.match(line) for line in lines):
        return keys(text, names)
    return "".join(
        found[1] + keys(found[2], names) if (found := LINE.match(line)) else
        line if DURATION.fullmatch(line) else texts.opaque(line, names) for line in lines
    )


def keys(text: str, names: Names) -> str:
    """Keys, or any other text where it is none."""
    word = text.strip().lower()
    if word in OTHER_KEYS:
        return text
    if not DIALLED.fullmatch(word):
        return texts.opaque(text, names)
    told, at, duration = text.partition("@")
    return "".join(names.pseudonyms.word(each) if each in DIGITS else each for each in told) + at + duration
