"""`muxshark split` and `analyze -w`: calls cut out of a capture, for real."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests import captures, tcp_frames
from tests.command_line import CALL, ROOT, run
from tests.rewriting.test_split import TWO
from tests.stories import GOOD

SECURED, KEYS = (str(ROOT / "tests" / "data" / "tls" / f"tls12_ecdhe_gcm.{ending}") for ending in ("pcap", "keys"))
NO_CALL = str(ROOT / "tests" / "data" / "captures" / "tcpdump__LINKTYPE_IPV4.pcap")


def test_each_call_has_a_file_and_the_output_counts_its_frames(tmp_path: Path) -> None:
    path = captures.story(tmp_path / "in.pcap", TWO)
    done = run("split", path, str(tmp_path / "calls"))
    assert done.returncode == 0 and done.stderr == b""
    said = done.stdout.decode().splitlines()
    assert sorted(os.listdir(tmp_path / "calls")) == ["0001-one.pcap", "0002-two.pcap"]
    assert said[0] == f"{tmp_path / 'calls' / '0001-one.pcap'}: {len(GOOD):,} frames (one)"


def test_one_call_goes_into_one_file_and_its_report_is_the_same(tmp_path: Path) -> None:
    path, out = captures.story(tmp_path / "in.pcap", TWO), str(tmp_path / "out.pcap")
    assert run("split", "--call", "two", path, out).returncode == 0
    (call,) = json.loads(run("analyze", "--json", out).stdout)["calls"]
    assert call["call_id"] == "two" and len(call["streams"]) == 2
    assert run("split", "--only", "2", "-", "-", input=Path(path).read_bytes()).stdout == Path(out).read_bytes()


def test_what_a_filter_selects_is_written_beside_the_report(tmp_path: Path) -> None:
    path, out = captures.story(tmp_path / "in.pcap", TWO), str(tmp_path / "out.pcap")
    done = run("analyze", "--json", "-Y", "callid==one", "-w", out, path)
    assert done.returncode == 0 and done.stderr.decode() == f"muxshark: {out}: {len(GOOD):,} frames\n"
    assert done.stdout == run("analyze", "--json", "-Y", "callid==one", path).stdout
    assert len(captures.records(out)) == len(GOOD)
    piped = run("analyze", "--call", "1", "-w", out, "--force", "-", input=Path(path).read_bytes())
    assert piped.returncode == 0 and b"-" in piped.stdout and len(captures.records(out)) == len(GOOD)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("split", CALL), "OUT is missing"),
        (("split", "--call", "nobody", CALL, "{}/out"), "no call 'nobody'"),
        (("split", "--only", "1", CALL, CALL, "--force"), "is the capture that is read"),
        (("split", "--only", "1", CALL, "{}"), "a directory"),
        (("split", NO_CALL, "{}/out"), "no call is in it"),
        (("split", "nowhere.pcap", "{}/out"), "no such file"),
        (("analyze", "-w", "{}/out", CALL), "name one of them"),
        (("analyze", "-Y", "call==1", "-w", CALL, CALL), "is the capture that is read"),
        (("analyze", "-Y", "call==1", "-w", "-", CALL), "to a file"),
        (("analyze", "--each", "-Y", "call==1", "-w", "{}/out", CALL), "does not take -w"),
    ],
)
def test_what_cannot_be_cut_out_is_one_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = run(*(word.format(tmp_path) if "{}" in word else word for word in words))
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and said in done.stderr.decode()
    assert os.listdir(tmp_path) == []


def test_standard_output_is_no_folder(tmp_path: Path) -> None:
    done = run("split", CALL, "-")
    assert done.returncode == 2 and b"OUT is a folder" in done.stderr and not os.path.exists(ROOT / "-")


def test_a_file_that_exists_is_kept_without_force(tmp_path: Path) -> None:
    out = tmp_path / "out.pcap"
    out.write_text("mine")
    assert run("split", "--only", "1", CALL, str(out)).returncode == 2 and out.read_text() == "mine"
    assert run("split", "--only", "1", "--force", CALL, str(out)).returncode == 0
    assert out.read_bytes() == Path(CALL).read_bytes()


def test_tls_is_opened_with_its_keys_and_kept_whole(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="TLS needs it")
    done = run("split", "--keys", KEYS, SECURED, str(tmp_path / "calls"))
    frames = len(captures.records(SECURED))
    assert done.returncode == 0 and all(f": {frames} frames" in line for line in done.stdout.decode().splitlines())
    assert b"in other calls' files, too" in done.stderr and len(os.listdir(tmp_path / "calls")) == 3


def streamed(folder: Path) -> str:
    """Two calls over one connection of TCP, of which the second begins in the middle of a segment."""
    text = "INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\n"
    one, two = (f"{text}Call-ID: {name}\r\nCSeq: 1 INVITE\r\n\r\n".encode() for name in ("one", "two"))
    made = tcp_frames.conversation([(tcp_frames.A, part) for part in (one[:50], one[50:] + two[:40], two[40:])])
    return captures.pcap(folder / "streamed.pcap", [(at, tcp_frames.frame(each)) for at, each in enumerate(made)])


def test_a_call_over_tcp_can_be_read_in_its_file_and_what_it_shares_is_said(tmp_path: Path) -> None:
    done = run("split", streamed(tmp_path), str(tmp_path / "calls"))
    assert done.returncode == 0
    calls = json.loads(run("analyze", "--json", str(tmp_path / "calls" / "0002-two.pcap")).stdout)["calls"]
    assert "two" in [call["call_id"] for call in calls]
    assert done.stderr.decode().splitlines() == [
        f"muxshark: {name}: {frames} may hold messages of others, too: over TCP, its own cannot be read without them"
        for name, frames in (("one", "1 frame"), ("two", "2 frames"))
    ]


@pytest.mark.parametrize("command", ["split", "normalise", "anonymise", "analyze"])
def test_what_one_call_shares_over_tcp_is_said(tmp_path: Path, command: str) -> None:
    path, out = streamed(tmp_path), str(tmp_path / "out.pcap")
    words = ("-w", out, path) if command == "analyze" else (path, out)
    done = run(command, "--call", "two", *words)
    assert done.returncode == 0 and "2 frames may hold messages of others, too" in done.stderr.decode()
    assert len(json.loads(run("analyze", "--json", out).stdout)["calls"]) == 2


@pytest.mark.parametrize("command", ["split", "normalise", "anonymise"])
def test_one_call_is_written_and_a_cut_capture_is_said_to_be_cut(tmp_path: Path, command: str) -> None:
    whole = Path(captures.story(tmp_path / "in.pcap", TWO)).read_bytes()
    cut, out = tmp_path / "cut.pcap", tmp_path / "out.pcap"
    cut.write_bytes(whole[:-3])
    done = run(command, "--call", "one", str(cut), str(out))
    assert done.returncode == 0 and "the capture ends within a record, at byte" in done.stderr.decode()
    assert 0 < len(captures.records(str(out))) <= len(GOOD)


@pytest.mark.parametrize("command", ["split", "normalise", "anonymise", "sdp", "diff", "export"])
def test_a_cut_capture_is_said_to_be_cut(tmp_path: Path, command: str) -> None:
    whole = Path(captures.story(tmp_path / "in.pcap", TWO))
    cut, out = tmp_path / "cut.pcap", str(tmp_path / "out")
    cut.write_bytes(whole.read_bytes()[:-3])
    more = {"sdp": ["--call", "one"], "diff": [str(whole)], "export": ["-o", out]}.get(command, [out])
    done = run(command, str(cut), *more)
    assert done.returncode == 0 and "the capture ends within a record, at byte" in done.stderr.decode()
    assert "within a record" not in run(command, str(whole), *more[:-1], f"{more[-1]}").stderr.decode()
