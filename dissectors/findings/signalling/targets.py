"""Whether a request within a dialog goes where the other side asked for it (RFC 3261 section 12.2.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dissectors.protocols.sip_headers import address
from dissectors.report import Message
from dissectors.wire.patterns import pattern

Target = tuple[str, str, int]
"""The user, the host and the port of a URI."""

PORTS = {"sip": 5060, "sips": 5061}
_HOST = pattern(r"(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::(\d{1,5}))?")
_ESCAPED = pattern(r"%([0-9A-Fa-f]{2})")
_LOOSE = pattern(r";\s*lr\b", re.IGNORECASE)


def target(uri: str) -> Target | None:
    """What of a SIP URI says where it leads; parameters do not count. None for any other URI."""
    scheme, colon, rest = uri.strip().partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in PORTS:
        return None
    user, at, host = rest.partition("?")[0].rpartition("@")
    # A user may have parameters of its own, such as those of a telephone number, which no host has before an @.
    user = user.partition(";")[0].partition(":")[0] if at else ""
    found = _HOST().fullmatch(host.partition(";")[0].strip())
    if found is None:
        return None
    name = _ESCAPED().sub(lambda octet: chr(int(octet[1], 16)), user)
    return name, (found[1] or found[2] or "").lower(), int(found[3] or PORTS[scheme])


def contact_of(message: Message) -> str | None:
    """The URI of a message's Contact."""
    value = message.header("Contact")
    return address(value).uri or None if value else None


def goes_to(request: Message, contacts: Iterable[str]) -> bool:
    """Whether a request goes to one of these remote targets; where that cannot be told it does.

    A loose router is named in Route and leaves the request's URI alone. A strict one, without lr, stands in the URI
    itself, and the target comes last in Route (RFC 3261 section 16.12.1.2).
    """
    asked, known = target(request.uri or ""), [target(contact) for contact in contacts]
    if asked is None or not known or None in known or asked in known:
        return True
    route = request.header("Route") or ""
    strict = bool(route) and (not _LOOSE().search(address(route).uri) or bool(_LOOSE().search(request.uri or "")))
    return strict
