"""One target's cases, one after the other, in a process that may crash: what `children` starts.

Each case begins and ends with a line of JSON on standard output; whatever else is printed goes nowhere. A case that
needs more than CPU_SECONDS or more memory than there may be ends in an exception, and so tells where it was.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from types import FrameType, TracebackType
from typing import Any

from tests.fuzz.mutants import Corpus
from tests.fuzz.targets import TARGETS, ensure

CPU_SECONDS = 30.0
MOST_FRAMES, MOST_SAID = 30, 80
SANITIZED = "ASAN_OPTIONS"
"""The variable that is set where the sanitizer watches; it wants all addresses and signals for itself."""


class TooSlow(BaseException):
    """A case took too long. No Exception, so that nothing takes it for an error of its own."""


class Watched(AbstractContextManager["Watched"]):
    """Bounds the processor's time of what is within, and keeps what it raises: `failure`, and `place` for the same."""

    failure = place = ""

    def __enter__(self) -> Watched:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        signal.setitimer(signal.ITIMER_PROF, 0)
        if error is None or not isinstance(error, (Exception, SystemExit, TooSlow)):
            return False
        self.failure = "".join(traceback.format_exception(error, limit=-MOST_FRAMES))
        last = [frame for frame in traceback.extract_tb(at) if frame.name != ensure.__name__][-1]
        said = " ".join(word for word in str(error).split(": ")[0].split() if "/" not in word)
        self.place = f"{type(error).__name__} at {last.filename}:{last.lineno}, {said[:MOST_SAID]}"
        return True


def too_slow(number: int, frame: FrameType | None) -> None:
    """Raise TooSlow: what a signal does."""
    raise TooSlow(f"more than {CPU_SECONDS:.0f} seconds of the processor")


def work(options: argparse.Namespace, tell: Callable[..., None]) -> None:
    """Run cases until as many are done as were asked for; whoever started this ends it earlier."""
    target = TARGETS[options.target]
    unable = target.unable()
    if unable:
        tell(unable=unable)
        return
    corpus = Corpus(options.captures)
    for iteration in range(options.first, options.first + options.cases):
        tell(begun=iteration)
        dice = Random(f"{options.target} {options.seed} {iteration}")
        paths = []
        for place, octets in enumerate(target.make(dice, corpus)):
            paths.append(options.scratch / f"{iteration}.{place}.input")
            paths[-1].write_bytes(octets)
        with Watched() as watched:
            target.check(dice, paths)
        # Whoever started this takes the input of a case that failed, and of one that ends the process.
        for path in () if watched.failure else paths:
            path.unlink()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        tell(done=iteration, failure=watched.failure, place=watched.place, memory=memory)


def bound(octets: int) -> None:
    """Bound the memory of this process and of those that it starts; a sanitizer bounds itself."""
    signal.signal(signal.SIGPROF, too_slow)
    faulthandler.register(signal.SIGUSR1)
    if SANITIZED not in os.environ:
        faulthandler.enable()
        resource.setrlimit(resource.RLIMIT_AS, (octets, octets))


def main(words: list[str]) -> None:
    """Read what to do, and do it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--captures", type=Path, action="append", default=[])
    parser.add_argument("--memory", type=int, required=True)
    options = parser.parse_args(words)
    bound(options.memory)
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def tell(**members: Any) -> None:
        told.write(json.dumps(members) + "\n")

    work(options, tell)


if __name__ == "__main__":
    main(sys.argv[1:])
