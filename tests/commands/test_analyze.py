"""`muxshark analyze`: what it prints, and what its exit status tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dissectors.cli import main
from tests.command_line import CALL, MUX, ROOT, on_a_terminal, run


def test_analyze_prints_the_report_on_standard_output_alone() -> None:
    done = run("analyze", CALL)
    assert done.returncode == 0 and done.stderr == b""
    assert done.stdout.startswith(b"facetime-2013.pcap: one call, talked ") and b"\x1b" not in done.stdout


def test_json_is_one_document() -> None:
    made = json.loads(run("analyze", "--json", CALL).stdout)
    assert made["schema"] == "muxshark/report/1" and len(made["streams"]) == 2


def test_several_files_are_one_timeline() -> None:
    made = json.loads(run("analyze", "--json", CALL, "-r", MUX).stdout)
    assert [file["name"] for file in made["capture"]["files"]] == [MUX, CALL]
    assert made["capture"]["datagrams"] == 2242 + 84


def test_a_terminal_gets_colours_and_arrows() -> None:
    text = on_a_terminal(["analyze", "--no-pager", CALL])
    assert b"\x1b[" in text and "▶│".encode() in text.replace(b"\x1b[0m", b"").replace(b"\x1b[38;5;243m", b"")


FORMS = str(ROOT / "pcaps" / "encodings.pcap")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--fail-on", "error", CALL], 0),
        (["--fail-on", "warning", CALL], 0),
        (["--fail-on", "codec-guessed", CALL], 1),
        (["--fail-on", "error", FORMS], 1),
        (["--fail-on", "media-one-way", "--fail-on", "body-corrupt", FORMS], 1),
        (["--fail-on", "media-one-way", FORMS], 0),
        (["--fail-on", "nonsense", CALL], 2),
        (["-Y", "colour==red", CALL], 2),
        (["-Y", "severity==fatal", CALL], 2),
        (["--time", "20..10", CALL], 2),
        (["--time", "noon", CALL], 2),
    ],
)
def test_the_exit_status_tells(words: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--json", *words]) == status
    assert bool(capsys.readouterr().err) == (status == 2)


@pytest.mark.parametrize("words", [["-o"], ["--json", "-o"], ["--html"]])
def test_a_report_never_takes_the_place_of_the_capture_that_it_is_of(words: list[str], tmp_path: Path) -> None:
    capture, other = tmp_path / "a.pcap", tmp_path / "link.pcap"
    capture.write_bytes(Path(CALL).read_bytes())
    other.symlink_to(capture)
    for path in (capture, other):
        done = run("analyze", str(capture), *words, str(path))
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.decode() == f"muxshark: {path}: it is the capture that is read; name another file\n"
    assert capture.read_bytes() == Path(CALL).read_bytes()
