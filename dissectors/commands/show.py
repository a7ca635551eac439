"""`muxshark show`: print the message of a frame as it was sent, its body inflated."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dissectors.commands import frames, inputs

if TYPE_CHECKING:
    from dissectors.mux.scan import Row
    from dissectors.protocols import sip
    from dissectors.wire.inflate import Limits

HELP = "print the message of a frame as it was sent, its body inflated"
DESCRIPTION = (
    "Print the SIP message of a frame: start line, headers, and the body as text, inflated if it was compressed. Of "
    "other protocols the fields. What was compressed is said on standard error."
)
MAX_DUMPED_OCTETS = 1 << 20
DESCRIBING = ("VERTO", "JSEP")
"""Protocols beside SIP whose messages carry descriptions."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    frames.add_frame(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--body", action="store_true", help="only the body, inflated")
    what.add_argument("--sdp", action="store_true", help="only SDP, also from within a multipart body")
    what.add_argument("--raw", action="store_true", help="the bytes of the datagram")
    what.add_argument("--hex", action="store_true", help="the bytes in hexadecimal")


def run(options: argparse.Namespace) -> int:
    """Print every datagram of the frame."""
    chosen = [row for row, _ in frames.found(options).rows]
    if options.raw:
        from dissectors.outputs.rows import shown

        sys.stdout.flush()
        for row in chosen:
            sys.stdout.buffer.write(shown(row, options.secrets))
        return 0
    for position, row in enumerate(chosen):
        if position:
            print()
        for line in _lines(row, options):
            print(line)
        if row.datagram.cut:
            inputs.say([f"the capture kept {len(row.datagram.payload):,} of {row.datagram.length:,} bytes"])
    return 0


def _lines(row: Row, options: argparse.Namespace) -> Iterator[str]:
    from dissectors.mux.table import PROTOCOLS
    from dissectors.outputs.rows import shown
    from dissectors.outputs.terminal.explanation import message_lines
    from dissectors.outputs.terminal.fields import dump
    from dissectors.wire.masking import masked_text

    payload = row.datagram.payload
    if options.hex:
        yield from dump(shown(row, options.secrets)[:MAX_DUMPED_OCTETS])
    elif PROTOCOLS[row.protocol] == "SIP":
        lines = _sip(payload, options, inputs.limits(options))
        yield from lines if options.secrets else map(masked_text, lines)
    elif PROTOCOLS[row.protocol] in DESCRIBING and (options.body or options.sdp):
        lines = _described(row, options)
        yield from lines if options.secrets else map(masked_text, lines)
    elif options.body or options.sdp:
        raise inputs.Refused(f"{options.file}: frame {options.frame} is no SIP message, so it has no body")
    else:
        yield from message_lines(row, options.secrets)


def _described(row: Row, options: argparse.Namespace) -> Iterator[str]:
    """The descriptions in a message of JSON or HTTP."""
    from dissectors.mux.explain import read
    from dissectors.mux.table import PROTOCOLS

    message = read(PROTOCOLS[row.protocol], row.datagram.payload)
    said = getattr(message, "said", None)
    found = [each.sdp for each in (said if isinstance(said, tuple) else (message,)) if getattr(each, "sdp", None)]
    if not found:
        raise inputs.Refused(f"{options.file}: the message of frame {options.frame} has no SDP")
    for text in found:
        yield from text_lines(text.encode())


def _sip(payload: bytes, options: argparse.Namespace, limits: Limits) -> Iterator[str]:
    """The lines of the SIP messages of a datagram, or of what was asked for of them."""
    from dissectors.protocols import sip
    from dissectors.wire.errors import Malformed

    try:
        messages = sip.parse_all(payload, limits)
    except Malformed as malformed:
        raise inputs.Refused(f"{options.file}: frame {options.frame}, byte {malformed.offset}: {malformed.reason}; "
                             "--hex shows its bytes") from None
    bodies = 0
    for number, message in enumerate(messages):
        wanted = bodies_of(message, options.sdp) if options.sdp or options.body else ()
        bodies += len(wanted)
        if not (options.sdp or options.body):
            if number:
                yield ""
            yield from head_lines(message)
            wanted = bodies_of(message, False)
        for octets in wanted:
            yield from text_lines(octets)
        if message.body.compressed:
            inputs.say([f"the body was {message.body.encoding}: {message.body.compressed_length:,} bytes, "
                        f"{message.body.inflated_length:,} inflated ({message.body.status})"])
    if (options.sdp or options.body) and not bodies:
        what = "SDP" if options.sdp else "body"
        raise inputs.Refused(f"{options.file}: the message of frame {options.frame} has no {what}")


def head_lines(message: sip.Message) -> Iterator[str]:
    """Start line and headers as they were written, and the empty line behind them."""
    from dissectors.outputs.escape import visible

    yield visible(message.start_line)
    for header in message.headers:
        if not header.recovered:
            yield visible(f"{header.written}: {header.value}")
    yield ""


def bodies_of(message: sip.Message, only_sdp: bool) -> list[bytes]:
    """The body, or those parts of it that are SDP."""
    if not only_sdp:
        return [message.body.octets] if message.body.octets else []
    if message.parts:
        return [part.body for part in message.parts if "sdp" in (part.content_type or "").lower()]
    text = message.body.octets
    return [text] if text.lstrip(b"\r\n").startswith(b"v=0") or "sdp" in (message.content_type or "") else []


def text_lines(octets: bytes) -> Iterator[str]:
    from dissectors.outputs.escape import visible

    text = octets.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    yield from (visible(line) for line in text.rstrip("\n").split("\n"))
