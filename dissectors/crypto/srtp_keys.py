"""Master keys of SRTP: out of SDP (RFC 4568), out of DTLS (RFC 5764), and out of files of keys of any form.

Laws of this file:
1. A file is told by its content: JSON, lines with `inline:`, or lines of quoted fields as Wireshark keeps its tables.
2. A key whose suite is not said is one of each suite that its length fits; the tags decide.
"""
from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dissectors.crypto.srtp_suites import PROFILES, Suite, named, of_octets
from dissectors.crypto.tls_schedule import DTLS, exported, prf
from dissectors.crypto.tls_suites import Suite as CipherSuite

MAX_MEDIA_KEYS = 4096
"""Master keys of one file, or of all SDP of a capture."""

MAX_MKI_OCTETS = 128
EXPORTED = b"EXTRACTOR-dtls_srtp"


class MasterKey(NamedTuple):
    """A master key with its salt; `mki` is what names it in each packet, empty where nothing does.

    `clear` and `clear_rtcp` say that the payloads are only signed (UNENCRYPTED_SRTP and UNENCRYPTED_SRTCP).
    """

    suite: Suite
    key: bytes
    salt: bytes
    mki: bytes = b""
    clear: bool = False
    clear_rtcp: bool = False


_CRYPTO = re.compile(r"(?:([A-Za-z0-9_\-]+)[ \t]+)?((?:inline:[^\s;\"']+;?)+)((?:[ \t]+[A-Z][A-Z_=0-9\-]*)*)")
_QUOTED = re.compile(r'"([^"\r\n]*)"')
_HEX = re.compile(r"(?:0[xX])?((?:[0-9A-Fa-f]{2})+)")
_NOT_READ = ("UNAUTHENTICATED_SRTP", "KDR=")
"""Without tags nothing proves a key; a rate of key derivation is not read."""


def read(octets: bytes) -> tuple[MasterKey, ...]:
    """The master keys in a file of any form, once each; nothing where there are none."""
    text = octets.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    found: Iterable[MasterKey] = ()
    if text[:1] in ("{", "["):
        try:
            found = _json(json.loads(text))
        except (ValueError, RecursionError):
            found = ()
    elif "inline:" in text or text.lstrip()[:1] in ('"', "#"):
        found = _lines(text)
    return _bounded(found)


def of_sdp(texts: Iterable[str]) -> tuple[MasterKey, ...]:
    """The master keys of the a=crypto lines of these descriptions, once each."""
    return _bounded(key for text in texts if "inline:" in text for key in _cryptos(text))


def of_dtls(
    suite: Suite, version: int, digest: str, secret: bytes, client: bytes, server: bytes
) -> tuple[MasterKey, MasterKey]:
    """The master keys of the client and of the server of DTLS (RFC 5764 section 4.2), by the version of TLS that it is,
    the master secret and both randoms."""
    return _both(suite, prf(version, digest, secret, EXPORTED, client + server, 2 * suite.octets))


def of_dtls_1_3(suite: Suite, protected: CipherSuite, secret: bytes) -> tuple[MasterKey, MasterKey]:
    """The same of DTLS 1.3, by its cipher suite and the secret of its exporter."""
    return _both(suite, exported(protected, secret, EXPORTED, 2 * suite.octets, DTLS))


def _both(suite: Suite, octets: bytes) -> tuple[MasterKey, MasterKey]:
    """The keys of the client and of the server, then their salts."""
    keys, salts = octets[: 2 * suite.key], octets[2 * suite.key :]
    return (
        MasterKey(suite, keys[: suite.key], salts[: suite.salt]),
        MasterKey(suite, keys[suite.key :], salts[suite.salt :]),
    )


def _bounded(found: Iterable[MasterKey]) -> tuple[MasterKey, ...]:
    keys: dict[MasterKey, None] = {}
    for key in found:
        if len(keys) >= MAX_MEDIA_KEYS:
            break
        keys[key] = None
    return tuple(keys)


def _lines(text: str) -> Iterator[MasterKey]:
    for line in text.splitlines():
        if "inline:" in line:
            yield from _cryptos(line)
        elif line.lstrip().startswith('"'):
            yield from _fields(_QUOTED.findall(line))


def _cryptos(text: str) -> Iterator[MasterKey]:
    """The keys of `[a=crypto:1 SUITE] inline:KEY[|LIFETIME][|MKI:LENGTH][;inline:…] [PARAMETERS]`."""
    for name, parameters, session in _CRYPTO.findall(text):
        if any(word in session for word in _NOT_READ):
            continue
        suite = named(name)
        if name and suite is None and "_" in name:
            continue
        words = session.split()
        for each in parameters.split(";"):
            material, *rest = each.removeprefix("inline:").split("|")
            mki = next((value for value in map(_mki, rest) if value), b"")
            for key in _of_material(_decoded(material), suite, mki):
                yield key._replace(clear="UNENCRYPTED_SRTP" in words, clear_rtcp="UNENCRYPTED_SRTCP" in words)


def _mki(text: str) -> bytes:
    """`1:4` as four octets; nothing for a lifetime."""
    value, colon, length = text.partition(":")
    if not colon or not (value.isdecimal() and length.isdecimal()) or len(value) > 400 or len(length) > 3:
        return b""
    number, octets = int(value), int(length)
    return number.to_bytes(octets, "big") if 0 < octets <= MAX_MKI_OCTETS and number < 1 << 8 * octets else b""


def _fields(fields: Iterable[str], outer: Suite | None = None) -> Iterator[MasterKey]:
    """The keys in fields of one row, whatever their order: key with salt in one, or the salt behind the key."""
    values = [text for text in fields if len(text) <= 512]
    suite = next((one for one in map(named, values) if one is not None), outer)
    before = b""
    for text in values:
        material = _decoded(text)
        if before and len(material) in (12, 14):
            yield from _of_material(before + material, suite)
        yield from _of_material(material, suite)
        before = material if len(material) in (16, 24, 32) else b""


def _json(value: object) -> Iterator[MasterKey]:
    """The keys anywhere in JSON; the name of a suite holds for what it stands beside or above."""
    waiting: list[tuple[object, Suite | None]] = [(value, None)]
    while waiting:
        each, suite = waiting.pop()
        if isinstance(each, dict):
            suite = _suite_in(each) or suite
            if isinstance(salt := _first(each, "salt"), str) and isinstance(key := _first(each, "key"), str):
                yield from _fields((key, salt), suite)
            waiting += [(inner, named(name) or suite) for name, inner in reversed(each.items())]
        elif isinstance(each, list):
            waiting += [(inner, suite) for inner in reversed(each)]
        elif isinstance(each, str) and "inline:" in each:
            yield from _cryptos(each)
        elif isinstance(each, str) and len(each) <= 512:
            yield from _of_material(_decoded(each), suite)


def _first(values: dict[str, object], word: str) -> object:
    """The first value whose name has this word in it."""
    return next((value for name, value in values.items() if word in name.lower()), None)


def _suite_in(values: dict[str, object]) -> Suite | None:
    """The suite that a value names, or that its number as a profile says."""
    for name, value in values.items():
        if isinstance(value, str) and (found := named(value)) is not None:
            return found
        if isinstance(value, int) and "profile" in name.lower() and value in PROFILES:
            return PROFILES[value]
    return None


def _decoded(text: str) -> bytes:
    """Octets written as hexadecimal digits or in base64 (its filling may be left out); nothing for other text."""
    text = text.strip()
    if found := _HEX.fullmatch(text.replace(":", "")):
        return bytes.fromhex(found[1])
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _of_material(material: bytes, suite: Suite | None, mki: bytes = b"") -> Iterator[MasterKey]:
    """Key and salt in one, for the suite that was named or for each that they fit."""
    for each in of_octets(len(material)):
        if suite is None or each == suite:
            yield MasterKey(each, material[: each.key], material[each.key :], mki)
