"""`muxshark normalise`, for real."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests import capture_octets, captures
from tests.command_line import CALL, run
from tests.ip_frames import ethernet, ipv4, udp
from tests.rewriting.test_normalise import MUXED


def test_what_was_done_is_said_in_one_line(tmp_path: Path) -> None:
    done = run("normalise", CALL, str(tmp_path / "out"))
    assert done.returncode == 0 and done.stdout == b""
    assert done.stderr.decode() == f"muxshark: {tmp_path / 'out'}: 2,242 frames, 3 changed\n"


def test_a_pipe_gives_what_a_file_gives(tmp_path: Path) -> None:
    assert run("normalise", CALL, str(tmp_path / "out")).returncode == 0
    piped = run("normalise", "-", "-", input=Path(CALL).read_bytes())
    assert piped.returncode == 0 and piped.stdout == (tmp_path / "out").read_bytes()


def test_rules_for_ports_are_taken(tmp_path: Path) -> None:
    path, out = captures.story(tmp_path / "in", MUXED), str(tmp_path / "out")
    assert run("normalise", "--split-ports", "--port", "sip=5070", path, out).returncode == 0
    assert b"5070" in run("list", out).stdout


def test_what_has_a_port_apart_from_its_media_is_said(tmp_path: Path) -> None:
    path, out = captures.story(tmp_path / "in", MUXED), str(tmp_path / "out")
    said = b"STUN has a port apart from the media: a report on the result does not join them"
    assert said in run("normalise", "--split-ports", path, out).stderr
    assert said not in run("normalise", "--split-ports", out, f"{out}2").stderr
    assert said not in run("normalise", path, f"{out}3").stderr


def test_what_is_wrong_with_standard_input_is_told_under_its_name() -> None:
    for command in ("normalise", "anonymise"):
        done = run(command, "-", "-", input=b"no capture at all, whatever it is")
        assert done.returncode == 2 and done.stderr.startswith(b"muxshark: standard input: ")


def test_a_capture_that_is_cut_is_compared_too(tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    tmp_path.chmod(0o755)
    cut = tmp_path / "cut.pcapng"
    packet = capture_octets.enhanced(ethernet(ipv4(udp())))
    cut.write_bytes(capture_octets.section() + capture_octets.interface() + packet + packet[:-9])
    done = run("normalise", "--verify", str(cut), str(tmp_path / "out.pcapng"))
    assert done.returncode == 0 and b"no error in a frame that had none before" in done.stdout


def test_wireshark_sees_all_of_it_without_any_plugin() -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        done = run("normalise", "--split-ports", "--rtpmap", "--verify", CALL, f"{folder}/out")
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    assert done.returncode == 0 and ["rtp", "0", "2,209"] in lines and ["stun", "16", "16"] in lines
    assert ["sdp", "2", "2"] in lines and ["rtcp", "8", "8"] in lines


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((CALL, CALL, "--force"), "is the capture that is read"),
        ((CALL, "{}"), "a directory"),
        (("nowhere.pcap", "{}/out"), "no such file"),
        ((CALL, "{}/out", "--port", "SIP=5070"), "needs --split-ports"),
        ((CALL, "{}/out", "--split-ports", "--port", "MSRP=5070"), "not of the form SIP=5060"),
        ((CALL, "{}/out", "--split-ports", "--port", "SIP=6060", "--port", "stun=6060"), "SIP and STUN would both go"),
        ((CALL, "{}/out", "--split-ports", "--port", "SIP=3478"), "SIP and STUN would both go to 3478"),
        ((CALL, "{}/out", "--split-ports", "--port", "RTP=5059"), "SIP and RTP would both go to 5060"),
        ((CALL, "{}/out", "--split-ports", "--port", "SIP=6060", "--port", "SIP=6061"), "to 6060 and to 6061"),
        ((CALL, "{}/out", "--keys", "{}/none"), "none: no such file"),
        ((CALL, "{}/out.pcap.GZ"), "nothing is compressed here; name"),
        ((CALL, "-", "--verify"), "name files"),
        ((CALL, "{}/out", "--long", "--compact"), "not allowed with"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = run("normalise", *(word.format(tmp_path) for word in words))
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and said in done.stderr.decode()
    assert os.listdir(tmp_path) == []
