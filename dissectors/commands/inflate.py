"""`muxshark inflate`: read a saved body, write its text."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.wire.inflate import Inflated

HELP = "inflate a compressed body that was saved to a file"
DESCRIPTION = (
    "Inflate a saved body (zlib, gzip, bare deflate, base64, also nested) to standard output. Its encoding and size "
    "go to standard error. Without --label only the bytes decide. Exit status 2 if the body is damaged or cut."
)
MAX_FILE_OCTETS = 64 << 20
WHOLE = ("complete", "identity")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("file", metavar="FILE", help="the body; - is standard input")
    parser.add_argument("--label", metavar="CODING", help="its Content-Encoding, such as deflate")
    inputs.add_bounds(parser)


def run(options: argparse.Namespace) -> int:
    """Print the text; on standard error, how it was compressed and how it deviates from its label."""
    from dissectors.outputs.escape import readable
    from dissectors.wire.inflate import inflate, recover

    body, limits = _octets(options.file), inputs.limits(options)
    if is_capture(body):
        raise inputs.Refused(
            f"{options.file} is a capture, not a body: muxshark show FILE FRAME --body prints one body of it, "
            "muxshark normalise FILE OUT inflates all"
        )
    found = recover(body, limits) if options.label is None else inflate(body, (options.label,), limits)
    if sys.stdout.isatty():
        text = readable(found.octets.decode("utf-8", "surrogateescape"))
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(found.octets)
    sys.stdout.flush()
    inputs.say((_what(found), *found.deviations))
    return 0 if found.status in WHOLE else 2


def is_capture(octets: bytes) -> bool:
    """Whether a file holds a capture, also within gzip."""
    import zlib

    from dissectors.wire.captures.formats import GZIP, MIN_MAGIC_OCTETS, has_magic

    start = octets[:MIN_MAGIC_OCTETS]
    if octets.startswith(GZIP):
        with contextlib.suppress(zlib.error):
            start = zlib.decompressobj(wbits=31).decompress(octets, MIN_MAGIC_OCTETS)
    return has_magic(start)


def _octets(path: str) -> bytes:
    """The body; raises Refused for a file far larger than any message."""
    try:
        with open(0 if path == inputs.STANDARD_INPUT else path, "rb", closefd=path != inputs.STANDARD_INPUT) as file:
            octets = file.read(MAX_FILE_OCTETS + 1)
    except (OSError, ValueError) as error:
        raise inputs.Refused(f"{path}: {(getattr(error, 'strerror', None) or str(error)).lower()}") from None
    if len(octets) > MAX_FILE_OCTETS:
        raise inputs.Refused(f"{path}: more than {MAX_FILE_OCTETS >> 20} MiB; that is too large for a message body")
    return octets


def _what(found: Inflated) -> str:
    from dissectors.wire.inflate import spoken

    label = f", labelled {found.label}" if found.label else ""
    if found.status == "identity":
        return f"not compressed, {found.inflated_length:,} bytes{label}"
    if found.status == "unsupported":
        return f"{found.encoding} cannot be decoded here, {found.compressed_length:,} bytes{label}"
    sizes = f"{found.compressed_length:,} → {found.inflated_length:,} bytes"
    return f"{spoken(found.encoding)}, {sizes}, {found.status}{label}"
