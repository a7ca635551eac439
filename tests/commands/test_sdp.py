"""`muxshark sdp`: every offer and answer with its call."""

from __future__ import annotations

from tests.command_line import CALL, MUX, run


def test_every_offer_and_answer_is_printed_with_its_call_and_its_frame() -> None:
    text = run("sdp", CALL).stdout.decode()
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert [head.split(", ")[:2] for head in heads] == [["# call 1", "frame 5"], ["# call 1", "frame 8"]]
    assert "offer of the caller in INVITE" in heads[0] and "answer of the callee" in heads[1]
    assert text.count("v=0") == 2 and "a=rtpID:3189937293" in text and "\r" not in text


def test_one_call_can_be_asked_for_and_its_sdp_is_that_of_show() -> None:
    text = run("sdp", "--call", "1", "--clock", "utc", CALL).stdout.decode()
    assert text.split("\n\n")[0].partition("\n")[2] == run("show", "--sdp", CALL, "5").stdout.decode().rstrip("\n")
    assert "15:33:20.153" in text and run("sdp", "--call", "4", CALL).returncode == 2


def test_a_capture_without_any_says_so() -> None:
    done = run("sdp", "-Y", "callid==nowhere", MUX)
    assert done.returncode == 0 and done.stdout == b""
    assert done.stderr == b"muxshark: no offer and no answer was found\n"
