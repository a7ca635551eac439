"""Mutations of captures with fixed seeds: each must end in a report or in one line, in bounded time and memory.

    python -m tests.mutations COUNT [--first SEED] CAPTURE_OR_FOLDER…

prints every seed that ends otherwise (one that ends in an exception is the last), the slowest, and how much memory the
process used at most.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from dissectors.cli import main as muxshark
from dissectors.sources.capture import open_capture
from dissectors.wire.captures.records import Record
from dissectors.wire.errors import CaptureError

MOST_FRAMES = 48
MOST_OCTETS = 1 << 16
TELLING = (0, 1, 2, 3, 4, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
UDP_PAYLOAD = 42
SECONDS = 5.0
COMMANDS = (["analyze"], ["analyze", "--json"], ["list", "--ndjson"])


class Base(NamedTuple):
    """A capture to mutate: its first octets as a file, and its first frames of one link type."""

    name: str
    octets: bytes
    link: int
    frames: list[Record]


def bases(paths: Iterable[Path]) -> list[Base]:
    """Every capture among these files that can be read, by name; of a folder, all its files."""
    found = []
    files = (one for path in paths for one in (sorted(path.iterdir()) if path.is_dir() else [path]))
    for file in files:
        try:
            with open_capture(str(file)) as capture:
                records = [record for record, _ in zip(capture.records(), range(4 * MOST_FRAMES), strict=False)]
        except CaptureError:
            continue
        link = records[0].link if records else 1
        frames = [record for record in records if record.link == link and record.octets]
        found.append(Base(file.name, file.read_bytes()[:MOST_OCTETS], link, frames))
    return found


def mutation(seed: int, captures: Sequence[Base]) -> bytes:
    """The capture that a seed stands for: a file with damage anywhere, or whole records with damaged frames."""
    dice = random.Random(seed)
    base = dice.choice(captures)
    if dice.random() < 0.3 or not base.frames:
        octets = bytearray(base.octets)
        for _ in range(dice.randint(1, 6)):
            _damage(dice, octets, dice.choice((0, 24)))
        return bytes(octets)
    first = dice.randrange(len(base.frames))
    records = base.frames[first : first + dice.randint(1, MOST_FRAMES)]
    if dice.random() < 0.3:
        records += [one for one in dice.choice(captures).frames if one.link == base.link][:MOST_FRAMES]
    if dice.random() < 0.2:
        dice.shuffle(records)
    frames = [(record.time, record.octets) for record in records]
    for _ in range(dice.randint(1, 12)):
        place = dice.randrange(len(frames))
        frame = bytearray(frames[place][1])
        _damage(dice, frame, dice.choice((0, UDP_PAYLOAD, UDP_PAYLOAD)))
        frames[place] = frames[place][0], bytes(frame)
    if dice.random() < 0.1:
        frames *= 20
    return _pcap(base.link, frames)


def _pcap(link: int, frames: Iterable[tuple[int, bytes]]) -> bytes:
    out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, link)]
    for moment, frame in frames:
        seconds, fraction = divmod(moment, 1_000_000_000)
        out.append(struct.pack("<IIII", seconds & 0xFFFFFFFF, fraction, len(frame), len(frame)) + frame)
    return b"".join(out)


def _damage(dice: random.Random, octets: bytearray, lowest: int) -> None:
    """Do one thing to some octets, none of them before `lowest` if there are so many."""
    if not octets:
        octets += dice.randbytes(dice.randint(1, 80))
        return
    at = dice.randrange(lowest if lowest < len(octets) else 0, len(octets))
    dice.choice(DAMAGES)(dice, octets, at)


def _flip(dice: random.Random, octets: bytearray, at: int) -> None:
    octets[at] ^= 1 << dice.randrange(8)


def _set(dice: random.Random, octets: bytearray, at: int) -> None:
    octets[at] = dice.randrange(256)


def _number(dice: random.Random, octets: bytearray, at: int) -> None:
    size = dice.choice((1, 2, 4))
    number = dice.choice(TELLING) & (1 << 8 * size) - 1
    octets[at : at + size] = number.to_bytes(size, dice.choice(("little", "big")))


def _remove(dice: random.Random, octets: bytearray, at: int) -> None:
    del octets[at : at + dice.choice((1, 2, 4, 16, 400))]


def _insert(dice: random.Random, octets: bytearray, at: int) -> None:
    octets[at:at] = dice.randbytes(dice.choice((1, 2, 4, 16, 400)))


def _repeat(dice: random.Random, octets: bytearray, at: int) -> None:
    octets[at:at] = octets[at : at + dice.choice((1, 4, 16, 64))] * dice.choice((1, 2, 40))


def _cut(dice: random.Random, octets: bytearray, at: int) -> None:
    del octets[at:]


DAMAGES: tuple[Callable[[random.Random, bytearray, int], None], ...] = (
    _flip, _flip, _set, _set, _number, _number, _number, _remove, _insert, _repeat, _cut,
)


def trouble(octets: bytes, path: Path) -> tuple[str, float]:
    """What goes wrong with a capture, or nothing, and how many seconds the slowest command took; `path` is written.

    An exception that reaches the command line is a defect and goes on from here.
    """
    path.write_bytes(octets)
    slowest = 0.0
    for command in COMMANDS:
        out, err = io.StringIO(), io.StringIO()
        start = time.perf_counter()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = muxshark([*command, str(path)])
        slowest = max(slowest, time.perf_counter() - start)
        one_line = status == 2 and err.getvalue().count("\n") == 1
        if not one_line and (status != 0 or (command[0] == "analyze" and not out.getvalue())):
            return f"{command}: exit {status} and «{err.getvalue()[:200]}»", slowest
    return (f"{slowest:.1f} s" if slowest > SECONDS else ""), slowest


def main(words: list[str]) -> int:
    """Try so many seeds; 1 when one of them is in trouble."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("paths", type=Path, nargs="+")
    options = parser.parse_args(words)
    captures = bases(options.paths)
    wrong, slowest = 0, (0.0, 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutation.pcap"
        for seed in range(options.first, options.first + options.count):
            octets, tried = mutation(seed, captures), False
            try:
                said, seconds = trouble(octets, path)
                tried = True
            finally:
                if not tried:
                    print(f"seed {seed}: an exception", flush=True)
            slowest = max(slowest, (seconds, seed))
            if said:
                wrong += 1
                print(f"seed {seed}: {said}", flush=True)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{options.count} mutations of {len(captures)} captures, {wrong} in trouble; the slowest {slowest[0]:.2f} s")
    print(f"(seed {slowest[1]}); at most {memory // 1024} MB, {before // 1024} MB before the first")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
