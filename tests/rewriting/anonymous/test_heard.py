"""What is known of each datagram, in the order in which frames come again."""

from __future__ import annotations

from pathlib import Path

from dissectors.rewriting.anonymous.heard import Heard, Verdict, hear
from dissectors.wire.link.frames import Frames
from tests import captures
from tests.stories import GOOD, SERVER, A, B, C, asked, sender_report, talk


def verdicts(heard: Heard, path: str) -> list[str]:
    frames, found = Frames(), []
    for record in captures.records(path):
        udps = frames.udp(record)
        one = heard.of(record.frame, udps, len(udps) - 1)
        found.append(one.protocol if one is not None else "")
    return found


def test_every_datagram_has_the_verdict_of_the_analysis(tmp_path: Path) -> None:
    told = [*GOOD, *asked(900), sender_report(5000), (6000.0, A, B, b"nothing that is known")]
    heard = hear(captures.story(tmp_path / "in", told), lambda entry: None)
    found = verdicts(heard, str(tmp_path / "in"))
    assert {name: found.count(name) for name in set(found)} == {
        "SIP": 6, "RTP": len(GOOD) - 6, "STUN": len(asked(900)), "RTCP": 1, "": 1}
    assert not any(heard.streams.values()) and len(heard.streams) == 2


def test_verdicts_are_held_in_order_whenever_they_come(tmp_path: Path) -> None:
    # Classic STUN waits for its answer.
    old = (800.0, A, SERVER, b"\0\1\0\0" + bytes(range(16))), (2500.0, SERVER, A, b"\1\1\0\0" + bytes(range(16)))
    frames: list[int] = []
    heard = hear(captures.story(tmp_path / "in", [*GOOD, *old, *asked(900)]), lambda entry: frames.append(entry.frame))
    assert list(heard.others) == sorted(heard.others) and len(heard.others) > 6
    assert frames != sorted(frames)


def test_media_that_no_stream_is_made_of_are_nothing(tmp_path: Path) -> None:
    path = captures.story(tmp_path / "in", [*GOOD, *talk(C, SERVER, 555)[:1]])
    assert verdicts(hear(path, lambda entry: None), path).count("") == 1


def test_of_packets_in_one_frame_all_must_be_alike(tmp_path: Path) -> None:
    path = captures.story(tmp_path / "in", [*GOOD, *asked(900)])
    heard, frames = hear(path, lambda entry: None), Frames()
    for record in captures.records(path):
        (udp,) = frames.udp(record)
        first = heard.of(record.frame, [udp], 0)
        assert first is not None
        alone = first.protocol != "RTP"
        assert heard.of(record.frame, [udp, udp], 1) == (None if alone else Verdict("RTP", False))


def test_media_that_look_like_rtcp_are_those_of_their_stream(tmp_path: Path) -> None:
    told = [*GOOD, *talk(C, SERVER, 99, payload_type=96)]
    marked = [(time, src, dst, payload[:1] + b"\xc8" + payload[2:] if src == C and n % 40 == 0 else payload)
              for n, (time, src, dst, payload) in enumerate(told)]
    path = captures.story(tmp_path / "in", marked)
    found = verdicts(hear(path, lambda entry: None), path)
    assert "" not in found and found.count("RTCP") < 3
