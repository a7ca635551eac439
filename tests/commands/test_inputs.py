"""What commands are given to read: captures, bounds, forced ports, filters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dissectors.cli import main
from tests.command_line import CALL, run


def test_standard_input_and_r_are_captures_too() -> None:
    by_name = json.loads(run("analyze", "--json", CALL).stdout)
    by_r = json.loads(run("analyze", "--json", "-r", CALL).stdout)
    by_pipe = json.loads(run("analyze", "--json", "-", input=Path(CALL).read_bytes()).stdout)
    assert by_name == by_r and by_name["streams"] == by_pipe["streams"]


def test_a_port_can_be_forced_to_a_protocol() -> None:
    listed = run("list", "--ndjson", "-d", "udp.port==16402,rtcp", CALL).stdout.splitlines()
    assert {json.loads(line)["protocol"] for line in listed} == {"RTCP"}


def test_inflating_keeps_to_the_bound_that_was_asked_for() -> None:
    made = json.loads(run("analyze", "--json", "--max-inflated", "100", CALL).stdout)
    assert made["calls"][0]["messages"][0]["body"]["status"] == "over limit"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-Y", "callid==nowhere"], "nothing matches the filter"),
        (["-Y", "callid==nowhere", "--what-if", "compress"], "nothing matches the filter"),
        (["--time", "5000.."], "nothing was there at that time"),
    ],
)
def test_a_choice_that_leaves_nothing_says_so(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", *words, CALL]) == 0
    (told,) = capsys.readouterr().out.splitlines()
    assert told.startswith(f"facetime-2013.pcap: {said}; 2,242 datagrams in ")
    assert main(["analyze", "--json", *words, CALL]) == 0
    streams = capsys.readouterr()
    assert streams.err == f"muxshark: {said}\n" and json.loads(streams.out)["streams"] == []


def test_a_filter_and_a_window_choose_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--json", "-Y", "callid~nowhere", CALL]) == 0
    assert json.loads(capsys.readouterr().out)["calls"] == []
    assert main(["analyze", "--json", "--time", "..0.1", CALL]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["calls"] == [] and made["checks"] and made["capture"]["datagrams"] == 2242
