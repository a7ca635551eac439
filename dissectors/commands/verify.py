"""`muxshark verify`: compare our verdicts with Wireshark's, datagram by datagram."""
from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.wireshark.plugin import Defaults
    from dissectors.wireshark.verify import Opinions

MAX_FRAMES = 8
HELP = "compare our verdicts with Wireshark's, datagram by datagram"
DESCRIPTION = """\
Compare muxshark's protocol of each datagram with that of the installed Wireshark, and show the differences.
With --plugin, Wireshark runs with muxshark's plugin on the ports of the capture."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("file", metavar="FILE", help="the capture")
    parser.add_argument("--plugin", action="store_true", help="run Wireshark with muxshark's plugin")
    parser.add_argument("--ports", metavar="RANGE", help="the plugin's UDP ports (those of the capture)")


def run(options: argparse.Namespace) -> int:
    """Print how many datagrams agree, and a table of the differences."""
    from dissectors import offline
    from dissectors.sources.capture import open_capture
    from dissectors.wireshark import tshark
    from dissectors.wireshark.verify import verify

    if options.file == inputs.STANDARD_INPUT:
        raise inputs.Refused("verify reads the capture twice; name a file")
    open_capture(options.file).close()
    try:
        wireshark = tshark.find()
        plugin = _plugin(options) if options.plugin or options.ports else None
        opinions = verify(options.file, offline.rows([options.file]), wireshark, plugin)
    except (ValueError, tshark.NoWireshark) as error:
        raise inputs.Refused(str(error)) from None
    with_plugin = " with the plugin" if plugin else " with the plugin that is installed" if opinions.labelled else ""
    print("\n".join(_lines(opinions, f"Wireshark {'.'.join(map(str, wireshark.version))}{with_plugin}")))
    if plugin and opinions.datagrams and not opinions.labelled:
        print("The plugin did not run; muxshark plugin --check says why.")
    if opinions.lua_errors:
        frames = ", ".join(map(str, opinions.lua_errors[:MAX_FRAMES])) + ", …" * (len(opinions.lua_errors) > MAX_FRAMES)
        print(f"Lua had an error in {len(opinions.lua_errors):,} frames: {frames}")
    return 0


def _plugin(options: argparse.Namespace) -> Defaults:
    from dissectors import offline
    from dissectors.wireshark.plugin import Defaults
    from dissectors.wireshark.ports import ports_in

    if options.ports:
        return Defaults(ports=options.ports)
    found = ports_in(offline.rows([options.file]))
    return Defaults(ports=found.media, signalling_ports=found.signalling)


def _lines(opinions: Opinions, who: str) -> list[str]:
    share = f" ({100 * opinions.agreed / opinions.datagrams:.2f} %)" if opinions.datagrams else ""
    if not opinions.datagrams and not opinions.missing:
        return ["The capture has no UDP datagrams to compare."]
    lines = [f"{who} agrees on {opinions.agreed:,} of {opinions.datagrams:,} datagrams{share}."]
    if opinions.missing:
        lines.append(f"{opinions.missing:,} datagrams were found by muxshark only.")
    if not opinions.differences:
        return lines
    lines += ["", f"{'muxshark':<10} {'Wireshark':<12} {'datagrams':>9}  first frames"]
    for one in opinions.differences:
        frames = ", ".join(map(str, one.frames)) + (", …" if one.count > len(one.frames) else "")
        lines.append(f"{one.ours:<10} {one.theirs[:12]:<12} {one.count:>9,}  {frames}")
    if opinions.cut:
        lines += ["", f"{opinions.cut:,} of these are cut in the capture, too short for Wireshark's dissectors."]
    return lines
