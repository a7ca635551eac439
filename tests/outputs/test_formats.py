"""The registry of formats: every command that writes a report goes by it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from dissectors.cli import main
from dissectors.outputs.formats import DEFAULT, FORMATS, of_file
from dissectors.outputs.view import View
from tests.reports import report

CALL = str(Path(__file__).resolve().parents[2] / "pcaps" / "facetime-2013.pcap")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_a_report_and_its_files_are_known_by_their_ending(name: str) -> None:
    form = FORMATS[name]
    assert form.name == name and form.help
    assert "".join(form.write(report(), View(io.StringIO()))).endswith("\n")
    assert of_file(f"some/where/REPORT{form.extension.upper()}") == name


def test_a_file_of_another_ending_gets_what_people_read() -> None:
    assert of_file("report") == of_file("report.log") == of_file("") == DEFAULT and FORMATS[DEFAULT].for_people


def test_the_ending_of_a_file_says_the_format_unless_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named, other, text = (tmp_path / name for name in ("report.json", "report.dat", "report.txt"))
    assert main(["analyze", "-o", str(named), CALL]) == main(["analyze", "-o", str(text), CALL]) == 0
    assert main(["analyze", "-o", str(other), "--json", CALL]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(named.read_text()) == json.loads(other.read_text())
    assert text.read_text(encoding="utf-8").startswith("facetime-2013.pcap: one call")
    assert main(["analyze", "--format", "json", CALL]) == 0
    assert capsys.readouterr().out == named.read_text()


def test_a_file_that_cannot_be_written_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "-o", str(tmp_path / "nowhere" / "report.json"), CALL]) == 2
    assert main(["analyze", "--each", "-o", "x.json", CALL]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and lines[0].endswith("no such file or directory") and "-o" in lines[1]
