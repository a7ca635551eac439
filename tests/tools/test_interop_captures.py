"""The checks of rewritten captures: what Kamailio logs, what is left of names, which captures are drawn."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest

from tests import captures
from tests.command_line import ROOT
from tests.stories import GOOD
from tools.interop.sessions import gzcompress, left_over, rewriting, same_findings


def test_bodies_that_kamailio_logs_are_those_of_the_capture() -> None:
    said = [each.body.octets for each in gzcompress.messages(ROOT / "pcaps" / "facetime-2013.pcap") if each.raw_body]
    assert len(said) == 3 and said[0].startswith(b"v=0\r\n")
    text, size = gzcompress.digest(said[0])
    log = f" 1(10) ALERT: <script>: seen {text} {size}\n 1(10) ERROR: gzcompress: seen nothing"
    assert gzcompress.SEEN.findall(log) == [(text, str(size))]


def test_what_is_left_of_a_name_is_found_in_any_encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(captures.story(tmp_path / "in", GOOD))
    (tmp_path / "clean").mkdir()
    found = left_over.left_over(path, tmp_path / "clean", 1)
    assert found.values >= 3 and not found.left and not found.words
    name = "aliceliddell"
    for octets in (name.encode().hex().encode(), name[::-1].encode(), base64.b64encode(b"xx" + name.encode())):
        assert any(each in octets for each in left_over.encodings(name))
    assert bytes.fromhex("e112a643") in left_over.addresses(bytes((192, 0, 2, 1)))
    assert left_over.holds(b"a 192.0.2.1;", b"192.0.2.1") and not left_over.holds(b"a 192.0.2.11", b"192.0.2.1")
    words = (b"alice", b"AKINVITE", b"4ATcQN", b"220521122431Z", b"z9hG4bKalice1", b"telephone", b"000000000000")
    assert [word for word in words if not left_over.is_plain(word)] == [b"alice"]
    assert left_over.is_telling(b"\x00\x21\x9b\x01\x02\x03") and not left_over.is_telling(b"\x0a\0\0\1")
    assert not left_over.is_telling(b"Via: S")
    # What is written anew keeps everything: all that was a name is left.
    monkeypatch.setattr(left_over, "anonymise", lambda path, out, *_, **__: shutil.copyfile(path, out))
    assert left_over.left_over(path, tmp_path / "clean", 1).words == {"z9hG4bKINVITE1"}


def test_captures_are_drawn_by_a_seed_each_content_once(tmp_path: Path) -> None:
    for number in range(6):
        captures.story(tmp_path / f"{number}.pcap", GOOD[: 2 + number // 2])
    (tmp_path / "notes.txt").write_text("no capture")
    one, two = (rewriting.drawn([tmp_path], seed) for seed in (1, 1))
    assert one == two and len(one) == 3 and {path.suffix for path in one} == {".pcap"}


def test_findings_that_come_and_go_under_other_names_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captures.story(tmp_path / "in.pcap", GOOD)
    rows, lines = rewriting.run([tmp_path / "in.pcap"], 1, 1, ["findings"])
    assert not lines and (rows[-1].theirs, rows[-1].ours) == ("1", "1") and all(row.agrees for row in rows)
    other = captures.story(tmp_path / "other", [each for each in GOOD if each[1] != GOOD[0][1]])
    monkeypatch.setattr(same_findings, "anonymise", lambda path, out, *_, **__: shutil.copyfile(other, out))
    rows, lines = rewriting.run([tmp_path / "in.pcap"], 1, 1, ["findings"])
    assert not rows[-1].agrees and any(line.endswith("under other names: in.pcap") for line in lines)
