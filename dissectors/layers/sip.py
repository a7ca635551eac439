"""SIP (RFC 3261): start line, headers in every form, a body that may be compressed."""

from __future__ import annotations

from typing import Any

from scapy.config import conf
from scapy.fields import StrField
from scapy.layers.inet import UDP
from scapy.packet import Packet
from scapy.volatile import RandBin, RandNum

from dissectors.layers.headers import Headers, octets_of, split_fields, visible
from dissectors.layers.layer import Later, Mark, Trailed, When, optional
from dissectors.layers.multipart import Multipart
from dissectors.layers.sdp import SDP
from dissectors.layers.sip_answers import Answers
from dissectors.layers.sip_fields import HeadersField, RandHeaders, Version, Word
from dissectors.protocols import sip
from dissectors.protocols.sip_message import cseq
from dissectors.protocols.sip_parts import head, media_type
from dissectors.protocols.sip_start_line import read_start_line
from dissectors.wire.errors import Malformed
from dissectors.wire.inflate import deflate, inflate

_START = ("method", "uri", "status", "reason", "version")
_SHOWN = 80

MAX_RANDOM_OCTETS = 200
"""How many octets of a body `fuzz` makes up at most."""


_BODY = StrField("body", b"")


class SIP(Answers, Trailed, Packet):
    """A SIP message; its payload is the body, decoded: `SDP`, `Multipart` or Raw.

    A request has `method` and `uri`, a response `status` and `reason`. `headers` are `Headers`. `body` is the decoded
    body, `raw_body` the body as it is sent; both can be assigned, and so can the payload. What did not change is built
    as it was read, to the octet. A body that changed is encoded as Content-Encoding says ("deflate" as zlib) and a
    Content-Length from the wire follows it; one that you assigned stands, even where it lies. A message that never was
    on the wire gets Content-Length, and Content-Type before an `SDP`, where it has none. Octets that are no message at
    all leave every field None and are the payload.

    `leading` are line ends before the message, `start_line` is the line as written where the parts alone do not give
    it back, `end` the empty line after the headers where it is not CR LF (no octet where the message was cut before
    it), `raw_encoding` the Content-Encoding under which `raw_body` was read.
    """

    name = "SIP"
    spec = sip.SPEC
    payload_guess = []
    fields_desc = [
        optional(StrField("leading", None)),
        When(Word("method", "INVITE"), lambda sip: sip.getfieldval("status") is None),
        When(Word("uri", "sip:nobody@example.invalid"), lambda sip: sip.getfieldval("status") is None),
        optional(Word("status", None)),
        optional(Word("reason", None)),
        Version("version", "SIP/2.0"),
        optional(StrField("start_line", None)),
        HeadersField("headers", Headers()),
        optional(StrField("end", None)),
        optional(Later("raw_body", None)),
        optional(Mark("raw_encoding", None)),
    ]

    def __init__(self, _pkt: bytes = b"", *given: Any, **named: Any) -> None:
        """As every layer, and with `body`. `raw_body` is what is sent, unless `raw_encoding` says how it was read."""
        late = {name: named.pop(name) for name in ("start_line", "raw_body", "body") if name in named}
        if "raw_encoding" in named and "raw_body" in late:
            named["raw_body"] = late.pop("raw_body")
        line = late.get("start_line")
        if line is not None and "version" in named and _parts(octets_of(line)) == [*map(named.get, _START)]:
            named["start_line"] = late.pop("start_line")
        super().__init__(_pkt, *given, **named)
        if late.get("raw_body") is not None:
            headers: Headers = self.getfieldval("headers")
            if "Content-Length" in headers:
                headers.assigned.add("content-length")
            else:
                headers.write("Content-Length", 0)
        for name, value in late.items():
            self.setfieldval(name, value)

    def init_fields(self, *given: Any, **named: Any) -> None:
        """Scapy shares defaults that it does not know to be mutable; headers are each message's own."""
        super().init_fields(*given, **named)
        self.fields["headers"] = Headers()

    def dissect(self, s: bytes) -> None:
        """Read the message: its head into the fields, its body into the payload, what follows into `Padding`."""
        try:
            message = sip.parse(s)
        except Malformed:
            nothing = {**dict.fromkeys(self.default_fields), "start_line": b"", "headers": Headers(), "end": b""}
            self.remember(b"", nothing)
            self.do_dissect_payload(s)
            return
        after = self._read_head(s, message) + len(message.raw_body)
        self.do_dissect_payload(message.body.octets)
        if s[after:] and conf.padding:
            self.add_payload(conf.padding_layer(s[after:]))

    def _read_head(self, octets: bytes, message: sip.Message) -> int:
        """Fill the fields from the octets before the body; the offset of the first that is none of them."""
        begin = len(octets) - len(octets.lstrip(b"\r\n"))
        _, end, whole = head(octets, begin)
        start = _start_line_end(octets, begin)
        end = max(start, end)
        blank = 2 if whole and octets[end - 2 : end - 1] == b"\r" else int(whole)
        recovered = tuple(header for header in message.headers if header.recovered)
        fields: dict[str, Any] = {
            **{name: getattr(message, name) for name in _START},
            "headers": Headers(split_fields(octets[start : end - blank]), recovered),
            "raw_body": message.raw_body,
            "raw_encoding": message.body.label,
        }
        if octets[end - blank : end] != b"\r\n":
            fields["end"] = octets[end - blank : end]
        if begin:
            fields["leading"] = octets[:begin]
        if octets[begin:start] != _start_line(*(fields[name] for name in _START)):
            fields["start_line"] = octets[begin:start]
        self.remember(octets[:end], fields, ("headers",))
        return end

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        """SDP by its type, or by its first line where no type is given; several parts by theirs."""
        kind = media_type(self.headers.get("Content-Type"))
        if kind and kind.startswith("multipart/"):
            return Multipart
        if kind == "application/sdp" or (kind is None and payload.lstrip(b"\r\n")[:2] == b"v="):
            return SDP
        return super().guess_payload_class(payload)

    @property
    def body(self) -> bytes:
        """The body, decoded."""
        return self._apart(self.do_build_payload())[0]

    def _next(self) -> SIP | None:
        """The message that came after this one in the same segment of TCP, which Scapy makes a payload."""
        found: Packet = self.payload
        while found and not isinstance(found, SIP):
            found = found.payload
        return found if isinstance(found, SIP) else None

    def _apart(self, payload: bytes) -> tuple[bytes, bytes]:
        """The body and the messages after it."""
        following = self._next()
        after = b"" if following is None else following.do_build()
        return payload[: len(payload) - len(after)], after

    def getfieldval(self, attr: str) -> Any:
        """The value of a field; in a message that is fuzzed, headers with some at random after them."""
        value = super().getfieldval(attr)
        if attr == "headers" and not self.explicit and isinstance(self.default_fields[attr], RandHeaders):
            return RandHeaders(value)
        return value

    def do_build_payload(self) -> bytes:
        """The payload; in a message that is fuzzed and has none, any octets."""
        made_up = isinstance(self.default_fields["headers"], RandHeaders) and not self.payload
        if made_up and self.getfieldval("raw_body") is None and self.getfieldval("start_line") != b"":
            return bytes(RandBin(RandNum(0, MAX_RANDOM_OCTETS)))
        return super().do_build_payload()

    def getfield_and_val(self, attr: str) -> tuple[Any, Any]:
        """Scapy's way to a value by its name; `raw_body` is what would be sent now."""
        if attr == "body":
            return _BODY, self.body
        if attr == "raw_body":
            return _BODY, self._sent(self.body)[1]
        return super().getfield_and_val(attr)

    def setfieldval(self, attr: str, val: Any) -> None:
        """Assign a field, the body, or the body as it is sent."""
        if attr == "start_line":
            self._take_line(val)
        elif attr in _START and self.getfieldval("version") is None and self.getfieldval("start_line"):
            # A line that was no start line gives way to one of parts.
            super().setfieldval("version", "SIP/2.0")
            super().setfieldval(attr, val)
        elif attr == "body":
            self._take_body(b"" if val is None else octets_of(val))
        elif attr == "raw_body" and val is None:
            if self.getfieldval("raw_body") is not None:
                self.setfieldval("raw_body", self._encoded(self.body, None, self._encoding()))
        elif attr == "raw_body":
            raw = octets_of(val)
            super().setfieldval("raw_body", raw)
            super().setfieldval("raw_encoding", self._encoding())
            self._take_body(self._decoded(raw))
            if "Content-Length" in self.headers and "content-length" not in self.headers.assigned:
                self.headers.write("Content-Length", len(raw))
        else:
            super().setfieldval(attr, val)

    def _take_line(self, line: Any) -> None:
        """Let a whole start line stand as it is, with an end where it has none; the parts become what it says."""
        written = None if line is None else octets_of(line)
        if written and not written.endswith((b"\n", b"\r")):
            written += b"\r\n"
        super().setfieldval("start_line", written)
        if written is not None:
            for name, part in zip(_START, _parts(written), strict=True):
                super().setfieldval(name, part)

    def _take_body(self, body: bytes) -> None:
        padding, following = self.build_padding(), self._next()
        self.remove_payload()
        self.do_dissect_payload(body)
        if following is not None:
            self.add_payload(following)
        elif padding:
            self.add_payload(conf.padding_layer(padding))

    def self_build(self) -> bytes:
        """The message without its body."""
        return self._head(self.getfieldval("headers"))

    def post_build(self, octets: bytes, payload: bytes) -> bytes:
        """Add the body as it is sent, and make the headers agree with it where they are ours to change."""
        body, after = self._apart(payload)
        headers, sent = self._sent(body)
        return (octets if headers == self.getfieldval("headers") else self._head(headers)) + sent + after

    def _head(self, headers: Headers) -> bytes:
        parts = [self.getfieldval(name) for name in _START]
        line: bytes | None = self.getfieldval("start_line")
        if line is None or _parts(line) != parts:
            line = _start_line(*parts)
        end: bytes | None = self.getfieldval("end")
        leading: bytes = self.getfieldval("leading") or b""
        return leading + line + b"".join(headers.lines) + (b"\r\n" if end is None else end)

    def _sent(self, payload: bytes) -> tuple[Headers, bytes]:
        """The headers and the body that go out with `payload`."""
        headers: Headers = self.getfieldval("headers")
        raw: bytes | None = self.getfieldval("raw_body")
        encoding = self._encoding()
        if self.getfieldval("start_line") == b"":
            return headers, payload
        if raw is not None and encoding == self.getfieldval("raw_encoding") and self._decoded(raw) == payload:
            return headers, raw
        body = self._encoded(payload, raw, encoding)
        changed = headers.copy()
        if raw is None:
            kind = _type_of(self.payload)
            if kind and "Content-Type" not in headers:
                changed.write("Content-Type", kind)
            if "Content-Length" not in headers:
                changed.write("Content-Length", len(body))
        elif "Content-Length" in headers and "content-length" not in headers.assigned:
            changed.write("Content-Length", len(body))
        return changed, body

    def _encoding(self) -> str | None:
        labels = [field.value for field in self.getfieldval("headers").fields() if field and field.name == _ENCODING]
        return ", ".join(labels) if labels else None

    def _decoded(self, raw: bytes) -> bytes:
        """The body that `raw` is, without header lines that were compressed with it."""
        fields = [field for field in self.getfieldval("headers").fields() if field and field.name in _TELLING]
        lines = [f"{field.name}: {field.value}\r\n" for field in fields]
        if self.getfieldval("raw_encoding"):
            lines.append(f"{_ENCODING}: {self.getfieldval('raw_encoding')}\r\n")
        return sip.parse(octets_of("".join(("SIP/2.0 200 OK\r\n", *lines, "\r\n"))) + raw).body.octets

    def _encoded(self, payload: bytes, raw: bytes | None, encoding: str | None) -> bytes:
        """`payload` as the message says, after the header lines that were compressed with the body."""
        if not encoding:
            return payload
        if raw and self.getfieldval("raw_encoding"):
            whole = inflate(raw, (self.getfieldval("raw_encoding"),)).octets
            payload = whole.removesuffix(self._decoded(raw)) + payload
        try:
            return deflate(payload, encoding)
        except ValueError:
            return payload

    def hashret(self) -> bytes:
        """The Call-ID, by which `sr` finds the answer to a request."""
        return octets_of(self.headers.get("Call-ID", ""))

    def answers(self, other: Packet) -> int:
        """Whether this is a response to the request `other`."""
        if not isinstance(other, SIP) or self.status is None or other.status is not None:
            return 0
        asked, said = (cseq(each.headers.get("CSeq", "")) for each in (other, self))
        return int(asked == said and self.headers.get("Call-ID") == other.headers.get("Call-ID"))

    def mysummary(self) -> Any:
        """The start line, and how the body is compressed."""
        raw, body = self.getfieldval("raw_body"), self.body
        packed = f" (body {len(raw)} → {len(body)} bytes)" if raw is not None and raw != body else ""
        parts = (self.getfieldval("status"), self.getfieldval("reason")) if self.status is not None else (self.method,)
        return "SIP " + " ".join(visible(part)[:_SHOWN] for part in parts) + packed, [UDP]


_ENCODING = "Content-Encoding"
_TELLING = [name for name in sip.ONCE if name != "Content-Length"]
"""Headers that tell whether a body begins with others that were compressed with it."""


def _type_of(body: Packet) -> str | None:
    """The Content-Type of a body that is a layer of its own."""
    if isinstance(body, Multipart):
        return f"multipart/mixed;boundary={body.getfieldval('boundary')}"
    return "application/sdp" if isinstance(body, SDP) else None


def _start_line_end(octets: bytes, begin: int) -> int:
    """Where the start line ends, its line end included: a CR without LF is one too (as the parser has it)."""
    newline = octets.find(b"\n", begin)
    if newline < 0:
        return len(octets)
    alone = octets.find(b"\r", begin, newline - 1)
    return alone + 1 if alone >= 0 else newline + 1


def _start_line(method: Any, uri: Any, status: Any, reason: Any, version: Any) -> bytes:
    """The line of these parts (RFC 3261 sections 7.1 and 7.2); none where there are no parts."""
    if version is None:
        return b""
    if status is not None:
        code = f"{status:03d}" if isinstance(status, int) else status
        return b" ".join((octets_of(version), octets_of(code), octets_of(reason or ""))) + b"\r\n"
    return b" ".join(octets_of(part or "") for part in (method, uri, version)) + b"\r\n"


def _parts(line: bytes) -> list[Any]:
    """The parts of a start line as it was written."""
    try:
        start = read_start_line(line.removesuffix(b"\n").partition(b"\r")[0], 0, [])
    except Malformed:
        return [None] * len(_START)
    return [getattr(start, name) for name in _START]
