"""SDP under other names, line by line: what a line means stays, names and addresses in it become others."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from dissectors.rewriting.anonymous.texts import LOOSE, V4, Names, loose, opaque, strict
from dissectors.rewriting.anonymous.words import ATTRIBUTES, NAMES_OF_ATTRIBUTES, SLOTS, WORDS_OF_VALUES

MAX_PLAIN_VERSION = 4
"""Digits of a version that was counted and not taken from a clock."""

LOCAL = ".local"
ADDRESS = re.compile(
    rf"{V4}"
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


def _port(text: str, names: Names) -> str:
    """A port that may end its line."""
    bare = text.rstrip("\r\n")
    return names.pseudonyms.written_port(bare) + text[len(bare) :]


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
    return " ".join((*parts[:2], _host(parts[2], names), _port(parts[3], names)))


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
            parts[place] = _port(part, names)
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
        if place % 3 == 1:
            parts[place] = _host(part, names)
        elif place % 3 == 2:
            parts[place] = _port(part, names)
    return " ".join(parts)


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
