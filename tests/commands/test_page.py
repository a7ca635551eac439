"""`muxshark analyze --html`: one file, from a real capture, with the messages as they were sent."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from dissectors.cli import main
from dissectors.commands.page import command
from dissectors.outputs.formats import FORMATS
from tests.command_line import CALL


def written(folder: Path, *words: str) -> str:
    path = folder / "call.html"
    path.unlink(missing_ok=True)
    assert main(["analyze", "--html", str(path), *words]) == 0
    return path.read_text(encoding="utf-8")


def test_a_call_becomes_one_small_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = written(tmp_path, CALL)
    assert capsys.readouterr().out == "" and len(text.encode()) < 300_000
    assert text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n")
    assert "one call, talked 22.2 s" in text
    assert "INVITE sip:user@192.168.231.100:16402 SIP/2.0\nv: SIP/2.0/UDP" in text, "as it was sent"
    assert "a=rtpID:3189937293" in text and "0000  49 4e 56 49 54 45" in text, "inflated, and its bytes"
    assert hashlib.sha256(Path(CALL).read_bytes()).hexdigest() in text
    assert "muxshark analyze --html call.html facetime-2013.pcap" in text and str(tmp_path) not in text


def test_the_ending_of_a_file_makes_a_page_too(tmp_path: Path) -> None:
    path = tmp_path / "call.html"
    assert main(["analyze", "-o", str(path), CALL]) == 0
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("more", [["-o", "x.txt"], ["--json"]])
def test_what_does_not_fit_together_is_refused(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "call.html"
    assert main(["analyze", "--html", str(path), *more, CALL]) == 2
    assert capsys.readouterr().err.count("\n") == 1 and not path.exists()


def test_without_the_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(FORMATS["html"], "needs", ("no_such_library", "html"))
    assert main(["analyze", "--html", str(tmp_path / "call.html"), CALL]) == 2
    said = capsys.readouterr().err
    assert "a report in HTML needs the package no_such_library: pip install 'muxshark[html]'" in said
    assert said.count("\n") == 1 and not list(tmp_path.iterdir())


def test_the_command_names_files_without_their_folders(tmp_path: Path) -> None:
    path = tmp_path / "a b.pcap"
    path.touch()
    assert command(["analyze", str(path), "-Y", "user==x/y"]) == "muxshark analyze 'a b.pcap' -Y user==x/y"


def test_secrets_are_masked_unless_they_are_asked_for(tmp_path: Path) -> None:
    from tests.made import frame
    from tests.stories import A, B

    octets = (
        b"INVITE sip:b@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKx\r\n"
        b"From: <sip:a@example.org>;tag=1\r\nTo: <sip:b@example.org>\r\n"
        b"Call-ID: c@a\r\nCSeq: 1 INVITE\r\nAuthorization: Basic c2VjcmV0OnNlY3JldA==\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    whole = frame(A, B, octets)
    capture = tmp_path / "one.pcap"
    head = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
    capture.write_bytes(head + bytes(8) + len(whole).to_bytes(4, "little") * 2 + whole)
    assert "c2VjcmV0OnNlY3JldA" not in written(tmp_path, str(capture))
    assert "c2VjcmV0OnNlY3JldA" in written(tmp_path, "--secrets", str(capture))


def test_an_output_that_exists_is_kept_without_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option, name in (("--html", "call.html"), ("-o", "call.txt")):
        path = tmp_path / name
        path.write_text("mine", encoding="utf-8")
        assert main(["analyze", option, str(path), CALL]) == 2
        assert capsys.readouterr().err == f"muxshark: {path}: exists; --force replaces it\n"
        assert path.read_text(encoding="utf-8") == "mine"
        assert main(["analyze", option, str(path), "--force", CALL]) == 0
        assert "alice" in path.read_text(encoding="utf-8") or "FaceTime" in path.read_text(encoding="utf-8")
