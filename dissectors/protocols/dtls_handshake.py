"""Handshake messages of DTLS, whole and in fragments (RFC 6347 section 4.2)."""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from dissectors.protocols.dtls_bodies import BODIES, Body, Reader
from dissectors.protocols.dtls_names import HANDSHAKE_TYPES
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct

HEADER = 12


class Handshake(Struct, frozen=True):
    """One handshake message, or a fragment of one (RFC 6347 section 4.2.2).

    `length` is that of the whole message, `fragment` what is here of it. `body` is None where the message is not here
    in whole, or its type is not decoded.
    """

    type: int
    length: int
    message_seq: int
    fragment_offset: int
    fragment: bytes
    body: Body | None

    @property
    def name(self) -> str:
        """The message's name, or its number."""
        return HANDSHAKE_TYPES.get(self.type, f"handshake type {self.type}")

    @property
    def whole(self) -> bool:
        """Whether this fragment is all of the message."""
        return len(self.fragment) == self.length

    @property
    def text(self) -> str:
        """A summary for a list."""
        if not self.whole:
            end = self.fragment_offset + len(self.fragment)
            return f"{self.name} (bytes {self.fragment_offset} to {end} of {self.length})"
        return f"{self.name} ({self.body.text})" if self.body else self.name


def read_handshakes(fragment: bytes, place: int) -> Iterator[Handshake]:
    """The handshake messages of a record whose content lies at `place`; raises `Malformed` where one does not fit."""
    offset = 0
    while offset < len(fragment):
        start = offset + HEADER
        if start > len(fragment):
            left = len(fragment) - offset
            raise Malformed("DTLS", place + offset, f"a handshake header needs {HEADER} bytes, {left} are left")
        length = int.from_bytes(fragment[offset + 1:offset + 4], "big")
        fragment_offset = int.from_bytes(fragment[offset + 6:offset + 9], "big")
        fragment_length = int.from_bytes(fragment[offset + 9:start], "big")
        end = start + fragment_length
        if end > len(fragment):
            left = len(fragment) - start
            raise Malformed("DTLS", place + offset + 9, f"a fragment needs {fragment_length} bytes, {left} are left")
        if fragment_offset + fragment_length > length:
            raise Malformed("DTLS", place + offset + 6, f"a fragment reaches beyond its message of {length} bytes")
        octets = fragment[start:end]
        yield Handshake(
            type=fragment[offset],
            length=length,
            message_seq=int.from_bytes(fragment[offset + 4:offset + 6], "big"),
            fragment_offset=fragment_offset,
            fragment=octets,
            body=_body(fragment[offset], octets, place + start) if fragment_length == length else None,
        )
        offset = end


def assemble(handshakes: Iterable[Handshake]) -> tuple[Handshake, ...]:
    """The messages that are whole among these fragments of one sender, in the order in which they began.

    Fragments may overlap, repeat and come in any order; how many are kept is the caller's to bound. Raises
    `Malformed`, with an offset within the message, where a body that was put together does not fit.
    """
    grouped: dict[tuple[int, int, int], list[Handshake]] = {}
    for each in handshakes:
        grouped.setdefault((each.message_seq, each.type, each.length), []).append(each)
    found = (_joined(fragments) for fragments in grouped.values())
    return tuple(each for each in found if each is not None)


def _joined(fragments: list[Handshake]) -> Handshake | None:
    first = fragments[0]
    for each in fragments:
        if each.whole:
            return each
    octets = bytearray()
    for each in sorted(fragments, key=lambda fragment: fragment.fragment_offset):
        if each.fragment_offset > len(octets):
            return None
        octets += each.fragment[len(octets) - each.fragment_offset:]
    if len(octets) < first.length:
        return None
    whole = bytes(octets)
    return Handshake(first.type, first.length, first.message_seq, 0, whole, _body(first.type, whole, 0))


def _body(type_: int, octets: bytes, place: int) -> Body | None:
    return BODIES[type_](Reader(octets, place)) if type_ in BODIES else None
