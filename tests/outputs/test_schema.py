"""Reports keep the schema, and the schema keeps to reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dissectors import offline
from dissectors.outputs.schema import schema
from dissectors.report import Report
from tests.reports import ROOT, hostile, read, report

PCAPS = sorted((ROOT / "pcaps").glob("*.pcap"))
CHECKER = jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize("path", PCAPS, ids=lambda path: path.stem)
def test_a_real_report_keeps_its_schema(path: Path) -> None:
    CHECKER.validate(read(offline.analyze([str(path)])))


@pytest.mark.parametrize("made", [report(), hostile(), report(calls=(), streams=(), checks=(), findings=())])
def test_a_report_made_by_hand_keeps_its_schema(made: Report) -> None:
    CHECKER.validate(read(made))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: made.update(extra=1),
        lambda made: made["calls"][0].update(extra=1),
        lambda made: made["streams"][0].pop("lost"),
        lambda made: made["streams"][0].update(lost="20"),
        lambda made: made["findings"][0].update(severity="fatal"),
        lambda made: made.update(schema="muxshark/report/0"),
    ],
)
def test_the_schema_refuses_what_is_not_a_report(spoil: Any) -> None:
    made = read(report())
    spoil(made)
    assert not CHECKER.is_valid(made)
