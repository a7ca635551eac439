"""RTP (RFC 3550 section 5) with header extensions (RFC 8285) and padding."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from scapy.layers.rtp import RTP as ScapyRTP
from scapy.layers.rtp import RTPExtension as ScapyRTPExtension
from scapy.packet import bind_layers

from dissectors.layers.layer import Later, Layer, Trailed, claimed, cut, optional
from dissectors.layers.rtp_parts import Extensions, extension_names, is_named, write_elements
from dissectors.protocols import rtp

_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")


class RTP(Trailed, ScapyRTP):
    """RTP with Scapy's fields. Scapy's own class is also found in it: `packet[scapy.layers.rtp.RTP]`.

    It differs where Scapy's leaves the padding in the payload (here it is `padding_octets`, its count included), fails
    on contributing sources that do not fit (here those that do are read) and on a header that is cut (`cut`). With
    SRTP the padding is encrypted and the count means nothing; one that is impossible leaves the payload whole.
    """

    name = "RTP"
    match_subclass = True
    spec = rtp.SPEC
    payload_guess = []
    fields_desc = [*ScapyRTP.fields_desc, optional(Later("padding_octets", None)), cut()]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the header; what comes back is the extension, if there is one, and the payload without padding."""
        if len(octets) < rtp.HEADER:
            return self.remember_cut(octets)
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(octets)
        count = min(first & 0x0F, (len(octets) - rtp.HEADER) // 4)
        end = rtp.HEADER + 4 * count
        fields = {
            "version": first >> 6,
            "padding": first >> 5 & 1,
            "extension": first >> 4 & 1,
            "numsync": first & 0x0F,
            "marker": second >> 7,
            "payload_type": second & 0x7F,
            "sequence": sequence,
            "timestamp": timestamp,
            "sourcesync": ssrc,
            "sync": [int.from_bytes(octets[at : at + 4], "big") for at in range(rtp.HEADER, end, 4)],
        }
        stop = len(octets)
        if first & 0x20:
            stop -= self._padding(octets, end)
            fields["padding_octets"] = octets[stop:] or None
        self.remember(octets[:end], fields, ("sync",))
        return octets[end:stop]

    def _padding(self, octets: bytes, end: int) -> int:
        """How many octets are padding, as far as that is possible and the capture has the last one."""
        if octets[0] & 0x10:
            end += 4 + 4 * int.from_bytes(octets[end + 2 : end + 4], "big")
        whole = claimed(octets, self.underlayer) == len(octets)
        return octets[-1] if whole and octets[-1] <= len(octets) - end else 0

    def post_build(self, octets: bytes, payload: bytes) -> bytes:
        """Add the padding, and its bit where nobody set it."""
        padding: bytes = self.fields.get("padding_octets") or b""
        if padding and "padding" not in self.fields:
            octets = bytes((octets[0] | 0x20,)) + octets[1:]
        return octets + payload + padding


class RTPExtension(Layer, ScapyRTPExtension):
    """A header extension with Scapy's fields, of which Scapy decodes none, and where one that is cut makes it fail."""

    name = "RTP extension"
    match_subclass = True
    spec = rtp.SPEC
    payload_guess = []
    fields_desc = [*ScapyRTPExtension.fields_desc, cut()]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the extension; of one that announces more words than there are, those that are whole."""
        if len(octets) < 4:
            return self.remember_cut(octets)
        profile, length = _EXTENSION.unpack_from(octets)
        end = 4 + 4 * min(length, (len(octets) - 4) // 4)
        words = [int.from_bytes(octets[at : at + 4], "big") for at in range(4, end, 4)]
        self.remember(octets[:end], {"header_id": profile, "header_len": length, "header": words}, ("header",))
        return octets[end:]

    @property
    def elements(self) -> tuple[tuple[int, bytes], ...]:
        """The elements, numbers and octets, in the one-byte and the two-byte form (RFC 8285 section 4)."""
        if self.header_id is None:
            return ()
        data = b"".join(word.to_bytes(4, "big") for word in self.header)
        return rtp.read_elements(self.header_id, data)[0]

    @classmethod
    def of(cls, elements: Mapping[int, bytes]) -> RTPExtension:
        """An extension with these elements, numbers and octets; raises ValueError where one does not fit."""
        profile, octets = write_elements(elements)
        words = [int.from_bytes(octets[at : at + 4], "big") for at in range(0, len(octets), 4)]
        return cls(header_id=profile, header_len=len(words), header=words)

    def named(self, extensions: Extensions) -> dict[str, bytes]:
        """The elements by the URIs that `a=extmap` gives their numbers; `extensions` is the `SDPMedia`, or the URIs."""
        names = extension_names(extensions)
        return {names[number]: value for number, value in self.elements if number in names}

    def get(self, name: str, extensions: Extensions) -> bytes | None:
        """The element of that URI, or of one that ends so (`mid`, `ssrc-audio-level`); None where there is none."""
        found = self.named(extensions).items()
        return next((value for uri, value in found if is_named(uri, name)), None)

    def mysummary(self) -> Any:
        """Nothing: RTP speaks for it."""
        return ""


bind_layers(RTP, RTPExtension, extension=1)
