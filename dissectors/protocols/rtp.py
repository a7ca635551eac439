"""RTP (RFC 3550 section 5), with header extensions (RFC 8285) and padding."""
from __future__ import annotations

import struct

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import AtLeast, Bits, RtpHeader, Spec, plausible
from dissectors.wire.values import Struct

HEADER = 12
_HEAD = struct.Struct("!BBHII").unpack_from
ONE_BYTE = 0xBEDE

PROFILES: dict[int, str] = {
    ONE_BYTE: "one-byte elements (RFC 8285)",
    **{0x1000 + bits: "two-byte elements (RFC 8285)" for bits in range(16)},
    0xC0DE: "encrypted one-byte elements (RFC 9335)",
    0xC2DE: "encrypted two-byte elements (RFC 9335)",
    0xDEBE: "0xBEDE with its bytes swapped",
    0x4400: "FaceTime",
}


class Extension(Struct, frozen=True):
    """A header extension: its 16-bit profile, its octets, and the elements where the profile defines any."""

    profile: int
    data: bytes
    elements: tuple[tuple[int, bytes], ...]

    @property
    def name(self) -> str:
        """The profile's name, or its number."""
        return PROFILES.get(self.profile, f"profile 0x{self.profile:04X}")


class Message(Struct, frozen=True):
    """An RTP packet (RFC 3550 section 5.1).

    `payload` leaves out the padding, `padding_length` octets (its count included), where the count is possible. Under
    SRTP both payload and padding are encrypted and an authentication tag comes last, so the count means nothing; an
    impossible one is a deviation and the payload then keeps every octet. `timestamp` counts the codec's clock.
    """

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    csrc: tuple[int, ...]
    extension: Extension | None
    payload: bytes
    padding: bool
    padding_length: int
    deviations: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line for a list of datagrams."""
        marked = self.marker << 7 | self.payload_type
        return _line(marked, self.sequence, self.timestamp, self.ssrc, len(self.payload))


def _line(marked: int, sequence: int, timestamp: int, ssrc: int, octets: int) -> str:
    """A packet in one line; `marked` is the payload type with the marker before it."""
    return (
        f"RTP payload type {marked & 0x7F}, SSRC 0x{ssrc:08X}, sequence {sequence}, timestamp {timestamp}, "
        f"{octets} bytes{', marker' if marked & 0x80 else ''}"
    )


def summarise(payload: bytes) -> str | None:
    """The summary of the message that `parse` makes of a packet, None where it makes none."""
    size = len(payload)
    if size < HEADER or payload[0] >> 6 != 2:
        return None
    first, marked, sequence, timestamp, ssrc = _HEAD(payload)
    end = HEADER + 4 * (first & 0x0F)
    if first & 0x10:
        end += 4 + 4 * int.from_bytes(payload[end + 2 : end + 4], "big")
    if end > size:
        return None
    count = payload[-1] if first & 0x20 else 0
    return _line(marked, sequence, timestamp, ssrc, size - end - (count if count <= size - end else 0))


def parse(payload: bytes) -> Message:
    """Read an RTP packet.

    Whatever follows the header may be cut short without harm. Raises `Malformed` for another version than 2, or where
    the header, the contributing sources or the extension do not fit.
    """
    if len(payload) < HEADER:
        raise Malformed("RTP", len(payload), f"a header has {HEADER} bytes, {len(payload)} are here")
    if payload[0] >> 6 != 2:
        raise Malformed("RTP", 0, f"version {payload[0] >> 6}, not 2")
    end = HEADER + 4 * (payload[0] & 0x0F)
    if end > len(payload):
        raise Malformed("RTP", HEADER, f"{payload[0] & 0x0F} contributing sources do not fit")
    csrc = tuple(int.from_bytes(payload[at:at + 4], "big") for at in range(HEADER, end, 4))
    extension: Extension | None = None
    odd: tuple[str, ...] = ()
    if payload[0] & 0x10:
        extension, end, odd = _extension(payload, end)
    padding = bool(payload[0] & 0x20)
    count = payload[-1] if padding else 0
    possible = padding and 1 <= count <= len(payload) - end
    if padding and not possible:
        odd += (f"{count} bytes of padding are impossible (SRTP hides the real count)",)
    return Message(
        marker=bool(payload[1] & 0x80),
        payload_type=payload[1] & 0x7F,
        sequence=int.from_bytes(payload[2:4], "big"),
        timestamp=int.from_bytes(payload[4:8], "big"),
        ssrc=int.from_bytes(payload[8:12], "big"),
        csrc=csrc,
        extension=extension,
        payload=payload[end:len(payload) - count] if possible else payload[end:],
        padding=padding,
        padding_length=count if possible else 0,
        deviations=odd,
    )


def _extension(payload: bytes, offset: int) -> tuple[Extension, int, tuple[str, ...]]:
    """The header extension at `offset`, where it ends, and what is wrong with its elements."""
    start = offset + 4
    if start > len(payload):
        raise Malformed("RTP", offset, f"an extension's header needs 4 bytes, {len(payload) - offset} are left")
    profile = int.from_bytes(payload[offset:offset + 2], "big")
    end = start + 4 * int.from_bytes(payload[offset + 2:start], "big")
    if end > len(payload):
        raise Malformed("RTP", offset + 2, f"an extension needs {end - start} bytes, {len(payload) - start} are left")
    data = payload[start:end]
    elements, odd = read_elements(profile, data)
    return Extension(profile, data, elements), end, odd


def read_elements(profile: int, data: bytes) -> tuple[tuple[tuple[int, bytes], ...], tuple[str, ...]]:
    """The elements of RFC 8285 sections 4.2 and 4.3, and what is wrong; those of another profile are unknown."""
    if profile != ONE_BYTE and profile & 0xFFF0 != 0x1000:
        return (), ()
    head = 1 if profile == ONE_BYTE else 2
    elements: list[tuple[int, bytes]] = []
    offset = 0
    while offset < len(data):
        number = data[offset] >> 4 if head == 1 else data[offset]
        # A zero octet is padding; the one-byte form reserves 15 to stop at (RFC 8285 section 4.2).
        if data[offset] == 0:
            offset += 1
            continue
        if head == 1 and number == 15:
            break
        start = offset + head
        if start > len(data):
            return tuple(elements), (f"extension element {number} has no length",)
        end = start + ((data[offset] & 0x0F) + 1 if head == 1 else data[offset + 1])
        if end > len(data):
            left = len(data) - start
            return tuple(elements), (f"extension element {number} needs {end - start} bytes, {left} are left",)
        elements.append((number, data[start:end]))
        offset = end
    return tuple(elements), ()


def build(
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    *,
    marker: bool = False,
    csrc: tuple[int, ...] = (),
    extension: tuple[int, bytes] | None = None,
    padding_length: int = 0,
) -> bytes:
    """The octets of a packet, which `parse` reads back.

    `extension` is a profile and its octets, whose count is a multiple of four. Raises `ValueError` for a count or a
    payload type that the header cannot hold and `OverflowError` for a number that is too large for its field.
    """
    if len(csrc) > 15 or not 0 <= padding_length <= 255 or not 0 <= payload_type <= 127:
        raise ValueError("at most 15 contributing sources, 255 bytes of padding and payload type 127")
    first = 0x80 | bool(padding_length) << 5 | (extension is not None) << 4 | len(csrc)
    header = bytes((first, marker << 7 | payload_type)) + sequence.to_bytes(2, "big") + timestamp.to_bytes(4, "big")
    header += b"".join(each.to_bytes(4, "big") for each in (ssrc, *csrc))
    if extension is not None:
        profile, data = extension
        if len(data) % 4:
            raise ValueError(f"an extension of {len(data)} bytes is not a multiple of four")
        header += profile.to_bytes(2, "big") + (len(data) // 4).to_bytes(2, "big") + data
    padding = bytes(padding_length - 1) + bytes((padding_length,)) if padding_length else b""
    return header + payload + padding


SPEC = Spec(
    name="RTP",
    match=(plausible("version 2 and a header that fits", AtLeast(12), Bits(0, 0xC0, 0x80), RtpHeader()),),
    parse=parse,
    summarise=summarise,
    role="media",
    wireshark="rtp",
    layers=("srtp",),
    colour="green",
)
