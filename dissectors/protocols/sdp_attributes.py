"""Values of SDP attributes that say how media flows: rtpmap, rtcp, ssrc, crypto, fingerprint, candidate."""
from __future__ import annotations

from dissectors.limits.remembered import remembered
from dissectors.wire.patterns import pattern
from dissectors.wire.values import Struct

_BASE64 = pattern(r"[A-Za-z0-9+/]+")


class RtpMap(Struct, frozen=True):
    """RFC 8866 section 6.6: encoding name, RTP clock in Hz, channels (1 when not given)."""

    encoding: str
    clock: int
    channels: int


class Rtcp(Struct, frozen=True):
    """RFC 3605: where RTCP goes; `address` is None when only the port is given."""

    port: int
    address: str | None


class Crypto(Struct, frozen=True):
    """RFC 4568 section 4: `keys` are the key parameters as written (`inline:…`), `parameters` those of the session."""

    tag: int
    suite: str
    keys: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def key_octets(self) -> int | None:
        """How many octets the first key has with its salt (section 6.1); None where it is not written in Base64."""
        method, _, text = self.keys[0].partition(":")
        written = text.partition("|")[0].rstrip("=")
        if method.lower() != "inline" or not _BASE64().fullmatch(written):
            return None
        return len(written) * 3 // 4


class Fingerprint(Struct, frozen=True):
    """RFC 8122 section 5: the hash function in lower case, the digest in upper case with its colons."""

    function: str
    digest: str


class Candidate(Struct, frozen=True):
    """RFC 8839 section 5.1; `extensions` are the pairs after the related address, such as `tcptype` (RFC 6544)."""

    foundation: str
    component: int
    transport: str
    priority: int
    address: str
    port: int
    type: str
    related_address: str | None
    related_port: int | None
    extensions: tuple[tuple[str, str], ...]


def number(text: str, below: int = 0x1_0000_0000) -> int | None:
    """A decimal number in [0, below); None for anything else."""
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else below
    return value if value < below else None


@remembered
def rtpmap(value: str) -> tuple[int, RtpMap] | None:
    """`96 opus/48000/2`; None when it is not of that form."""
    first, _, rest = value.partition(" ")
    encoding, *numbers = rest.strip().split("/")
    payload_type = number(first, 128)
    clock = number(numbers[0]) if numbers else None
    channels = number(numbers[1], 256) if len(numbers) > 1 else 1
    if payload_type is None or clock is None or not encoding:
        return None
    return payload_type, RtpMap(encoding, clock, channels or 1)


def rtcp(value: str) -> Rtcp | None:
    """`53020` or `53020 IN IP4 192.0.2.1`."""
    words = value.split()
    port = number(words[0], 1 << 16) if words else None
    return None if port is None else Rtcp(port, words[3] if len(words) > 3 else None)


def crypto(value: str) -> Crypto | None:
    """`1 AES_CM_128_HMAC_SHA1_80 inline:… [session parameters]`."""
    words = value.split()
    tag = number(words[0], 10**9) if len(words) > 2 else None
    return None if tag is None else Crypto(tag, words[1], tuple(words[2].split(";")), tuple(words[3:]))


def fingerprint(value: str) -> Fingerprint | None:
    """`sha-256 12:DF:…`."""
    words = value.split()
    return Fingerprint(words[0].lower(), words[1].upper()) if len(words) == 2 else None


def candidate(value: str) -> Candidate | None:
    """`1 1 UDP 2130706431 192.0.2.1 8998 typ host …`."""
    words = value.split()
    if len(words) < 8 or words[6].lower() != "typ":
        return None
    component, priority, port = number(words[1], 1 << 16), number(words[3]), number(words[5], 1 << 16)
    if component is None or priority is None or port is None:
        return None
    pairs = list(zip(words[8::2], words[9::2], strict=False))
    related = {name.lower(): text for name, text in pairs[:2] if name.lower() in ("raddr", "rport")}
    return Candidate(
        foundation=words[0],
        component=component,
        transport=words[2],
        priority=priority,
        address=words[4],
        port=port,
        type=words[7],
        related_address=related.get("raddr"),
        related_port=number(related.get("rport", ""), 1 << 16),
        extensions=tuple(pairs[len(related) :]),
    )
