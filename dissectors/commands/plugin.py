"""`muxshark plugin`: the Wireshark plugin, written, installed or checked."""
from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.wireshark.plugin import Defaults

NAME = "plugin"
HELP = "a Wireshark plugin that understands the shared port"
DESCRIPTION = """\
Write the Wireshark plugin to standard output, or install it into your own plugin folder. The options choose the
defaults of its preferences, which Wireshark lets you change. Exit status 2 when --check finds that it does not work."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("-o", dest="output", metavar="FILE", help="write it to this file")
    what.add_argument("--install", action="store_true", help="put it where the installed Wireshark looks for yours")
    what.add_argument("--uninstall", action="store_true", help="remove it from there")
    what.add_argument("--check", action="store_true", help="run a small capture through it and say what works")
    parser.add_argument("--ports", metavar="RANGE", help="UDP ports that are shared (16402); such as 16402,16384-16387")
    parser.add_argument("--signalling-ports", metavar="RANGE", help="ports of SIP without media (5060)")
    parser.add_argument("--from", dest="capture", metavar="CAPTURE", help="take the ports that a capture uses")
    parser.add_argument("--heuristic", action="store_true", help="take conversations on other ports, too")
    parser.add_argument(
        "--max-inflated", type=inputs.positive, metavar="OCTETS", help="inflate a body to this many at most (65535)"
    )
    parser.add_argument("--name", metavar="NAME", help="the name of its protocol, fields and preferences (mux)")


def run(options: argparse.Namespace) -> int:
    """Do the one thing that was asked for."""
    from dissectors.wireshark.plugin import render
    from dissectors.wireshark.tshark import NoWireshark

    try:
        defaults = _defaults(options)
    except ValueError as error:
        raise inputs.Refused(str(error)) from None
    try:
        if options.check:
            return _check(defaults)
        if options.uninstall:
            return _uninstall(defaults.name)
        if options.install:
            return _install(defaults)
    except NoWireshark as error:
        raise inputs.Refused(str(error)) from None
    text = render(defaults)
    if options.output and options.output != "-":
        if options.capture and Path(options.output).exists() and Path(options.output).samefile(options.capture):
            raise inputs.Refused(f"-o would write over the capture {options.output}")
        Path(options.output).write_text(text, encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(text)
    return 0


def _defaults(options: argparse.Namespace) -> Defaults:
    from dissectors.wireshark.plugin import Defaults

    defaults = Defaults(heuristic=options.heuristic)
    if options.capture:
        defaults = _with_ports_of(options.capture, defaults)
    given = {
        "ports": options.ports,
        "signalling_ports": options.signalling_ports,
        "max_inflated": options.max_inflated,
        "name": options.name,
    }
    return replace(defaults, **{name: value for name, value in given.items() if value is not None})


def _with_ports_of(capture: str, defaults: Defaults) -> Defaults:
    from dissectors import offline
    from dissectors.wireshark.ports import ports_in

    found = ports_in(offline.rows([capture]))
    if not (found.media or found.signalling):
        raise inputs.Refused(f"{capture}: no port carries SIP or media")
    return replace(defaults, ports=found.media, signalling_ports=found.signalling or defaults.signalling_ports)


def _check(defaults: Defaults) -> int:
    from dissectors.wireshark import tshark
    from dissectors.wireshark.check import check

    works = True
    for line in check(tshark.find(), defaults):
        works &= line.good is not False
        mark = "  " if line.good is None else "ok" if line.good else "--"
        print(f"{mark}  {line.text}")
    return 0 if works else 2


def _install(defaults: Defaults) -> int:
    from dissectors.wireshark import install, tshark
    from dissectors.wireshark.plugin import render

    wireshark = tshark.find()
    path = install.install(render(defaults), install.folder(wireshark), defaults.name)
    print(f"installed as {path}; it is loaded when Wireshark starts, or at once by Ctrl+Shift+L")
    other = install.installed_twice(wireshark, defaults.name)
    if other:
        print(f"muxshark: it is installed for all users too, as {other}: remove one of the two", file=sys.stderr)
    if wireshark.silent_as_root:
        print("muxshark: as root, this Wireshark skips personal plugins without a word", file=sys.stderr)
    return 0


def _uninstall(name: str) -> int:
    from dissectors.wireshark import install, tshark

    place = install.folder(tshark.find())
    path = install.uninstall(place, name)
    print(f"removed {path}" if path else f"no plugin of muxshark's named {name}.lua in {place}")
    return 0
