"""What usual traffic costs: `python3 -m benchmarks.usual`, a capture of each shape, muxshark beside its peers.

Beside it are sngrep, which keeps the messages of each call, tshark with its table of RTP streams, and ndpiReader, which
labels flows; whoever is not installed is left out. Each round runs all of them on one capture, in an order of its own;
ratios are taken within a round, medians of the rounds are shown. `--only NAME` chooses shapes, `--scale` makes all of
them larger or smaller.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import shutil
import statistics
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from benchmarks import make_captures, streams, telephony
from benchmarks.__main__ import Run, run
from benchmarks.hostile.checks import PRIORITY, REQUEST, SUCCESS, USERNAME, XOR_MAPPED, attribute, mapped, stun
from benchmarks.hostile.frames import BEGIN, SNAPLEN, Endpoint, host, tcp, udp
from benchmarks.hostile.media import rtp
from benchmarks.hostile.messages import OK, through_server
from benchmarks.telephony import SOUND, TICK, Timed

SECOND = 1_000_000
"""In microseconds."""

CHECKS_A_SECOND, SESSIONS = 300, 4
SOURCES = 500
RECORD = 1200
"""Octets of a record of TLS."""


def long_calls(size: int) -> Timed:
    """200 long calls at once, everything on one port: SIP, STUN, RTCP and 50 RTP datagrams a second each way."""
    return make_captures.frames(make_captures.Shape(size))


def short_calls(size: int) -> Timed:
    """Calls of seven SIP messages and 100 RTP datagrams, fifty new ones a second."""
    chance = random.Random(3)
    return telephony.in_turn(size, lambda number, start: _short_call(number, start, chance))


def _short_call(number: int, start: int, chance: random.Random) -> list[tuple[int, bytes]]:
    call = make_captures.Call(number, start, make_captures.Shape(0, 0, 1.1), chance)
    trying = start + 500, 1, call.sip("SIP/2.0 100 Trying", "1 INVITE", None)
    sent = [*call.opening(), trying, *call.closing()]
    for tick in range(50):
        for place, side in enumerate(call.sides):
            payload = rtp(side.ssrc, side.sequence + tick, side.timestamp + 160 * tick, call.payload_type, SOUND)
            sent.append((start + 10_000 + tick * TICK + 300 * place, place, payload))
    return [
        (time, call.sides[side].frame(octets, make_captures.words(octets + bytes(len(octets) % 2))))
        for time, side, octets in sent
    ]


def phone_calls(size: int) -> Timed:
    """Short calls between two phones each: plain SDP, and media on ports of their own."""
    return telephony.calls(size, telephony.between_phones)


def proxy_calls(size: int) -> Timed:
    """The same through a proxy that is captured on both sides: each message is there twice under one Call-ID."""
    return telephony.calls(size, telephony.through_proxy)


def server_calls(size: int) -> Timed:
    """Short calls through a server that all phones call, and another host for its media."""
    return telephony.calls(size, telephony.through_server)


def trunk_calls(size: int) -> Timed:
    """The same between two servers: all of them signal on one 5-tuple."""
    return telephony.calls(size, telephony.on_a_trunk)


def early_calls(size: int) -> Timed:
    """The same, where the answer comes with 183 first, and both sides are heard half a second before the 200."""
    return telephony.calls(size, telephony.on_a_trunk, telephony.EARLY)


def refused_calls(size: int) -> Timed:
    """Calls between phones that are all refused as busy; the report lists each of them."""
    return telephony.calls(size, telephony.between_phones, telephony.REFUSED)


def registrations(size: int) -> Timed:
    """A flood of REGISTER, each challenged, asked again and accepted."""
    challenge = 'WWW-Authenticate: Digest realm="example.org", nonce="84a4cc6f3082121f32b42a2187831a9e"'
    answer = 'Authorization: Digest username="bob", realm="example.org", nonce="84a4cc6f3082121f32b42a2187831a9e"'
    for number in range(size):
        call, time = through_server(number), BEGIN + number * 500
        yield time, call.ask("REGISTER", 1, ["Expires: 3600"], tag="")
        yield time + 100, call.answer("401 Unauthorized", "REGISTER", 1, [challenge])
        yield time + 200, call.ask("REGISTER", 2, ["Expires: 3600", answer], tag="")
        yield time + 300, call.answer(OK, "REGISTER", 2, ["Expires: 3600"])


def options(size: int) -> Timed:
    """A flood of OPTIONS, each answered."""
    for number in range(size):
        call, time = through_server(number), BEGIN + number * 500
        yield time, call.ask("OPTIONS", tag="")
        yield time + 100, call.answer(OK, "OPTIONS")


def webrtc(size: int) -> Timed:
    """Sessions with 300 STUN checks a second each, all answered, and two streams."""
    every = SECOND // CHECKS_A_SECOND
    sent = []
    for session in range(SESSIONS):
        near, far = (host(2 * session + 1), 40_000), (host(2 * session + 2), 40_000)
        for number in range(size // SESSIONS):
            time = BEGIN + number * every + 37 * session
            one, two = (near, far) if number % 2 else (far, near)
            names = attribute(USERNAME, f"far{session}:near{session}".encode()), attribute(PRIORITY, b"n\0\1\xff")
            transaction = number << 8 | session
            sent.append((time, udp(one, two, stun(REQUEST, transaction, *names))))
            sent.append((time + 900, udp(two, one, stun(SUCCESS, transaction, attribute(XOR_MAPPED, mapped(number))))))
            if number % 6 == 0:
                tick = number // 6
                for place, (src, dst) in enumerate(((near, far), (far, near))):
                    packet = rtp(0x70000 + 2 * session + place, tick, 960 * tick, 111, SOUND)
                    sent.append((time + 100 + place, udp(src, dst, packet)))
    yield from sorted(sent, key=itemgetter(0))


def conference(size: int) -> Timed:
    """One conference: 500 sources of sound take turns on one 5-tuple."""
    near, far = (host(1), 40_000), (host(2), 40_000)
    for number in range(size):
        tick, source = divmod(number, SOURCES)
        yield BEGIN + tick * TICK + 20 * source, udp(near, far, rtp(0x70000 + source, tick, 960 * tick, 111, SOUND))


def foreign(size: int) -> Timed:
    """Questions like those of DNS, each from a port of its own, each answered."""
    for number in range(size // 2):
        client: Endpoint = (host(number // 60_000), 2000 + number % 60_000)
        name = struct.pack("!H", number & 0xFFFF) + b"\1\0\0\1\0\0\0\0\0\0\7example\3org\0\0\1\0\1"
        yield BEGIN + 20 * number, udp(client, (host(1, 192), 53), name)
        yield BEGIN + 20 * number + 9, udp((host(1, 192), 53), client, name + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4")


def sip_over_tcp(size: int) -> Timed:
    """A thousand connections that say SIP, and a thousand that are foreign, in so many octets."""
    return ((BEGIN + streams.EVERY * number, frame) for number, frame in enumerate(streams.frames(size)))


def sip_over_tls(size: int) -> Timed:
    """Connections of TLS to port 5061, so many records of application data without any keys."""
    record, connections = b"\x17\3\3" + struct.pack("!H", RECORD) + bytes(range(240)) * 5, 200
    hello = b"\x16\3\1\0\x2f\1\0\0\x2b\3\3" + bytes(32) + b"\0\0\4\x13\1\x13\2\1\0"
    placed = dict.fromkeys(range(connections), 1)
    for number in placed:
        time, ends = BEGIN + number, ((host(number), 40_000), (host(1, 192), 5061))
        yield time, tcp(*ends, 0, streams.SYN)
        yield time + 500, tcp(*ends, 1, streams.ACK, hello)
        placed[number] += len(hello)
    for number in range(size):
        which = number % connections
        ends = (host(which), 40_000), (host(1, 192), 5061)
        yield BEGIN + SECOND + 50 * number, tcp(*ends, placed[which], streams.ACK, record)
        placed[which] += len(record)


@dataclass(frozen=True, slots=True)
class Usual:
    """One shape of traffic: what makes its frames, and how large it is."""

    frames: Callable[[int], Timed]
    size: int

    @property
    def name(self) -> str:
        """Its name, which is that of its function."""
        return self.frames.__name__

    @property
    def told(self) -> str:
        """What it is, in a sentence."""
        return self.frames.__doc__ or ""


USUAL = (
    Usual(long_calls, 300_000),
    Usual(short_calls, 2_000),
    Usual(phone_calls, 2_000),
    Usual(proxy_calls, 2_000),
    Usual(server_calls, 2_000),
    Usual(trunk_calls, 2_000),
    Usual(early_calls, 2_000),
    Usual(refused_calls, 5_000),
    Usual(registrations, 20_000),
    Usual(options, 20_000),
    Usual(webrtc, 60_000),
    Usual(conference, 300_000),
    Usual(foreign, 250_000),
    Usual(sip_over_tcp, 20_000_000),
    Usual(sip_over_tls, 100_000),
)

OURS = "muxshark"
PROGRAMS: dict[str, tuple[str, ...]] = {
    OURS: (sys.executable, "-m", "dissectors", "analyze", "--json", "{}"),
    "sngrep": ("sngrep", "-N", "-q", "-l", "1000000", "-r", "-I", "{}", "-O", "/dev/null"),
    "tshark": ("tshark", "-r", "{}", "--enable-heuristic", "rtp_udp", "-q", "-z", "rtp,streams"),
    "ndpiReader": ("ndpiReader", "-q", "-i", "{}"),
}


def write(path: Path, frames: Timed) -> int:
    """Write a pcap file of timed frames; how many frames it has."""
    pack, count = struct.Struct("<IIII").pack, 0
    with path.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAPLEN, 1))
        for time, frame in frames:
            file.write(pack(time // SECOND, time % SECOND, len(frame), len(frame)) + frame)
            count += 1
    return count


def measured(capture: Path, rounds: int) -> dict[str, list[Run]]:
    """The runs of each program that is installed, round by round."""
    installed = {name: words for name, words in PROGRAMS.items() if shutil.which(words[0])}
    found: dict[str, list[Run]] = {name: [] for name in installed}
    for number in range(rounds):
        for name in random.Random(number).sample(list(installed), len(installed)):
            words = [str(capture) if word == "{}" else word for word in installed[name]]
            found[name].append(run(words, {}))
    return found


HEADS = "| shape | frames | program | CPU s | wall s | peak MiB | CPU, muxshark = 1 |"
RULES = "| --- | ---: | --- | ---: | ---: | ---: | ---: |"


def lines(shape: Usual, frames: int, runs: dict[str, list[Run]]) -> Iterator[str]:
    """The rows of a shape in the Markdown table that `HEADS` and `RULES` begin."""
    for name, own in runs.items():
        cpu, wall, memory = (statistics.median(getattr(one, what) for one in own) for what in ("cpu", "wall", "memory"))
        ratio = statistics.median(one.cpu / ours.cpu for one, ours in zip(own, runs[OURS], strict=True))
        first = f"{shape.name.replace('_', ' ')} | {frames:,}" if name == OURS else " | "
        yield f"| {first} | {name} | {cpu:.2f} | {wall:.2f} | {memory:.0f} | {ratio:.2f} × |"


def chosen(only: Sequence[str]) -> list[Usual]:
    """The shapes whose names begin so, or all of them; raises SystemExit where there is none."""
    found = [shape for shape in USUAL if not only or shape.name.startswith((*only,))]
    if not found:
        raise SystemExit(f"no shape is called so: {', '.join(only)}")
    return found


def main() -> None:
    """Make the captures, run everybody, print the table."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.usual", description="Measure usual traffic.")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="shapes whose names begin so")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="all sizes, times X")
    parser.add_argument("--rounds", type=int, default=3, help="how often each program reads each capture")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the numbers go")
    parser.add_argument("--list", action="store_true", help="say what the shapes are, measure nothing")
    asked = parser.parse_args()
    shapes = chosen(asked.only)
    if asked.list:
        print("\n".join(f"{shape.name}: {shape.told}" for shape in shapes))
        return
    print(HEADS, RULES, sep="\n", flush=True)
    told = {}
    with tempfile.TemporaryDirectory() as scratch:
        for shape in shapes:
            capture = Path(scratch) / f"{shape.name}.pcap"
            frames = write(capture, shape.frames(max(1, int(shape.size * asked.scale))))
            runs = measured(capture, asked.rounds)
            capture.unlink()
            print(*lines(shape, frames, runs), sep="\n", flush=True)
            told[shape.name] = {
                name: [(one.cpu, one.wall, one.memory) for one in own] for name, own in runs.items()
            }
    if asked.json:
        kept = {"python": platform.python_version(), "machine": platform.platform(), "shapes": told}
        asked.json.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
