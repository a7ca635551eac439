"""The Wireshark plugin outside Wireshark: its text, its verdicts and its bodies against ours, and where it is put."""
from __future__ import annotations

import base64
import gzip
import io
import os
import random
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from dissectors.cli import main
from dissectors.mux.classify import match
from dissectors.mux.table import UNKNOWN_ROW
from dissectors.wire.inflate import Limits, inflate
from dissectors.wireshark import install
from dissectors.wireshark.plugin import Defaults, ports_of, render
from dissectors.wireshark.ports import written
from tests.wireshark_variants import PCAPS, VARIANTS, payloads, protocol, records, write

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
    same_rows(lua, mutated(seeds, 200_000))


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


@pytest.mark.parametrize("text", ["", "16402", "1-65535", "16402,16384-16387"])
def test_ranges_are_read_as_wireshark_writes_them(text: str) -> None:
    assert written(ports_of(text)) in (text, "16384-16387,16402")


@pytest.mark.parametrize("text", ["0", "65536", "9-8", "a", "1,", "1--2", "1-", "-1", "1;2", '1"', "16402\n"])
def test_a_range_that_wireshark_would_refuse_is_refused_here(text: str) -> None:
    with pytest.raises(ValueError, match="is no range of UDP ports"):
        Defaults(ports=text)


@pytest.mark.parametrize("name", ["", "sip", "Mux", "1mux", "mux.type", 'mux"', "frame", "a" * 33])
def test_a_name_that_no_protocol_may_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name the plugin"):
        Defaults(name=name)


def test_the_options_choose_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    words = "--ports 5000-5010 --signalling-ports 5070 --heuristic --max-inflated 999 --name own"
    assert main(["plugin", *words.split()]) == 0
    text = capsys.readouterr().out
    assert text == render(Defaults("5000-5010", "5070", True, 999, "own"))
    assert 'local PORTS, SIGNALLING_PORTS = "5000-5010", "5070"' in text
    assert "local HEURISTIC, MAX_INFLATED = true, 999" in text
    assert 'local NAME, FILE, VERSION = "own", "own.lua"' in text


def test_the_ports_come_from_a_capture(tmp_path: Path) -> None:
    path = tmp_path / "own.lua"
    assert main(["plugin", "--from", str(PCAPS / "rfc7983.pcap"), "-o", str(path)]) == 0
    assert 'local PORTS, SIGNALLING_PORTS = "40000", "5060"' in path.read_text(encoding="utf-8")


def test_a_capture_without_calls_has_no_ports_to_give(capsys: pytest.CaptureFixture[str]) -> None:
    capture = ROOT / "tests" / "data" / "captures" / "tcpdump__RADIUS-RFC5176-2.pcap"
    assert main(["plugin", "--from", str(capture)]) == 2
    assert "no port carries SIP or media" in capsys.readouterr().err


def test_installing_again_replaces_the_first_and_uninstalling_removes_it(tmp_path: Path) -> None:
    place = tmp_path / "plugins"
    install.install(render(Defaults(ports="1111")), place, "mux")
    path = install.install(render(), place, "mux")
    assert [*place.iterdir()] == [path]
    assert path.read_text(encoding="utf-8") == render()
    assert install.uninstall(place, "mux") == path
    assert install.uninstall(place, "mux") is None
    assert not [*place.iterdir()]


def test_the_plugin_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "mux.lua"
    other.write_text("-- mine", encoding="utf-8")
    with pytest.raises(FileExistsError):
        install.install(render(), tmp_path, "mux")
    assert install.uninstall(tmp_path, "mux") is None
    assert other.read_text(encoding="utf-8") == "-- mine"


def test_the_plugin_is_never_written_over_the_capture_that_names_its_ports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = tmp_path / "call.pcap"
    capture.write_bytes((PCAPS / "facetime-2013.pcap").read_bytes())
    before = capture.read_bytes()
    assert main(["plugin", "--from", str(capture), "-o", str(capture)]) == 2
    assert "would write over the capture" in capsys.readouterr().err
    assert capture.read_bytes() == before


def test_a_dash_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "-o", "-"]) == 0
    assert capsys.readouterr().out == render()


@pytest.mark.parametrize("ports", ["٣", "²", "1-٣"])
def test_digits_of_other_scripts_are_no_ports(ports: str) -> None:
    with pytest.raises(ValueError, match="no range of UDP ports"):
        ports_of(ports)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("--from=", "--from needs a capture"),
        ("--ports=", "may be empty with --heuristic alone"),
        ("-o=", "-o needs a file"),
        ("--uninstall --ports 5", "--uninstall takes no further option"),
        ("--uninstall --heuristic", "--uninstall takes no further option"),
    ],
)
def test_an_option_that_would_be_passed_over_is_refused(
    words: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["-o", ""] if words == "-o=" else words.split()
    assert main(["plugin", *given]) == 2
    assert why in capsys.readouterr().err


def test_with_the_heuristic_there_may_be_no_ports(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "--ports=", "--heuristic"]) == 0
    assert 'local PORTS, SIGNALLING_PORTS = "", "5060"' in capsys.readouterr().out


def test_signalling_alone_leaves_the_shared_ports_as_they_are_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = VARIANTS["signalling on 5060"](records(PCAPS / "facetime-2013.pcap"))
    capture = write(tmp_path / "sip.pcap", [one for one in made if protocol(one[1]) == "SIP"])
    assert main(["plugin", "--from", str(capture)]) == 0
    said = capsys.readouterr()
    assert 'local PORTS, SIGNALLING_PORTS = "16402", "5060"' in said.out
    assert "the shared ports stay 16402" in said.err


def test_standard_input_is_called_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"no capture at all")))
    assert main(["plugin", "--from", "-"]) == 2
    assert capsys.readouterr().err.startswith("muxshark: standard input: not a capture")


def test_a_file_of_somebody_elses_is_replaced_only_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.lua"
    path.write_text("-- mine", encoding="utf-8")
    assert main(["plugin", "-o", str(path)]) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "-- mine"
    for words in (("--force",), ()):
        assert main(["plugin", "-o", str(path), *words]) == 0
        assert path.read_text(encoding="utf-8") == render()


def test_installing_over_a_link_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "checkout.lua"
    target.write_text(render(), encoding="utf-8")
    for place, to in (("whole", target), ("dangling", tmp_path / "nowhere")):
        (tmp_path / place).mkdir()
        link = tmp_path / place / "mux.lua"
        link.symlink_to(to)
        with pytest.raises(FileExistsError, match="is a link to"):
            install.install(render(), tmp_path / place, "mux", force=True)
        assert link.is_symlink()


SCRIPT_THAT_PRINTS = """#!/bin/sh
echo "loaded by me"
case "$*" in
  *--version*) echo "TShark (Wireshark) 4.0.17 (Git)" ;;
  *folders*) printf 'Personal Lua Plugins:\\t%s\\n' "{place}" ;;
  *protocols*) printf 'Transmission Control Protocol\\tTCP\\ttcp\\tT\\tT\\tT\\n' ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of plugins, as a tshark names it whose user has a script of their own that prints."""
    if sys.platform == "win32":
        pytest.skip("a shell script stands for tshark")
    program = tmp_path / "bin" / "tshark"
    program.parent.mkdir()
    program.write_text(SCRIPT_THAT_PRINTS.replace("{place}", str(tmp_path / "plugins")), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "plugins"


def test_a_script_that_prints_hides_neither_version_nor_folder(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plugin", "--install"]) == 0
    assert (place / "mux.lua").read_text(encoding="utf-8") == render()
    assert main(["plugin", "--uninstall"]) == 0
    assert not (place / "mux.lua").exists()
    capsys.readouterr()


def test_somebody_elses_plugin_stays_until_its_end_is_asked_for(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.mkdir()
    (place / "mux.lua").write_text("-- mine", encoding="utf-8")
    assert main(["plugin", "--install"]) == main(["plugin", "--uninstall"]) == 2
    said = capsys.readouterr().err
    assert "--force replaces it" in said and "it stays" in said
    assert (place / "mux.lua").read_text(encoding="utf-8") == "-- mine"
    assert main(["plugin", "--install", "--force"]) == 0
    assert (place / "mux.lua").read_text(encoding="utf-8") == render()


@pytest.mark.parametrize("words", [[], ["--install"], ["--check"]])
def test_a_protocol_of_wiresharks_own_names_no_plugin(
    place: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plugin", "--name", "tcp", *words]) == 2
    assert "Wireshark has a protocol of that name (Transmission Control Protocol)" in capsys.readouterr().err
    assert not place.exists()
