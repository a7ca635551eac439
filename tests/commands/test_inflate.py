"""`muxshark inflate`: the text, and what was found around it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dissectors.wire.inflate import deflate
from tests.command_line import CALL, SDP, on_a_terminal, run


def test_inflate_gives_the_text_and_says_what_was_found(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(deflate(SDP, "deflate"))
    done = run("inflate", str(body), "--label", "gzip")
    assert done.returncode == 0 and done.stdout == SDP
    said = done.stderr.decode().splitlines()
    assert said[0] == f"muxshark: zlib, {body.stat().st_size} → 10 bytes, complete, labelled gzip"
    assert any("the label says gzip" in line for line in said[1:])


@pytest.mark.parametrize(
    ("body", "status", "text"), [(SDP, 0, SDP), (deflate(SDP * 9, "deflate")[:20], 2, None), (b"", 0, b"")]
)
def test_inflate_reads_a_pipe_and_tells_whole_bodies_from_broken_ones(
    body: bytes, status: int, text: bytes | None
) -> None:
    done = run("inflate", "-", input=body)
    assert done.returncode == status and (text is None or done.stdout == text)


def test_inflate_shows_control_characters_on_a_terminal() -> None:
    assert b"\x1b" not in on_a_terminal(["inflate", "-"], deflate(b"v=0\r\ns=\x1b[2J\r\n", "deflate"))


def test_a_capture_is_no_body_also_within_gzip(tmp_path: Path) -> None:
    packed = tmp_path / "call.pcap.gz"
    packed.write_bytes(gzip.compress(Path(CALL).read_bytes()))
    for path in (CALL, str(packed)):
        done = run("inflate", path)
        assert done.returncode == 2 and done.stdout == b"" and b"is a capture, not a body" in done.stderr
