"""Wireshark's opinion of a capture, through pyshark, beside ours: datagram by datagram."""
from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pyshark
from pyshark.capture.capture import TSharkCrashException

from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS, TABLE
from dissectors.wire.values import Struct, field
from dissectors.wireshark.plugin import Defaults, render
from dissectors.wireshark.ports import of_udp
from dissectors.wireshark.tshark import NoWireshark, Tshark

CLASSES = {layer: spec.name for spec in TABLE for layer in spec.shown_as}
"""Wireshark's layers that are classes of ours; anything else above UDP is none of them."""

NAMELESS = ("UNKNOWN", *(spec.name for spec in TABLE if not spec.shown_as))
"""Classes of ours for which Wireshark has no name: they agree with any of Wireshark's that is none of ours."""

CUT_SHORT = ("data", "_ws.short", "_ws.malformed")
"""What Wireshark shows of a datagram that was captured in part and whose own dissector could not begin."""

MAX_PLACES = 8

EXIT_TIMEOUT_SECONDS = 5.0
"""Seconds that a tshark has for its end when it has told everything."""


class Difference(Struct):
    """Datagrams that are `ours` to us and `theirs` to Wireshark: how many, and the first frames."""

    ours: str
    theirs: str
    count: int = 0
    frames: list[int] = field(default_factory=list)


class Opinions(Struct, frozen=True):
    """How many datagrams were compared, on how many the two agree, and the differences, the most frequent first.

    `missing` counts datagrams that only one of the two found. `labelled` counts frames that carry the plugin's layer.
    `cut` counts differences where the capture kept so little of a datagram that Wireshark's dissector did not begin.
    `lua_errors` are the frames in which Lua had an error, of this plugin or of another one.
    """

    datagrams: int
    agreed: int
    missing: int
    labelled: int
    cut: int
    lua_errors: tuple[int, ...]
    differences: tuple[Difference, ...]


def verify(path: str, rows: Iterable[Row], tshark: Tshark, plugin: Defaults | None = None) -> Opinions:
    """Compare our final verdicts on a capture with what Wireshark dissects, with the plugin or without.

    Raises NoWireshark when tshark gives up, or would skip the plugin. What is kept of a datagram is a name.
    """
    if plugin is not None and tshark.silent_as_root:
        raise NoWireshark("as root, Wireshark 4.2 and later skip every Lua script: run verify --plugin as a user")
    # pyshark wants the event loop of its thread for itself, and from Python 3.14 on fails in the main one.
    with tempfile.TemporaryDirectory(prefix="muxshark-") as scratch, ThreadPoolExecutor(1) as thread:
        script: list[str] = []
        if plugin is not None:
            file = Path(scratch) / f"{plugin.name}.lua"
            file.write_text(render(plugin), encoding="utf-8", newline="\n")
            # Where the plugin is installed, too, that one is loaded: it shall have the same ports.
            ranges = {"ports": plugin.ports, "signalling_ports": plugin.signalling_ports}
            script = ["-X", f"lua_script:{file}"]
            # An empty range is no value to Wireshark 3.4.
            script += [word for key, text in ranges.items() if text for word in ("-o", f"{plugin.name}.{key}:{text}")]
        name = (plugin or Defaults()).name
        theirs, labelled = thread.submit(_theirs, path, tshark, script, name).result()
        lua_errors = _lua_errors(path, tshark, script) if plugin is not None or labelled else ()
    return _compared(rows, theirs, labelled, lua_errors)


def _lua_errors(path: str, tshark: Tshark, script: list[str]) -> tuple[int, ...]:
    """The frames in which Lua had an error; pyshark shows them as layers without a name."""
    answer = tshark.ask(*script, "-r", path, "-Y", "_ws.lua.error", "-T", "fields", "-e", "frame.number")
    return tuple(int(line) for line in answer.lines if line.isdecimal())


class _Capture(pyshark.FileCapture):  # type: ignore[misc]  # pyshark carries no types
    """A capture that tshark has read to its end.

    pyshark ends a tshark that is about to end by itself; asyncio then misses its exit status, and says so.
    """

    async def _cleanup_subprocess(self, process: asyncio.subprocess.Process) -> None:
        if self._eof_reached:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(process.wait(), EXIT_TIMEOUT_SECONDS)
        await super()._cleanup_subprocess(process)

    def close(self) -> None:
        try:
            super().close()
        except TSharkCrashException:
            self._running_processes.clear()


def _theirs(path: str, tshark: Tshark, script: list[str], name: str) -> tuple[dict[int, list[str]], int]:
    """Wireshark's layer above each UDP header, by frame; and how many frames carry the plugin's."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return _read(path, tshark, script, name, loop)
    finally:
        loop.close()


def _read(
    path: str, tshark: Tshark, script: list[str], name: str, loop: asyncio.AbstractEventLoop
) -> tuple[dict[int, list[str]], int]:
    found: dict[int, list[str]] = {}
    labelled = 0
    # Naming the layers whose content is wanted leaves the others empty: all we need is that they are there.
    options = ["-j", "frame", *script]
    capture = _Capture(path, keep_packets=False, eventloop=loop, tshark_path=tshark.path, custom_parameters=options)
    try:
        for packet in capture:
            layers = [layer.layer_name.lower() for layer in packet.layers]
            labelled += name in layers
            found[int(packet.frame_info.number)] = list(above_udp(layers, name))
    except TSharkCrashException as crash:
        # A capture that is cut in the middle ends like that, too, and what came before the cut counts.
        if not found:
            raise NoWireshark(f"tshark gave up: {str(crash).splitlines()[0]}") from None
    finally:
        capture.close()
    return found, labelled


def above_udp(layers: list[str], plugin: str) -> Iterator[str]:
    """What stands on each UDP header of a frame; datagrams quoted by ICMP are none of the frame's own."""
    places = [place for place, layer in enumerate(layers) if layer == "udp" or layer.startswith("icmp")]
    for place, following in pairwise([*places, len(layers)]):
        if layers[place] != "udp":
            return
        # pyshark calls a layer without a name data; what a plugin adds is wrapped in one.
        yield next((layer for layer in layers[place + 1 : following] if layer not in (plugin, "data")), "data")


def agrees(ours: str, layer: str) -> bool:
    """Whether Wireshark's layer is our class, or both have no name for the datagram."""
    return CLASSES.get(layer) == ours or (ours in NAMELESS and layer not in CLASSES)


def _compared(
    rows: Iterable[Row], theirs: dict[int, list[str]], labelled: int, lua_errors: tuple[int, ...]
) -> Opinions:
    differences: dict[tuple[str, str], Difference] = {}
    datagrams = agreed = missing = cut = 0
    for row in of_udp(rows):
        ours, layers = PROTOCOLS[row.protocol], theirs.get(row.datagram.frame, [])
        if row.datagram.layer >= len(layers):
            missing += 1
            continue
        layer = layers[row.datagram.layer]
        datagrams += 1
        if agrees(ours, layer):
            agreed += 1
            continue
        found = differences.setdefault((ours, layer), Difference(ours, layer))
        found.count += 1
        cut += layer in CUT_SHORT and row.datagram.cut
        if len(found.frames) < MAX_PLACES:
            found.frames.append(row.datagram.frame)
    ordered = sorted(differences.values(), key=lambda one: (-one.count, one.ours, one.theirs))
    return Opinions(datagrams, agreed, missing, labelled, cut, lua_errors, tuple(ordered))
