"""SIP over TCP and WebSocket under other names: messages, the request and the answer before them, and pings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable
from functools import partial

from dissectors.limits.table import Table
from dissectors.rewriting.anonymous import records, texts
from dissectors.rewriting.anonymous.messages import Anonymiser

KEPT = frozenset(("upgrade", "connection", "sec-websocket-version"))
WORDS = frozenset(("sec-websocket-protocol", "sec-websocket-extensions"))
"""Headers whose values are WebSocket's own, and those in which they may be."""

SECRETS = frozenset(("sec-websocket-key", "sec-websocket-accept", "cookie", "set-cookie"))
"""Headers that are secrets, or digests, through and through."""

MAX_HANDSHAKES = 1024
"""Directions of TLS of which handshake messages may go on."""

REQUEST = re.compile(r"(GET )(.*)( HTTP/1\.[01]\s*)", re.DOTALL)
ANSWER = re.compile(r"(HTTP/1\.1 101 )(.*)", re.DOTALL)


class Streamed:
    """What becomes of what is read of TCP."""

    plainly = True

    def __init__(self, anonymiser: Anonymiser) -> None:
        self._anonymiser = anonymiser
        self._handshakes: Table[Hashable, records.Handshakes] = Table("", MAX_HANDSHAKES)

    def message(self, octets: bytes, left: Counter[str]) -> tuple[bytes, str] | None:
        """A message of SIP."""
        made = self._anonymiser.datagram("SIP", octets, False)
        return None if made is None else (made, "")

    def upgrade(self, octets: bytes) -> bytes | None:
        """The message of HTTP with which WebSocket begins: other names and tokens, the same headers."""
        try:
            lines = octets.decode("ascii").splitlines(keepends=True)
        except UnicodeDecodeError:
            return None
        names = self._anonymiser.names
        first = REQUEST.fullmatch(lines[0]) or ANSWER.fullmatch(lines[0])
        if first is None:
            return None
        out = [first[1] + texts.opaque(first[2], names) + "".join(first.groups()[2:])]
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            lower = name.lower()
            change: Callable[[str, texts.Names], str] = partial(texts.header, name)
            if lower in WORDS or lower in SECRETS:
                change = texts.loose if lower in WORDS else texts.opaque
            new = f"{name}{colon}{change(value, names)}" if colon else line.strip(" \t")
            out.append(line if lower in KEPT else new)
        return "".join(out).encode() if all(line.strip() == "" or ":" in line for line in lines[1:]) else None

    def control(self, octets: bytes) -> bytes | None:
        """What a ping, a pong or the end carries: others of the same number."""
        return self._anonymiser.pseudonyms.octets("control frame", octets, len(octets))

    def secured(self, octets: bytes, direction: Hashable) -> list[bytes]:
        """Records of TLS, the last of which are these octets."""
        held = self._handshakes.use(direction)
        if held is None:
            held = self._handshakes[direction] = records.Handshakes()
        return held.take(octets, self._anonymiser.pseudonyms)
