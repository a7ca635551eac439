"""SIP and SDP under other names: words become others, what the protocol means stays.

A value that may hold a name changes word by word, unless the word is the protocol's own at that place.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from dissectors.protocols.sip_headers import NAMES as HEADERS
from dissectors.rewriting.anonymous.pseudonyms import WORD, Pseudonyms
from dissectors.rewriting.anonymous.words import (
    ATTRIBUTES,
    FEATURES,
    KEPT,
    NAMES_OF_ATTRIBUTES,
    PARAMETERS,
    PLAIN_VALUES,
    SLOTS,
    VALUES,
    WORDS_OF_VALUES,
)

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

MAX_KEPT_DIGITS, MAX_PLAIN_VERSION, MAX_NESTED = 10, 4, 3
"""Digits of a number of the protocol, of a version of SDP that was counted and not taken from a clock, and texts
within texts."""

PART = re.compile(
    r"(?P<cookie>z9hG4bK)"
    r"|(?P<via>SIP\s*/\s*2\.0\s*/\s*[A-Za-z-]+)"
    r"|(?P<version>SIP/2\.0)"
    r"|(?P<way>\b(?:Digest|Basic|Bearer)(?=\s))"
    r"|(?P<service>\burn:(?:urn-7:3gpp-(?:service|application)\.ims\.[a-z]+|service:[a-z]+)(?:\.[\w-]{1,40})*)"
    r"|(?P<scheme>\b(?:sips?|tel|urn|https?|mailto|cid|data|wss?|im|pres|uuid|msrps?|xmpp|file|ftp):)"
    r"|(?P<v6>\[[0-9A-Fa-f:.]+\]|(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|\d+\.\d+\.\d+\.\d+)?)"
    r"|(?P<v4>(?<![0-9A-Za-z.])\d{1,3}(?:\.\d{1,3}){3}(?![0-9A-Za-z.]))"
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
    r"(?P<v4>(?<![0-9A-Za-z.])\d{1,3}(?:\.\d{1,3}){3}(?![0-9A-Za-z.])"
    r"|(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![0-9A-Za-z:.]))"
    rf"|(?P<word>{WORD.pattern})"
)
ADDRESS = re.compile(
    r"(?<![0-9A-Za-z.])\d{1,3}(?:\.\d{1,3}){3}(?![0-9A-Za-z.])"
    r"|(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{1,4}:){1,7}(?::[0-9A-Fa-f]{1,4}){0,6}(?![0-9A-Za-z:])"
)
WELL_FORMED = re.compile(
    r"(?:v=0|t=0 0|m=(?:audio|video|application|image|text) \d{1,5} (?:RTP/S?AVPF?|UDP/TLS/RTP/SAVPF?)(?: \d{1,3})+"
    r"|c=IN IP[46] [0-9A-Fa-f.:]+)\s*"
)
"""Lines of SDP that are what they should be, also in a text that is garbled elsewhere."""

STATION_OCTETS = 6
CLOCK = re.compile(
    r"(?P<kept>IEEE[0-9]+(?:\.[0-9]*[A-Z]*)?(?:-[0-9]{4}(?![0-9-]))?|(?:direct|rate)=[0-9/]{1,21}(?![0-9/]))"
    r"|(?P<station>(?<![0-9A-Fa-f-])[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5,7}(?![0-9A-Fa-f-]))|[^ :=\r\n]+"
)
"""Parts of what tells of clocks."""

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


def garbled(text: str, names: Names) -> str:
    """A description in which nothing need be where it should: words of the protocol stay, wherever they are."""
    return "".join(
        _sdp_line(line, names) if WELL_FORMED.fullmatch(line) else
        line[:2] + loose(line[2:], names) if line[1:2] == "=" else loose(line, names)
        for line in text.splitlines(keepends=True)
    )


def sdp(text: str, names: Names) -> str:
    """A description, line by line."""
    lines = text.splitlines(keepends=True)
    ufrag = password = ""
    for line in lines:
        if line.startswith("a=ice-ufrag:"):
            ufrag = line[12:].strip()
        elif line.startswith("a=ice-pwd:"):
            password = line[10:].strip()
        if ufrag and password:
            names.learn(opaque(ufrag, names), opaque(password, names))
            password = ""
    return "".join(_sdp_line(line, names) for line in lines)


def _sdp_line(line: str, names: Names) -> str:
    kind, equals, value = line[:1], line[1:2], line[2:]
    if equals != "=":
        return opaque(line, names)
    write = LINES.get(kind, opaque)
    return f"{kind}={write(value, names)}"


def _kept(value: str, names: Names) -> str:
    return value


def _origin(value: str, names: Names) -> str:
    """The user, the session and its version, whose steps stay steps, and the address."""
    parts = value.split(" ")
    if len(parts) < 6 or not parts[2].isdigit():
        return opaque(value, names)
    more = int.from_bytes(names.pseudonyms.octets("version", parts[1].encode(), 2), "big") + 1
    version = parts[2] if len(parts[2]) <= MAX_PLAIN_VERSION else str(int(parts[2]) + more)
    return " ".join((
        opaque(parts[0], names), opaque(parts[1], names), version, *parts[3:5],
        *(_host(part, names) for part in parts[5:]),
    ))


def _connection(value: str, names: Names) -> str:
    parts = value.split(" ")
    return " ".join((*parts[:2], *(_host(part, names) for part in parts[2:])))


def _host(text: str, names: Names) -> str:
    bare = text.rstrip("\r\n")
    address, slash, rest = bare.partition("/")
    # Hosts of mDNS stay such.
    begin, local = (address[: -len(LOCAL)], LOCAL) if address.endswith(LOCAL) else (address, "")
    return names.pseudonyms.written_address(begin) + local + slash + rest + text[len(bare) :]


def _media(value: str, names: Names) -> str:
    """The kind, the port, how many of them, and formats."""
    kind, space, rest = value.partition(" ")
    port = re.match(r"[0-9]+", rest)
    return value if port is None else kind + space + names.pseudonyms.written_port(port[0]) + rest[port.end() :]


def _times(value: str, names: Names) -> str:
    return value if value.strip() == "0 0" else opaque(value, names)


def _attribute(value: str, names: Names) -> str:
    name, colon, rest = value.partition(":")
    lower = name.strip().lower()
    write = NAMED.get(lower)
    if write is not None:
        return name + colon + write(rest, names)
    if lower.split(";")[0] in ATTRIBUTES:
        return ADDRESS.sub(lambda match: names.pseudonyms.written_address(match[0]), value)
    if lower in NAMES_OF_ATTRIBUTES:
        return name + colon + _values(rest, names)
    return opaque(name, names) + colon + opaque(rest, names) if colon else opaque(value, names)


def _values(text: str, names: Names) -> str:
    """Values that may be names, but for words of the grammar."""

    def one(match: re.Match[str]) -> str:
        if match["v4"]:
            return names.pseudonyms.written_address(match[0])
        return match[0] if match[0].lower() in WORDS_OF_VALUES else names.pseudonyms.word(match[0])

    return LOOSE.sub(one, text)


def _clock(text: str, names: Names) -> str:
    """A clock (RFC 7273): its standard and its rates stay, its identifier becomes that of another station."""

    def one(match: re.Match[str]) -> str:
        if match["station"] is None:
            return match[0] if match["kept"] else _values(match[0], names)
        octets = bytes.fromhex(match[0].replace("-", ""))
        is_address = len(octets) == STATION_OCTETS
        made = names.pseudonyms.station(octets) if is_address else names.pseudonyms.octets("clock", octets, len(octets))
        return made.hex("-").upper() if match[0].upper() == match[0] else made.hex("-")

    return CLOCK.sub(one, text)


def _slots(text: str, names: Names) -> str:
    """What parts of a description are called: numbers and kinds of media stay, for packets have them, too."""
    return "".join(
        piece if SLOTS.fullmatch(piece) else opaque(piece, names) for piece in re.split(r"(\s+)", text)
    )


def _group(value: str, names: Names) -> str:
    semantics, space, rest = value.partition(" ")
    return semantics + space + _slots(rest, names)


def _alternative(value: str, names: Names) -> str:
    """A number, the kind of address, the address, and a port (RFC 6947)."""
    parts = value.split(" ")
    if len(parts) != 4:
        return opaque(value, names)
    port = parts[3].rstrip("\r\n")
    return " ".join((*parts[:2], _host(parts[2], names), names.pseudonyms.written_port(port) + parts[3][len(port) :]))


def _versioned(value: str, names: Names) -> str:
    """A version of ZRTP, and a hash."""
    version, space, rest = value.partition(" ")
    return version + space + opaque(rest, names)


def _nested(value: str, names: Names) -> str:
    """A number, and an attribute that is an offer (RFC 5939)."""
    number, space, rest = value.partition(" ")
    return number + space + _attribute(rest, names)


def _candidate(value: str, names: Names) -> str:
    """Foundation, component, transport, priority, address, port, and named values behind them."""
    parts = value.split(" ")
    for place, part in enumerate(parts):
        before = parts[place - 1].lower() if place else ""
        if place == 4 or before == "raddr":
            parts[place] = _host(part, names)
        elif place == 5 or before == "rport":
            bare = part.rstrip("\r\n")
            parts[place] = names.pseudonyms.written_port(bare) + part[len(bare) :]
        elif place == 0 or before in ("ufrag", "password", "username"):
            parts[place] = opaque(part, names)
    return " ".join(parts)


def _fingerprint(value: str, names: Names) -> str:
    function, space, digest = value.partition(" ")
    bare = digest.strip()
    try:
        octets = bytes.fromhex(bare.replace(":", ""))
    except ValueError:
        return opaque(value, names)
    new = names.digest(octets).hex(":")
    return function + space + digest.replace(bare, new.upper() if bare.upper() == bare else new)


def _crypto(value: str, names: Names) -> str:
    """The key is another one of the same length."""

    def other(match: re.Match[str]) -> str:
        octets = base64.b64decode(match[2] + "=" * (-len(match[2]) % 4))
        made = base64.b64encode(names.pseudonyms.octets("key", octets, len(octets))).decode().rstrip("=")
        return match[1] + made + match[3]

    return re.sub(r"(inline:)([A-Za-z0-9+/]+)(=*)", other, value)


def _rtcp(value: str, names: Names) -> str:
    bare = value.rstrip("\r\n")
    port, space, rest = bare.partition(" ")
    written = names.pseudonyms.written_port(port) + space + (_connection(rest, names) if space else "")
    return written + value[len(bare) :]


def _source(value: str, names: Names) -> str:
    """An SSRC, and what it is called."""
    ssrc, space, rest = value.partition(" ")
    name, colon, text = rest.partition(":")
    return ssrc + space + name + colon + opaque(text, names)


def _remote(value: str, names: Names) -> str:
    """Components, addresses and ports in turn."""
    parts = value.split(" ")
    for place, part in enumerate(parts):
        bare = part.rstrip("\r\n")
        if place % 3 == 1:
            parts[place] = _host(part, names)
        elif place % 3 == 2:
            parts[place] = names.pseudonyms.written_port(bare) + part[len(bare) :]
    return " ".join(parts)


LOCAL = ".local"

LINES: dict[str, Callable[[str, Names], str]] = {
    "v": _kept, "o": _origin, "c": _connection, "m": _media, "b": _kept, "t": _times, "a": _attribute,
}
"""By the letter of a line of SDP; all others are names."""

NAMED: dict[str, Callable[[str, Names], str]] = {
    "candidate": _candidate, "remote-candidates": _remote, "fingerprint": _fingerprint, "crypto": _crypto,
    "rtcp": _rtcp, "ssrc": _source, "ice-ufrag": opaque, "ice-pwd": opaque, "mid": _slots, "label": _slots,
    "ts-refclk": _clock, "mediaclk": _clock,
    "group": _group, "altc": _alternative, "zrtp-hash": _versioned, "acap": _nested, "path": strict, "control": strict,
}
