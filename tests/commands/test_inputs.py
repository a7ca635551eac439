"""What commands are given to read: captures, bounds, forced ports, filters."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from dissectors.cli import main
from tests.command_line import CALL, ROOT, run
from tests.finding_cases.tls import pcapng
from tests.mux.test_framings import OPTIONS
from tests.secured import secured


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
    assert told.startswith(f"facetime-2013.pcap: {said}") and "; 2,242 datagrams in " in told
    assert main(["analyze", "--json", *words, CALL]) == 0
    streams = capsys.readouterr()
    assert streams.err.startswith(f"muxshark: {said}") and streams.err.count("\n") == 1
    assert json.loads(streams.out)["streams"] == []


def test_a_filter_and_a_window_choose_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--json", "-Y", "callid~nowhere", CALL]) == 0
    assert json.loads(capsys.readouterr().out)["calls"] == []
    assert main(["analyze", "--json", "--time", "..0.1", CALL]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["calls"] == [] and made["checks"] and made["capture"]["datagrams"] == 2242


SECURED, KEYS = (str(ROOT / "tests" / "data" / "tls" / f"tls12_ecdhe_gcm.{ending}") for ending in ("pcap", "keys"))


def test_keys_open_tls_in_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--json", SECURED]) == 0
    assert json.loads(capsys.readouterr().out)["calls"] == []
    assert main(["analyze", "--json", "--keys", KEYS, SECURED]) == 0
    made = json.loads(capsys.readouterr().out)
    assert [(each["outcome"], len(each["messages"])) for each in made["calls"]] == [("ended", 7)] * 3
    assert {each["transport"] for call in made["calls"] for each in call["messages"]} == {"tls"}
    assert {each["transport"] for each in made["flows"]} == {"tls"}
    assert made["capture"]["not_read"] == [] and made["capture"]["not_analysed"] == []
    assert main(["list", "--ndjson", "--keys", KEYS, SECURED]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(listed) == 21 and {(each["protocol"], each["transport"]) for each in listed} == {("SIP", "tls")}
    assert main(["show", "--keys", KEYS, SECURED, "12"]) == 0
    assert capsys.readouterr().out.startswith("INVITE sip:bob@example.test SIP/2.0")
    assert main(["explain", "--keys", KEYS, SECURED, "12"]) == 0
    assert "SIP" in capsys.readouterr().out
    assert main(["analyze", "--json", "-Y", "transport==tls", "--keys", KEYS, SECURED]) == 0
    assert len(json.loads(capsys.readouterr().out)["calls"]) == 3


def test_a_capture_may_hold_its_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = secured([(True, OPTIONS)])
    for name, keys in (("with", True), ("without", False)):
        path = tmp_path / name
        path.write_bytes(pcapng(made, keys))
        assert main(["list", str(path)]) == 0
        assert ("SIP" in capsys.readouterr().out) is keys
        assert main(["analyze", "--json", str(path)]) == 0
        assert bool(json.loads(capsys.readouterr().out)["capture"]["messages"]) is keys


def test_a_file_without_keys_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--keys", CALL, SECURED]) == 2
    assert capsys.readouterr().err == f"muxshark: {CALL}: holds no keys (a TLS key log, a private key, keys of SRTP)\n"
    assert main(["analyze", "--rsa-key", KEYS, SECURED]) == 2
    assert capsys.readouterr().err == f"muxshark: {KEYS}: holds no private key\n"


def test_keys_need_a_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert main(["analyze", "--keys", KEYS, SECURED]) == 2
    assert "pip install 'muxshark[tls]'" in capsys.readouterr().err
