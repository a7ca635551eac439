"""What is told of one frame is what is told of all of them, frame by frame."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = sorted(
    path
    for folder in (ROOT / "tests" / "data" / "captures", ROOT / "pcaps")
    for path in folder.iterdir()
    if path.suffix in (".pcap", ".pcapng", ".cap", ".gz")
)
FRAMES_ASKED = 5


def ends(row: Row) -> frozenset[object]:
    return frozenset(row.datagram.flow.ends)


@pytest.mark.parametrize("forced", [None, {16402: "RTP"}], ids=["", "forced"])
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_a_frame_is_told_as_all_of_them_are(path: Path, forced: dict[int, str] | None) -> None:
    rows = list(offline.rows([str(path)], forced=forced))
    company: dict[frozenset[object], Counter[str]] = {}
    for row in rows:
        company.setdefault(ends(row), Counter())[PROTOCOLS[row.protocol]] += 1
    asked = sorted({row.datagram.frame for row in rows})
    for frame in [*asked[:: len(asked) // FRAMES_ASKED + 1], *asked[-1:]]:
        told = offline.rows_of_frame(str(path), frame, forced=forced)
        wanted = [row for row in rows if row.datagram.frame == frame]
        assert [row for row, _ in told.rows] == wanted
        assert [beside for _, beside in told.rows] == [company[ends(row)] for row in wanted]
        assert told.begin == rows[0].datagram.time and told.frames >= asked[-1]


def test_a_frame_that_is_not_there_has_none() -> None:
    told = offline.rows_of_frame(str(ROOT / "pcaps" / "facetime-2013.pcap"), 1_000_000)
    assert told.rows == [] and told.frames < 1_000_000
