"""What a session counts for a monitoring system."""

from __future__ import annotations

import json
import re
from pathlib import Path

from dissectors.live.metrics import Histogram, Metrics
from tests.sessions import CALL, ROOT, run

LINE = re.compile(r'muxshark_[a-z_]+(\{[a-z]+="[^"{}]*"(,[a-z]+="[^"{}]*")*\})? -?[0-9.e+-]+')


def test_buckets_are_cumulative_and_a_bound_belongs_to_its_bucket() -> None:
    histogram = Histogram((0.01, 0.1))
    assert [*histogram.lines("x")][-1] == "x_count 0"
    for value in (0.0, 0.01, 0.05, 0.5):
        histogram.add(value)
    assert [*histogram.lines("x")] == [
        'x_bucket{le="0.01"} 2', 'x_bucket{le="0.1"} 3', 'x_bucket{le="+Inf"} 4', "x_sum 0.56", "x_count 4",
    ]


def test_before_the_first_look_there_is_a_page_already() -> None:
    assert "muxshark_calls_active 0" in Metrics().text().splitlines()


def test_the_file_has_what_the_session_saw_in_the_form_that_prometheus_reads(tmp_path: Path) -> None:
    path = tmp_path / "muxshark.prom"
    done = run("-", "--ndjson", "--metrics-file", str(path), octets=CALL.read_bytes())
    assert done.returncode == 0 and [each.name for each in tmp_path.iterdir()] == ["muxshark.prom"]
    lines = path.read_text().splitlines()
    values = [line for line in lines if not line.startswith("#")]
    assert values and all(LINE.fullmatch(line) for line in values)
    assert len({line.split(" ")[0] for line in values}) == len(values)
    assert 'muxshark_calls_total{state="ended"} 1' in values and 'muxshark_call_loss_ratio_count 1' in values
    events = [json.loads(line) for line in done.stdout.splitlines()]
    findings = [event["id"] for event in events if event["event"] == "finding"]
    for id in findings:
        assert any(line.startswith(f'muxshark_findings_total{{id="{id}"') for line in values)


def test_the_dashboard_asks_for_metrics_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "muxshark.prom"
    run("-", "--ndjson", "--metrics-file", str(path), octets=CALL.read_bytes())
    there = {line.split(" ")[2] for line in path.read_text().splitlines() if line.startswith("# TYPE ")}
    dashboard = json.loads((ROOT / "docs" / "grafana.json").read_text())
    asked = {
        name.removesuffix("_bucket")
        for panel in dashboard["panels"] for target in panel["targets"]
        for name in re.findall(r"muxshark_[a-z_]+", target["expr"])
    }
    assert len(asked) > 10 and asked <= there
