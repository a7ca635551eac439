"""Reason (RFC 3326) and Warning (RFC 3261 section 20.43): why something ended, with the names of Q.850's causes."""

from __future__ import annotations

from collections.abc import Iterable

from dissectors.protocols.sip_headers import number, parameter, parameters, split, unquote
from dissectors.wire.values import Struct

CAUSES = {
    1: "unallocated number",
    2: "no route to the transit network",
    3: "no route to the destination",
    4: "send special information tone",
    5: "misdialled trunk prefix",
    6: "channel unacceptable",
    7: "call awarded in an established channel",
    8: "preemption",
    16: "normal call clearing",
    17: "user busy",
    18: "no user responding",
    19: "no answer from the user, who was alerted",
    20: "subscriber absent",
    21: "call rejected",
    22: "number changed",
    23: "redirected to a new destination",
    25: "exchange routing error",
    26: "non-selected user clearing",
    27: "destination out of order",
    28: "invalid number format, address incomplete",
    29: "facility rejected",
    30: "response to STATUS ENQUIRY",
    31: "normal, unspecified",
    34: "no circuit or channel available",
    38: "network out of order",
    41: "temporary failure",
    42: "switching equipment congestion",
    43: "access information discarded",
    44: "requested circuit or channel not available",
    46: "precedence call blocked",
    47: "resource unavailable, unspecified",
    49: "quality of service not available",
    50: "requested facility not subscribed",
    55: "incoming calls barred within the closed user group",
    57: "bearer capability not authorised",
    58: "bearer capability not available now",
    63: "service or option not available, unspecified",
    65: "bearer capability not implemented",
    66: "channel type not implemented",
    69: "requested facility not implemented",
    70: "only restricted digital information is available",
    79: "service or option not implemented, unspecified",
    81: "invalid call reference value",
    87: "user not a member of the closed user group",
    88: "incompatible destination",
    91: "invalid transit network selection",
    95: "invalid message, unspecified",
    96: "mandatory information element missing",
    97: "message type not implemented",
    98: "message not compatible with the call state",
    99: "information element not implemented",
    100: "invalid contents of an information element",
    101: "message not compatible with the call state",
    102: "recovery on timer expiry",
    103: "parameter not implemented, passed on",
    111: "protocol error, unspecified",
    127: "interworking, unspecified",
}
"""The causes of ITU-T Q.850 by their numbers."""

NORMAL_CAUSES = frozenset((16, 26, 31))
"""Causes of Q.850 that say that a call ended as calls do."""


class Reason(Struct, frozen=True):
    """One value of Reason: the protocol in capitals, its `cause`, and a text; absent parts are None or empty."""

    protocol: str
    cause: int | None
    text: str

    @property
    def failure(self) -> bool:
        """Whether it says that something went wrong: a cause of Q.850 that is not normal, a final response of SIP."""
        if self.protocol == "Q.850":
            return self.cause is not None and self.cause not in NORMAL_CAUSES
        return self.protocol == "SIP" and (self.cause or 0) >= 300

    @property
    def meaning(self) -> str:
        """`Q.850 34, no circuit or channel available`, `SIP 408, ACK Timeout`."""
        name = CAUSES.get(self.cause or 0, "") if self.protocol == "Q.850" else ""
        said = self.text if name.lower() != self.text.lower() else ""
        head = f"{self.protocol} {self.cause}" if self.cause is not None else self.protocol
        return ", ".join(filter(None, (head, name, said)))


def reasons(value: str) -> tuple[Reason, ...]:
    """The values of a Reason header, which may be several."""
    return tuple([_reason(piece) for piece in split(value, ",")])


def _reason(value: str) -> Reason:
    protocol, _, rest = value.partition(";")
    pairs = parameters(rest)
    cause, text = number(parameter(pairs, "cause") or "", 5), parameter(pairs, "text") or ""
    return Reason(protocol.strip(" \t").upper(), cause, text)


def _warning(value: str) -> str:
    """`304 Media type not available`: the code and the text, without the agent that it names."""
    code, _, rest = value.partition(" ")
    _, _, text = rest.strip(" ").partition(" ")
    return f"{code} {unquote(text.strip(' '))}".strip()


def meaning(name: str, values: Iterable[str]) -> str:
    """What all values of one of these two headers mean, in words; empty for other headers."""
    if name == "Reason":
        return "; ".join([reason.meaning for value in values for reason in reasons(value)])
    if name == "Warning":
        return "; ".join([_warning(value) for value in values])
    return ""
