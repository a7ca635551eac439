"""`muxshark export`, for real."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests import captures
from tests.command_line import CALL, MUX, run
from tests.rewriting.test_split import TWO
from tests.stories import GOOD


def test_tables_go_into_a_folder_a_file_each(tmp_path: Path) -> None:
    assert run("export", "-o", str(tmp_path / "out"), CALL, MUX).returncode == 0
    assert sorted(os.listdir(tmp_path / "out"))[:3] == ["calls.csv", "checks.csv", "files.csv"]
    rows = [*csv.DictReader((tmp_path / "out" / "streams.csv").open(encoding="utf-8", newline=""))]
    assert {row["capture"] for row in rows} == {CALL, MUX} and rows[0]["ssrc"].isdecimal()


def test_one_table_goes_to_standard_output() -> None:
    rows = [*csv.DictReader(io.StringIO(run("export", "--tables", "streams", CALL).stdout.decode()))]
    assert len(rows) == 2 and rows[0]["codec"] == "AAC-ELD with SBR"
    lines = run("export", "--tables", "calls,datagrams", "--format", "ndjson", CALL).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert [each["table"] for each in (found[0], found[-1])] == ["calls", "datagrams"] and len(found) == 2243


def test_a_database_has_every_table(tmp_path: Path) -> None:
    assert run("export", "-o", str(tmp_path / "out.sqlite"), CALL).returncode == 0
    with closing(sqlite3.connect(tmp_path / "out.sqlite")) as database:
        assert database.execute("select version from about").fetchall() == [("muxshark/export/1",)]
        assert database.execute("select count(*) from messages where call = 0").fetchall() == [(9,)]
        assert database.execute("select sum(packets) from streams").fetchall() == [(2209,)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((CALL, "--hep", "nowhere"), "not of the form HOST:PORT"), (("-", "--hep", "localhost:9"), "name a file"),
        ((CALL,), "do not go into one output"), ((CALL, "--tables", "cals"), "did you mean calls?"),
        ((CALL, "-o", CALL, "--tables", "calls", "--force"), "is the capture that is read"),
        (("nowhere.pcap", "-o", "{}/out"), "no such file"), ((CALL, "-o", CALL), "exists and is no folder"),
    ],
)
def test_what_cannot_be_exported_is_one_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = run("export", *(word.format(tmp_path) for word in words))
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and said in done.stderr.decode()
    assert os.listdir(tmp_path) == []


def test_one_call_is_exported_alone(tmp_path: Path) -> None:
    path = captures.story(tmp_path / "in.pcap", TWO)
    frames = len(TWO) - len(GOOD)
    for table, column, more in (("calls", "call_id", 1), ("streams", "ssrc", 2), ("datagrams", "frame", frames)):
        done = run("export", "--call", "two", "--tables", table, path)
        rows = [*csv.DictReader(io.StringIO(done.stdout.decode()))]
        assert len(rows) == more and rows[0][column]
    done = run("export", "-Y", "method==REGISTER", "--tables", "calls", path)
    assert done.returncode == 0 and done.stdout.count(b"\n") == 1
    assert b"cuts one call out first" in run("export", "--call", "1", "--hep", "localhost:9", path).stderr
