"""An explanation in lines that can be printed."""

from __future__ import annotations

from collections import Counter

import pytest

from dissectors.mux.classify import classify
from dissectors.mux.explain import explain
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS, ROWS
from dissectors.outputs.terminal.explanation import explained
from dissectors.wire.datagram import Datagram, Flow
from tests.samples import SEEDS


def row(payload: bytes, length: int | None = None) -> Row:
    verdict = classify(payload, length)
    flow = Flow("192.0.2.1", 5060, "192.0.2.2", 5060)
    datagram = Datagram(0, 3, 0, 10**18, flow, payload, len(payload) if length is None else length)
    return Row(datagram, PROTOCOLS.index(verdict.protocol), verdict.row, verdict.strength, "", False, "")


@pytest.mark.parametrize("payload", [*SEEDS, b"", b"\x00" * 64, b"\x1b[2J\x9b"], ids=lambda payload: payload[:6].hex())
def test_an_explanation_is_printable_lines_with_every_row(payload: bytes) -> None:
    lines = list(explained(row(payload), Counter({"RTP": 3})))
    assert all(line.isprintable() for line in lines)
    for number, trial in enumerate(explain(payload).trials):
        assert any(line[2:] == f"{trial.protocol}: {ROWS[number][1].reason} ({trial.strength})" for line in lines)
    assert any(line.startswith("  its flow   RTP 3") for line in lines)
