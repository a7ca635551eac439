"""SIP messages to octets (RFC 3261 section 7)."""
from __future__ import annotations

from collections.abc import Iterable

from dissectors.protocols.sip_headers import COMPACT, canonical
from dissectors.wire.inflate import deflate

_SHORT = {long: short for short, long in COMPACT.items()}


def build(
    start_line: str,
    headers: Iterable[tuple[str, str]],
    body: bytes = b"",
    *,
    encoding: str | None = None,
    compact: bool = False,
) -> bytes:
    """A message: its start line, its headers in order and its body, with Content-Length computed.

    With `encoding` ("deflate", "gzip", "base64" or a list) the body is encoded and Content-Encoding says so;
    "identity" removes that header; None leaves body and header as given. `compact` writes the compact names. Raises
    ValueError for a line end within a line or an unknown encoding.
    """
    fields = [(name, value) for name, value in headers]
    if encoding is not None:
        body = deflate(body, encoding)
        fields = [field for field in fields if canonical(field[0]) != "Content-Encoding"]
        if encoding != "identity":
            fields.append(("Content-Encoding", encoding))
    fields = _with_length(fields, len(body))
    if compact:
        fields = [(_SHORT.get(canonical(name), name), value) for name, value in fields]
    lines = [start_line, *(f"{name}: {value}" for name, value in fields)]
    if any("\n" in line for line in lines):
        raise ValueError("a line end within a line")
    return "\r\n".join((*lines, "", "")).encode() + body


def request_line(method: str, uri: str, version: str = "SIP/2.0") -> str:
    """RFC 3261 section 7.1."""
    return f"{method} {uri} {version}"


def status_line(status: int, reason: str, version: str = "SIP/2.0") -> str:
    """RFC 3261 section 7.2."""
    return f"{version} {status:03d} {reason}"


def _with_length(fields: list[tuple[str, str]], length: int) -> list[tuple[str, str]]:
    """The first Content-Length corrected in its place, others dropped, one appended where there is none."""
    corrected: list[tuple[str, str]] = []
    seen = False
    for name, value in fields:
        if canonical(name) != "Content-Length":
            corrected.append((name, value))
        elif not seen:
            corrected.append((name, str(length)))
            seen = True
    return corrected if seen else [*corrected, ("Content-Length", str(length))]
