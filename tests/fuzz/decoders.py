"""`python -m tests.fuzz.decoders`: damaged payloads through every decoder; 1 where more than a decoder's process ended.

Sound goes to the process that decodes, video is put together to frames here and goes to the process that writes
containers, which decodes the first of them. That such a process ends is told, and is no failure.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryFile

from dissectors.media.decoders import Worker, available
from dissectors.media.pcm import Sound
from dissectors.media.video.codecs import VIDEO
from dissectors.media.video.container import Lane, Unwritten, written
from dissectors.media.video.film import Film
from tests.clips import PACKERS, codec, payloads
from tests.sounds import tones

BATCH = 250
"""Payloads for one process, so that its few lives last."""

MOST_OCTETS = 3000
SOUND, PICTURES = "sound", "video"
Row = Counter[str]


def damaged(dice: Random, octets: bytes) -> bytes:
    """A payload with a few octets changed, cut, put in or repeated, or one that never was any."""
    made = bytearray(octets)
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(made) + 1)
        kind = dice.randrange(8)
        if kind < 3 and made:
            made[min(at, len(made) - 1)] ^= 1 << dice.randrange(8)
        elif kind == 3 and made:
            made[dice.randrange(min(4, len(made)))] = dice.choice((0, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        elif kind == 4:
            del made[at:]
        elif kind == 5:
            made[at:at] = dice.randbytes(dice.randrange(1, 40))
        elif kind == 6:
            made[at:at] = made[:at] * dice.randrange(1, 4)
        else:
            made[at:] = dice.choice((b"\0", b"\xff")) * dice.randrange(1, 300)
    return bytes(made[:MOST_OCTETS]) if dice.randrange(20) else dice.randbytes(dice.randrange(MOST_OCTETS))


def described(dice: Random, sound: Sound) -> Sound:
    """A sound, of which SDP says something else now and then."""
    if sound.parameters is None or "config=" not in sound.parameters or dice.randrange(4):
        return sound
    head, _, said = sound.parameters.partition("config=")
    digits, semicolon, rest = said.partition(";")
    octets = bytearray.fromhex(digits)
    octets[dice.randrange(len(octets))] ^= 1 << dice.randrange(8)
    parameters = f"{head}config={octets.hex()}{semicolon}{rest}"
    return Sound(sound.codec, sound.rate, sound.channels, sound.clock, parameters)


def sounds(dice: Random, name: str, count: int) -> Row:
    """Damaged payloads of one of the tones through the process that decodes."""
    sound, known, _ = tones()[name]
    row: Row = Counter()
    with Worker() as worker:
        for number in range(count):
            payload = damaged(dice, dice.choice(known))
            before, begun = worker.deaths, time.monotonic()
            found = worker.samples(number % 8, described(dice, sound), payload)
            row["slowest"] = max(row["slowest"], int(1000 * (time.monotonic() - begun)))
            row["decoded"] += found is not None
            row["ended"] += worker.deaths - before
            process = worker.process
            if process is not None and not number % 50:
                row["kilobytes"] = max(row["kilobytes"], _resident(process.pid))
    row["payloads"] = count
    return row


def _resident(number: int) -> int:
    """The most memory that a process had, in KiB."""
    try:
        lines = Path(f"/proc/{number}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def pictures(dice: Random, name: str, count: int) -> Row:
    """Damaged payloads of one of the clips as frames, and those as a file."""
    row: Row = Counter(payloads=count)
    with TemporaryFile() as file:
        film = Film(VIDEO[codec(name)], file, 0)
        number, frame = 0, 0
        whole = payloads(name)
        while number < count:
            parts = whole[frame % len(whole)]
            # Key frames of many payloads stay whole now and then, so that something is shown at all.
            spared = not frame % len(whole) and dice.randrange(2)
            for at, payload in enumerate(parts):
                kept = spared or not dice.randrange(3)
                film.add(number & 0xFFFF, 9000 * frame, 100_000_000 * frame, at == len(parts) - 1,
                         payload if kept else damaged(dice, payload))
                number += 1
            frame += 1
        film.finish()
        if not film.frames:
            return row
        lane = Lane(name, 90000, film.codec.format, film.sample, film.packets())
        begun = time.monotonic()
        try:
            row["decoded"] += len(film.frames) if b"".join(written([lane], "matroska")) else 0
        except Unwritten as error:
            row["refused"] += 1
            row["ended"] += "could not write" in str(error)
        row["slowest"] = int(1000 * (time.monotonic() - begun))
    return row


MAKERS: dict[str, tuple[Callable[[], list[str]], Callable[[Random, str, int], Row]]] = {
    SOUND: (lambda: [*tones()], sounds), PICTURES: (lambda: [*PACKERS], pictures),
}


def batches(kind: str, seed: int, count: int) -> Iterator[tuple[str, int, Row]]:
    """Batch after batch, codec after codec: the codec, the batch's number, and what became of it."""
    names, made = MAKERS[kind]
    for number in range((count + BATCH - 1) // BATCH):
        name = names()[number % len(names())]
        yield name, number, made(Random(f"{kind} {seed} {number}"), name, min(BATCH, count - BATCH * number))


def _through(kind: str, seed: int, count: int, rows: dict[str, Row]) -> None:
    """Run the batches of a kind, and add up what became of each codec."""
    for name, number, row in batches(kind, seed, count):
        if row["ended"]:
            print(f"{kind}, {name}, batch {number}: {row['ended']} times the process ended", flush=True)
        whole = rows.setdefault(f"{kind}: {name}", Counter())
        most = {each: max(whole[each], row[each]) for each in ("slowest", "kilobytes")}
        whole.update(row)
        whole.update({each: most[each] - whole[each] for each in most})


def main(words: list[str] | None = None) -> int:
    """Run, and print what became of each codec."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.decoders", description=__doc__)
    parser.add_argument("--payloads", type=int, default=100_000, metavar="N", help="of each kind (100,000)")
    parser.add_argument("--seed", type=int, metavar="S", help="what they come from (a new one)")
    parser.add_argument("--only", choices=MAKERS, help="sound or video alone")
    chosen = parser.parse_args(words)
    if not available():
        parser.error("PyAV is not installed")
    seed = secrets.randbits(32) if chosen.seed is None else chosen.seed
    print(f"seed {seed}", flush=True)
    rows: dict[str, Row] = {}
    try:
        for kind in [chosen.only] if chosen.only else MAKERS:
            _through(kind, seed, chosen.payloads, rows)
    except KeyboardInterrupt:
        print("interrupted")
    for name, row in rows.items():
        print(f"{name}: {row['payloads']:,} payloads, {row['decoded']:,} decoded, the process ended {row['ended']:,} "
              f"times, slowest step {row['slowest']:,} ms, at most {row['kilobytes'] >> 10:,} MiB")
    print(f"seed {seed}: {sum(row['payloads'] for row in rows.values()):,} payloads, "
          f"{sum(row['ended'] for row in rows.values()):,} processes ended, and nothing else")
    return 0


if __name__ == "__main__":
    sys.exit(main())
