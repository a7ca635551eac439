"""A SIP message as it was read, and its properties (RFC 3261 section 7)."""
from __future__ import annotations

from collections.abc import Iterator

from dissectors.limits.remembered import Remembered
from dissectors.protocols.sip_build import build, request_line, status_line
from dissectors.protocols.sip_deviation import Deviation
from dissectors.protocols.sip_headers import LISTS, NAMES, Header, canonical, number, split, tag
from dissectors.protocols.sip_parts import Part, media_type
from dissectors.protocols.sip_via import branch as branch_of
from dissectors.wire.inflate import Inflated, spoken
from dissectors.wire.values import Struct


class Identity:
    """The identifiers of call, dialog and transaction (RFC 3261 sections 12 and 17); None if unreadable.

    `method` is that of CSeq, or else the request's own; `branch` is that of the topmost Via.
    """

    __slots__ = ("branch", "call_id", "from_tag", "method", "sequence", "to_tag")

    def __init__(
        self, call_id: str | None, from_tag: str | None, to_tag: str | None, sequence: int | None, method: str | None,
        branch: str | None,
    ) -> None:
        self.call_id, self.from_tag, self.to_tag = call_id, from_tag, to_tag
        self.sequence, self.method = sequence, method
        self.branch = branch

    def _values(self) -> tuple[str | int | None, ...]:
        return self.call_id, self.from_tag, self.to_tag, self.sequence, self.method, self.branch

    def __iter__(self) -> Iterator[str | int | None]:
        return iter(self._values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"Identity{self._values()}"

    def __reduce__(self) -> tuple[type[Identity], tuple[str | int | None, ...]]:
        return Identity, self._values()


class Message(Struct, frozen=True):
    """A request (`method` and `uri` are set) or a response (`status` and `reason` are set).

    `octets` is the message as it stood on the wire, `body_offset` where its body begins within the datagram,
    `raw_body` the body as sent and `body` what it inflates to. Header lines that were compressed with the body are
    taken out of `body.octets` and stand last in `headers`, marked as recovered. `parts` are the parts of a multipart
    body, nested ones included. `trailing` is what follows Content-Length. `deviations` is what is odd. `first` is
    the first value of each header by its name, for `get`. `names` are those of the headers that were not compressed, as
    they are written. `written` are the words of another protocol that this message stands for, which `version` names.
    `known` is its identity where that was read with it, for `identity`.
    """

    method: str | None
    uri: str | None
    status: int | None
    reason: str | None
    version: str
    headers: tuple[Header, ...]
    octets: bytes
    raw_body: bytes
    body: Inflated
    body_offset: int
    parts: tuple[Part, ...]
    trailing: bytes
    deviations: tuple[Deviation, ...]
    first: dict[str, str]
    names: tuple[str, ...] = ()
    written: str = ""
    known: Identity | None = None

    @property
    def is_request(self) -> bool:
        return self.method is not None

    def get(self, name: str) -> str | None:
        """The first value of a header, asked for by its long or compact name in any case, or None."""
        # Names that are registered stand there in their one spelling already.
        found = self.first.get(name)
        if found is not None:
            return found
        lower = name.lower()
        if lower in NAMES:
            return self.first.get(NAMES[lower])
        return next((header.value for header in self.headers if header.name.lower() == lower), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header in order; comma-separated lists are split where the header is one."""
        wanted = canonical(name)
        values = [header.value for header in self.headers if header.name.lower() == wanted.lower()]
        if wanted not in LISTS:
            return tuple(values)
        return tuple(piece for value in values for piece in split(value, ","))

    def identity(self) -> Identity:
        """All of it at once, which costs a fraction of asking for each."""
        return identity(self.first, self.method) if self.known is None else self.known

    @property
    def call_id(self) -> str | None:
        return self.get("Call-ID")

    @property
    def from_tag(self) -> str | None:
        return tag(self.get("From") or "")

    @property
    def to_tag(self) -> str | None:
        return tag(self.get("To") or "")

    @property
    def cseq(self) -> tuple[int, str] | None:
        """The sequence number and the method of CSeq (RFC 3261 section 20.16); None when it cannot be read."""
        return cseq(self.get("CSeq") or "")

    @property
    def via(self) -> str | None:
        """The topmost Via, unsplit; `sip.via` reads it."""
        return next(iter(self.all("Via")), None)

    @property
    def via_branch(self) -> str | None:
        """The branch of the topmost Via: the transaction (RFC 3261 section 8.1.1.7)."""
        return branch(self.via or "")

    @property
    def contact(self) -> str | None:
        """The first Contact; `sip.address` reads it."""
        return next(iter(self.all("Contact")), None)

    @property
    def content_type(self) -> str | None:
        """The media type in lower case, without parameters."""
        return media_type(self.get("Content-Type"))

    @property
    def content_length(self) -> int | None:
        """The value of Content-Length, in octets; None if it is absent or not a number."""
        return number(self.get("Content-Length") or "")

    @property
    def signalling(self) -> str:
        """The protocol that says this: SIP, or the one that it stands for."""
        return self.version.partition("/")[0] if self.written else "SIP"

    @property
    def user_agent(self) -> str | None:
        """User-Agent, or Server where a response names itself so."""
        return self.first.get("User-Agent") or self.first.get("Server")

    @property
    def compact(self) -> bool:
        """Whether a header was written by its compact name."""
        return any(len(header.written) == 1 for header in self.headers if not header.recovered)

    @property
    def start_line(self) -> str:
        if self.status is not None:
            return status_line(self.status, self.reason or "", self.version)
        return request_line(self.method or "", self.uri or "", self.version)

    @property
    def summary(self) -> str:
        """One line for a list of datagrams: method and to whom, or status; CSeq; what the body was found to be."""
        first = f"{self.method} {self.uri or ''}" if self.status is None else f"{self.status} {self.reason or ''}"
        return ", ".join([first.rstrip(), *self._cseq_told(), *self._body_told()])

    def _cseq_told(self) -> list[str]:
        """`CSeq 1`; with its method where the start line has none, or another one."""
        if self.cseq is None:
            return []
        sequence, method = self.cseq
        return [f"CSeq {sequence}"] if method == self.method else [f"CSeq {sequence} {method}"]

    def _body_told(self) -> list[str]:
        body = self.body
        if not self.raw_body:
            return []
        kind = f" of {self.content_type}" if self.content_type else ""
        if not body.compressed:
            return [f"{len(self.raw_body):,} bytes{kind}"]
        ended = "" if body.status == "complete" else f", {body.status}"
        return [f"{spoken(body.encoding)} {body.compressed_length:,} → {body.inflated_length:,} bytes{kind}{ended}"]

    def build(self, encoding: str | None = None) -> bytes:
        """The message as octets again, Content-Length right, header names as they were written.

        With None the body is as sent; with an encoding (see `sip.build`) it is the inflated body, encoded anew, and
        recovered headers stand among the others.
        """
        if encoding is None:
            kept = [(header.written, header.value) for header in self.headers if not header.recovered]
            return build(self.start_line, kept, self.raw_body)
        fields = [
            (header.written, header.value)
            for header in self.headers
            if header.name not in _RECOVERY and not (header.recovered and header.name == "Content-Length")
        ]
        return build(self.start_line, fields, self.body.octets, encoding=encoding)


_RECOVERY = frozenset(("Comp-Hdrs", "Headers-Encoding", "Headers-Algo"))


def branch(value: str) -> str | None:
    """The branch of a Via, as `sip_via.branch` finds it."""
    first, at = value.find(";"), value.find(";branch=")
    usual = (
        at > 8 and (first == at or value.startswith(";rport;branch=", first))
        and value.startswith("SIP/2.0/") and value[8].isalpha()
        and value.find(",") < 0 and value.find('"') < 0 and value.find("<") < 0 and value.find("(") < 0
        and value.find("\\") < 0
    )
    if not usual:
        return branch_of(value)
    # One hop, its branch at the front: so nearly everybody writes it.
    end = value.find(";", at + 1)
    return value[at + 8 : len(value) if end < 0 else end].strip(" \t")


def identity(first: dict[str, str], method: str | None) -> Identity:
    """That of a message with these first values of its headers; `method` is that of its start line."""
    counted = cseq(first.get("CSeq", ""))
    return Identity(
        first.get("Call-ID"), tag(first.get("From", "")), tag(first.get("To", "")),
        None if counted is None else counted[0], method if counted is None else counted[1],
        branch(first.get("Via", "")),
    )


def cseq(value: str) -> tuple[int, str] | None:
    """The sequence number and the method of a CSeq; None when they cannot be read."""
    counted: tuple[int, str] | None = _counted.recall(value)
    return counted


def _read_cseq(value: str) -> tuple[int, str] | None:
    found = value.split(None, 1)
    sequence = number(found[0]) if len(found) == 2 else None
    return None if sequence is None or sequence >= 1 << 32 else (sequence, found[1].rstrip(" \t"))


_counted = Remembered(_read_cseq)


