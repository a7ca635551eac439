"""What a certificate says in the clear: whose it is, who vouches for it, from when to when (RFC 5280 section 4.1)."""
from __future__ import annotations

from collections.abc import Iterator

from dissectors.wire.addresses import written_address
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct

SEQUENCE, OBJECT, UTC_TIME, GENERAL_TIME = 0x30, 0x06, 0x17, 0x18
SERIAL, VERSION, EXTENSIONS = 0x02, 0xA0, 0xA3
COMMON_NAME, ORGANISATION, ALTERNATIVE_NAMES = b"\x55\x04\x03", b"\x55\x04\x0a", b"\x55\x1d\x11"
DNS_NAME, URI_NAME, ADDRESS_NAME = 0x82, 0x86, 0x87

BIT_STRING, INTEGER = 0x03, 0x02
RSA, MIN_RSA_BITS = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 2048
"""Keys of RSA, and how many bits they need (RFC 9325 section 4.5)."""

OLD_SIGNATURES = {
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04": "MD5", b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05": "SHA-1",
    b"\x2a\x86\x48\xce\x3d\x04\x01": "SHA-1", b"\x2a\x86\x48\xce\x38\x04\x03": "SHA-1",
}
"""Digests of signatures that can be forged, by the signature with RSA, ECDSA or DSA."""

MAX_NAMES, MAX_NAME_OCTETS = 64, 255
"""Alternative names that are kept, and octets of a name."""

EPOCH_DAYS = 719_468
"""Days from the first of March of the year 0 to 1970."""


class Certificate(Struct, frozen=True):
    """One certificate: common names of its subject and issuer (or their organisations), its other names, its dates.

    Dates are seconds since the epoch. `own` says that subject and issuer are the same: nobody else vouches for it.
    `weak` says what of it can be forged or guessed, each as a phrase.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    begins: float
    ends: float
    own: bool
    weak: tuple[str, ...] = ()


class Element(Struct, frozen=True):
    """One element of DER: its tag, and where its value begins and ends."""

    tag: int
    begin: int
    end: int


def certificate(octets: bytes) -> Certificate:
    """Read a certificate in DER; raises Malformed where it is none."""
    outer = _element(octets, 0, len(octets))
    signed = _element(octets, outer.begin, outer.end)
    fields = [each for each in _elements(octets, signed.begin, signed.end) if each.tag != VERSION]
    if len(fields) < 5 or fields[0].tag != SERIAL:
        raise Malformed("X.509", signed.begin, "no certificate")
    _, _, issuer, validity, subject = fields[:5]
    dates = list(_elements(octets, validity.begin, validity.end))
    if len(dates) != 2:
        raise Malformed("X.509", validity.begin, "no dates")
    begins, ends = (_time(each.tag, octets[each.begin : each.end], each.begin) for each in dates)
    names = tuple(name for each in fields if each.tag == EXTENSIONS for name in _names(octets, each))
    own = octets[issuer.begin : issuer.end] == octets[subject.begin : subject.end]
    weak = tuple(_weak(octets, fields[1], fields[5] if len(fields) > 5 else None, own))
    return Certificate(_named(octets, subject), _named(octets, issuer), names[:MAX_NAMES], begins, ends, own, weak)


def _weak(octets: bytes, signature: Element, key: Element | None, own: bool) -> Iterator[str]:
    """What is weak of its key, and of the signature of who vouches for it; its own one proves nothing anyway."""
    parts = list(_elements(octets, key.begin, key.end)) if key is not None else []
    if len(parts) == 2 and parts[1].tag == BIT_STRING and _object(octets, parts[0]) == RSA:
        # Behind the count of bits that are left over stand the modulus and the exponent.
        both = _element(octets, parts[1].begin + 1, parts[1].end)
        modulus = _element(octets, both.begin, both.end)
        bits = int.from_bytes(octets[modulus.begin : modulus.end], "big").bit_length()
        if modulus.tag == INTEGER and bits < MIN_RSA_BITS:
            yield f"a key of RSA with {bits:,} bits"
    digest = OLD_SIGNATURES.get(_object(octets, signature))
    if digest is not None and not own:
        yield f"a signature with {digest}"


def _object(octets: bytes, algorithm: Element) -> bytes:
    """The identifier of an algorithm."""
    if algorithm.tag != SEQUENCE:
        return b""
    first = _element(octets, algorithm.begin, algorithm.end)
    return octets[first.begin : first.end] if first.tag == OBJECT else b""


def fits(pattern: str, name: str) -> bool:
    """Whether a name of a certificate is that of a server, one label may be a star (RFC 6125 section 6.4.3)."""
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:] and "." in pattern[2:]
    return pattern == name


def _element(octets: bytes, at: int, end: int) -> Element:
    if at + 2 > end:
        raise Malformed("X.509", at, "an element needs 2 bytes")
    tag, size, begin = octets[at], octets[at + 1], at + 2
    if size & 0x80:
        width = size & 0x7F
        if not 0 < width <= 4 or begin + width > end:
            raise Malformed("X.509", at, "an element without a length")
        size, begin = int.from_bytes(octets[begin : begin + width], "big"), begin + width
    if begin + size > end:
        raise Malformed("X.509", at, f"an element needs {size} bytes, {end - begin} are left")
    return Element(tag, begin, begin + size)


def _elements(octets: bytes, at: int, end: int) -> Iterator[Element]:
    while at < end:
        element = _element(octets, at, end)
        yield element
        at = element.end


def _named(octets: bytes, name: Element) -> str:
    """The common name in a name, else its organisation, else nothing."""
    found: dict[bytes, str] = {}
    for group in _elements(octets, name.begin, name.end):
        for pair in _elements(octets, group.begin, group.end):
            parts = list(_elements(octets, pair.begin, pair.end))
            if len(parts) == 2 and parts[0].tag == OBJECT:
                found.setdefault(octets[parts[0].begin : parts[0].end], _text(octets[parts[1].begin : parts[1].end]))
    return found.get(COMMON_NAME) or found.get(ORGANISATION, "")


def _names(octets: bytes, extensions: Element) -> Iterator[str]:
    """The alternative names of the subject: hosts, URIs and addresses."""
    listed = _element(octets, extensions.begin, extensions.end)
    for extension in _elements(octets, listed.begin, listed.end):
        parts = list(_elements(octets, extension.begin, extension.end))
        if len(parts) < 2 or octets[parts[0].begin : parts[0].end] != ALTERNATIVE_NAMES:
            continue
        inner = _element(octets, parts[-1].begin, parts[-1].end)
        for name in _elements(octets, inner.begin, inner.end):
            value = octets[name.begin : name.end]
            if name.tag in (DNS_NAME, URI_NAME):
                yield _text(value)
            elif name.tag == ADDRESS_NAME and len(value) in (4, 16):
                yield written_address(value)


def _text(octets: bytes) -> str:
    return octets[:MAX_NAME_OCTETS].decode("utf-8", "replace")


def _time(tag: int, octets: bytes, place: int) -> float:
    """`YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` in seconds since the epoch (RFC 5280 section 4.1.2.5)."""
    digits = octets[: 12 if tag == UTC_TIME else 14]
    if tag not in (UTC_TIME, GENERAL_TIME) or not digits.isdigit() or len(digits) < 12:
        raise Malformed("X.509", place, "no date")
    if tag == UTC_TIME:
        digits = (b"19" if digits >= b"50" else b"20") + digits
    year, month, day, hour, minute, second = (int(digits[:4]), *(int(digits[n : n + 2]) for n in range(4, 14, 2)))
    # Days since the epoch, by years that begin in March: their leap day is the last.
    years = year - (month <= 2)
    days = years * 365 + years // 4 - years // 100 + years // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return float((days - EPOCH_DAYS) * 86_400 + hour * 3600 + minute * 60 + second)
