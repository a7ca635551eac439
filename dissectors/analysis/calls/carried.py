"""A message of SIP and the datagram that carried it, as those ask for them who track calls."""

from __future__ import annotations

from dissectors.limits.texts import MAX_NAME_LENGTH, length_of, shortened
from dissectors.protocols import sip
from dissectors.protocols.sip_message import Identity, identity
from dissectors.report import Place
from dissectors.wire.datagram import Datagram
from dissectors.wire.values import astuple


class Carried:
    """What both say; `time` is in nanoseconds and `seconds` the same moment, `number` identifies the IP packet.

    `identity` is that of the message, however long the sender made it, and `signalling` the protocol that says it.
    """

    __slots__ = (
        "body", "deviations", "first", "flow", "headers", "identity", "length", "message", "method", "names", "number",
        "parts", "place", "raw_body", "reason", "seconds", "signalling", "status", "time", "uri", "words",
    )

    def __init__(self, datagram: Datagram, message: sip.Message) -> None:
        self.message = message
        # All fields at once: to ask for one after the other takes longer.
        file, frame, _, time, self.flow, _, self.length, self.number = astuple(datagram)
        (
            self.method, self.uri, self.status, self.reason, _, self.headers, _, self.raw_body, self.body, _,
            self.parts, _, self.deviations, self.first, self.names, self.words, known,
        ) = astuple(message)
        self.time, self.seconds, self.place = time, time / 1e9, Place(file, frame)
        self.identity = identity_of(identity(self.first, self.method) if known is None else known)
        self.signalling = message.signalling if self.words else "SIP"


def identity_of(found: Identity) -> Identity:
    """What tells calls, dialogs and transactions apart, however long the sender made it."""
    call_id, ours, theirs = found.call_id, found.from_tag, found.to_tag
    method, branch = found.method, found.branch
    # What is short together is short each.
    if length_of((call_id, ours, theirs, method, branch)) <= MAX_NAME_LENGTH:
        return found
    return Identity(
        shortened(call_id), shortened(ours), shortened(theirs), found.sequence, shortened(method), shortened(branch)
    )
