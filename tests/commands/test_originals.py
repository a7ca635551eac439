"""The messages of a capture as they were written: bounded, masked, whatever the protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors import offline
from dissectors.commands import originals
from dissectors.commands.originals import Originals
from dissectors.report import Place
from dissectors.wire.inflate import LIMITS
from tests.captures import pcap
from tests.made import A, B, frame, sip

BAD_DAY = Path(__file__).resolve().parents[2] / "pcaps" / "bad-day.pcap"


def held(secrets: bool = False, path: Path = BAD_DAY) -> Originals:
    kept = Originals(LIMITS, secrets)
    for _ in offline.growing_reports([str(path)], due=lambda: False, taken=kept.take):
        pass
    return kept


def test_a_message_is_there_by_its_frame_and_media_are_not() -> None:
    kept = held()
    assert kept.written(Place(0, 508))[0].startswith("INVITE ") and not kept.written(Place(0, 513))


def test_what_is_held_is_bounded_and_the_last_messages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "MAX_HELD_FRAMES", 3)
    kept = held()
    report = offline.analyze([str(BAD_DAY)])
    frames = sorted(message.place.frame for call in report.calls for message in call.messages)
    there = [frame for frame in frames if kept.written(Place(0, frame))]
    assert there == frames[-3:]


def test_passwords_are_masked_unless_they_are_asked_for(tmp_path: Path) -> None:
    answer = 'Authorization: Digest username="alice", response="0123456789abcdef0123456789abcdef"'
    headers = ("Call-ID: 1", "From: <sip:a@b>;tag=1", "To: <sip:a@b>", "CSeq: 1 REGISTER", answer)
    path = tmp_path / "register.pcap"
    pcap(path, [(1.0, frame(A, B, sip("REGISTER sip:b SIP/2.0", *headers)))])
    for secrets in (False, True):
        kept = held(secrets, path)
        assert ("0123456789abcdef" in "\n".join(kept.written(Place(0, 1)))) is secrets
