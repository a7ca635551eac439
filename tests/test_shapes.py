"""The hostile captures of the benchmark: the same octets every time, and each one is read to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.hostile.frames import write
from benchmarks.shapes import MOST_GROWTH, MOST_MEMORY, SHAPES, Row, Run, Shape, chosen, exponent, least, line, run

ROOT = Path(__file__).parent.parent
TINY = 8
DIGESTS = f"""
from hashlib import sha256
from benchmarks.shapes import SHAPES
for shape in SHAPES:
    print(shape.name, sha256(b"".join(shape.frames({TINY}))).hexdigest())
"""
ROW = Row("made up", 10, 1000, 4000, 0.1, 1.0, 4.0, 1.0, 50.0, 60.0, 0)


def name(shape: Shape) -> str:
    return shape.name


def digests(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS], capture_output=True, text=True, cwd=ROOT, env=environment, check=True
    )
    return done.stdout


def test_there_are_forty_shapes_and_each_says_in_a_sentence_what_is_hostile_in_it() -> None:
    assert len({shape.name for shape in SHAPES}) == len(SHAPES) == 40
    for shape in SHAPES:
        assert shape.hostile.endswith(".") and "\n" not in shape.hostile, shape.name


@pytest.mark.parametrize("shape", SHAPES, ids=name)
def test_a_hostile_capture_is_read_to_its_end(shape: Shape, tmp_path: Path) -> None:
    capture = tmp_path / "hostile.pcap"
    frames = list(shape.frames(TINY))
    write(capture, frames, shape.every)
    done = subprocess.run(
        [sys.executable, "-m", "dissectors", "analyze", "--json", str(capture)], capture_output=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["capture"]
    assert told["frames"] == len(frames)
    assert shape.protocol in {"", *(seen["name"] for seen in told["protocols"])}
    assert not told["files"][0]["cut"]


@pytest.mark.parametrize("shape", SHAPES, ids=name)
def test_a_larger_capture_of_a_shape_has_more_octets(shape: Shape) -> None:
    smaller, larger = (sum(map(len, shape.frames(size))) for size in (TINY, 2 * TINY))
    assert smaller < larger


def test_every_process_makes_the_same_octets() -> None:
    assert digests("1") == digests("2")


def test_the_exponent_is_one_where_four_times_as_much_takes_four_times_as_long() -> None:
    assert exponent(0.5, 2.0) == pytest.approx(1.0)
    assert exponent(0.5, 8.0) == pytest.approx(2.0)
    assert exponent(0.0, 2.0) is None


@pytest.mark.parametrize(
    ("row", "over"),
    [
        (ROW, ()),
        (replace(ROW, exponent=MOST_GROWTH + 0.01), ("grows",)),
        (replace(ROW, memory_at_4=MOST_MEMORY + 1), ("memory",)),
        (replace(ROW, memory=MOST_MEMORY + 1), ("memory",)),
        (replace(ROW, exponent=None, status=-9), ("status -9",)),
    ],
)
def test_a_row_says_what_is_more_than_it_may_be(row: Row, over: tuple[str, ...]) -> None:
    assert row.over == over
    assert line(row).endswith(f"| {', '.join(over)} |")


def test_a_run_that_does_not_end_well_says_so(tmp_path: Path) -> None:
    assert run(tmp_path / "missing.pcap").status == 2


def test_the_least_of_the_runs_counts_and_one_that_did_not_end_well_is_told() -> None:
    assert least([Run(2.0, 30.0), Run(1.0, 40.0)]) == Run(1.0, 30.0, 0)
    assert least([Run(2.0, 30.0), Run(1.0, 40.0, -9)]).status == -9


def test_shapes_are_chosen_by_the_beginnings_of_their_names() -> None:
    assert chosen([]) == list(SHAPES)
    assert [shape.name for shape in chosen(["fork", "bombs"])] == ["forks", "bombs"]
    with pytest.raises(SystemExit, match="nothing like it"):
        chosen(["nothing like it"])


def test_one_shape_can_be_measured(tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.json"
    words = ["--only", "forks", "--size", "5", "--rounds", "1", "--json", str(numbers)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.shapes", *words], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "\n| forks | 5 |" in done.stdout
    (row,) = json.loads(numbers.read_text())["shapes"]
    assert (row["name"], row["size"], row["status"]) == ("forks", 5, 0)
    assert 3 * row["octets"] < row["octets_at_4"] < 5 * row["octets"]
