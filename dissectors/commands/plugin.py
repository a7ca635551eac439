"""`muxshark plugin`: write, install or check the Wireshark plugin."""
from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.wireshark.plugin import Defaults

HELP = "write, install or check the Wireshark plugin for shared ports"
DESCRIPTION = """\
Write the Wireshark plugin to standard output, or install it into your own plugin folder. The options set the
defaults of its preferences; Wireshark can change them. Exit status 2 when --check fails."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("-o", dest="output", metavar="FILE", help="write it to this file")
    what.add_argument("--install", action="store_true", help="install it into your Wireshark plugin folder")
    what.add_argument("--uninstall", action="store_true", help="remove it from there")
    what.add_argument("--check", action="store_true", help="run a small capture through it and show what works")
    parser.add_argument("--ports", metavar="RANGE", help="shared UDP ports (16402), such as 16402,16384-16387")
    parser.add_argument("--signalling-ports", metavar="RANGE", help="ports with SIP but without media (5060)")
    parser.add_argument("--from", dest="capture", metavar="CAPTURE", help="use the ports of this capture")
    parser.add_argument("--heuristic", action="store_true", help="dissect conversations on other ports, too")
    parser.add_argument(
        "--max-inflated", type=inputs.positive, metavar="BYTES", help="inflate a body to this many at most (65535)"
    )
    parser.add_argument("--force", action="store_true", help="with -o and --install, replace also other files")
    parser.add_argument("--name", metavar="NAME", help="the name of its protocol, fields and preferences (mux)")


def run(options: argparse.Namespace) -> int:
    """Write, install, remove or check the plugin."""
    from dissectors.wireshark.tshark import NoWireshark

    _refuse_what_means_nothing(options)
    try:
        defaults = _defaults(options)
    except ValueError as error:
        raise inputs.Refused(str(error)) from None
    try:
        if options.uninstall:
            return _uninstall(defaults.name)
        if options.name is not None:
            _refuse_a_protocols_name(defaults.name)
        if options.check:
            return _check(defaults)
        if options.install:
            return _install(defaults, options.force)
    except NoWireshark as error:
        raise inputs.Refused(str(error)) from None
    return _write(options, defaults)


def _refuse_what_means_nothing(options: argparse.Namespace) -> None:
    """Raise Refused for options that would have no effect."""
    if options.capture == "":
        raise inputs.Refused("--from needs a capture")
    if options.output == "":
        raise inputs.Refused("-o needs a file")
    if options.ports == "" and not options.heuristic:
        raise inputs.Refused("--ports may be empty only with --heuristic: without ports the plugin would do nothing")
    choices = ("ports", "signalling_ports", "capture", "heuristic", "max_inflated", "force")
    if options.uninstall and any(getattr(options, one) not in (None, False) for one in choices):
        raise inputs.Refused("--uninstall takes no other option than --name")


def _refuse_a_protocols_name(name: str) -> None:
    """Raise Refused if Wireshark has a protocol of that name; without Wireshark, the plugin checks it when it loads."""
    from dissectors.wireshark import tshark
    from dissectors.wireshark.plugin import DESCRIBED

    try:
        known = tshark.find().protocols().get(name)
    except tshark.NoWireshark:
        return
    if known is not None and not known.startswith(DESCRIBED):
        raise inputs.Refused(f"--name {name}: Wireshark has a protocol of that name ({known})")


def _write(options: argparse.Namespace, defaults: Defaults) -> int:
    from pathlib import Path

    from dissectors.wireshark import install
    from dissectors.wireshark.plugin import render

    text = render(defaults)
    if options.output in (None, "-"):
        sys.stdout.write(text)
        return 0
    path = Path(options.output)
    if options.capture and path.exists() and path.samefile(options.capture):
        raise inputs.Refused(f"-o would overwrite the capture {options.output}")
    install.refuse_foreign(path, options.force)
    path.write_text(text, encoding="utf-8", newline="\n")
    return 0


def _defaults(options: argparse.Namespace) -> Defaults:
    from dissectors.wire.values import replace
    from dissectors.wireshark.plugin import Defaults

    defaults = Defaults(heuristic=options.heuristic)
    if options.capture is not None:
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
    from dissectors.wire.values import replace
    from dissectors.wireshark.ports import ports_in

    found = ports_in(offline.rows([capture]))
    if not (found.media or found.signalling):
        name = "standard input" if capture == inputs.STANDARD_INPUT else capture
        raise inputs.Refused(f"{name}: no port carries SIP or media")
    if not found.media:
        inputs.say([f"no port of the capture carries media; the shared ports stay {defaults.ports}"])
    return replace(
        defaults,
        ports=found.media or defaults.ports,
        signalling_ports=found.signalling or defaults.signalling_ports,
    )


def _check(defaults: Defaults) -> int:
    from dissectors.wireshark import tshark
    from dissectors.wireshark.check import check

    works = True
    for line in check(tshark.find(), defaults):
        works &= line.good is not False
        mark = "  " if line.good is None else "ok" if line.good else "--"
        print(f"{mark}  {line.text}")
    return 0 if works else 2


def _install(defaults: Defaults, force: bool) -> int:
    from dissectors.wireshark import install, tshark
    from dissectors.wireshark.plugin import render

    wireshark = tshark.find()
    path = install.install(render(defaults), install.folder(wireshark), defaults.name, force)
    print(f"installed as {path}; Wireshark loads it at its start, or with Ctrl+Shift+L")
    other = install.installed_twice(wireshark, defaults.name)
    if other:
        print(f"muxshark: it is also installed for all users, as {other}: remove one of them", file=sys.stderr)
    if wireshark.silent_as_root:
        print("muxshark: as root, this Wireshark ignores personal plugins", file=sys.stderr)
    return 0


def _uninstall(name: str) -> int:
    from dissectors.wireshark import install, tshark

    place = install.folder(tshark.find())
    path = install.uninstall(place, name)
    if path is None and (place / f"{name}.lua").exists():
        raise inputs.Refused(f"{place / name}.lua is not a plugin of muxshark: it stays")
    print(f"removed {path}" if path else f"no muxshark plugin {name}.lua in {place}")
    return 0
