"""Captures with the plugin and without: which frames change what the column Protocol says, and whether that is right.

What is right is muxshark's final verdict, with the evidence of the flow, where one of the two has the class of that
verdict and the other has not. All other changes of a dissector's name are listed, for people to judge.
"""

from __future__ import annotations

import shutil
import subprocess
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from dissectors import offline
from dissectors.mux.table import PROTOCOLS
from dissectors.wire.errors import CaptureError
from dissectors.wireshark.ports import of_udp, ports_in
from dissectors.wireshark.verify import above_udp, agrees
from tools.interop.sessions.network import Missing
from tools.interop.sessions.results import Row
from tools.interop.sessions.wiresharks import Wireshark

MOST_FRAMES = 2000
"""Frames of a capture that are compared."""

SUFFIXES = (".pcap", ".pcapng", ".cap")
SHOWN_FRAMES = 8
GAINED, AWAY, RENAMED = "gained", "away from what was right", "renamed"


class Compared(NamedTuple):
    """A capture: its name, its first frames as a file, how many they are, what each is, and its ports."""

    name: str
    path: Path
    frames: int
    classes: dict[int, dict[int, str]]
    preferences: dict[str, str]


class Change(NamedTuple):
    """A frame whose column changed: of which capture, what it said before and says now, and which kind that is."""

    capture: str
    frame: int
    before: str
    after: str
    kind: str


def gathered(paths: Iterable[Path], kept: Path) -> list[Compared]:
    """The first frames of each capture in the folder `kept`, with the final verdicts on them, by frame and layer."""
    if lacking := [name for name in ("capinfos", "editcap", "mergecap") if shutil.which(name) is None]:
        raise Missing(f"not installed: {', '.join(lacking)}")
    found = []
    for number, path in enumerate(captures_of(paths)):
        place = kept / f"{number}.pcapng"
        words = ["editcap", "-F", "pcapng", "-r", str(path), str(place), f"1-{MOST_FRAMES}"]
        subprocess.run(words, check=False, capture_output=True)
        counted = ["capinfos", "-r", "-c", "-M", "-T", str(place)]
        said = subprocess.run(counted, check=False, capture_output=True, text=True).stdout
        frames = said.strip().rpartition("\t")[2]
        if not frames.isdecimal() or frames == "0":
            continue
        classes: dict[int, dict[int, str]] = defaultdict(dict)
        try:
            rows = list(of_udp(offline.rows([str(place)])))
        except CaptureError:
            continue
        for row in rows:
            classes[row.datagram.frame][row.datagram.layer] = PROTOCOLS[row.protocol]
        ports = ports_in(rows)
        preferences = {"ports": ports.media, "signalling_ports": ports.signalling}
        named = {name: value for name, value in preferences.items() if value}
        found.append(Compared(path.name, place, int(frames), classes, named))
    return found


def captures_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The captures that are named, and those in folders that are."""
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (one for one in inside if one.suffix in SUFFIXES)


def compare(wireshark: Wireshark, captures: Sequence[Compared], *, own_ports: bool) -> Iterator[Row]:
    """All captures at once with the plugin as it is installed; with their own ports, one by one."""
    merged = wireshark.folder / "merged.pcapng"
    subprocess.run(["mergecap", "-a", "-F", "pcapng", "-w", merged, *(one.path for one in captures)], check=True)
    starts = [0, *accumulate(one.frames for one in captures)]
    yield from judged("as installed", list(changes(wireshark, merged, captures, starts, {})), starts[-1])
    merged.unlink()
    if own_ports:
        chosen = [one for one in captures if one.preferences]
        found = [
            change for one in chosen for change in changes(wireshark, one.path, [one], [0, one.frames], one.preferences)
        ]
        yield from judged("with their own ports", found, sum(one.frames for one in chosen))


def changes(
    wireshark: Wireshark, path: Path, captures: Sequence[Compared], starts: Sequence[int], preferences: dict[str, str]
) -> Iterator[Change]:
    """Frames whose column is another one with the plugin."""
    names = (wireshark.protocol_column, "frame.protocols", "_ws.lua.error")
    stock, ours = wireshark.fields(path, names), wireshark.fields(path, names, preferences)
    if [len(stock), len(ours)] != [starts[-1]] * 2:
        raise Missing(f"{wireshark.name}: {len(stock)} and {len(ours)} frames of {starts[-1]} came back")
    for number, (before, after) in enumerate(zip(stock, ours, strict=True)):
        place = bisect_right(starts, number) - 1
        one, frame = captures[place], number - starts[place] + 1
        if after[2]:
            yield Change(one.name, frame, before[0], "a Lua error", AWAY)
        elif before[0] != after[0]:
            kind = kind_of(before[1], after[1], one.classes.get(frame, {}))
            yield Change(one.name, frame, before[0], after[0], kind)


def kind_of(before: str, after: str, classes: dict[int, str]) -> str:
    """Which kind of change a frame had, by Wireshark's protocols before and now and by our verdicts."""
    layers = [list(above_udp(protocols.split(":"), "mux")) for protocols in (before, after)]
    kinds = set()
    for place, (stock, ours) in enumerate(zip(*layers, strict=False)):
        if stock == ours:
            continue
        wanted = classes.get(place, "UNKNOWN")
        right, is_right = agrees(wanted, stock), agrees(wanted, ours)
        kinds.add(AWAY if right and not is_right else GAINED if stock == "data" and is_right else RENAMED)
    return AWAY if AWAY in kinds else GAINED if kinds == {GAINED} else RENAMED


def judged(how: str, found: Sequence[Change], frames: int) -> Iterator[Row]:
    """Rows of the table: none may change away from what was right; what else changed its name is printed."""
    kinds: dict[str, list[Change]] = defaultdict(list)
    for change in found:
        kinds[change.kind].append(change)
    for kind in (AWAY, RENAMED):
        for line in listed(kinds[kind]):
            print(f"  {how}, {kind}: {line}", flush=True)
    gained, renamed = len(kinds[GAINED]), len(kinds[RENAMED])
    what = f"{frames:,} frames {how}: {gained:,} gained a name, {renamed:,} have another one"
    yield Row(what, f"0 {AWAY}", f"{len(kinds[AWAY]):,}", not kinds[AWAY])


def listed(found: Iterable[Change]) -> Iterator[str]:
    """Changes by what the column said and by capture, the frames of each."""
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for change in found:
        groups[change.before, change.after, change.capture].append(change.frame)
    for (before, after, capture), frames in sorted(groups.items()):
        more = f" and {len(frames) - SHOWN_FRAMES:,} more" if len(frames) > SHOWN_FRAMES else ""
        yield f"{before} → {after} in {capture}: {', '.join(map(str, frames[:SHOWN_FRAMES]))}{more}"
