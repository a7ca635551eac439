"""SRTP and SRTCP without their protection (RFC 3711, 6188, 7714): master keys and octets in, RTP and RTCP out.

Laws of this file:
1. Nothing is handed on whose tag was not verified.
2. Each source has a rollover counter of its own. Where the capture began late, the tag says what it is.
3. Of several keys, that one is used whose tags fit, datagram by datagram: keys change within a call.
"""
from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence

from dissectors.crypto import primitives
from dissectors.crypto.srtp_index import Indices
from dissectors.crypto.srtp_keys import MasterKey
from dissectors.crypto.srtp_suites import GCM, Suite

HEADER, RTCP_HEADER, INDEX = 12, 8, 4
AUTHENTICATION_KEY_OCTETS = 20
ENCRYPTION, AUTHENTICATION, SALT = range(3)
"""Labels of the key derivation (RFC 3711 section 4.3.2); those of RTCP are three more."""

RTCP_LABELS = 3
MAX_ROLLOVERS = 4096
"""How far a rollover counter is searched for: two months of a stream with fifty datagrams a second."""

CRYPTEX_PROFILES = (0xC0DE, 0xC2DE)
"""Header extensions of RFC 9335, which are encrypted with the sources before them."""


def derive(master: MasterKey, label: int, octets: int) -> bytes:
    """A session key by its label (RFC 3711 section 4.3.1; a shorter salt of RFC 7714 is filled with zeros)."""
    salt = bytearray(master.salt.ljust(14, b"\0"))
    salt[7] ^= label
    return primitives.counted(master.key, bytes(salt) + b"\0\0", bytes(octets))


def header_octets(octets: bytes) -> int | None:
    """How long the header of RTP is, with its sources and its extension; None where it does not fit."""
    if len(octets) < HEADER or octets[0] >> 6 != 2:
        return None
    end = HEADER + 4 * (octets[0] & 0x0F)
    if octets[0] & 0x10:
        if end + 4 > len(octets):
            return None
        end += 4 + 4 * int.from_bytes(octets[end + 2 : end + 4], "big")
    return end if end <= len(octets) else None


def cryptex(octets: bytes) -> bool:
    """Whether the extension of an RTP header is encrypted with its sources (RFC 9335)."""
    at = HEADER + 4 * (octets[0] & 0x0F) if octets else 0
    return bool(octets) and bool(octets[0] & 0x10) and int.from_bytes(octets[at : at + 2], "big") in CRYPTEX_PROFILES


class SessionKeys:
    """The keys of one direction of RTP or RTCP, that were derived from a master key or are known themselves."""

    __slots__ = ("_mac", "_open", "cipher", "salt", "suite", "tag")

    def __init__(self, suite: Suite, cipher: bytes, authentication: bytes, salt: bytes, tag: int) -> None:
        self.suite, self.cipher, self.salt, self.tag = suite, cipher, int.from_bytes(salt, "big"), tag
        self._mac = hmac.new(authentication, digestmod="sha1")
        self._open = primitives.sealed(GCM, cipher, tag) if suite.mode == GCM else None

    @classmethod
    def of(cls, master: MasterKey, rtcp: bool) -> SessionKeys:
        """Those of a master key."""
        suite, first = master.suite, RTCP_LABELS if rtcp else 0
        return cls(
            suite,
            derive(master, first + ENCRYPTION, suite.key),
            derive(master, first + AUTHENTICATION, AUTHENTICATION_KEY_OCTETS),
            derive(master, first + SALT, suite.salt),
            suite.rtcp_tag if rtcp else suite.tag,
        )

    def authentic(self, octets: bytes, tag: bytes, ends: Iterable[bytes]) -> Iterator[bytes]:
        """Those of several ends for which a tag of HMAC fits the octets."""
        begun = self._mac.copy()
        begun.update(octets)
        for end in ends:
            mac = begun.copy()
            mac.update(end)
            if hmac.compare_digest(mac.digest()[: self.tag], tag):
                yield end

    def counted(self, ssrc: int, index: int, octets: bytes) -> bytes:
        """What was encrypted in counter mode (RFC 3711 section 4.1.1)."""
        first = self.salt << 16 ^ ssrc << 64 ^ index << 16
        return primitives.counted(self.cipher, first.to_bytes(16, "big"), octets)

    def sealed(self, ssrc: int, index: int, octets: bytes, beside: bytes) -> bytes | None:
        """What was encrypted with AES-GCM (RFC 7714 sections 8.1 and 9.1); None where its tag does not fit."""
        nonce = ssrc << 48 ^ index ^ self.salt
        return self._open(nonce.to_bytes(12, "big"), octets, beside) if self._open is not None else None


class Opener:
    """Opens what one master key protects; it has no memory of what came before."""

    __slots__ = ("_rtcp", "_rtp", "master")

    def __init__(self, master: MasterKey, rtp: SessionKeys | None = None, rtcp: SessionKeys | None = None) -> None:
        self.master = master
        self._rtp = rtp or SessionKeys.of(master, rtcp=False)
        self._rtcp = rtcp or SessionKeys.of(master, rtcp=True)

    def rtp(self, octets: bytes, rollovers: Iterable[int]) -> tuple[int, bytes] | None:
        """A datagram of RTP, and with which of these rollover counters its tag fits; None where it does with none."""
        begin, mki, tag = header_octets(octets), len(self.master.mki), self.master.suite.tag
        if begin is None or len(octets) < begin + mki + tag:
            return None
        if self.master.suite.mode == GCM:
            return self._sealed_rtp(octets, begin, rollovers)
        end = len(octets) - tag - mki
        if octets[end : end + mki] != self.master.mki:
            return None
        ends = (rollover.to_bytes(4, "big") for rollover in rollovers)
        for found in self._rtp.authentic(octets[:end], octets[len(octets) - tag :], ends):
            return int.from_bytes(found, "big"), octets[:begin] + self._clear(octets, found, begin, end)
        return None

    def _clear(self, octets: bytes, rollover: bytes, begin: int, end: int) -> bytes:
        if self.master.clear:
            return octets[begin:end]
        ssrc, index = int.from_bytes(octets[8:12], "big"), int.from_bytes(rollover + octets[2:4], "big")
        return self._rtp.counted(ssrc, index, octets[begin:end])

    def _sealed_rtp(self, octets: bytes, begin: int, rollovers: Iterable[int]) -> tuple[int, bytes] | None:
        end = len(octets) - len(self.master.mki)
        if octets[end:] != self.master.mki:
            return None
        ssrc, sequence = int.from_bytes(octets[8:12], "big"), int.from_bytes(octets[2:4], "big")
        for rollover in rollovers:
            inner = self._rtp.sealed(ssrc, rollover << 16 | sequence, octets[begin:end], octets[:begin])
            if inner is not None:
                return rollover, octets[:begin] + inner
        return None

    def rtcp(self, octets: bytes) -> bytes | None:
        """A datagram of RTCP, None where its tag does not fit; the index stands in it."""
        if len(octets) < RTCP_HEADER + self.master.suite.rtcp_tag + INDEX + len(self.master.mki):
            return None
        ssrc = int.from_bytes(octets[4:8], "big")
        return self._sealed_rtcp(octets, ssrc) if self.master.suite.mode == GCM else self._signed_rtcp(octets, ssrc)

    def _sealed_rtcp(self, octets: bytes, ssrc: int) -> bytes | None:
        tag, end = self.master.suite.rtcp_tag, len(octets) - len(self.master.mki) - INDEX
        if octets[end + INDEX :] != self.master.mki:
            return None
        word = octets[end : end + INDEX]
        index = int.from_bytes(word, "big") & 0x7FFFFFFF
        if word[0] >> 7:
            inner = self._rtcp.sealed(ssrc, index, octets[RTCP_HEADER:end], octets[:RTCP_HEADER] + word)
            return None if inner is None else octets[:RTCP_HEADER] + inner
        plain = octets[: end - tag]
        return None if self._rtcp.sealed(ssrc, index, octets[end - tag : end], plain + word) is None else plain

    def _signed_rtcp(self, octets: bytes, ssrc: int) -> bytes | None:
        tag, mki = self.master.suite.rtcp_tag, self.master.mki
        signed = len(octets) - tag - len(mki)
        if octets[signed : signed + len(mki)] != mki:
            return None
        if not any(True for _ in self._rtcp.authentic(octets[:signed], octets[len(octets) - tag :], (b"",))):
            return None
        end = signed - INDEX
        word = octets[end:signed]
        if not word[0] >> 7:
            return octets[:end]
        index = int.from_bytes(word, "big") & 0x7FFFFFFF
        return octets[:RTCP_HEADER] + self._rtcp.counted(ssrc, index, octets[RTCP_HEADER:end])


class Source:
    """The datagrams of one source of RTP, in the order of the capture, with all keys that may be theirs.

    `verified` counts those of which a tag fitted, by the master key; `failed` those of which none did, `cryptex` those
    whose header is encrypted, too, which is not read, `reused` those whose index protected something else before.
    `searched` is how far the rollover counter is searched for.
    """

    __slots__ = ("_highest", "_indices", "_last", "_openers", "_searched", "cryptex", "failed", "reused", "verified")

    def __init__(self, openers: Sequence[Opener], searched: int = MAX_ROLLOVERS) -> None:
        self._openers, self._searched = [*openers], searched
        self._last: Opener | None = None
        self._highest = 0
        self.verified: dict[MasterKey, int] = {}
        self._indices: dict[MasterKey, Indices] = {}
        self.failed = self.cryptex = self.reused = 0

    def open(self, octets: bytes) -> bytes | None:
        """A datagram of RTP in the clear, None where no key's tag fits."""
        if cryptex(octets):
            self.cryptex += 1
            return None
        sequence = int.from_bytes(octets[2:4], "big")
        likely = self._likely(sequence)
        for opener in self._ordered():
            if (found := opener.rtp(octets, likely)) is not None:
                return self._took(opener, sequence, *found)
        # Searched for after 0, 1, 3, 7 … failures: what no key opens costs little.
        if not self.failed & (self.failed + 1):
            for opener in self._ordered():
                if (found := opener.rtp(octets, range(self._searched))) is not None:
                    return self._took(opener, sequence, *found)
        self.failed += 1
        return None

    def _ordered(self) -> list[Opener]:
        last = self._last
        return self._openers if last is None else [last, *(each for each in self._openers if each is not last)]

    def _likely(self, sequence: int) -> list[int]:
        """The rollover counters that a datagram has: the one nearest to what came (section 3.3.1), and some beside."""
        rollover, highest = self._highest >> 16, self._highest & 0xFFFF
        away = sequence - highest
        guess = rollover + (away < -0x8000) - (away > 0x8000)
        return list(dict.fromkeys(each for each in (guess, guess + 1, guess - 1, 0, 1) if 0 <= each < 1 << 32))

    def _took(self, opener: Opener, sequence: int, rollover: int, octets: bytes) -> bytes:
        index = rollover << 16 | sequence
        self._highest = max(self._highest, index) if opener is self._last else index
        self._last = opener
        self.verified[opener.master] = self.verified.get(opener.master, 0) + 1
        if not opener.master.clear:
            # Header extensions may change where a datagram is sent again.
            contents = octets[header_octets(octets) :]
            self.reused += self._indices.setdefault(opener.master, Indices()).again(index, contents)
        return octets


class Control:
    """Datagrams of RTCP with all keys that may be theirs: `verified` and `failed` count as in `Source`."""

    __slots__ = ("_openers", "failed", "verified")

    def __init__(self, openers: Sequence[Opener]) -> None:
        self._openers = [*openers]
        self.verified: dict[MasterKey, int] = {}
        self.failed = 0

    def open(self, octets: bytes) -> bytes | None:
        """A datagram of RTCP in the clear, None where no key's tag fits."""
        for opener in self._openers:
            if (found := opener.rtcp(octets)) is not None:
                self.verified[opener.master] = self.verified.get(opener.master, 0) + 1
                return found
        self.failed += 1
        return None
