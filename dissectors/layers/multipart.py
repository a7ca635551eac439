"""A body of several parts (RFC 2046 section 5.1, RFC 5621): SDP among them is a layer of its own."""

from __future__ import annotations

import re
from typing import Any

from scapy.fields import PacketListField, StrField
from scapy.packet import Packet

from dissectors.layers.headers import Headers, split_fields
from dissectors.layers.layer import Layer, Mark, optional
from dissectors.layers.sdp import SDP
from dissectors.layers.sip_fields import HeadersField
from dissectors.protocols.sip_headers import parameter, parameters
from dissectors.protocols.sip_parts import MAX_PARTS, head, media_type

BOUNDARY = "part-of-the-body"
"""What separates the parts of a body that was not read."""


class SIPPart(Layer, Packet):
    """A part: its `headers`; its payload is what stands in it, `SDP` or Raw.

    `delimiter` is the line before it as it was written, `end` the empty line after its headers, where these are not as
    usual.
    """

    name = "SIP part"
    payload_guess = []
    fields_desc = [
        optional(Mark("delimiter", None)),
        HeadersField("headers", Headers()),
        optional(StrField("end", None)),
    ]

    def init_fields(self, *given: Any, **named: Any) -> None:
        """Headers are each part's own."""
        super().init_fields(*given, **named)
        self.fields["headers"] = Headers()

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the headers; what has none is all content."""
        block, at, whole = head(octets, 0)
        if not whole:
            block, at = b"", 0
        fields: dict[str, Any] = {"delimiter": None, "headers": Headers(split_fields(block))}
        fields["end"] = octets[len(block) : at]
        self.remember(octets[:at], fields, ("headers",))
        return octets[at:]

    def self_build(self) -> bytes:
        """The headers and the empty line; an SDP in a part without headers gets its type."""
        headers: Headers = self.getfieldval("headers")
        end = self.getfieldval("end")
        if end is None and isinstance(self.payload, SDP) and "Content-Type" not in headers:
            headers = headers.copy()
            headers.add("Content-Type", "application/sdp")
        return b"".join(headers.lines) + (b"\r\n" if end is None else end)

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        """SDP by its type, where it is not encoded."""
        headers: Headers = self.getfieldval("headers")
        plain = "Content-Encoding" not in headers
        if plain and media_type(headers.get("Content-Type")) == "application/sdp":
            return SDP
        return super().guess_payload_class(payload)

    def mysummary(self) -> Any:
        """Nothing: SIP speaks for it."""
        return ""


class Multipart(Layer, Packet):
    """A multipart body: `parts` in order; what did not change is built as it was read.

    `preamble` stands before the first delimiter; `closing` is the last delimiter and what follows it. `boundary` is the
    one of Content-Type.
    """

    name = "Multipart"
    payload_guess = []
    fields_desc = [
        Mark("boundary", BOUNDARY),
        StrField("preamble", b""),
        PacketListField("parts", [], SIPPart),
        optional(StrField("closing", None)),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the parts; without a boundary, or none of it here, everything comes back."""
        headers = getattr(self.underlayer, "headers", None)
        boundary = boundary_of(headers.get("Content-Type")) if isinstance(headers, Headers) else None
        edge = re.compile(rb"(?:\A|\r?\n)--" + re.escape((boundary or "").encode()) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
        edges = list(edge.finditer(octets))[: MAX_PARTS + 1] if boundary else []
        parts: list[SIPPart] = []
        stop = len(octets)
        for number, found in enumerate(edges):
            if found[1] or number == MAX_PARTS:
                stop = found.start()
                break
            end = edges[number + 1].start() if number + 1 < len(edges) else len(octets)
            part = SIPPart(octets[found.end() : end], _internal=1, _parent=self)
            part.fields["delimiter"] = found[0]
            if found.end() == end:
                part.fields["end"] = b""
            parts.append(part)
        fields: dict[str, Any] = {"boundary": boundary, "preamble": b"", "parts": parts, "closing": b""}
        if edges:
            fields |= {"preamble": octets[: edges[0].start()], "closing": octets[stop:]}
        self.remember(octets if parts else b"", fields, ("parts",))
        if not parts:
            fields.update(preamble=b"", closing=b"")
            return octets
        return b""

    def self_build(self) -> bytes:
        """The parts between their delimiters."""
        edge = b"--" + str(self.getfieldval("boundary")).encode()
        closing = self.getfieldval("closing")
        octets: bytes = self.getfieldval("preamble") or b""
        for number, part in enumerate(self.getfieldval("parts") or ()):
            written = part.fields.get("delimiter") if isinstance(part, SIPPart) else None
            before = b"\r\n" if number or octets else b""
            octets += (before + edge + b"\r\n" if written is None else written) + bytes(part)
        return octets + (b"\r\n" + edge + b"--\r\n" if closing is None else closing)

    def mysummary(self) -> Any:
        """Nothing: SIP speaks for it."""
        return ""


def boundary_of(content_type: str | None) -> str | None:
    """The boundary that a Content-Type names."""
    return parameter(parameters(content_type or ""), "boundary") or None
