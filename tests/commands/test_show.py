"""`muxshark show`: a message as it was sent, and what it says of other frames; a file alone is analysed."""

from __future__ import annotations

import json

import pytest

from tests.command_line import CALL, MUX, run


def invite() -> dict[str, object]:
    """The first INVITE of the sample as `analyze` tells it."""
    call = json.loads(run("analyze", "--json", CALL).stdout)["calls"][0]
    message: dict[str, object] = next(each for each in call["messages"] if each["method"] == "INVITE")
    return message


def test_a_message_is_shown_as_it_was_sent_with_its_body_inflated() -> None:
    told = invite()
    frame = str(told["place"]["frame"])  # type: ignore[index]
    shown = run("show", CALL, frame)
    lines = shown.stdout.decode().split("\n")
    assert lines[0].startswith("INVITE ") and lines[0].endswith(" SIP/2.0")
    body = str(told["body"]["text"]).replace("\r\n", "\n").rstrip("\n")  # type: ignore[index]
    assert "\n".join(lines[lines.index("") + 1 :]).rstrip("\n") == body
    assert b"inflated (complete)" in shown.stderr
    assert run("show", "--sdp", CALL, frame).stdout.decode().rstrip("\n") == body
    assert run("show", "--body", CALL, frame).stdout.decode().rstrip("\n") == body


def test_octets_are_shown_as_they_are() -> None:
    frame = str(invite()["place"]["frame"])  # type: ignore[index]
    raw = run("show", "--raw", CALL, frame).stdout
    assert raw.startswith(b"INVITE ") and len(raw) == invite()["length"]
    assert run("show", "--hex", CALL, frame).stdout.startswith(b"0000  49 4e 56 49 54 45")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sdp", CALL, "1"), b"frame 1 is no SIP message, so it has no body"),
        ((CALL, "99999"), b"frame 99999: the capture has"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(words: tuple[str, ...], said: bytes) -> None:
    refused = run("show", *words)
    assert refused.returncode == 2 and said in refused.stderr and refused.stderr.count(b"\n") == 1


def test_another_protocol_is_shown_by_its_fields() -> None:
    assert run("show", MUX, "1").stdout.split(b"\n", 1)[0].split(b":")[0] in (b"STUN", b"SIP", b"RTP")


def test_a_file_alone_is_analysed_and_the_words_of_other_tools_are_understood() -> None:
    assert run(CALL).stdout == run("analyze", CALL).stdout
    assert run("nofile.pcap").stderr == b"muxshark: nofile.pcap: no such file\n"
    assert run("version").stdout == run("-V").stdout == run("--version").stdout
    assert run("help", "show").stdout == run("show", "--help").stdout
    assert run("help").stdout == run("--help").stdout
