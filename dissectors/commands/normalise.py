"""`muxshark normalise`: write a capture that every tool can read."""

from __future__ import annotations

import argparse
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dissectors.commands import choosing, inputs, split

if TYPE_CHECKING:
    from dissectors.rewriting.copying import Tally

HELP = "write a capture that every tool can read: bodies inflated, one port per protocol"
DESCRIPTION = (
    "Copy a capture with every compressed body inflated, so that other tools can read it: lengths, labels and "
    "checksums follow. Frames that do not change are copied byte for byte. In pcapng, a comment on each changed "
    "packet says what was done. docs/rewriting.md has the details."
)
PORT_RULE = re.compile(r"([A-Za-z]+)=(\d{1,5})", re.ASCII)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("input", metavar="IN", help="a capture; - is standard input")
    parser.add_argument("output", metavar="OUT", help="the capture to write; - is standard output")
    parser.add_argument(
        "--split-ports", action="store_true", help="where protocols share a port, give each one its own; SDP follows"
    )
    parser.add_argument(
        "--port", dest="rules", action="append", default=[], type=rule, metavar="PROTO=N",
        help="with --split-ports, where SIP (5060), STUN (3478), DTLS (4433) or QUIC (443) goes, and where RTP begins",
    )
    parser.add_argument("--rtpmap", action="store_true", help="write the rtpmap lines that senders left out")
    names = parser.add_mutually_exclusive_group()
    names.add_argument("--compact", action="store_true", help="write headers under their compact names")
    names.add_argument("--long", action="store_true", help="write headers under their long names")
    parser.add_argument("--compress", action="store_true", help="the other way round: deflate every body")
    parser.add_argument(
        "--decrypt", action="store_true",
        help="write SRTP in the clear where keys of the SDP, of DTLS or of --keys open it; SDP follows",
    )
    parser.add_argument("--verify", action="store_true", help="let the installed tshark read the result, and compare")
    choosing.add_call(parser, "write one call alone")
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    inputs.add_reading(parser, shows=False)


def rule(text: str) -> tuple[str, int]:
    """`SIP=5060` as a protocol and its port."""
    from dissectors.rewriting.ports import RTP, RULES

    found = PORT_RULE.fullmatch(text)
    if not found or found[1].upper() not in (*RULES, RTP) or not 0 < int(found[2]) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form SIP=5060; there are {', '.join((*RULES, RTP))}")
    return found[1].upper(), int(found[2])


def rules_of(asked: list[tuple[str, int]]) -> dict[str, int]:
    """Where protocols go; raises Refused where two would go to one port, or one to two."""
    from dissectors.rewriting.ports import twice

    rules: dict[str, int] = {}
    for name, port in asked:
        if rules.setdefault(name, port) != port:
            raise inputs.Refused(f"--port sends {name} to {rules[name]} and to {port}")
    if rules and (both := twice(rules)):
        raise inputs.Refused(f"--port: {both[0]} and {both[1]} would both go to {both[2]}; each needs its own")
    return rules


def run(options: argparse.Namespace) -> int:
    """Write the capture, and say what was done."""
    from dissectors.crypto.secrets import Secrets
    from dissectors.rewriting.normalise import Wanted, normalise
    from dissectors.rewriting.output import refuse
    from dissectors.sources.rereadable import rereadable

    if options.verify and inputs.STANDARD_INPUT in (options.input, options.output):
        raise inputs.Refused("--verify reads both captures; name files")
    if options.rules and not options.split_ports:
        raise inputs.Refused("--port needs --split-ports")
    rules = rules_of(options.rules)
    # Files of keys that cannot be read are told of, even where nothing needs them.
    keys = inputs.keys(options)
    refuse(options.output, force=options.force, inputs=[options.input])
    wanted = Wanted(
        compress=options.compress, compact=options.compact, long=options.long, rtpmap=options.rtpmap,
        split_ports=options.split_ports, rules=rules, limits=inputs.limits(options),
        forced=inputs.forced(options), decrypt=(keys or Secrets()) if options.decrypt else None,
    )
    with ExitStack() as stack:
        path = rereadable(stack, options.input)
        if options.call:
            path = split.cut_out(stack, path, options.call, keys)
        tally = normalise(path, options.output, wanted, force=options.force, source=options.input)
        inputs.say([f"{options.output}: {changes(tally)}", *left(tally), *apart(tally)])
        return verified(path, options.output) if options.verify else 0


def changes(tally: Tally) -> str:
    """What was changed, for people."""
    text = f"{tally.frames:,} frames, {tally.changed:,} changed"
    text += f", {tally.merged:,} fragments merged" if tally.merged else ""
    return text + (f", {tally.longer:,} longer than 1,500 bytes" if tally.longer else "")


def left(tally: Tally, what: str = "") -> list[str]:
    """What was left as it was, or was done to `what`, and why."""
    begin, things = ("", what) if what else ("left as they are: ", "datagrams")
    lines = [f"{begin}{count:,} {things} {why}" for why, count in sorted(tally.left.items()) if count]
    return [*lines, *([f"{tally.damage}; what follows is left out"] if tally.damage else [])]


def apart(tally: Tally) -> list[str]:
    """What is said where protocols do not share the port of their media any more."""
    if not tally.apart:
        return []
    names = " and ".join(tally.apart)
    verb = "have" if len(tally.apart) > 1 else "has"
    return [f"{names} {verb} a port apart from the media: a report on the result does not join them"]


def verified(before: str, after: str) -> int:
    """Let tshark read both captures, and say what it sees; 1 where it complains of something that was not there."""
    from dissectors.wireshark import tshark
    from dissectors.wireshark.complaints import compare

    try:
        compared = compare(tshark.find(), before, after)
    except tshark.NoWireshark as error:
        raise inputs.Refused(f"--verify: {error}") from None
    for line in compared.lines:
        print(line)
    return 1 if compared.worse else 0
