"""One call of a report, by its name; and filters over many files."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.command_line import CALL, MUX, run


def analyzed(*words: str) -> subprocess.CompletedProcess[bytes]:
    return run("analyze", "--json", *words)


def test_a_call_has_its_number_whatever_is_asked_for() -> None:
    whole = json.loads(analyzed(MUX).stdout)
    numbers = [call["number"] for call in whole["calls"]]
    assert numbers == list(range(1, len(numbers) + 1))
    for call in whole["calls"]:
        names = (str(call["number"]), call["call_id"], call["call_id"][1:].upper())
        for name in names:
            (found,) = json.loads(analyzed("--call", name, MUX).stdout)["calls"]
            assert (found["number"], found["call_id"]) == (call["number"], call["call_id"])


def test_a_call_that_is_not_there_is_answered_with_those_that_are() -> None:
    refused = analyzed("--call", "99", CALL)
    assert refused.returncode == 2 and refused.stderr.startswith(b"muxshark: --call: no call '99'; there are 1 (")
    assert not refused.stdout and refused.stderr.count(b"\n") == 1


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_filter_serves_every_file_whatever_the_processes(jobs: str) -> None:
    told = json.loads(analyzed("--each", "--jobs", jobs, "-Y", "outcome==answered", CALL, MUX).stdout)
    reports = told["reports"] if "reports" in told else [each["report"] for each in told["files"]]
    assert len(reports) == 2 and all(report["calls"] for report in reports)


def test_each_and_call_do_not_go_together() -> None:
    refused = analyzed("--each", "--call", "1", CALL, MUX)
    assert refused.returncode == 2 and refused.stderr.startswith(b"muxshark: --call names a call of one capture")
