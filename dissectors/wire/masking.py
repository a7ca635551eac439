"""Secrets in messages: passwords, tokens, responses to challenges, keys of SRTP and of ICE; masked at the same length.

The one place that knows where they stand. Whoever shows what came off the wire shows what `masked` gives.
"""

from __future__ import annotations

import re

from dissectors.limits.remembered import remembered
from dissectors.wire.inflate import inflate
from dissectors.wire.patterns import pattern
from dissectors.wire.values import NamedTuple

MASK = b"*"

_NAMED = (
    rb"(?:[\w.-]{0,32}(?:passw(?:or)?d|passphrase|pwd|token|secret|credential|authorization|jwt|(?:api|admin)_?key)"
    rb"[\w.-]{0,32}|(?:room_?)?pin)"
)
_MEMBERS = (
    "passw", "passphrase", "pwd", "token", "secret", "credential", "authorization", "jwt", "api_key",
    "admin_key", "apikey", "adminkey", 'pin"', "pin\\",
)
_IMS = ("ik=", "ck=", " =", "\t=")
"""Before the sign there may be space."""


class Pattern(NamedTuple):
    """Where a secret stands: its groups are secret; one of `hints` stands in every text that has it, in small letters.
    """

    hints: tuple[str, ...]
    secret: bytes


ADDRESS = rb"\bsips?:[^\s:@<>\";,]{1,256}:([^\s@<>\",]{1,256})@"
IMS = rb"\b[ic]k[ \t]*=[ \t]*\"?([0-9A-F]{16,})"

PATTERNS = (
    # The keys of a=crypto (RFC 4568), k= (RFC 4566) and MIKEY (RFC 4567); JSON may write / as \/.
    Pattern(("inline:",), rb"\binline:((?:[A-Z0-9+/=]|\\/)+)"),
    Pattern(("k=",), rb"(?:^|\\[nr]|[\r\n]|\| )k=(?:clear|base64):((?:[A-Z0-9+/=]|\\/)+)"),
    Pattern(("key-mgmt:",), rb"\bkey-mgmt:\w+[ \t]+((?:[A-Z0-9+/=]|\\/)+)"),
    # ICE's password (RFC 8839), in SDP and in Jingle.
    Pattern(("ice-pwd:",), rb"\bice-pwd:[ \t]*((?:[A-Z0-9+/]|\\/)+)"),
    Pattern(("pwd=",), rb"\bpwd=[\"']([^\"']+)"),
    # Digest (RFC 7616), the keys of IMS in a challenge (RFC 3310), and what is sent as it is (RFC 7617, RFC 6750).
    Pattern(("response", "rspauth"), rb"\b(?:response|rspauth)[ \t]*=[ \t]*\\*\"([^\"\\\r\n]+)"),
    Pattern(("response", "rspauth"), rb"\b(?:response|rspauth)[ \t]*=[ \t]*([0-9A-F]{16,})"),
    Pattern(_IMS, IMS),
    Pattern(
        ("authorization",),
        rb"(?:^|[\r\n]|\| )(?:Proxy-)?Authorization[ \t]*:[ \t]*(?!Digest\b)[A-Z-]{1,16}[ \t]+([^ \t,\r\n]+)",
    ),
    Pattern(("basic", "bearer"), rb"\b(?:Basic|Bearer)[ \t]+([A-Z0-9._~+/-]{8,}=*)"),
    Pattern(
        ("token", "secret", "password", "api-key", "apikey"),
        rb"(?:^|[\r\n]|\| )[A-Z0-9-]{0,32}(?:Token|Secret|Password|Api-?Key)[ \t]*:[ \t]*([^ \t\r\n][^\r\n]*)",
    ),
    # A password in an address (RFC 3261 section 19.1.1).
    Pattern(("@",), ADDRESS),
    # Members of JSON, and of JSON within a text of JSON.
    Pattern(_MEMBERS, rb'"' + _NAMED + rb'"\s*:\s*"((?:[^"\\]|\\.)+)'),
    Pattern(_MEMBERS, rb'\\"' + _NAMED + rb'\\"\s*:\s*\\"((?:[^"\\]|\\\\\\.|\\\\[^"\\]|\\[^"\\])+)'),
)

COMPRESSED = (b"\x78", b"\x1f")
"""How a body begins that is compressed, whether or not it says so."""

_LABEL = pattern(rb"^(?:Content-Encoding|e)[ \t]*:[ \t]*([^\r\n]{1,256})", re.IGNORECASE | re.MULTILINE)

GATES: dict[str, tuple[str, ...]] = {
    hint: (hint,) for each in PATTERNS if each.hints not in (_MEMBERS, _IMS) for hint in each.hints
    if hint != "k=" and "pwd" not in hint
} | {
    '"': _MEMBERS, "k=": ("k=", "ik=", "ck="), "k ": (" =", "\t="), "k\t": (" =", "\t="),
    "pwd": ("ice-pwd:", "pwd="),
}
"""What stands in every text with one of the hints behind it: most texts have none of it, and are soon through."""

RARE = ("z", "k", "w", "y", "@", '"', "b", "sp")
"""What few descriptions of media have."""

_BEHIND = tuple([
    (sign, tuple([gate for gate in GATES if sign == next((each for each in RARE if each in gate), "")]))
    for sign in (*RARE, "")
])
"""The gates by the rarest of these that is in them; it is found up to ten times as quickly as a word."""


def may_hide(text: str) -> bool:
    """Whether there can be a secret in a text, in which each octet of ASCII is a character of its own."""
    return len(_gates(text.lower())) > 0


def _gates(text: str) -> list[str]:
    """The gates that stand in a text in small letters."""
    return [gate for sign, gates in _BEHIND if sign in text for gate in gates if gate in text]


def masked(octets: bytes) -> bytes:
    """The same octets with a mask in place of each octet of a secret."""
    # Octets are asked slowly: `in` would see first whether what is looked for is a number.
    text = octets.lower().decode("latin-1")
    gates = _gates(text)
    if not gates:
        return octets
    hinted = {hint for gate in gates for hint in GATES[gate] if hint in text}
    for hints, secret in PATTERNS:
        if not hinted.isdisjoint(hints):
            octets = _hidden(secret, octets)
    return octets


def masked_value(value: str) -> str:
    """The same of a header's value or an address: passwords of addresses, and keys of IMS."""
    # A password stands behind a colon of its own.
    colon = value.find(":")
    usual = colon < 0 or value.find(":", colon + 1) < 0
    if usual and value.find("=") >= 0:
        usual = "k=" not in value and "K=" not in value and " =" not in value and "\t=" not in value
    return value if usual else _masked_value(value)


@remembered
def _masked_value(value: str) -> str:
    address = value.rpartition("@")[0].count(":") > 1
    keys = any([sign in value for sign in ("k=", "K=", " =", "\t=")])
    if not address and not keys:
        return value
    octets = value.encode("utf-8", "surrogatepass")
    hidden = _hidden(ADDRESS, octets) if address else octets
    hidden = _hidden(IMS, hidden) if keys else hidden
    return value if hidden == octets else hidden.decode("utf-8", "surrogatepass")


def masked_text(text: str) -> str:
    """The same of a text that people read."""
    octets = text.encode("utf-8", "surrogatepass")
    hidden = masked(octets)
    return text if hidden == octets else hidden.decode("utf-8", "surrogatepass")


def concealed(message: bytes) -> bytes:
    """The octets of a message or a body, masked; a compressed body that holds a secret is masked from end to end."""
    octets = masked(message)
    end = octets.find(b"\r\n\r\n") + 4 if octets[:1] not in COMPRESSED else 0
    labels = tuple(label.decode("ascii", "replace") for label in _LABEL().findall(octets, 0, end))
    if end == 3 or not (labels or octets[end : end + 1] in COMPRESSED):
        return octets
    inflated = inflate(octets[end:], labels)
    if inflated.compressed and masked(inflated.octets) != inflated.octets:
        return octets[:end] + MASK * (len(octets) - end)
    return octets


def _hidden(secret: bytes, octets: bytes) -> bytes:
    """The octets with a mask over each secret; patterns are compiled when they are first asked for."""
    return re.sub(secret, _mask, octets, flags=re.IGNORECASE)


def _mask(found: re.Match[bytes]) -> bytes:
    begin, end = found.start(1) - found.start(), found.end(1) - found.start()
    return found[0][:begin] + MASK * (end - begin) + found[0][end:]
