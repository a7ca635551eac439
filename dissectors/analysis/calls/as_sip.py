"""What other protocols say of calls, in the terms of SIP: so that calls have one kind of message."""

from __future__ import annotations

from dissectors.protocols import sip
from dissectors.wire.inflate import Inflated

CALLER, CALLEE = "caller", "callee"
"""The tags of both sides, where a protocol has none."""


def as_sip(
    first: dict[str, str], body: bytes, version: str, written: str, *, method: str | None = None, uri: str = "",
    status: int | None = None, reason: str = "",
) -> sip.Message:
    """A request with its method and target, or a response with its status and reason.

    `first` holds the headers that it would have, `written` the words of its own protocol, which `version` names.
    """
    is_request = method is not None
    return sip.Message(
        method=method, uri=uri if is_request else None, status=status, reason=None if is_request else reason,
        version=version, headers=(), octets=b"", raw_body=body,
        body=Inflated(body, "identity", None, len(body), len(body), "identity"), body_offset=0, parts=(), trailing=b"",
        deviations=(), first=first, written=written,
    )
