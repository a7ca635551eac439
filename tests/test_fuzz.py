"""The fuzzing itself: each target runs, what is planted is found, shown, kept and repeated."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from dissectors.media.decoders import available
from tests.fuzz import children, decoders, house, lies, mutants, sanitized
from tests.fuzz.__main__ import main
from tests.fuzz.targets import TARGETS, Ran, Wrong, judge, readers
from tests.made import A, B, frame

CASES = 6
SCANNED = ("scan", "twins", "builds", "streams", "sealed", "tunnels")
CORPUS = mutants.Corpus()
"""All that there is; workers with a bug in them have captures alone, as it shows in any case."""

PLANTED = {
    "an exception": ("parsers", "house.PARSERS['STUN'] = lambda octets: octets[1 << 20]", "IndexError"),
    "a field that raises": ("parsers", "house.PARSERS['SDP'] = lambda octets: Odd((Odd(()),))", "ZeroDivisionError"),
    "no end": ("parsers", "house.PARSERS['RTP'] = endless; worker.CPU_SECONDS = 0.2", "TooSlow"),
    "too much memory": ("parsers", "house.recover = lambda body: bytes(8 << 30)", "MemoryError"),
    "a crash": ("parsers", "house.PARSERS['RTCP'] = lambda octets: os.abort()", "the process ended: signal 6"),
    "another exception than CaptureError": ("readers", "house.open_capture = lambda path: {}[path]", "KeyError"),
    "an exit status": ("command", "house.muxshark = lambda words: 3", "exit 3"),
    "another message": ("builds", "house.PARSERS['STUN'] = lambda octets: 'odd'", "odd"),
}
WORKER = """
import os, sys
from tests.fuzz import house, mutants, worker

mutants.stories = lambda: ()

class Odd(tuple):
    _fields = ()
    @property
    def inside(self):
        return 1 // len(self)

def endless(octets):
    while True:
        pass

{plant}
worker.main(sys.argv[1:])
"""


def planted(plant: str) -> list[str]:
    """A worker with a bug in it."""
    return [sys.executable, "-c", WORKER.format(plant=plant)]


@pytest.mark.parametrize("target", TARGETS)
def test_a_few_cases_of_each_target_find_nothing(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--cases", f"{CASES}", "--seed", "7", "--only", target, "--unsanitized", "--keep", f"{tmp_path}"]
    status = main(words)
    out = capsys.readouterr().out
    assert status == 0, out
    assert out.startswith("seed 7;") and not list(tmp_path.iterdir())
    if target in SCANNED and not house.compiled():
        assert f"{target}: not run: no compiled scan" in out
    else:
        assert len(re.findall(rf"^{target}: {CASES} cases, 0 failures, \d+ s, at most \d+ MB$", out, re.M)) == 2


@pytest.mark.parametrize("bug", PLANTED)
def test_a_bug_that_is_planted_is_found(
    bug: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target, plant, said = PLANTED[bug]
    if target in SCANNED and not house.compiled():
        pytest.skip("no compiled scan was built here")
    assert main(["--cases", "2", "--seed", "5", "--only", target, "--keep", str(tmp_path)], planted(plant)) == 1
    out = capsys.readouterr().out
    assert said in out and f"{target}, seed 5, iteration 0: " in out and f"{target}, seed 5, iteration 1: " in out
    assert f"{target}: 2 cases, 2 failures" in out
    monkeypatch.setattr(mutants, "stories", lambda: ())
    corpus = mutants.Corpus()
    for iteration in (0, 1):
        for place, octets in enumerate(TARGETS[target].make(Random(f"{target} 5 {iteration}"), corpus)):
            assert (tmp_path / f"{target}-5-{iteration}.{place}.input").read_bytes() == octets


def test_what_failed_can_be_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, plant, _ = PLANTED["an exception"]
    only = ["--seed", "5", "--only", target, "--keep", str(tmp_path)]
    main(["--cases", "2", *only], planted(plant))
    assert len(list(tmp_path.iterdir())) == 4
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert f"again: python -m tests.fuzz --seed 5 --only {target} --iteration 1\n" in capsys.readouterr().out
    assert main(["--iteration", "1", *only], planted(plant)) == 1
    again = capsys.readouterr().out
    assert f"{target}: 1 cases, 1 failures" in again and "iteration 0" not in again
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == kept


def test_what_fails_at_one_place_again_and_again_is_shown_a_few_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = planted(PLANTED["an exception"][1])
    main(["--cases", "9", "--seed", "5", "--only", "parsers", "--keep", str(tmp_path)], worker)
    out = capsys.readouterr().out
    assert len(re.findall(r"^parsers, seed 5, iteration \d+: IndexError", out, re.M)) == 9
    assert out.count("Traceback") == 3 and len(list(tmp_path.glob("*.0.input"))) == 3


def test_an_end_from_outside_is_summed_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    words = [sys.executable, "-m", "tests.fuzz", "--minutes", "600", "--only", "readers", "--keep", f"{tmp_path}/kept"]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=children.ROOT, env=environment) as process:
        assert process.stdout is not None and process.stdout.readline().startswith("seed ")
        while not list(tmp_path.glob("*/*.input")):
            time.sleep(0.05)
        process.terminate()
        out = process.stdout.read()
    assert re.search(r"^interrupted\n\nseed \d+\nreaders: [\d,]+ cases, 0 failures, ", out, re.M)
    assert process.returncode == 130 and [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_worker_that_says_nothing_is_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "CASE_SECONDS", 2.0)
    monkeypatch.setattr(children, "DUMP_SECONDS", 0.1)
    worker = [sys.executable, "-c", "import time; print('{\"begun\": 0}', flush=True); time.sleep(600)"]
    assert main(["--cases", "1", "--only", "parsers", "--keep", str(tmp_path)], worker) == 1
    assert "silent for 2 seconds" in capsys.readouterr().out


def test_a_worker_that_does_not_start_is_one_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cases", "9", "--only", "parsers", "--keep", str(tmp_path)], [sys.executable, "-c", "1/0"]) == 1
    out = capsys.readouterr().out
    assert out.count("the process ended: exit status 1, ZeroDivisionError: division by zero") == 1
    assert "parsers: not run: its process does not start" in out


def test_without_a_compiler_one_line_says_so_and_the_scan_is_fuzzed_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert main(["--cases", "1", "--only", "scan", "--keep", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert len(re.findall(r"^scan: without AddressSanitizer, .*: ", out, re.M)) == 1
    assert "scan: 1 cases" in out or "scan: not run: no compiled scan" in out


def test_the_sanitizer_finds_one_octet_too_many(tmp_path: Path) -> None:
    try:
        compiler = sanitized.compiler(tmp_path)
        around = sanitized.variables(compiler)
    except sanitized.Impossible as reason:
        pytest.skip(str(reason))
    source, library = tmp_path / "peek.c", tmp_path / "peek.so"
    source.write_text("int peek(const char *octets, long at) { return octets[at]; }\n")
    subprocess.run([compiler, "-shared", "-fPIC", source, "-o", library], check=True)
    code = f"import ctypes; peek = ctypes.CDLL({str(library)!r}).peek; peek(bytes(100), ctypes.c_long({{at}}))"
    ends = []
    for at in (100, 101):
        worker = [sys.executable, "-c", code.format(at=at)]
        child = children.Child([], tmp_path, children.Surroundings(variables=around), worker)
        ends.append([event["crash"] for event in child.events(float("inf"))])
        child.close()
    # Behind the octets of a bytes object stands a zero.
    assert ends[0] == [] and "AddressSanitizer: heap-buffer-overflow" in ends[1][0]


def test_a_seed_and_an_iteration_always_stand_for_the_same_input() -> None:
    for target in TARGETS.values():
        made = [target.make(Random("a case"), CORPUS) for _ in range(2)]
        assert made[0] == made[1] and all(isinstance(octets, bytes) for octets in made[0])


@pytest.mark.parametrize("name", sorted(lies.SHAPES.keys() - {shape for shape, *_ in mutants.FORMATS.values()}))
def test_a_lie_is_one_number_and_most_of_them_reach_a_parser(name: str) -> None:
    read = 0
    for number in range(100):
        octets = bytearray(CORPUS.samples[name][number % len(CORPUS.samples[name])])
        before = bytes(octets)
        lies.lie(Random(number), octets, lies.SHAPES[name])
        changed = [at for at in range(len(before)) if before[at] != octets[at]]
        assert len(octets) == len(before) and (not changed or changed[-1] - changed[0] < 4)
        read += house.protocol(bytes(octets)) == name
    assert read > 30


def test_another_payload_keeps_the_lengths_in_front_of_it_true() -> None:
    for ends in ((A, B), (("2001:db8::1", 5060), ("2001:db8::2", 5060))):
        octets = bytearray(frame(*ends, b"short"))
        lies.put(octets, b"short", b"a longer one")
        assert house.payloads(house.Record(1, 0, 1, bytes(octets), len(octets))) == [b"a longer one"]


@pytest.mark.parametrize(
    ("words", "status", "out", "err"),
    [
        (["analyze", "x"], 1, "", ""),
        (["analyze", "x"], 2, "", ""),
        (["analyze", "x"], 0, "a \x1b[2J line", ""),
        (["analyze", "x"], 2, "", "Traceback (most recent call last):\n"),
        (["list", "--ndjson", "x"], 0, '{"time": NaN}\n', ""),
        (["list", "--ndjson", "x"], 0, '{"time": 1}\n{"time"', ""),
        (["analyze", "--json", "x"], 0, "", ""),
        (["analyze", "--json", "x"], 0, "{}", ""),
        (["live", "-", "--log"], 0, "", "Traceback (most recent call last):\n"),
    ],
)
def test_a_command_is_judged_by_its_status_and_by_what_it_prints(
    words: list[str], status: int, out: str, err: str
) -> None:
    with pytest.raises((Wrong, ValueError)):
        judge(Ran(words, status, out, err))
    judge(Ran(["analyze", "x"], 2, "", "muxshark: x: empty\n"))
    judge(Ran(["list", "--ndjson", "x"], 0, '{"time": 1}\n', "muxshark: x: the capture ends within a record\n"))


def test_a_reader_that_gives_more_than_it_was_given_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "capture"
    path.write_bytes(mutants.pcap([house.Record(1, 0, 1, b"frame", 5)] * 3, 1))
    readers(Random(), [path])
    monkeypatch.setattr(house, "MAX_RECORD_OCTETS", 4)
    with pytest.raises(Wrong, match="record 1 has 5 bytes"):
        readers(Random(), [path])


def test_a_new_worker_takes_over_where_the_one_before_it_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fuzz.__main__.MOST_OF_A_WORKER", 2)
    worker = planted(PLANTED["an exception"][1])
    main(["--cases", "3", "--seed", "5", "--only", "parsers", "--keep", str(tmp_path)], worker)
    assert re.findall(r"iteration (\d): IndexError", capsys.readouterr().out) == ["0", "1", "2"]


@pytest.mark.skipif(not available(), reason="PyAV is an extra")
@pytest.mark.parametrize("kind", list(decoders.MAKERS))
def test_damaged_payloads_go_through_decoders_and_are_counted(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(decoders, "BATCH", 20)
    assert decoders.main(["--payloads", "60", "--seed", "3", "--only", kind]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "seed 3" and said[-1].startswith("seed 3: 60 payloads") and len(said) == 5
    names, made = decoders.MAKERS[kind]
    one, two = (made(Random(1), names()[0], 20) for _ in range(2))
    assert one["payloads"] == two["payloads"] == 20 and one["decoded"] == two["decoded"]
