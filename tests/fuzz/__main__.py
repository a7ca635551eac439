"""`python -m tests.fuzz`: the targets in turn, each for its share of the time; exit status 1 when something failed."""

from __future__ import annotations

import argparse
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from tests.fuzz import sanitized
from tests.fuzz.children import WORKER, Child, Surroundings
from tests.fuzz.targets import TARGETS

SANITIZED = "scan"
"""The target whose compiled code the sanitizer watches."""

KEPT = 3
"""Failures at one place that are shown and kept whole; further ones are only named."""

INTERRUPTED = 130
MOST_CRASHES = 20
MOST_OF_A_WORKER = 20_000
"""Cases after which a new worker takes over, so that nothing adds up for hours."""


class Run:
    """One target's workers, started again after each crash, and what they found."""

    def __init__(self, target: str, options: argparse.Namespace, worker: Sequence[str]) -> None:
        self._target, self._options, self._worker = target, options, worker
        self._around = Surroundings()
        self._seen: Counter[str] = Counter()
        self._began = self._ended = self._end = 0.0
        self._within = False
        self.cases = self.failures = self.crashes = self.memory = 0
        self.unable = ""

    def through(self, seconds: float) -> None:
        """Run cases for so long, or as many as were asked for."""
        options = self._options
        first = options.iteration or 0
        last = first + (1 if options.iteration is not None else options.cases or sys.maxsize)
        with tempfile.TemporaryDirectory(prefix="muxshark-fuzz-") as folder:
            self._around = surroundings(self._target, options, Path(folder))
            self._began = time.monotonic()
            self._end = self._began + seconds
            try:
                while first < last and time.monotonic() < self._end and not self._over:
                    first = self._one_worker(first, last)
            finally:
                self._ended = time.monotonic()

    @property
    def summary(self) -> str:
        """What became of the target, in a line."""
        if self.unable or not self._began:
            return f"{self._target}: not run{self.unable and f': {self.unable}'}"
        counted = f"{self.cases:,} cases, {self.failures:,} failures, {self._ended - self._began:.0f} s"
        given_up = f", given up after {self.crashes} crashes" if self._over else ""
        return f"{self._target}: {counted}, at most {self.memory >> 10} MB{given_up}"

    @property
    def _over(self) -> bool:
        return bool(self.unable) or self.crashes >= MOST_CRASHES

    def _one_worker(self, first: int, last: int) -> int:
        """Run one worker as long as it lives; the iteration to go on with."""
        cases = min(last - first, MOST_OF_A_WORKER)
        words = [self._target, "--seed", str(self._options.seed), "--first", str(first), "--cases", str(cases)]
        words += [word for folder in self._options.captures for word in ("--captures", str(folder.resolve()))]
        with tempfile.TemporaryDirectory(prefix="muxshark-fuzz-") as scratch:
            child = Child(words, Path(scratch), self._around, self._worker)
            try:
                for event in child.events(self._end):
                    first = self._heard(event, first, Path(scratch))
            finally:
                child.close()
        return last if self.unable else first

    def _heard(self, event: dict[str, object], iteration: int, scratch: Path) -> int:
        """Take in one event; the iteration to go on with after it."""
        if "unable" in event:
            self.unable = str(event["unable"])
        elif "begun" in event:
            self._within = True
        elif "crash" in event:
            self.crashes += 1
            self.cases += self._within
            self._failed(iteration, str(event["said"]), str(event["crash"]), scratch)
            if not self._within:
                self.unable = "its process does not start"
            self._within = False
            return iteration + 1
        elif "done" in event:
            self.cases += 1
            self._within = False
            self.memory = max(self.memory, int(str(event["memory"])))
            if event["failure"]:
                self._failed(iteration, str(event["failure"]), str(event["place"]), scratch)
            return iteration + 1
        return iteration

    def _failed(self, iteration: int, failure: str, place: str, scratch: Path) -> None:
        """Say what failed, keep its input, and say how to repeat it."""
        self.failures += 1
        self._seen[place] += 1
        print(f"{self._target}, seed {self._options.seed}, iteration {iteration}: {place}", flush=True)
        inputs = sorted(scratch.glob(f"{iteration}.*.input"))
        if self._seen[place] > KEPT:
            for path in inputs:
                path.unlink()
            return
        for path in inputs:
            kept = self._options.keep / f"{self._target}-{self._options.seed}-{path.name}"
            shutil.move(path, kept)
            print(f"  input: {kept}")
        captures = "".join(f" --captures {folder}" for folder in self._options.captures)
        print(
            f"  again: python -m tests.fuzz --seed {self._options.seed} --only {self._target} "
            f"--iteration {iteration}{captures}\n\n{failure}", flush=True,
        )


def parsed(words: list[str] | None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    how_long = parser.add_mutually_exclusive_group(required=True)
    how_long.add_argument("--minutes", type=float, metavar="N", help="divide so many minutes among the targets")
    how_long.add_argument("--cases", type=int, metavar="N", help="run so many cases of each target")
    how_long.add_argument("--iteration", type=int, metavar="I", help="repeat one case of a seed")
    parser.add_argument("--seed", type=int, metavar="S", help="what the cases come from (a new one each time)")
    parser.add_argument("--only", action="append", choices=TARGETS, metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--captures", type=Path, action="append", default=[], metavar="DIR", help="more captures")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where inputs that fail are kept (a new folder)")
    parser.add_argument("--unsanitized", action="store_true", help="take the compiled scan as it was built here")
    options = parser.parse_args(words)
    if missing := [str(folder) for folder in options.captures if not folder.is_dir()]:
        parser.error(f"no such folder: {', '.join(missing)}")
    options.seed = secrets.randbits(32) if options.seed is None else options.seed
    return options


def surroundings(target: str, options: argparse.Namespace, folder: Path) -> Surroundings:
    """Where a target's workers run: those of the compiled scan with the sanitizer, if that can be."""
    if target != SANITIZED or options.unsanitized:
        return Surroundings()
    print(f"{target}: building the compiled scan with AddressSanitizer", flush=True)
    try:
        return sanitized.build(folder)
    except sanitized.Impossible as reason:
        print(f"{target}: without AddressSanitizer, with the compiled scan's own checks alone: {reason}", flush=True)
        return Surroundings()


def interrupted(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does: what was found so far is summed up, and nothing is left behind."""
    raise KeyboardInterrupt


def main(words: list[str] | None = None, worker: Sequence[str] = WORKER) -> int:
    """Fuzz; 1 when something failed, 130 when nothing had when it was interrupted."""
    options = parsed(words)
    made = options.keep is None
    options.keep = Path(tempfile.mkdtemp(prefix="muxshark-fuzz-kept-")) if made else options.keep
    options.keep.mkdir(parents=True, exist_ok=True)
    targets = [name for name in TARGETS if name in (options.only or TARGETS)]
    print(f"seed {options.seed}; inputs that fail are kept in {options.keep}", flush=True)
    runs, status = [Run(target, options, worker) for target in targets], 0
    try:
        for run in runs:
            run.through(options.minutes * 60 / len(targets) if options.minutes else float("inf"))
            print(run.summary, flush=True)
    except KeyboardInterrupt:
        print("interrupted")
        status = INTERRUPTED
    if made and not any(run.failures for run in runs):
        options.keep.rmdir()
    print(f"\nseed {options.seed}", *(run.summary for run in runs), sep="\n")
    return 1 if any(run.failures for run in runs) else status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupted)
    sys.exit(main())
