"""`python -m tests.verdicts`: 1,000 streams, a verdict on each, and the table; 1 where one is wrong.

Wrong is "not encrypted" of what is encrypted, and "compatible with encryption" of PCM in the clear.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from dissectors import offline
from dissectors.report import Randomness
from tests import captures
from tests.verdicts.encoded import PCM, kinds
from tests.verdicts.streams import CLEAR, Known, known

VERDICTS = ("not encrypted", "compatible with encryption", "too little data")


def streams(seed: int, count: int, **options: Any) -> Iterator[Known]:
    """So many streams, half of them encrypted, each codec as often as the others; `options` are those of `kinds`."""
    chance = Random(seed)
    at_hand = kinds(chance, **options)
    names = [*at_hand]
    for number in range(count):
        name = names[number // 2 % len(names)]
        yield known(name, at_hand[name], bool(number % 2), chance)


def judged(stream: Known, path: Path) -> Randomness | None:
    """What `muxshark analyze --encryption` says of a stream; None where it sees none."""
    report = offline.analyze([captures.story(path, stream.story)], encryption=True, everything=True)
    return report.streams[0].randomness if report.streams else None


def wrong(stream: Known, verdict: str) -> bool:
    """Whether a verdict must not be."""
    if stream.encrypted:
        return verdict == VERDICTS[0]
    return stream.group == f"{PCM}, {CLEAR}" and verdict == VERDICTS[1]


def table(counts: Counter[tuple[str, str]]) -> Iterator[str]:
    """The lines of the table, as Markdown."""
    yield f"| stream | {' | '.join(VERDICTS)} |"
    yield "| --- |" + " ---: |" * len(VERDICTS)
    for group in sorted({group for group, _ in counts}, key=lambda each: (each.endswith(CLEAR), each)):
        yield f"| {group} | {' | '.join(f'{counts[group, verdict]:,}' for verdict in VERDICTS)} |"


def main(words: list[str] | None = None) -> int:
    """Ask for the verdicts, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.verdicts", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="what the streams come from (a new one)")
    parser.add_argument("--streams", type=int, default=1000, metavar="N", help="how many (1,000)")
    chosen = parser.parse_args(words)
    seed = secrets.randbits(32) if chosen.seed is None else chosen.seed
    print(f"seed {seed}", flush=True)
    counts: Counter[tuple[str, str]] = Counter()
    names: Counter[str] = Counter()
    errors = unseen = 0
    with tempfile.TemporaryDirectory(prefix="muxshark-verdicts-") as folder:
        for number, stream in enumerate(streams(seed, chosen.streams)):
            told = judged(stream, Path(folder) / "stream.pcap")
            names[stream.name.partition(",")[0]] += 1
            if told is None:
                unseen += 1
                continue
            counts[stream.group, told.verdict] += 1
            if wrong(stream, told.verdict):
                errors += 1
                print(f"stream {number}: {stream.name}: {told.verdict}: {told.why} {told}")
    print(f"{sum(names.values()):,} streams of {', '.join(names)}; {unseen:,} too short to be seen")
    print("", *table(counts), "", f"{errors:,} wrong", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
