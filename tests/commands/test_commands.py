"""The commands around findings: `findings`, `diff`, and the options of `analyze` that choose and judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dissectors.cli import main
from dissectors.findings.rules import RULES
from dissectors.offline import analyze
from dissectors.outputs.terminal.catalogue import markdown
from dissectors.queries.comparison import compare
from tests.stories import GOOD, OFFER, report, request

ROOT = Path(__file__).resolve().parents[2]
CALL, PLAIN = (str(ROOT / "pcaps" / f"facetime-2013{kind}.pcap") for kind in ("", "-plain"))
FORMS = str(ROOT / "pcaps" / "encodings.pcap")


def test_the_page_of_findings_is_what_the_rules_say() -> None:
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert page.splitlines() == list(markdown())
    assert page.count("\n### ") == len(RULES)


@pytest.mark.parametrize("id", ["media-one-way", "body-over-limit"])
def test_a_finding_is_explained_at_length(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings", id]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert RULES[id].title in text and RULES[id].why in text and RULES[id].fix in text


def test_every_finding_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings"]) == 0
    words = capsys.readouterr().out.split()
    assert set(RULES) <= set(words)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--fail-on", "error", CALL], 0),
        (["--fail-on", "warning", CALL], 0),
        (["--fail-on", "codec-guessed", CALL], 1),
        (["--fail-on", "error", FORMS], 1),
        (["--fail-on", "media-one-way", "--fail-on", "body-corrupt", FORMS], 1),
        (["--fail-on", "media-one-way", FORMS], 0),
        (["--fail-on", "nonsense", CALL], 2),
        (["-Y", "colour==red", CALL], 2),
        (["-Y", "severity==fatal", CALL], 2),
        (["--time", "20..10", CALL], 2),
        (["--time", "noon", CALL], 2),
    ],
)
def test_the_exit_status_tells(words: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--json", *words]) == status
    assert bool(capsys.readouterr().err) == (status == 2)


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


def test_what_compression_would_save_is_what_it_saves(capsys: pytest.CaptureFixture[str]) -> None:
    sent = [message.length for message in analyze([CALL]).calls[0].messages]
    assert main(["analyze", "--what-if", "compress", PLAIN]) == 0
    rows = capsys.readouterr().out.partition("Size on the path")[2].splitlines()
    told = [int(row.split()[-3].replace(",", "")) for row in rows if row.endswith("%")]
    bodies = {0, 3}
    assert len(told) == len(sent)
    assert all(abs(told[place] - sent[place]) <= 2 for place in bodies)


def test_the_same_call_plain_and_compressed_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", PLAIN, CALL]) == 0
    text = capsys.readouterr().out
    assert "INVITE: 829 → 672 octets (-157: compressed body -157)" in text and "+ headers Content-Encoding" in text
    assert "compressed bodies: 0 → 3" in text


def test_a_capture_does_not_differ_from_itself() -> None:
    made = analyze([CALL])
    compared = compare(made, made)
    assert not compared.ports and not compared.findings and not compared.only_first and not compared.only_second
    assert all(not pair.facts for pair in compared.calls)
    assert all(m.first == m.second and not m.body for pair in compared.calls for m in pair.messages)


def test_a_comparison_names_lines_headers_ports_and_calls_that_differ() -> None:
    changed = [(time, src, (dst[0], 5060) if dst[1] == 3478 else dst, octets) for time, src, dst, octets in GOOD]
    invite = request(0, "INVITE", "Subject: other", body=OFFER.replace(b"m=audio 16402", b"m=audio 4000"))
    first, second = report(GOOD), report([invite, *changed[1:], request(90_000, "MESSAGE", call="two")])
    compared = compare(first, second)
    (pair,) = compared.calls
    (step,) = [message for message in pair.messages if message.body]
    assert step.name == "INVITE" and step.only_second == ("Subject",)
    assert step.body == ("- m=audio 16402 RTP/AVP 0", "+ m=audio 4000 RTP/AVP 0")
    assert len(compared.only_second) == 1 and not compared.only_first


def test_calls_that_do_not_differ_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", CALL, CALL]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == ["", "1 call without a difference"]


def test_a_comparison_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--json", PLAIN, CALL]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"ports", "calls", "only_first", "only_second", "findings"}
