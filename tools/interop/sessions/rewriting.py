"""Every capture of some folders rewritten: what tshark complains of only afterwards, what is left of names, and which
findings a capture under other names has more or less.

The captures are drawn by a seed, so that a run over some of them is the same run again.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from dissectors import offline
from dissectors.queries.owned import owned
from dissectors.rewriting import split
from dissectors.rewriting.anonymous import messages
from dissectors.rewriting.anonymous.capture import anonymise
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.normalise import Wanted, normalise
from dissectors.sources.capture import open_capture
from dissectors.wire.errors import CaptureError
from dissectors.wireshark import tshark
from dissectors.wireshark.complaints import Seen, seen
from tools.interop.sessions.left_over import KEYS, left_over
from tools.interop.sessions.results import Row, facts, shown
from tools.interop.sessions.same_findings import Compared, compared

FOLDERS = ("pcaps", "tests/data")
NORMALISED = {
    "normalise": Wanted(), "split-ports": Wanted(split_ports=True, rtpmap=True), "compress": Wanted(compress=True),
    "long": Wanted(long=True), "compact": Wanted(compact=True),
}
WAYS = (*NORMALISED, "split", "anonymise", "names", "findings")
MAX_CAPTURE_OCTETS, MAX_SPLIT_FILES, MAX_TOLD = 1 << 24, 40, 40
"""Larger captures are passed over, more files of a capture are not looked at, more lines are not printed."""


class Told(NamedTuple):
    """Of one capture: values and words that are left, new errors by the way on which they came, and its findings."""

    values: int
    left: set[str]
    words: set[str]
    errors: dict[str, Counter[str]]
    findings: Compared | None


def main() -> int:
    """Rewrite captures and print a table; 0 where nothing is left and tshark finds no new error."""
    parser = argparse.ArgumentParser(prog="run.py interop rewriting", description=__doc__)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", default=FOLDERS)
    parser.add_argument("--captures", type=int, default=50, metavar="N", help="so many of them (50)")
    parser.add_argument("--skip", type=int, default=0, metavar="N", help="but not the first N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ways", default=",".join(WAYS), help="names and findings need no tshark (%(default)s)")
    chosen = parser.parse_args()
    paths = drawn([Path(each) for each in chosen.folders], chosen.seed)[chosen.skip :]
    rows, lines = run(paths, chosen.captures, chosen.seed, chosen.ways.split(","))
    print(shown("rewriting", rows), end="")
    for line in lines[:MAX_TOLD]:
        print(f"  {line}")
    return 0 if all(row.agrees for row in rows) else 1


def drawn(folders: Sequence[Path], seed: int) -> list[Path]:
    """The captures in these folders, each content once, in an order that the seed decides."""
    found: dict[bytes, Path] = {}
    for path in sorted(each for folder in folders for each in folder.rglob("*") if each.is_file()):
        if path.stat().st_size <= MAX_CAPTURE_OCTETS and is_capture(path):
            found.setdefault(path.read_bytes(), path)
    paths = list(found.values())
    random.Random(seed).shuffle(paths)
    return paths


def is_capture(path: Path) -> bool:
    """Whether it can be read as one."""
    try:
        with open_capture(str(path)):
            return True
    except CaptureError:
        return False


def run(paths: Sequence[Path], captures: int, seed: int, ways: Sequence[str]) -> tuple[list[Row], list[str]]:
    """The rows of a table, and a line for each thing that is wrong."""
    program = tshark.find() if set(ways) & set(MADE) else None
    left: dict[str, list[str]] = {}
    errors: Counter[str] = Counter()
    looked = values = with_findings = equal = 0
    for path in paths[:captures]:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="muxshark-interop-") as folder:
            try:
                told = rewritten(path, Path(folder), seed, ways, program)
            except CaptureError:
                continue
        looked, values = looked + 1, values + told.values
        for name in told.left:
            left.setdefault(f"value {name!r}", []).append(path.name)
        for name in told.words:
            left.setdefault(f"word {name!r}", []).append(path.name)
        if told.findings is not None:
            with_findings += bool(told.findings.before or told.findings.after)
            equal += bool(told.findings.before) and not told.findings.differing
            for text in told.findings.lines():
                left.setdefault(text, []).append(path.name)
        for way, complaints in told.errors.items():
            for text, count in complaints.items():
                errors[way] += count
                left.setdefault(f"{way}: {text}", []).append(f"{path.name} ({count})")
        print(f"{path.name}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    rows = [facts("captures", looked, looked), facts(f"values that are left, of {values:,}", 0, sum(
        text.startswith("value") for text in left)), facts("words that are left", 0, sum(
            text.startswith("word") for text in left))]
    rows += [facts("captures with the findings of the original", with_findings, equal)] if "findings" in ways else []
    rows += [facts(f"{way}: new errors in tshark", 0, errors[way]) for way in ways if way in MADE]
    lines = [f"{text}: {', '.join(names[:3])}{f', {len(names)} in all' if len(names) > 3 else ''}"
             for text, names in sorted(left.items())]
    return rows, lines


def rewritten(path: Path, folder: Path, seed: int, ways: Sequence[str], program: tshark.Tshark | None) -> Told:
    """What is to be said of one capture; raises CaptureError where it cannot be read."""
    folder.chmod(0o755)
    names = left_over(path, folder, seed) if "names" in ways else None
    found = compared(path, folder) if "findings" in ways else None
    errors: dict[str, Counter[str]] = {}
    if program is not None:
        with tempfile.TemporaryDirectory() as made:
            home = Path(made)
            home.chmod(0o755)
            before = _read(program, path, home)
            for way in ways:
                if way in MADE and before is not None:
                    results = MADE[way](path, folder)
                    errors[way] = Counter(
                        text for result in results for text in newly(before, _read(program, result, home))
                    )
    left, words = (names.left, names.words) if names else (set(), set())
    return Told(names.values if names else 0, left, words, errors, found)


def _read(program: tshark.Tshark, path: Path, home: Path) -> Seen | None:
    """What tshark sees in a capture; None where it cannot read it as it is."""
    try:
        return seen(program, str(path), home)
    except tshark.NoWireshark:
        return None


def newly(before: Seen, after: Seen | None) -> Iterator[str]:
    """What tshark complains of in frames of which it did not complain before."""
    if after is None:
        yield "a capture that it cannot read"
        return
    for moment, texts in after.errors.items():
        if moment not in before.errors:
            yield from texts


def _normalised(wanted: Wanted, path: Path, folder: Path) -> Iterator[Path]:
    """The normalised capture, unless nothing changed."""
    out = folder / "normalised"
    normalise(str(path), str(out), wanted, force=True)
    if out.read_bytes() != path.read_bytes():
        yield out


def _anonymised(path: Path, folder: Path) -> Iterator[Path]:
    """The capture under other names."""
    out = folder / "anonymised"
    anonymise(str(path), str(out), Pseudonyms(KEYS[0]), messages.Wanted(), force=True)
    yield out


def _split(path: Path, folder: Path) -> Iterator[Path]:
    """The calls of the capture."""
    report = offline.analyze([str(path)], everything=True)
    groups = split.whole_groups(report, False)[:MAX_SPLIT_FILES]
    if groups:
        parts = [owned(report, group) for group in groups]
        files = [split.safe_name(number, "") for number in range(len(groups))]
        for name in split.into_folder([str(path)], parts, files, str(folder / "calls"), force=True).paths:
            yield Path(name)


MADE: dict[str, Callable[[Path, Path], Iterator[Path]]] = {
    **{way: partial(_normalised, wanted) for way, wanted in NORMALISED.items()},
    "split": _split, "anonymise": _anonymised,
}
"""What is made of a capture, for tshark to read."""
