"""Wireshark with the plugin agrees, and without it does not."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.cli import main
from dissectors.wireshark.plugin import Defaults
from dissectors.wireshark.tshark import NoWireshark, Tshark
from dissectors.wireshark.verify import verify
from tests.wireshark_variants import CALL, VARIANTS, payloads, records, write

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def test_wireshark_with_the_plugin_agrees_and_without_it_does_not(tshark: Tshark) -> None:
    rows = list(offline.rows([str(CALL)]))
    alone = verify(str(CALL), rows, tshark)
    assert alone.datagrams == len(payloads(CALL))
    assert alone.agreed < alone.datagrams
    assert sum(one.count for one in alone.differences) == alone.datagrams - alone.agreed
    # Wireshark 3.4 and 3.6 find the media by themselves.
    assert alone.differences[0].ours == ("RTP" if tshark.version >= (4, 0, 0) else "STUN")
    if tshark.silent_as_root:
        with pytest.raises(NoWireshark, match="as a user"):
            verify(str(CALL), rows, tshark, Defaults())
        return
    helped = verify(str(CALL), rows, tshark, Defaults())
    assert helped.agreed == helped.datagrams == alone.datagrams


def test_what_was_captured_in_part_is_told_apart(
    tshark: Tshark, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if tshark.silent_as_root:
        pytest.skip("as root, this Wireshark skips the plugin")
    path = write(home / "cut.pcap", VARIANTS["snaplen 60"](records(CALL)))
    assert main(["verify", "--plugin", str(path)]) == 0
    said = capsys.readouterr().out
    assert re.search("agrees on 2,22[0-9] of 2,242 datagrams", said)
    assert re.search("[0-9]+ of these are cut in the capture", said)
    assert "Lua" not in said


def test_errors_of_lua_are_told_with_their_frames(
    tshark: Tshark, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if tshark.silent_as_root:
        pytest.skip("as root, this Wireshark skips the plugin")
    broken = "local mine = Proto('mux', 'm'); mine.prefs.ports = Pref.range('p', '16402', '', 65535);"
    broken += "mine.prefs.signalling_ports = Pref.range('s', '5060', '', 65535);"
    broken += "function mine.dissector() error('no such thing') end;"
    broken += "DissectorTable.get('udp.port'):add(16402, mine)"
    monkeypatch.setattr("dissectors.wireshark.verify.render", lambda plugin: broken)
    path = write(home / "call.pcap", VARIANTS["as they are"](records(CALL)[:10]))
    assert main(["verify", "--plugin", str(path)]) == 0
    assert "Lua had an error in 10 frames: 1, 2, 3, 4, 5, 6, 7, 8, …" in capsys.readouterr().out


def test_verify_shows_the_differences_with_their_frames(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(CALL)]) == 0
    said = capsys.readouterr().out
    assert "datagrams" in said and "first frames" in said
    assert main(["verify", "/nowhere.pcap"]) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands before tshark")
def test_a_tshark_that_has_told_everything_is_left_to_end_by_itself(
    tshark: Tshark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ends while it is killed loses its exit status, and asyncio complains about an unknown child."""
    slow = tmp_path / "tshark"
    slow.write_text(f'#!/bin/sh\n"{tshark.path}" "$@"\nexec >&-\nsleep 0.5\n', encoding="utf-8")
    slow.chmod(0o755)
    killed: list[int] = []
    monkeypatch.setattr("asyncio.subprocess.Process.kill", lambda process: killed.append(process.pid))
    assert verify(str(CALL), offline.rows([str(CALL)]), Tshark(str(slow), tshark.version)).datagrams
    assert killed == []


def test_a_capture_without_udp_is_compared_like_any_other(
    tshark: Tshark, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arp = bytes(12) + b"\x08\x06" + bytes(46)
    head = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
    capture = tmp_path / "arp.pcap"
    capture.write_bytes(head + bytes(8) + len(arp).to_bytes(4, "little") * 2 + arp)
    told = verify(str(capture), offline.rows([str(capture)]), tshark)
    assert (told.datagrams, told.agreed, told.missing) == (0, 0, 0)
    assert main(["verify", "--plugin", str(capture)]) == 0
    assert capsys.readouterr().out == "The capture has no UDP datagrams to compare.\n"
