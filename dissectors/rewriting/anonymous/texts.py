"""SIP under other names: words become others, what the protocol means stays.

A value that may hold a name changes word by word, unless the word is the protocol's own at that place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from dissectors.protocols.sip_headers import NAMES as HEADERS
from dissectors.rewriting.anonymous.pseudonyms import WORD, Pseudonyms
from dissectors.rewriting.anonymous.words import FEATURES, KEPT, PARAMETERS, PLAIN_VALUES, VALUES

VOCABULARY = frozenset(
    """
    accept accept-encoding accept-language allow allow-events answer-mode content-disposition
    content-encoding content-type cseq content-length event expires info-package max-breadth max-forwards mime-version
    min-expires min-se p-early-media priority privacy proxy-require rack recv-info refer-sub
    request-disposition require retry-after rseq session-expires subscription-state supported timestamp unsupported
    headers-encoding headers-algo reason resource-priority accept-resource-priority content-transfer-encoding
    """.split()
)
"""Headers whose values are words of the protocol and numbers."""

OPAQUE = frozenset("call-id in-reply-to x-cid comp-hdrs sip-etag sip-if-match".split())
"""Headers whose values are identifiers through and through."""

IDENTIFIED = frozenset(("replaces", "join", "target-dialog", "identity"))
"""Headers that begin with an identifier: a Call-ID, or what is signed."""

KINDS = frozenset(("p-access-network-info", "security-client", "security-server", "security-verify"))
"""Headers that begin with a word of the protocol, and have parameters that may name somebody."""

PORTS = frozenset(("rport", "port-c", "port-s", "portc", "ports"))

AGENTS = frozenset(("user-agent", "server"))

MAX_KEPT_DIGITS, MAX_NESTED = 10, 3
"""Digits of a number of the protocol, and texts within texts."""

V4 = r"(?<![0-9A-Za-z.])\d{1,3}(?:\.\d{1,3}){3}(?![0-9A-Za-z.])"
"""An address of IPv4 that is no part of a longer word."""

PART = re.compile(
    r"(?P<cookie>z9hG4bK)"
    r"|(?P<via>SIP\s*/\s*2\.0\s*/\s*[A-Za-z-]+)"
    r"|(?P<version>SIP/2\.0)"
    r"|(?P<way>\b(?:Digest|Basic|Bearer)(?=\s))"
    r"|(?P<service>\burn:(?:urn-7:3gpp-(?:service|application)\.ims\.[a-z]+|service:[a-z]+)(?:\.[\w-]{1,40})*)"
    r"|(?P<scheme>\b(?:sips?|tel|urn|https?|mailto|cid|data|wss?|im|pres|uuid|msrps?|xmpp|file|ftp):)"
    r"|(?P<v6>\[[0-9A-Fa-f:.]+\]|(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|\d+\.\d+\.\d+\.\d+)?)"
    rf"|(?P<v4>{V4})"
    r"|(?P<parameter>(?:(?<=[;?&,\s])|^)(?P<name>[A-Za-z0-9.+_-]+)=)"
    r"|(?P<flag>(?:(?<=;)|(?<=; ))(?P<what>[A-Za-z0-9.+_-]+)(?=[;>,\s]|$))"
    r"|(?P<port>(?<=[\w\]]):\d{1,5}(?=[;>,\s?/]|$))"
    r"|(?P<number>\+\d+)"
    rf"|(?P<word>{WORD.pattern})"
)
ESCAPED_PART = re.compile(
    r"(?P<escaped>(?<![\w.~!*'()+-])[\w.~!*'()+-]*(?:%[0-9A-Fa-f]{2}[\w.~!*'()+-]*)+)|" + PART.pattern
)
"""The same where octets are escaped (RFC 3986 section 2.1)."""

ESCAPE = re.compile(r"((?:%[0-9A-Fa-f]{2})+)")
UNESCAPED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()+")
HEADER_VALUE = re.compile(r"[^&>\s;,\"]*")
WARNED, DATE = re.compile(r"((?:\A|,)\s*[1-9][0-9]{2}(?= ))"), re.compile(
    r"\s*(?:[A-Z][a-z]{2}, )?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} (?:GMT|UTC|[+-][0-9]{4})\s*"
)
PLAIN_VALUE = re.compile(r'"[A-Za-z0-9., _-]*"|[A-Za-z0-9._-]*')
LOOSE = re.compile(
    rf"(?P<v4>{V4}"
    r"|(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![0-9A-Za-z:.]))"
    rf"|(?P<word>{WORD.pattern})"
)
STATUS = re.compile(r"(SIP/2\.0\s+\d{3})(.*)", re.DOTALL)
REQUEST = re.compile(r"([A-Za-z0-9.!%*_+`'~-]+\s+)(.*)", re.DOTALL)


class Names(NamedTuple):
    """What texts need: the pseudonyms, what becomes of fingerprints, and whether agents change, too."""

    pseudonyms: Pseudonyms
    digest: Callable[[bytes], bytes]
    agents: bool
    learn: Callable[[str, str], object]


def strict(text: str, names: Names, depth: int = 0) -> str:
    """A text in which every word may be a name, but for what its place says is the protocol's.

    `depth` says within how many others it is, escaped or as a header of an address.
    """
    if depth > MAX_NESTED:
        return opaque(text, names)
    found: list[str] = []
    at = 0
    search = (ESCAPED_PART if "%" in text else PART).search
    while (match := search(text, at)) is not None:
        found.append(text[at : match.start()])
        at = match.end()
        kind = match.lastgroup or ""
        kind = "parameter" if match["parameter"] else "flag" if match["flag"] else kind
        found.append(_part(kind, match, names, depth))
        if kind == "parameter" and text[match.start() - 1 : match.start()] in "?&" and match["name"].lower() in HEADERS:
            held = HEADER_VALUE.match(text, at)
            if held is not None:
                found.append(escaped(held[0], partial(header, match["name"], names=names, depth=depth + 1)))
                at = held.end()
        elif kind == "parameter" and match["name"].lower() in PLAIN_VALUES:
            value = PLAIN_VALUE.match(text, at)
            if value is not None and all(_is_plain(word) for word in WORD.findall(value[0])):
                is_port = match["name"].lower() in PORTS
                found.append(names.pseudonyms.written_port(value[0]) if is_port else value[0])
                at = value.end()
    return "".join((*found, text[at:]))


def _is_plain(word: str) -> bool:
    """Whether a word is a number that is not too long, or the protocol's."""
    return word.isdigit() and len(word) <= MAX_KEPT_DIGITS or word.lower() in KEPT or word.lower() in VALUES


def _part(kind: str, match: re.Match[str], names: Names, depth: int) -> str:
    pseudonyms, whole = names.pseudonyms, match[0]
    if kind == "escaped":
        return escaped(whole, lambda value: strict(value, names, depth + 1))
    if kind == "port":
        return ":" + pseudonyms.written_port(whole[1:])
    if kind in ("cookie", "via", "version", "way", "service", "scheme"):
        return whole
    if kind == "v4":
        return pseudonyms.written_address(whole)
    if kind == "v6":
        bare = whole.strip("[]")
        written = pseudonyms.written_address(bare)
        return f"[{written}]" if whole.startswith("[") else written
    if kind in ("parameter", "flag"):
        name = match["name"] if kind == "parameter" else match["what"]
        lower = name.lower()
        is_known = lower in PARAMETERS or lower in HEADERS or lower.startswith(FEATURES)
        kept = name if is_known else pseudonyms.text(name)
        return f"{kept}=" if kind == "parameter" else kept
    if kind == "number":
        return "+" + pseudonyms.number(whole[1:])
    return pseudonyms.word(whole)


def escaped(text: str, change: Callable[[str], str]) -> str:
    """A text with escaped octets changed: those of the new one are escaped as they were, or where none was bare."""
    if "%" not in text:
        return change(text)
    plain: list[str] = []
    is_escaped: list[bool] = []
    bare = set(UNESCAPED)
    for place, piece in enumerate(ESCAPE.split(text)):
        octets = bytes.fromhex(piece.replace("%", "")) if place % 2 else piece.encode("utf-8", "surrogateescape")
        told = octets.decode("utf-8", "surrogateescape")
        plain.append(told)
        is_escaped += [bool(place % 2)] * len(told)
        if not place % 2:
            bare.update(told)
    new = change("".join(plain))
    is_wide = not "".join(bare).isascii()
    if len(new) != len(is_escaped):
        is_escaped = [False] * len(new)
    return "".join(
        "".join(f"%{octet:02X}" for octet in each.encode("utf-8", "surrogateescape"))
        if was or each not in bare and (each.isascii() or not is_wide) else each
        for each, was in zip(new, is_escaped, strict=True)
    )


def opaque(text: str, names: Names) -> str:
    """An identifier: its addresses and all its words."""
    pseudonyms = names.pseudonyms
    return LOOSE.sub(
        lambda match: pseudonyms.written_address(match[0]) if match["v4"] else pseudonyms.word(match[0]), text
    )


def loose(text: str, names: Names) -> str:
    """A text in the vocabulary of the protocol: words that are none of it become others."""

    def one(match: re.Match[str]) -> str:
        whole = match[0]
        if match["v4"]:
            return names.pseudonyms.written_address(whole)
        return whole if _is_plain(whole) or whole.lower() in PARAMETERS else names.pseudonyms.word(whole)

    return LOOSE.sub(one, text)


def start_line(text: str, names: Names) -> str:
    """A request line or a status line."""
    if status := STATUS.match(text):
        return status[1] + loose(status[2], names)
    if request := REQUEST.match(text):
        return request[1] + strict(request[2], names)
    return strict(text, names)


def header(name: str, value: str, names: Names, depth: int = 0) -> str:
    """The value of a header, which may be that of an address."""
    lower = name.lower()
    if lower in AGENTS and not names.agents:
        return value
    if lower in VOCABULARY:
        return loose(value, names) if "boundary" not in value.lower() else strict_type(value, names, depth)
    if lower in IDENTIFIED or lower in KINDS:
        begin, semicolon, rest = value.partition(";")
        return (loose if lower in KINDS else opaque)(begin, names) + strict(semicolon + rest, names, depth)
    if lower == "warning":
        pieces = WARNED.split(value)
        return "".join(piece if place % 2 else strict(piece, names, depth) for place, piece in enumerate(pieces))
    if lower == "date" and DATE.fullmatch(value):
        return value
    return opaque(value, names) if lower in OPAQUE else strict(value, names, depth)


def is_name(name: str) -> bool:
    """Whether that is a header of SIP or of MIME, and not the beginning of a text."""
    return name.lower() in HEADERS or name.lower().startswith("content-")


def fragment(text: str, names: Names) -> str:
    """A part of a message: its start line, headers, and what follows them."""
    out: list[str] = []
    for place, line in enumerate(text.splitlines(keepends=True)):
        is_start = place == 0 and (STATUS.match(line) or line.rstrip().endswith("SIP/2.0"))
        out.append(start_line(line, names) if is_start else header_line(line, names))
    return "".join(out)


def header_line(line: str, names: Names) -> str:
    """A line of a message or a part: a header, or else a text."""
    name, colon, value = line.partition(":")
    is_header = colon and is_name(name.strip())
    return f"{name}:{header(name.strip(), value, names)}" if is_header else opaque(line, names)


def strict_type(value: str, names: Names, depth: int = 0) -> str:
    """A media type with parameters, of which the boundary is a name that the body has as well."""
    kind, semicolon, rest = value.partition(";")
    return loose(kind, names) + semicolon + strict(rest, names, depth)
