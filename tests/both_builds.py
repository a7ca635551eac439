"""What both builds make of the same octets: run in a process of its own for each, it writes one line for each thing."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path
from random import Random

if os.environ.get("MUXSHARK_PURE"):
    from dissectors.plain import prefer_sources

    prefer_sources()

from dissectors.offline import analyze  # noqa: E402  # only now it is settled which build that is
from dissectors.wire.values import replace  # noqa: E402
from tests.fuzz import house, mutants  # noqa: E402

SEED = 7


def parsed(octets: bytes) -> str:
    """What every parser makes of a payload."""
    found = []
    for name, parse in house.PARSERS.items():
        try:
            found.append(f"{name}: {parse(octets)!r}")
        except house.Malformed as malformed:
            found.append(f"{name}: {malformed!s}")
    return "\n".join(found)


def told(path: Path) -> str:
    """The report on a capture, but for what names the build."""
    try:
        report = analyze([str(path)])
    except house.CaptureError as error:
        return str(error)
    return repr(replace(report, capture=replace(report.capture, scan="")))


def main(mutations: int, folder: Path) -> None:
    """Write a digest for each capture of a folder, and one for each thousand of mutated messages."""
    print(sys.modules["dissectors.protocols.sip"].__file__)
    for path in sorted(folder.glob("*.pcap*")):
        if path.suffix != ".truth":
            print(path.name, sha256(told(path).encode("utf-8", "surrogatepass")).hexdigest())
    corpus, dice, digest = mutants.Corpus(), Random(SEED), sha256()
    for number in range(mutations):
        digest.update(parsed(mutants.payload(dice, corpus)).encode("utf-8", "surrogatepass"))
        if number % 1000 == 999 or number == mutations - 1:
            print(number, digest.hexdigest())


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
