"""The Wireshark plugin outside Wireshark: its text, its verdicts and its bodies against ours."""

from __future__ import annotations

import base64
import gzip
import random
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from dissectors.mux.classify import match
from dissectors.mux.table import UNKNOWN_ROW
from dissectors.wire.inflate import Limits, inflate
from dissectors.wireshark.plugin import Defaults, ports_of, render
from tests.wireshark_variants import PCAPS, payloads

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "lua" / "mux.lua"
LUA = ROOT / "tests" / "lua"
INVITE = ROOT / "tests" / "data" / "sip" / "facetime_invite.bin"
BOUND = 65535

interpreters = pytest.mark.parametrize(
    "lua",
    [
        pytest.param(name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed"))
        for name in ("lua5.2", "lua5.4")
    ],
)


def run(lua: str, script: str, *words: str | Path, given: bytes = b"") -> str:
    done = subprocess.run([lua, LUA / script, *words], input=given, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def test_the_plugin_in_the_tree_is_the_generated_one() -> None:
    assert PLUGIN.read_text(encoding="utf-8") == render(), "muxshark plugin -o lua/mux.lua writes it anew"


@pytest.mark.skipif(shutil.which("luacheck") is None, reason="luacheck is not installed")
def test_luacheck_has_nothing_to_say() -> None:
    done = subprocess.run(["luacheck", "--std", "min", PLUGIN, LUA], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


SPARE_LOCALS = 12


@interpreters
def test_there_is_room_for_more_names_in_the_chunk(lua: str, tmp_path: Path) -> None:
    """A function of Lua's, and a file is one, has at most 200 local names at a time; beyond that nothing loads."""
    for spare, loads in ((SPARE_LOCALS, True), (200, False)):
        fuller = tmp_path / "fuller.lua"
        names = "\n".join(f"local spare_{number}" for number in range(spare))
        fuller.write_text(f"{names}\n{render()}", encoding="utf-8")
        done = subprocess.run([lua, "-e", f"assert(loadfile({str(fuller)!r}))"], check=False, capture_output=True)
        assert (done.returncode == 0) is loads


def test_a_stranger_finds_what_it_does_first_and_the_tables_last() -> None:
    lines = render().splitlines()
    titles = [line.strip("- ") for line in lines if line.startswith("-- ") and line.endswith("-" * 20)]
    assert titles[0] == "The datagram"
    assert titles[-2:] == ["The tables", "The beginning"]
    assert lines.index(next(line for line in lines if line.startswith("-- The datagram ---"))) < 60


@interpreters
def test_the_plugin_does_its_work_in_a_stub_of_wireshark(lua: str) -> None:
    names = run(lua, "unit.lua", LUA / "stub.lua", PLUGIN, INVITE).split()
    assert len(names) == (LUA / "unit.lua").read_text(encoding="utf-8").count("function tests.")


def mutated(seeds: list[tuple[bytes, int]], count: int) -> list[tuple[bytes, int]]:
    """Random payloads and broken real ones, each with the length that UDP claims."""
    chance = random.Random(7983)
    made = []
    for number in range(count):
        if number % 4 == 0:
            payload, length = bytearray(chance.randbytes(chance.randrange(64))), 0
        else:
            octets, length = chance.choice(seeds)
            payload = bytearray(octets[:400])
        for _ in range(chance.randrange(4) if payload else 0):
            place = chance.randrange(min(len(payload), 40) if chance.random() < 0.7 else len(payload))
            payload[place] = chance.choice((0, 10, 13, 32, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        if chance.random() < 0.3:
            del payload[chance.randrange(len(payload) + 1) :]
        made.append((bytes(payload), max(len(payload), length if chance.random() < 0.5 else 0)))
    return made


def same_rows(lua: str, cases: list[tuple[bytes, int]]) -> None:
    given = b"".join(struct.pack("!II", length, len(payload)) + payload for payload, length in cases)
    theirs = [int(line) for line in run(lua, "rows.lua", PLUGIN, given=given).split()]
    ours = [0 if (row := match(payload, length)) == UNKNOWN_ROW else row + 1 for payload, length in cases]
    assert len(ours) == len(theirs)
    assert not [case for case, one, other in zip(cases, ours, theirs, strict=True) if one != other][:3]


SAMPLES = [*sorted(PCAPS.glob("*.pcap")), *sorted((ROOT / "tests" / "data" / "captures").glob("*.pcap*"))]


@interpreters
def test_lua_and_python_say_the_same_of_every_datagram_of_the_captures(lua: str) -> None:
    cases = [case for path in SAMPLES for case in payloads(path)]
    assert len(cases) > 4000
    same_rows(lua, cases)


@interpreters
def test_lua_and_python_say_the_same_of_every_prefix_of_every_kind(lua: str) -> None:
    cases = payloads(PCAPS / "rfc7983.pcap")
    same_rows(lua, [(payload[:end], length) for payload, _ in cases for end in range(80) for length in (end, 500)])


@interpreters
def test_lua_and_python_say_the_same_of_random_and_mutated_payloads(lua: str) -> None:
    seeds = payloads(PCAPS / "rfc7983.pcap") + payloads(PCAPS / "encodings.pcap")
    same_rows(lua, mutated(seeds, 80_000))


def bare(data: bytes) -> bytes:
    return zlib.compress(data, 9)[2:-4]


def bodies(count: int) -> list[tuple[bytes, bytes]]:
    """Labels and bodies: right ones, lying ones, broken ones."""
    chance = random.Random(1951)
    parts = [path.read_bytes()[:3000] for path in sorted((PCAPS / "parts").iterdir())]
    texts = [*parts, "Grüße, 你好 😀\r\n".encode() * 5, b"", bytes(70_000), chance.randbytes(90), b"a" * 900]
    labels = (b"", b"deflate", b"gzip", b"x-gzip", b"base64", b"base64, deflate", b"deflate, gzip", b"br", b", zlib,x")
    makers = (
        bytes, zlib.compress, lambda data: gzip.compress(data, 9, mtime=0), bare, base64.b64encode,
        lambda data: zlib.compress(base64.b64encode(data)), lambda data: gzip.compress(zlib.compress(data), mtime=0),
        lambda data: b"\r\n" + zlib.compress(data, 1), lambda data: zlib.compress(data, 0),
    )
    made = []
    for _ in range(count):
        body = bytearray(chance.choice(makers)(chance.choice(texts)))
        for _ in range(chance.randrange(4) if body and chance.random() < 0.4 else 0):
            body[chance.randrange(len(body))] = chance.randrange(256)
        if chance.random() < 0.3:
            del body[chance.randrange(len(body) + 1) :]
        made.append((chance.choice(labels), bytes(body) + chance.choice((b"",) * 9 + (b"\r\n", b"odd"))))
    return made


@interpreters
def test_lua_and_python_read_the_same_in_every_body(lua: str) -> None:
    cases = bodies(1500)
    given = b"".join(struct.pack("!I", len(piece)) + piece for case in cases for piece in case)
    lines = run(lua, "bodies.lua", PLUGIN, str(BOUND), given=given).splitlines()
    for (label, body), line in zip(cases, lines, strict=True):
        ours = inflate(body, (label.decode(),) if label else (), Limits(BOUND))
        status, encoding, notes, compressed, octets = line.split("\t")
        assert (status, encoding) == (ours.status, ours.encoding)
        assert notes == "; ".join(ours.deviations)
        assert int(compressed) == ours.compressed_length
        assert bytes.fromhex(octets) == ours.octets


@interpreters
@pytest.mark.parametrize("form", [zlib.compress, lambda data: gzip.compress(data, mtime=0), bare])
def test_a_bomb_stops_at_the_bound(lua: str, form: object) -> None:
    bomb = form(bytes(40_000_000))  # type: ignore[operator]  # three different functions of octets
    given = b"".join(struct.pack("!I", len(piece)) + piece for piece in (b"deflate", bomb))
    status, _, _, _, octets = run(lua, "bodies.lua", PLUGIN, "4096", given=given).rstrip("\n").split("\t")
    assert (status, bytes.fromhex(octets)) == ("over limit", bytes(4096))


@pytest.mark.parametrize("text", ["0", "65536", "9-8", "a", "1,", "1--2", "1-", "-1", "1;2", '1"', "16402\n"])
def test_a_range_that_wireshark_would_refuse_is_refused_here(text: str) -> None:
    with pytest.raises(ValueError, match="is no range of UDP ports"):
        Defaults(ports=text)


@pytest.mark.parametrize("name", ["", "sip", "Mux", "1mux", "mux.type", 'mux"', "frame", "a" * 33])
def test_a_name_that_no_protocol_may_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name the plugin"):
        Defaults(name=name)


@pytest.mark.parametrize("ports", ["٣", "²", "1-٣"])
def test_digits_of_other_scripts_are_no_ports(ports: str) -> None:
    with pytest.raises(ValueError, match="no range of UDP ports"):
        ports_of(ports)
