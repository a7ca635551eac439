"""`muxshark sql`, for real where DuckDB is installed."""

from __future__ import annotations

import importlib.util
import json

import pytest

from tests.command_line import CALL, MUX, run

DUCKDB = importlib.util.find_spec("duckdb") is not None


def test_captures_are_asked_together() -> None:
    if not DUCKDB:
        pytest.skip("DuckDB is an extra")
    done = run("sql", "--format", "ndjson", "select capture, count(*) n from calls group by 1 order by 1", CALL, MUX)
    assert [json.loads(line)["n"] for line in done.stdout.splitlines()] == [1, 1]
    assert run("sql", "select 'a' b", CALL).stdout == b"b\na\n"
    assert run("sql", "--format", "csv", "select '=1' b", CALL).stdout == b"b\r\n'=1\r\n"
    refused = run("sql", "delete from calls", CALL)
    assert refused.returncode == 2 and refused.stderr == b"muxshark: only one SELECT can be asked\n"


def test_without_duckdb_it_is_said_in_one_line() -> None:
    if DUCKDB:
        pytest.skip("DuckDB is installed")
    done = run("sql", "select 1", CALL)
    assert done.returncode == 2 and b"pip install 'muxshark[sql]'" in done.stderr and done.stderr.count(b"\n") == 1
