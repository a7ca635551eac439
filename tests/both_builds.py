"""What both builds make of the same octets: run in a process of its own for each, it writes one line for each thing.

    python -m tests.both_builds MUTATIONS FOLDER

writes a digest for each capture of a folder, one for its messages, and one for each thousand of mutated messages.
Without words it answers: for each line of JSON it writes what this build makes of that `payload` or `capture`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

if os.environ.get("MUXSHARK_PURE"):
    from dissectors.plain import prefer_sources

    prefer_sources()

from dissectors.offline import analyze  # noqa: E402  # only now it is settled which build that is
from dissectors.wire.values import replace  # noqa: E402
from tests.fuzz import house, mutants  # noqa: E402

SEED = 7
MODULE = "dissectors.protocols.sip"


def source() -> str:
    """Where the parser of SIP came from: a source, or what was compiled."""
    return str(sys.modules[MODULE].__file__)


def parsed(octets: bytes) -> str:
    """What every parser makes of a payload, with all that the message tells when it is asked."""
    found = []
    for name, parse in house.PARSERS.items():
        try:
            found += [f"{name}: {line}" for line in described(parse(octets))]
        except house.Malformed as malformed:
            found.append(f"{name}: {malformed!s}")
    return "\n".join(found)


def described(message: Any) -> Iterator[str]:
    """A message with its fields, and the properties of it and of what it holds."""
    yield repr(message)
    for value in house.within(message):
        for name in house.properties(value):
            yield f"{type(value).__name__}.{name}: {getattr(value, name)!r}"


def told(path: Path) -> str:
    """The report on a capture, but for what names the build."""
    try:
        report = analyze([str(path)])
    except house.CaptureError as error:
        return str(error)
    return repr(replace(report, capture=replace(report.capture, scan=""), flows=tuple(report.flows)))


def answer(lines: Iterable[str]) -> None:
    """Say where this build stands, then what it makes of each thing that is asked for."""
    print(json.dumps(source()), flush=True)
    for line in lines:
        asked = json.loads(line)
        said = told(Path(asked["capture"])) if "capture" in asked else parsed(bytes.fromhex(asked["payload"]))
        print(json.dumps(said), flush=True)


def digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def main(mutations: int, folder: Path) -> None:
    """Write a digest for each capture of a folder and for its messages, and one for each thousand of mutated ones."""
    print(source())
    for path in sorted(folder.rglob("*.pcap*")):
        if path.suffix != ".truth":
            messages = house.messages(path)
            print(path.name, digest(told(path)), len(messages), digest("\n".join(map(parsed, messages))))
    corpus, dice, so_far = mutants.Corpus(), Random(SEED), ""
    for number in range(mutations):
        so_far = digest(so_far + parsed(mutants.payload(dice, corpus)))
        if number % 1000 == 999 or number == mutations - 1:
            print(number, so_far)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(int(sys.argv[1]), Path(sys.argv[2]))
    else:
        answer(sys.stdin)
