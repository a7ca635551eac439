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
    b"passw", b"passphrase", b"pwd", b"token", b"secret", b"credential", b"authorization", b"jwt", b"api_key",
    b"admin_key", b"apikey", b"adminkey", b'pin"', b"pin\\",
)


class Pattern(NamedTuple):
    """Where a secret stands: its groups are secret; one of `hints` stands in every text that has it, in small letters.
    """

    hints: tuple[bytes, ...]
    secret: bytes


ADDRESS = rb"\bsips?:[^\s:@<>\";,]{1,256}:([^\s@<>\",]{1,256})@"
IMS = rb"\b[ic]k[ \t]*=[ \t]*\"?([0-9A-F]{16,})"

PATTERNS = (
    # The keys of a=crypto (RFC 4568), k= (RFC 4566) and MIKEY (RFC 4567); JSON may write / as \/.
    Pattern((b"inline:",), rb"\binline:((?:[A-Z0-9+/=]|\\/)+)"),
    Pattern((b"k=",), rb"(?:^|\\[nr]|[\r\n]|\| )k=(?:clear|base64):((?:[A-Z0-9+/=]|\\/)+)"),
    Pattern((b"key-mgmt:",), rb"\bkey-mgmt:\w+[ \t]+((?:[A-Z0-9+/=]|\\/)+)"),
    # ICE's password (RFC 8839), in SDP and in Jingle.
    Pattern((b"ice-pwd:",), rb"\bice-pwd:[ \t]*((?:[A-Z0-9+/]|\\/)+)"),
    Pattern((b"pwd=",), rb"\bpwd=[\"']([^\"']+)"),
    # Digest (RFC 7616), the keys of IMS in a challenge (RFC 3310), and what is sent as it is (RFC 7617, RFC 6750).
    Pattern((b"response", b"rspauth"), rb"\b(?:response|rspauth)[ \t]*=[ \t]*\\*\"([^\"\\\r\n]+)"),
    Pattern((b"response", b"rspauth"), rb"\b(?:response|rspauth)[ \t]*=[ \t]*([0-9A-F]{16,})"),
    Pattern((b"ik=", b"ck="), IMS),
    Pattern(
        (b"authorization",),
        rb"(?:^|[\r\n]|\| )(?:Proxy-)?Authorization[ \t]*:[ \t]*(?!Digest\b)[A-Z-]{1,16}[ \t]+([^ \t,\r\n]+)",
    ),
    Pattern((b"basic", b"bearer"), rb"\b(?:Basic|Bearer)[ \t]+([A-Z0-9._~+/-]{8,}=*)"),
    Pattern(
        (b"token", b"secret", b"password", b"api-key", b"apikey"),
        rb"(?:^|[\r\n]|\| )[A-Z0-9-]{0,32}(?:Token|Secret|Password|Api-?Key)[ \t]*:[ \t]*([^ \t\r\n][^\r\n]*)",
    ),
    # A password in an address (RFC 3261 section 19.1.1).
    Pattern((b"@",), ADDRESS),
    # Members of JSON, and of JSON within a text of JSON.
    Pattern(_MEMBERS, rb'"' + _NAMED + rb'"\s*:\s*"((?:[^"\\]|\\.)+)'),
    Pattern(_MEMBERS, rb'\\"' + _NAMED + rb'\\"\s*:\s*\\"((?:[^"\\]|\\\\\\.|\\\\[^"\\]|\\[^"\\])+)'),
)

COMPRESSED = (b"\x78", b"\x1f")
"""How a body begins that is compressed, whether or not it says so."""

_LABEL = pattern(rb"^(?:Content-Encoding|e)[ \t]*:[ \t]*([^\r\n]{1,256})", re.IGNORECASE | re.MULTILINE)

GATES: dict[bytes, tuple[bytes, ...]] = {
    hint: (hint,) for each in PATTERNS if each.hints is not _MEMBERS for hint in each.hints
    if b"k=" not in hint and b"pwd" not in hint
} | {b'"': _MEMBERS, b"k=": (b"k=", b"ik=", b"ck="), b"pwd": (b"ice-pwd:", b"pwd=")}
"""What stands in every text with one of the hints behind it: most texts have none of it, and are soon through."""


_WRITTEN = tuple([(gate, gate.decode()) for gate in GATES])

RARE = "zkwy@\""
"""Signs that few descriptions of media have."""

_BEHIND = tuple([
    (sign, tuple([gate for _, gate in _WRITTEN if sign == next((each for each in RARE if each in gate), "")]))
    for sign in (*RARE, "")
])
"""The gates by the rarest sign in them; a sign is found ten times as quickly as a word."""


def may_hide(text: str) -> bool:
    """Whether there can be a secret in a text, in which each octet of ASCII is a character of its own."""
    return _may_hide(text.lower())


def _may_hide(text: str) -> bool:
    """The same of a text in small letters."""
    for sign, gates in _BEHIND:
        if sign in text:
            for gate in gates:
                if gate in text:
                    return True
    return False


def masked(octets: bytes) -> bytes:
    """The same octets with a mask in place of each octet of a secret."""
    # Octets are asked slowly: `in` would see first whether the gate is a number, and `find` is called by its name.
    small = octets.lower()
    text = small.decode("latin-1")
    if not _may_hide(text):
        return octets
    gates = [gate for gate, written in _WRITTEN if written in text]
    hinted = {hint for gate in gates for hint in GATES[gate] if small.find(hint) >= 0}
    for hints, secret in PATTERNS:
        if not hinted.isdisjoint(hints):
            octets = _hidden(secret, octets)
    return octets


def masked_value(value: str) -> str:
    """The same of a header's value or an address: passwords of addresses, and keys of IMS."""
    # A password stands behind a colon of its own.
    colon = value.find(":")
    usual = (colon < 0 or value.find(":", colon + 1) < 0) and (
        value.find("=") < 0 or ("k=" not in value and "K=" not in value)
    )
    return value if usual else _masked_value(value)


@remembered
def _masked_value(value: str) -> str:
    address = value.rpartition("@")[0].count(":") > 1
    keys = "k=" in value.lower()
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
