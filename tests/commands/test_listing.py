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
        ("cut", octets[:5000], "the capture ends within a record, at octet "),
        ("bad", octets[:24] + b"\xff" * 16, "the capture is damaged at octet 24: "),
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
