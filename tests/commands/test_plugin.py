"""`muxshark plugin`: its options, where its ports come from, and what it never overwrites."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from dissectors.cli import main
from dissectors.wireshark.plugin import Defaults, render
from tests.wireshark_variants import PCAPS, VARIANTS, protocol, records, write

ROOT = Path(__file__).resolve().parents[2]


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


def test_the_plugin_is_never_written_over_the_capture_that_names_its_ports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = tmp_path / "call.pcap"
    capture.write_bytes((PCAPS / "facetime-2013.pcap").read_bytes())
    before = capture.read_bytes()
    assert main(["plugin", "--from", str(capture), "-o", str(capture)]) == 2
    assert "would overwrite the capture" in capsys.readouterr().err
    assert capture.read_bytes() == before


def test_a_dash_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "-o", "-"]) == 0
    assert capsys.readouterr().out == render()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("--from=", "--from needs a capture"),
        ("--ports=", "may be empty only with --heuristic"),
        ("-o=", "-o needs a file"),
        ("--uninstall --ports 5", "--uninstall takes no other option"),
        ("--uninstall --heuristic", "--uninstall takes no other option"),
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
