"""`muxshark anonymise`: write a capture that can be sent away."""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack

from dissectors.commands import choosing, inputs, split

HELP = "write a capture that can be sent away: other names, numbers and addresses, no payload"
DESCRIPTION = (
    "Copy a capture under other names: addresses, user names, numbers, domains, Call-IDs, tags, credentials and keys "
    "become others of the same form, the same each time; media become silence, checksums follow. What is not "
    "understood is cut to its headers: TCP, DNS and unknown datagrams, too. docs/rewriting.md has the details."
)
MAX_KEY_OCTETS, KEY_OCTETS = 4096, 32


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("input", metavar="IN", help="a capture; - is standard input")
    parser.add_argument("output", metavar="OUT", help="the capture to write; - is standard output")
    parser.add_argument(
        "--key", metavar="FILE", help="take the key from FILE, or write a new one there: captures with one key agree"
    )
    parser.add_argument("--agents", action="store_true", help="replace User-Agent, Server and SOFTWARE, too")
    parser.add_argument(
        "--ports", action="store_true", help="replace ports, too, but for those that everybody has (5060, 3478)"
    )
    parser.add_argument(
        "--drop-payload", action="store_true", help="cut the payload of RTP instead of writing silence"
    )
    parser.add_argument(
        "--keep-digits", type=inputs.positive, default=0, metavar="N",
        help="keep the first N digits of numbers that begin with +",
    )
    choosing.add_call(parser, "write one call alone")
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")


def run(options: argparse.Namespace) -> int:
    """Write the capture, and say what was cut."""
    from dissectors.commands.normalise import left
    from dissectors.rewriting.anonymous.capture import anonymise
    from dissectors.rewriting.anonymous.messages import Wanted
    from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
    from dissectors.rewriting.output import refuse
    from dissectors.sources.rereadable import rereadable

    refuse(options.output, force=options.force, inputs=[options.input])
    pseudonyms = Pseudonyms(_key(options.key), options.keep_digits, options.ports)
    wanted = Wanted(agents=options.agents, drop=options.drop_payload)
    with ExitStack() as stack:
        path = rereadable(stack, options.input)
        if options.call:
            path = split.cut_out(stack, path, options.call)
        tally = anonymise(path, options.output, pseudonyms, wanted, force=options.force, source=options.input)
    merged = f", {tally.merged:,} fragments merged" if tally.merged else ""
    bodies = [f"{tally.masked:,} bodies that are no known text become random"] if tally.masked else []
    inputs.say([f"{options.output}: {tally.frames:,} frames{merged}", *bodies, *left(tally, "datagrams and frames")])
    return 0


def _key(path: str | None) -> bytes:
    """The key: that of a file, or a new one, which is written there if the file is not there yet."""
    import secrets

    if path is None:
        return secrets.token_bytes(KEY_OCTETS)
    try:
        if not os.path.exists(path):
            with open(path, "x", encoding="ascii", opener=_private) as file:
                file.write(secrets.token_hex(KEY_OCTETS) + "\n")
        with open(path, "rb") as octets:
            key = octets.read(MAX_KEY_OCTETS).strip()
    except (OSError, ValueError) as error:
        raise inputs.Refused(f"{path}: {(getattr(error, 'strerror', None) or str(error)).lower()}") from None
    if not key:
        raise inputs.Refused(f"{path}: an empty key")
    return key


def _private(path: str, flags: int) -> int:
    """Only its owner may read a key."""
    return os.open(path, flags, 0o600)
