"""What RTP carries beside the codec's octets: elements of header extensions by name, and telephone events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scapy.fields import BitField, ByteEnumField, ShortField
from scapy.packet import Packet

from dissectors.layers.layer import Layer, cut
from dissectors.layers.sdp import SDP, SDPMedia
from dissectors.protocols import rtp

EVENTS = {number: key for number, key in enumerate("0123456789*#ABCD")} | {16: "flash"}
"""The events of RFC 4733 section 3.2 that keys make."""

MAX_ONE_BYTE_NUMBER, MAX_ONE_BYTE_OCTETS, MAX_NUMBER, MAX_OCTETS = 14, 16, 255, 255
"""The largest element of the one-byte form and of the two-byte form (RFC 8285 section 4)."""

Extensions = SDPMedia | SDP | Mapping[int, str]
"""What says which number is which extension: a description with `a=extmap`, or the URIs by number."""


class TelephoneEvent(Layer, Packet):
    """A telephone event (RFC 4733 section 2.3): the payload of RTP whose payload type SDP calls `telephone-event`.

    `bind_layers(RTP, TelephoneEvent, payload_type=101)` makes Scapy read that payload type so.
    """

    name = "Telephone event"
    payload_guess = []
    fields_desc = [
        ByteEnumField("event", 0, EVENTS),
        BitField("end", 0, 1),
        BitField("reserved", 0, 1),
        BitField("volume", 10, 6),
        ShortField("duration", 160),
        cut(),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read four octets; others may follow, an event each."""
        if len(octets) < 4:
            return self.remember_cut(octets)
        fields = {
            "event": octets[0],
            "end": octets[1] >> 7,
            "reserved": octets[1] >> 6 & 1,
            "volume": octets[1] & 0x3F,
            "duration": int.from_bytes(octets[2:4], "big"),
        }
        self.remember(octets[:4], fields)
        return octets[4:]

    @property
    def message(self) -> Any:
        """Nothing that a parser of its own reads: None."""
        return None

    def mysummary(self) -> Any:
        """The key, and whether it was let go."""
        return self.sprintf("event %event%") + (" end" if self.end else "")


def extension_names(extensions: Extensions) -> dict[int, str]:
    """The URIs of header extensions by number, from `a=extmap:3/sendonly urn:…` (RFC 8285 section 5)."""
    if isinstance(extensions, Mapping):
        return dict(extensions)
    layers = [extensions, *(extensions.media if isinstance(extensions, SDP) else ())]
    values = [value.split() for layer in layers for value in layer.all("extmap")]
    pairs = [(words[0].partition("/")[0], words[1]) for words in values if len(words) > 1]
    return {int(number): uri for number, uri in pairs if number.isdecimal() and len(number) <= 4}


def is_named(uri: str, name: str) -> bool:
    """Whether an extension is called so: by its whole URI, or by the end of it (`mid`, `ssrc-audio-level`)."""
    return uri == name or uri.endswith((f":{name}", f"/{name}"))


def write_elements(elements: Mapping[int, bytes]) -> tuple[int, bytes]:
    """The profile and the octets of these elements, in the one-byte form where they fit it (RFC 8285 section 4).

    Raises ValueError for an element that fits neither form.
    """
    if any(not 1 <= number <= MAX_NUMBER or len(value) > MAX_OCTETS for number, value in elements.items()):
        raise ValueError(f"an element has a number from 1 to {MAX_NUMBER} and at most {MAX_OCTETS} bytes")
    short = all(
        number <= MAX_ONE_BYTE_NUMBER and 1 <= len(value) <= MAX_ONE_BYTE_OCTETS for number, value in elements.items()
    )
    octets = b"".join(
        (bytes((number << 4 | len(value) - 1,)) if short else bytes((number, len(value)))) + value
        for number, value in elements.items()
    )
    return rtp.ONE_BYTE if short else 0x1000, octets + bytes(-len(octets) % 4)
