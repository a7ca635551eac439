"""`analyze --each`: a report for every file in order, one summary, and the same whatever the jobs."""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dissectors.cli import main
from dissectors.commands import each, summary
from dissectors.commands.summary import COUNTS, FileResult, table
from tests.engine.test_talks import world
from tests.unread import opened, told

__all__ = ["opened"]

TELL = each.analyse
ROOT = Path(__file__).resolve().parents[2]
PCAPS = ROOT / "pcaps"
NAMES = ("facetime-2013.pcap", "encodings.pcap", "rfc7983.pcap")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from dissectors.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, "analyze", *words], capture_output=True, text=True, cwd=PCAPS, check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )


def test_each_file_has_the_report_that_it_has_alone() -> None:
    alone = [json.loads(run("--json", name).stdout) for name in NAMES]
    told = json.loads(run("--each", "--json", *NAMES).stdout)
    assert told["reports"] == alone
    assert [row["file"] for row in told["summary"]] == list(NAMES)
    calls = [[call["kind"] for call in report["calls"]].count("call") for report in alone]
    assert [row["calls"] for row in told["summary"]] == calls == [1, 20, 0]


@pytest.mark.parametrize("form", [["--json"], ["--width", "100"]])
def test_the_number_of_jobs_changes_nothing(form: list[str]) -> None:
    one, two = (run("--each", "--jobs", jobs, *form, *NAMES) for jobs in ("1", "2"))
    assert one.returncode == two.returncode == 0, two.stderr
    assert one.stdout == two.stdout


def test_one_job_does_the_work_where_processes_cannot_share_memory(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    words = ["analyze", "--each", "--json", *(str(PCAPS / name) for name in NAMES)]
    assert main([*words, "--jobs", "2"]) == 0
    whole = capsys.readouterr().out
    monkeypatch.setattr(each, "ProcessPoolExecutor", refuse)
    assert main([*words, "--jobs", "2"]) == 0
    told = capsys.readouterr()
    assert told.out == whole
    assert told.err == "muxshark: several processes cannot share memory here (permission denied); using one job\n"


def test_one_job_does_the_work_where_few_files_may_be_open() -> None:
    resource = pytest.importorskip("resource")
    whole = run("--each", "--json", "--jobs", "2", *NAMES)
    code = "import sys; from dissectors.cli import main; sys.exit(main())"
    few = subprocess.run(
        [sys.executable, "-c", code, "analyze", "--each", "--json", "--jobs", "2", *NAMES],
        capture_output=True, text=True, cwd=PCAPS, check=False, env={"PYTHONPATH": str(ROOT), "PATH": ""}, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)),
    )
    assert (few.returncode, few.stdout) == (0, whole.stdout)
    assert few.stderr == (
        "muxshark: the limit of open files is too low for several jobs (ulimit -n); using one\n"
    )


def killed(options: argparse.Namespace, path: str) -> each.FileResult:
    """As `each.analyse`, but one file is too much for its process."""
    if path.endswith(NAMES[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return TELL(options, path)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no process can be killed so here")
@pytest.mark.parametrize("copies", [1, 10])
def test_a_process_that_is_killed_loses_no_report_but_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], copies: int
) -> None:
    try:
        each.ProcessPoolExecutor(1).shutdown()
    except OSError:
        pytest.skip("processes cannot share memory here")
    paths = [str(PCAPS / NAMES[1]), *(str(PCAPS / name) for name in (NAMES[0], NAMES[2]) for _ in range(copies))]
    words = ["analyze", "--each", "--json", "--jobs", "2"]
    main([*words, *paths[1:]])
    others = json.loads(capsys.readouterr().out)
    monkeypatch.setattr(each, "analyse", killed)
    assert main([*words, *paths]) == 2
    told = capsys.readouterr()
    assert json.loads(told.out)["reports"] == others["reports"]
    why = "the process that analysed it was killed; perhaps the memory was too small"
    assert told.err == f"muxshark: {paths[0]}: {why}\n"


def rows(text: str) -> list[list[str]]:
    """The rows of the summary, which comes before everything else."""
    head = text.split("\n\n")[0].splitlines()
    return [re.split(r"  +", line) for line in head]


def test_the_summary_comes_first_and_adds_the_files_up() -> None:
    head, *files, total = rows(run("--each", "--width", "80", *NAMES).stdout)
    assert head == ["", "calls", "failed", "errors", "warnings", "loss", "MOS", "worst finding"]
    assert [row[0] for row in files] == list(NAMES) and total[0] == "3 files"
    numbers = [[int(cell.replace(",", "")) for cell in row[1:5]] for row in (*files, total)]
    assert [sum(column) for column in zip(*numbers[:3], strict=True)] == numbers[3]
    assert files[0][5:] == ["0.5 %", "–", "note rtpmap-missing"] and files[1][7].startswith("error ")


def test_the_summary_counts_what_a_report_does_not_list(opened: Counter[str]) -> None:
    report = told(world(["plain"] * 12, ["pairs"], 700.0, random.Random(1)), True, 0)
    counts = summary.result("a.pcap", "", 0, report).counts
    assert not report.calls and not report.streams and counts["calls"] == 12 and counts["streams"] == 24


def test_the_summary_is_sorted_as_asked_and_the_reports_stay_in_order() -> None:
    text = run("--each", "--brief", "--sort", "worst", *NAMES).stdout
    assert [row[0] for row in rows(text)[1:-1]] == [NAMES[1], NAMES[2], NAMES[0]]
    below = text.split("\n\n")[1].splitlines()
    assert [line.split(":")[0] for line in below if ": call " not in line] == list(NAMES)
    assert below[1].startswith("facetime-2013.pcap: call 1: at 0.151 s, user@") and "0.5 % lost" in below[1]


def test_folders_and_patterns_give_their_captures_and_count_other_files(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    octets = (PCAPS / NAMES[0]).read_bytes()
    (inner / "one.odd").write_bytes(octets)
    (inner / "two.gz").write_bytes(gzip.compress(octets))
    (inner / "notes.pcap").write_text("these are notes", encoding="utf-8")
    (inner / "broken.gz").write_bytes(b"\x1f\x8b\x08" + bytes(30))
    (inner / ".hidden").write_bytes(octets)
    done = run("--each", "--brief", str(tmp_path))
    assert done.returncode == 0 and done.stderr == ""
    assert [row[0].rpartition("/")[2] for row in rows(done.stdout)[1:4]] == ["one.odd", "two.gz", "2 files"]
    assert "passed over, as no captures: 2 files\n" in done.stdout
    told = json.loads(run("--each", "--json", str(inner / "*")).stdout)
    assert [Path(row["file"]).name for row in told["summary"]] == ["one.odd", "two.gz"]
    assert told["summary"][0]["failed"] == 0 and told["summary"][0]["worst"] == "rtpmap-missing"
    assert run("--each", str(tmp_path / "*.none")).stderr.startswith("muxshark: no file matches ")
    assert run(str(tmp_path)).stderr.endswith(f"analyze --each {tmp_path} reads every capture in it\n")


def test_a_filter_goes_to_every_process() -> None:
    told = json.loads(run("--each", "--json", "--jobs", "2", "-Y", "user==user", *NAMES).stdout)
    assert [row["calls"] for row in told["summary"]] == [1, 0, 0]


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_file_that_cannot_be_read_does_not_hide_the_others(form: list[str]) -> None:
    done = run("--each", *form, "none.pcap", NAMES[0])
    assert done.returncode == 2
    assert done.stderr.endswith("muxshark: none.pcap: no such file\n")
    if form:
        told = json.loads(done.stdout)
        assert len(told["reports"]) == 1
        assert told["summary"][0] == {"file": "none.pcap", "problem": "none.pcap: no such file"}
    else:
        assert "\nnot read: none.pcap: no such file\n\n" in done.stdout


def test_standard_input_and_jobs_without_each_are_refused() -> None:
    assert run("--each", "-").stderr == "muxshark: --each reads files, not standard input\n"
    assert run("--sort", "mos", NAMES[0]).stderr == "muxshark: --sort needs --each\n"
    assert run("--jobs", "2", NAMES[0]).stderr == "muxshark: --jobs needs --each\n"


def test_a_narrow_terminal_gets_a_summary_that_fits_and_says_what_it_leaves_out() -> None:
    counts = {**dict.fromkeys(COUNTS, 0), "calls": 8, "failed": 4, "errors": 5, "warnings": 1}
    one = FileResult("folder/" * 9 + "bad-day.pcap", "", 0, counts, ("call-unauthorised", "error"), 8.0, 1.0)
    whole = list(table([one], 0))
    assert whole == list(table([one], 0, 200)) and one.path in whole[1]
    for cells, gone in ((100, ""), (90, "warnings"), (80, "warnings, errors"), (20, "warnings, errors, MOS")):
        lines = list(table([one], 0, cells))
        assert max(map(len, lines[:2])) <= max(cells, 75) and lines[1].startswith("…") and "bad-day.pcap" in lines[1]
        assert lines[2:] == ([f"left out, as the terminal is narrow: {gone}"] if gone else [])
        assert not set(gone.split(", ")) & set(lines[0].split())


def test_what_lies_outside_of_the_time_is_nothing_that_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["analyze", "--each", "--json", "--jobs", "1", "--time", "14:03", str(PCAPS / "rfc7983.pcap")]
    assert main(words) == 0
    (row,) = json.loads(capsys.readouterr().out)["summary"]
    assert row["findings"] == row["warnings"] == 0 and row["worst"] is None


def test_what_stays_between_files_is_not_searched_again_and_does_not_grow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stays, result = [], each.summary.result

    def noted(*given: Any) -> FileResult:
        stays.append(gc.get_freeze_count())
        return result(*given)

    monkeypatch.setattr(each.summary, "result", noted)
    try:
        assert main(["analyze", "--json", "--each", "--jobs", "1", *[str(PCAPS / "bad-day.pcap")] * 8]) == 0
    finally:
        gc.unfreeze()
    assert len(stays) == 8 and stays[2] > 1000 and stays[-1] - stays[2] < 50
    capsys.readouterr()
