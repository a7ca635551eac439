"""What `export` and `live` ask of who wants packets of HEP sent."""

from __future__ import annotations

import argparse

from dissectors.commands import inputs

DEFAULT_AGENT, MAX_AGENT = 2001, 0xFFFFFFFF


def add(parser: argparse.ArgumentParser, send: str) -> None:
    """Add the options that name a server; `send` begins the help."""
    parser.add_argument(
        "--hep", type=server, metavar="HOST:PORT",
        help=f"{send} SIP (inflated), RTCP and reports on streams to a server of HEP 3 (docs/export.md)",
    )
    parser.add_argument("--tcp", action="store_true", help="with --hep, over TCP instead of UDP")
    parser.add_argument(
        "--agent", type=agent, default=DEFAULT_AGENT, metavar="N",
        help=f"with --hep, the number of the capture agent ({DEFAULT_AGENT})",
    )


def server(text: str) -> tuple[str, int]:
    """`HOST:PORT` of a server; an address of IPv6 stands in brackets."""
    host, port = inputs.host_and_port(text)
    if not host or not port:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form HOST:PORT")
    return host, port


def agent(text: str) -> int:
    """A number of 32 bits, above zero."""
    number = inputs.positive(text)
    if number > MAX_AGENT:
        raise argparse.ArgumentTypeError(f"{text} is more than a number of 32 bits")
    return number
