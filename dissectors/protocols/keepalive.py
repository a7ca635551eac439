"""Keep-alives: CR LF (RFC 5626 section 4.4.1), NULs and the empty datagram (RFC 6263 section 4)."""
from __future__ import annotations

from typing import Literal

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import AtLeast, AtMost, Between, Only, Spec, certain
from dissectors.wire.values import Struct

Kind = Literal["empty", "ping", "pong", "CR LF", "NUL", "space", "jaK"]

DESCRIPTIONS: dict[Kind, str] = {
    "empty": "an empty datagram",
    "ping": "CR LF CR LF, which asks for CR LF (RFC 5626)",
    "pong": "CR LF, alone or as the answer to CR LF CR LF (RFC 5626)",
    "CR LF": "line ends",
    "NUL": "NULs",
    "space": "spaces",
    "jaK": "the letters jaK and NUL, as some telephones send them",
}
JAK = int.from_bytes(b"jaK\0", "big")
_EXACT: dict[bytes, Kind] = {b"": "empty", b"\r\n\r\n": "ping", b"\r\n": "pong", b"jaK\0": "jaK"}
_MADE_OF: tuple[tuple[bytes, Kind], ...] = ((b"\r\n", "CR LF"), (b"\0", "NUL"), (b" ", "space"))


class Message(Struct, frozen=True):
    """A datagram that only keeps a binding alive; `length` is in octets."""

    kind: Kind
    length: int

    @property
    def summary(self) -> str:
        """One line for a list of datagrams."""
        return f"keep-alive, {DESCRIPTIONS[self.kind]}"


def parse(payload: bytes) -> Message:
    """Say which keep-alive this is; raises `Malformed` where the octets say anything."""
    if payload in _EXACT:
        return Message(_EXACT[payload], len(payload))
    for octets, kind in _MADE_OF:
        if not payload.strip(octets):
            return Message(kind, len(payload))
    at = len(payload) - len(payload.lstrip(b"\r\n\0 "))
    raise Malformed("KEEPALIVE", min(at, len(payload)), "more than CR, LF, NUL or spaces")


SPEC = Spec(
    name="KEEPALIVE",
    match=(
        certain("nothing but CR and LF", AtLeast(1), AtMost(8), Only(b"\r\n")),
        certain("nothing but a few NULs", AtLeast(1), AtMost(4), Only(b"\0")),
        certain("nothing but a few spaces", AtLeast(1), AtMost(8), Only(b" ")),
        certain("the four bytes jaK and NUL", AtMost(4), Between(0, 4, JAK, JAK)),
        certain("an empty datagram", AtMost(0)),
    ),
    parse=parse,
    short="keep",
    colour="bright_black",
)
