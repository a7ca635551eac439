"""What compression saves, and what it would save."""

from __future__ import annotations

import pytest

from dissectors.cli import main
from dissectors.offline import analyze
from tests.command_line import CALL, ROOT

PLAIN = str(ROOT / "pcaps" / "facetime-2013-plain.pcap")


def test_what_compression_would_save_is_what_it_saves(capsys: pytest.CaptureFixture[str]) -> None:
    sent = [message.length for message in analyze([CALL]).calls[0].messages]
    assert main(["analyze", "--what-if", "compress", PLAIN]) == 0
    rows = capsys.readouterr().out.partition("Size on the path")[2].splitlines()
    told = [int(row.split()[-3].replace(",", "")) for row in rows if row.endswith("%")]
    bodies = {0, 3}
    assert len(told) == len(sent)
    assert all(abs(told[place] - sent[place]) <= 2 for place in bodies)
