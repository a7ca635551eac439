"""`muxshark diff`: the same call compared with itself, compressed or not."""

from __future__ import annotations

import json

import pytest

from dissectors.cli import main
from tests.command_line import CALL, ROOT

PLAIN = str(ROOT / "pcaps" / "facetime-2013-plain.pcap")


def test_the_same_call_plain_and_compressed_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", PLAIN, CALL]) == 0
    text = capsys.readouterr().out
    assert "INVITE: 829 → 672 bytes (-157: compressed body -157)" in text and "+ headers Content-Encoding" in text
    assert "compressed bodies: 0 → 3" in text


def test_calls_that_do_not_differ_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", CALL, CALL]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == ["", "1 call without a difference"]


def test_a_comparison_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--json", PLAIN, CALL]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"ports", "calls", "only_first", "only_second", "findings"}


def test_one_call_can_be_compared_and_a_filter_leaves_the_others_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--call", "1", PLAIN, CALL]) == 0
    assert "INVITE: 829 → 672 bytes" in capsys.readouterr().out
    assert main(["diff", "-Y", "outcome==failed", PLAIN, CALL]) == 0
    assert "INVITE" not in capsys.readouterr().out
