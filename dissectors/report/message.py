"""One SIP message and its size."""

from __future__ import annotations

from dissectors.protocols.sip_deviation import Kind
from dissectors.report.place import Place
from dissectors.wire.values import Struct


class Body(Struct, frozen=True):
    """A message's body: lengths in octets on the wire and inflated, its real encoding, and its label."""

    content_type: str | None
    compressed_length: int
    inflated_length: int
    encoding: str
    label: str | None
    status: str
    text: str
    deviations: tuple[str, ...]


class Sizes(Struct, frozen=True):
    """The size of a message, in octets of UDP payload: as sent, with its body inflated, with long header names too.

    `compact` counts the headers that were written by their compact name.
    """

    sent: int
    inflated: int
    long: int
    compact: int


class Deviation(Struct, frozen=True):
    """What is odd about a message: `kind` for programs, `text` for people."""

    kind: Kind
    text: str


class Header(Struct, frozen=True):
    """One header of a message: its name, always the same spelling, and its first value as it was sent.

    `meaning` says all values of Reason and Warning in words, causes of Q.850 by their names; it is empty for others.
    """

    name: str
    value: str
    meaning: str = ""


class Message(Struct, frozen=True):
    """One message of a call. `method` is that of the CSeq for a response; `status` is None for a request.

    `side` is `caller` or `callee`, by the tags; `headers` are the names as written, in order; `uri` is the target of
    a request, `to_tag` the tag of To, different for each branch of a fork. `from_tag` is that of From, `branch` that
    of the topmost Via, which names the transaction. `deciding` are the headers that decide what becomes of a call, as
    Reason, Warning and Contact do. `credentials` says that a request carries an answer to a challenge.

    `retransmission` says that the same hop carried the same message before, `copy` that nothing was sent again: this is
    the same IP packet, captured once more in a tunnel, on another interface or VLAN. `transport` is that of
    its flow. `signalling` is the protocol that says it: `SIP`, or another one, whose messages are told as what they are
    in SIP; then `summary` has its own words.
    """

    place: Place
    time: float
    src: str
    sport: int
    dst: str
    dport: int
    length: int
    method: str
    status: int | None
    reason: str | None
    cseq: int | None
    summary: str
    compact: bool
    retransmission: bool
    user_agent: str | None
    body: Body | None
    deviations: tuple[Deviation, ...]
    side: str = ""
    headers: tuple[str, ...] = ()
    sizes: Sizes | None = None
    uri: str | None = None
    to_tag: str | None = None
    from_tag: str | None = None
    branch: str | None = None
    deciding: tuple[Header, ...] = ()
    credentials: bool = False
    copy: bool = False
    transport: str = "udp"
    signalling: str = "SIP"

    def has(self, name: str) -> bool:
        """Whether it has a header of this name, in lower case."""
        return name in map(str.lower, self.headers)

    def header(self, name: str) -> str | None:
        """The value of one of the headers that decide, or None."""
        for header in self.deciding:
            if header.name == name:
                return header.value
        return None

    def meaning(self, name: str) -> str:
        """What one of the headers that decide says, in words where it has any; empty without it."""
        return next((header.meaning or header.value for header in self.deciding if header.name == name), "")
