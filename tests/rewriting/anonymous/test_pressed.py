"""Keys that were pressed become other ones, and the findings on them stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors import offline
from dissectors.protocols import dtmf
from dissectors.rewriting.anonymous import pressed
from dissectors.rewriting.anonymous.messages import Anonymiser, Wanted
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from tests import captures
from tests.rewriting.anonymous.test_capture import done
from tests.rewriting.anonymous.test_capture_twins import both
from tests.stories import A, B, Story, description, dialled, hung_up, rtp, talk

NAMES = Anonymiser(Pseudonyms(b"one key"), Wanted()).names
EVENTS = "a=rtpmap:101 telephone-event/8000"
TOLD = (1, 9, 1, 11)
W = NAMES.pseudonyms.word


def call(payload_type: int = 101) -> Story:
    """A call in which keys are pressed, each told by three packets and three that end it."""
    told = []
    for number, digit in enumerate(TOLD):
        for packet in range(6):
            end = 0x80 if packet > 2 else 0
            told.append((3000 + 400.0 * number + 20 * packet, A, B, rtp(
                600 + number * 6 + packet, 77, payload_type, 9000 * number,
                bytes((digit, end | 10)) + (160 * (packet + 1)).to_bytes(2, "big"))))
    lines = description(*A, EVENTS, media="RTP/AVP 0 101"), description(*B, EVENTS, media="RTP/AVP 0 101")
    return [*dialled(*lines), *talk(ssrc=78, src=B, dst=A), *talk(seconds=1.9), *told, *hung_up()]


def test_events_have_other_digits_and_are_told_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = captures.story(tmp_path / "in", call())
    both(path, tmp_path, monkeypatch)
    before, after = offline.analyze([path]), offline.analyze([str(tmp_path / "out")])
    digits = [[each.digit for stream in report.streams for each in stream.digits] for report in (before, after)]
    assert digits[0] == ["1", "9", "1", "#"]
    assert digits[1] == [W("1"), W("9"), W("1"), "#"] and digits[1][:2] != digits[0][:2]
    assert [each.id for each in after.findings] == [each.id for each in before.findings]


def test_events_that_nobody_named_have_other_digits(tmp_path: Path) -> None:
    path = captures.story(tmp_path / "in", [each for each in call(96) if each[1] == A and each[3][1] & 0x7F in (0, 96)])
    done(path, tmp_path / "out")
    (stream,) = offline.analyze([str(tmp_path / "out")]).streams
    assert [each.digit for each in stream.digits] == [W("1"), W("9"), W("1"), "#"]


@pytest.mark.parametrize(("text", "told"), [
    ("Signal=5\r\nDuration=160\r\n", f"Signal={W('5')}\r\nDuration=160\r\n"),
    ("Signal= 11\r\n", "Signal= 11\r\n"), ("Signal=*\n", "Signal=*\n"), ("d=digits=42", f"d=digits={W('4')}{W('2')}"),
    ("7", W("7")), ("flash", "flash"), ("12@200", f"{W('1')}{W('2')}@200"),
])
def test_bodies_of_info_tell_other_digits(text: str, told: str) -> None:
    assert pressed.body(text, NAMES) == told
    kinds = [dtmf.keys("application/dtmf-relay", each) for each in (text, told)]
    assert [len(each) for each in kinds] == [len(kinds[0])] * 2


@pytest.mark.parametrize("text", ["alicewonder", "Signal=alicewonder\r\n", "Signal=5\r\nName=alicewonder"])
def test_what_is_no_key_is_a_name(text: str) -> None:
    assert "alice" not in pressed.body(text, NAMES) and len(pressed.body(text, NAMES)) == len(text)
