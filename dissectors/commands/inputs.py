"""Arguments that several commands share, and the values made from them."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from dissectors.outputs.formats import FORMATS, Format, of_file

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets
    from dissectors.mux.scan import Row
    from dissectors.mux.teller import FrameRows
    from dissectors.report import Report
    from dissectors.wire.inflate import Limits

STANDARD_INPUT = "-"
MAX_DIGITS = 15
MAX_PORT = 65535
COMPARING = frozenset("=<>~")
"""What is in every comparison of a filter, and hardly ever in the name of a file."""

FORCED, MEANT = r"udp\.port==(\d{1,5}),([A-Za-z]+)", r"(?:udp\.?)?(?:port)?[=:]*(\d{1,5})[,=:/]([A-Za-z]+)"


class Refused(Exception):
    """The request cannot be done: one line for people, exit status 2; `below` are lines that show the place."""

    def __init__(self, reason: str, *below: str) -> None:
        super().__init__(reason)
        self.below = below


def add_captures(parser: argparse.ArgumentParser) -> None:
    """`FILE…` and `-r FILE`."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="a capture; - is standard input; several make one timeline"
    )
    parser.add_argument("-r", dest="also", action="append", default=[], metavar="FILE", help="a capture, as in tcpdump")


def add_reading(parser: argparse.ArgumentParser, shows: bool = True) -> None:
    """Add options for reading captures: ports with a known protocol, bounds, keys, secrets where messages are shown."""
    parser.add_argument(
        "-d", dest="forced", action="append", default=[], type=forced_port, metavar="udp.port==N,PROTO",
        help="treat all datagrams of port N as PROTO",
    )
    if shows:
        parser.add_argument(
            "--secrets", action="store_true", help="show passwords, tokens and keys, which are masked otherwise"
        )
    add_bounds(parser)
    parser.add_argument(
        "--keys", action="append", default=[], metavar="FILE",
        help="open TLS (media: SRTP, too) with the keys in FILE, a key log (SSLKEYLOGFILE), a private key or keys of "
        "SRTP; repeatable",
    )
    parser.add_argument(
        "--rsa-key", dest="private_keys", action="append", default=[], metavar="FILE",
        help="open TLS whose server used this private key of RSA itself; repeatable",
    )


def add_bounds(parser: argparse.ArgumentParser) -> None:
    """Add the bounds for inflating a compressed body."""
    parser.add_argument(
        "--max-inflated", type=positive, metavar="BYTES", help="inflate a body to this many bytes at most (1048576)"
    )
    parser.add_argument(
        "--max-ratio", type=positive, metavar="N", help="inflate a body to N times its size at most (100)"
    )


def add_format(parser: argparse._ActionsContainer, json: str) -> None:
    """Add the options for the report's format; `json` is the help of `--json`."""
    every = "; ".join(f"{each.name}: {each.help}" for each in FORMATS.values())
    parser.add_argument("--format", type=str.lower, choices=tuple(FORMATS), help=f"the report's format: {every}")
    parser.add_argument("--json", dest="format", action="store_const", const="json", help=json)


def add_colour(parser: argparse.ArgumentParser) -> None:
    """`--color`, in both spellings."""
    parser.add_argument(
        "--color", "--colour", dest="colour", choices=("always", "never", "auto"), default="auto",
        help="colours: auto is yes on a terminal, unless NO_COLOR is set (auto)",
    )


def report_format(options: argparse.Namespace) -> Format:
    """The format that the options select, by `--format` or by the name of the output file.

    Raises Refused where a library for it is missing.
    """
    form = FORMATS[options.format or of_file(getattr(options, "output", None) or "")]
    if form.lacking:
        raise Refused(form.lacking)
    return form


def paths(options: argparse.Namespace) -> list[str]:
    """The named captures, in order; raises Refused if there is none, or standard input twice."""
    named: list[str] = [*options.also, *options.files]
    if quoted := next((name for name in named if "*" in name and not os.path.exists(name)), None):
        if not getattr(options, "each", False):
            raise Refused(f"{quoted!r} is no file; without quotes the shell finds the files, or use analyze --each")
    odd = [name for name in named if not COMPARING.isdisjoint(name)]
    asked = next((name for name in odd if re.search(r"\w(?:==|!=|[<>~])", name)), "")
    if asked and not os.path.exists(asked):
        raise Refused(f"{asked}: no such file; a filter is written -Y '{asked}'")
    if number := next((name for name in named if name.isdecimal() and not os.path.exists(name)), None):
        show = f"muxshark show FILE {number} prints a message, --call {number} chooses a call"
        raise Refused(f"{number}: no such file; {show}")
    if not named and (page := getattr(options, "html", None)) and os.path.isfile(page):
        raise Refused(f"--html names the page that is written: muxshark analyze --html OUT.html {page}")
    if not named:
        raise Refused(f"no capture named; try: muxshark {options.command} {'SELECT ' * (options.command == 'sql')}FILE")
    if named.count(STANDARD_INPUT) > 1:
        raise Refused("standard input can be read only once")
    return named


def timeline(options: argparse.Namespace) -> list[str]:
    """The named captures where several make one timeline; says which of them is named twice."""
    named = paths(options)
    twice = {name for place, name in enumerate(named) if name in named[:place]}
    say(f"{name} is named twice: each of its packets counts twice" for name in sorted(twice))
    return named


def rows(
    named: list[str], options: argparse.Namespace, damaged: Callable[[str], object] | None = None
) -> Iterator[Row]:
    """Every datagram of the captures, settled and in order; shows progress until the first one.

    Calls `damaged` with a line for each capture that is cut or corrupt.
    """
    from dissectors import offline
    from dissectors.outputs.progress import Progress

    with Progress(sys.stderr) as progress:
        settled = offline.rows(
            named, forced=forced(options), progress=progress, damaged=damaged, keys=keys(options)
        )
        first = list(islice(settled, 1))
    return chain(first, settled)


def rows_of_frame(options: argparse.Namespace) -> FrameRows:
    """The datagrams of the frame that the options name; shows progress."""
    from dissectors import offline
    from dissectors.outputs.progress import Progress

    with Progress(sys.stderr) as progress:
        return offline.rows_of_frame(
            options.file, options.frame, forced=forced(options), progress=progress, keys=keys(options)
        )


def whole_report(
    named: list[str], options: argparse.Namespace, progress: Callable[[int], None] | None = None
) -> Report:
    """The report on captures with every call that there is room for, to ask for some of them."""
    from dissectors import offline

    return offline.analyze(
        named, limits=limits(options), forced=forced(options), progress=progress, everything=True, keys=keys(options),
        secrets=options.secrets,
    )


def damage(report: Report) -> list[str]:
    """A line for each capture of a report that is cut or corrupt; for commands that do not print the findings."""
    return [
        f"{report.capture.files[each.places[0].file].name}: {each.what}" for each in report.findings
        if each.id in ("capture-cut", "capture-corrupt") and each.places
    ]


def say(messages: Iterable[str]) -> None:
    """Print messages for people on standard error, one per line."""
    from dissectors.outputs.escape import visible

    for text in messages:
        print(f"muxshark: {visible(text)}", file=sys.stderr)


def limits(options: argparse.Namespace) -> Limits:
    """The bounds for inflating that the options set."""
    from dissectors.wire.inflate import LIMITS, Limits

    return Limits(options.max_inflated or LIMITS.octets, options.max_ratio or LIMITS.ratio)


def keys(options: argparse.Namespace) -> Secrets | None:
    """The keys that the options name; raises Refused where there are none in a file, or nothing that can use them."""
    if not options.keys and not options.private_keys:
        return None
    from dissectors.crypto.primitives import NoCryptography
    from dissectors.sources import keys as files

    try:
        return files.read(options.keys, options.private_keys)
    except (files.NoKeys, NoCryptography) as error:
        raise Refused(str(error)) from None


def forced(options: argparse.Namespace) -> dict[int, str]:
    """The protocols that `-d` sets, by port; raises Refused for two protocols on one port."""
    asked: dict[int, str] = {}
    for port, protocol in options.forced:
        if asked.setdefault(port, protocol) != protocol:
            raise Refused(f"-d asks for {asked[port]} and for {protocol} on port {port}")
    return asked


def forced_port(text: str) -> tuple[int, str]:
    """`udp.port==16402,RTP` as a port and a protocol's name."""
    from dissectors.mux.table import TABLE

    match = re.fullmatch(FORCED, text)
    if not match:
        meant = re.fullmatch(MEANT, text)
        example = f"udp.port=={meant[1]},{meant[2].upper()}" if meant else "udp.port==16402,RTP"
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form {example}")
    port, protocol = int(match[1]), match[2].upper()
    names = [spec.name for spec in TABLE]
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError(f"{match[1]} is not a UDP port")
    if protocol not in names:
        raise argparse.ArgumentTypeError(f"no protocol {match[2]!r}; there are {', '.join(names)}")
    return port, protocol


def finding(text: str) -> str:
    """The id of a finding, or a severity."""
    from dissectors.findings.catalogue import RULES
    from dissectors.findings.rules import SEVERITIES

    text = text.lower()
    if text not in RULES and text not in SEVERITIES:
        raise argparse.ArgumentTypeError(unknown("finding", text, [*RULES, *SEVERITIES], "see muxshark findings"))
    return text


def unknown(kind: str, word: str, words: list[str], otherwise: str) -> str:
    """The error for a word that is not in `words`: it suggests the nearest word, or `otherwise`."""
    from difflib import get_close_matches

    near = get_close_matches(word, words, 1)
    return f"no {kind} {word!r}; " + (f"did you mean {near[0]}?" if near else otherwise)


def host_and_port(text: str) -> tuple[str, int | None]:
    """`host:port`, `[host]:port`, `:port` or `port`: an empty host where none is named, None for what is no port."""
    host, _, port = text.rpartition(":")
    named = port.isascii() and port.isdecimal() and len(port) <= MAX_DIGITS and int(port) <= MAX_PORT
    return host.strip("[]"), int(port) if named else None


def positive(text: str) -> int:
    """A whole number above zero, of at most MAX_DIGITS digits."""
    digits = text.lstrip("0")
    if not (text.isascii() and text.isdigit() and digits):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    if len(digits) > MAX_DIGITS:
        raise argparse.ArgumentTypeError(f"a number of {len(digits)} digits is too large")
    return int(digits)
