"""`muxshark list`: a line a datagram."""

from __future__ import annotations

from pathlib import Path

from tests.command_line import CALL, MUX, on_a_terminal, run


def test_list_prints_one_line_a_datagram() -> None:
    lines = run("list", CALL).stdout.decode().splitlines()
    assert len(lines) == 2242 and " SIP " in lines[4] and "INVITE" in lines[4]


def test_list_says_at_its_end_that_a_capture_is_cut_or_damaged(tmp_path: Path) -> None:
    octets = Path(CALL).read_bytes()
    for name, kept, said in (
        ("cut", octets[:5000], "the capture ends within a record, at byte "),
        ("bad", octets[:24] + b"\xff" * 16, "the capture is damaged at byte 24: "),
    ):
        (tmp_path / name).write_bytes(kept)
        done = run("list", str(tmp_path / name))
        assert done.returncode == 0 and done.stderr.decode().startswith(f"muxshark: {tmp_path / name}: {said}")
        assert done.stderr.count(b"\n") == 1 and run("list", CALL).stderr == b""


def test_list_names_the_file_where_there_are_several() -> None:
    lines = run("list", CALL, MUX).stdout.decode().splitlines()
    assert {line.split()[0] for line in lines} == {"facetime-2013.pcap", "rfc7983.pcap"}
    with_folders = run("list", CALL, CALL).stdout.decode().splitlines()
    assert {line.split()[0] for line in with_folders} == {CALL}


def test_a_listing_on_a_terminal_is_one_row_a_datagram() -> None:
    lines = on_a_terminal(["list", CALL]).decode().splitlines()
    assert len(lines) == 2242 and max(map(len, lines)) <= 80


def test_a_filter_on_the_sample_prints_exactly_one_line_into_a_pipe() -> None:
    (line,) = run("list", "-Y", "method==INVITE", CALL).stdout.decode().splitlines()
    assert line.split()[:2] == ["5", "0.151156"]


def test_list_shows_the_call_that_was_named_at_the_time_that_was_asked_for() -> None:
    asked = ("--call", "3fc5", "-Y", "protocol==SIP", "--time", "2..2.811")
    (line,) = run("list", *asked, CALL).stdout.decode().splitlines()
    assert "200 OK" in line
    done = run("list", "--call", "9", CALL)
    assert done.returncode == 2 and b"no call '9'; there are 1 (3fc5" in done.stderr
    piped = run("list", "-Y", "call==1", "-", input=b"")
    assert piped.returncode == 2 and b"reads the capture twice" in piped.stderr


def test_list_shows_times_in_the_clock_that_was_asked_for() -> None:
    first = run("list", "--clock", "utc", CALL).stdout.decode().splitlines()[0]
    assert first.split()[1:3] == ["2013-09-12", "15:33:20.002"]
    local = run("list", "--clock", "local", "--time", "17:33:40", CALL, TZ="Europe/Berlin").stdout.decode().splitlines()
    assert {line.split()[2][:8] for line in local} == {"17:33:40"}
