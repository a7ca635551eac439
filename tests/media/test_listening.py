"""`--audio`: what is wrong with the sound of a call, each at its moment, and what is near to it and is not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.crypto.secrets import Secrets
from dissectors.media import listening
from dissectors.report import Finding, Report
from dissectors.sources.capture import merge, open_capture
from tests import captures
from tests.protected import master
from tests.sounds import call, dialogue, voice
from tests.stories import Story

QUIET = [0] * 8000
KEYS = master("AES_CM_128_HMAC_SHA1_80", 1), master("AES_CM_128_HMAC_SHA1_80", 2)


def listened(tmp_path: Path, story: Story) -> tuple[Report, dict[str, Finding]]:
    """The report on a story with its sound, and what was found in that by its id."""
    path, given = captures.story(tmp_path / "in.pcap", story), Secrets()
    report = offline.analyze([path], keys=given, verify=False)
    with ExitStack() as stack:
        records = merge([stack.enter_context(open_capture(path))])
        found, _ = listening.listen(report, given, records, stack)
        heard = listening.heard(report, found)
    return heard, {each.id: each for each in heard.findings if each.id.startswith("audio-")}


def loud(factor: float, seconds: float = 6) -> list[int]:
    """A voice that is so much too loud, cut off at the loudest value."""
    return [max(-32124, min(32124, int(factor * value))) for value in voice(seconds, 20000)]


def late(values: list[int], samples: int, factor: float, beside: list[int]) -> list[int]:
    """What comes back of some samples, later and quieter, beside something else."""
    return [int(one + factor * two) for one, two in zip(beside, [*[0] * samples, *values], strict=False)]


def test_a_good_call_has_levels_and_no_finding(tmp_path: Path) -> None:
    report, found = listened(tmp_path, dialogue(voice(6), voice(6, seed=2)))
    assert not found
    one, two = (stream.heard for stream in report.streams)
    assert one is not None and two is not None
    assert one.level is not None and -30 < one.level < -15 and one.seconds == 6.0 and 2 < one.active < 6
    assert not one.clipped and one.packets == 300 and one.echo is None


def test_what_is_cut_off_is_clipped_and_what_is_loud_is_not(tmp_path: Path) -> None:
    report, found = listened(tmp_path, dialogue([*QUIET, *loud(2.5)], voice(7, seed=2)))
    clipped = found.pop("audio-clipped")
    assert not found and clipped.stream == 0 and clipped.severity == "warning" and "peak -0.2 dBov" in clipped.what
    heard = report.streams[0].heard
    assert heard is not None and clipped.time == heard.clipped_time and clipped.places == (heard.clipped_place,)
    assert clipped.time is not None and clipped.time - report.streams[0].first >= 1.0
    assert not listened(tmp_path, dialogue(loud(1.0), voice(6, seed=2)))[1]
    low = [int(31500 * ((at % 80) - 40) / 40 if at % 160 < 80 else 31500 * (40 - at % 80) / 40) for at in range(48000)]
    assert "audio-clipped" not in listened(tmp_path, dialogue(low, voice(6, seed=2)))[1]


def test_a_side_that_sends_nothing_but_silence_is_found(tmp_path: Path) -> None:
    _, found = listened(tmp_path, dialogue([0] * 48000, voice(6)))
    silent = found.pop("audio-silent")
    assert not found and silent.stream == 0 and "6.0 s of silence" in silent.what


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [([0] * 40000 + voice(1), voice(6)), ([0] * 48000, [0] * 48000), ([0] * 24000, voice(3))],
    ids=["muted for some time", "both are silent", "too short"],
)
def test_silence_that_means_little_is_none(tmp_path: Path, ours: list[int], theirs: list[int]) -> None:
    assert "audio-silent" not in listened(tmp_path, dialogue(ours, theirs))[1]


def test_a_call_on_hold_may_be_silent(tmp_path: Path) -> None:
    story = dialogue([0] * 48000, voice(6))
    held = [(time, src, dst, octets.replace(b"m=audio 16402 RTP/AVP 0", b"m=audio 16402 RTP/AVP 0\r\na=sendonly"))
            for time, src, dst, octets in story]
    held = [(time, src, dst, octets.replace(b"Content-Length: ", b"X-Length: ")) for time, src, dst, octets in held]
    assert "audio-silent" not in listened(tmp_path, held)[1]


def test_what_is_quiet_by_itself_or_beside_the_other_side_is_found(tmp_path: Path) -> None:
    _, found = listened(tmp_path, dialogue(voice(20, 700), voice(20, seed=2)))
    assert set(found) == {"audio-quiet"} and "the other side is 2" in found["audio-quiet"].what
    assert not listened(tmp_path, dialogue(voice(20, 2500), voice(20, seed=2)))[1]
    assert not listened(tmp_path, dialogue(voice(20, 1500), voice(20, 1500, seed=2)))[1]


def test_what_comes_back_later_and_quieter_is_an_echo(tmp_path: Path) -> None:
    said = voice(40)
    report, found = listened(tmp_path, dialogue(said, late(said, 960, 0.2, [0] * 320_000)))
    echo = found.pop("audio-echo")
    assert not found and echo.stream == 1 and "comes back after 120 ms, 14 dB quieter" in echo.what
    heard = report.streams[1].heard
    assert heard is not None and heard.echo is not None and echo.time == heard.echo.time
    assert heard.echo.windows >= 3 and heard.echo.likeness > 0.9 and report.streams[0].heard.echo is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: voice(40), lambda: voice(40, seed=2)),
        (lambda: voice(40), lambda: late(voice(40), 960, 1.0, [0] * 320_000)),
        (lambda: voice(40), lambda: late(voice(40), 80, 0.2, [0] * 320_000)),
        (lambda: [int(9000 * (at % 18 - 9) / 9) for at in range(320_000)],
         lambda: [int(1800 * (at % 18 - 9) / 9) for at in range(320_000)]),
    ],
    ids=["two voices", "one recording twice", "too soon to hear", "one tone"],
)
def test_what_is_alike_is_no_echo(
    tmp_path: Path, ours: Callable[[], list[int]], theirs: Callable[[], list[int]]
) -> None:
    assert "audio-echo" not in listened(tmp_path, dialogue(ours(), theirs()))[1]


def test_what_is_encrypted_is_heard_with_keys_alone(tmp_path: Path) -> None:
    report, found = listened(tmp_path, call(KEYS))
    assert not found and all(stream.heard is not None and stream.heard.level for stream in report.streams)
    sealed = [one for one in call(KEYS) if b"SIP/2.0" not in one[3]]
    report, _ = listened(tmp_path, sealed)
    assert all(stream.heard is None for stream in report.streams)


def test_many_calls_are_not_all_listened_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MAX_CALLS", 0)
    path = captures.story(tmp_path / "in.pcap", call())
    report = offline.analyze([path])
    with ExitStack() as stack:
        found, notes = listening.listen(report, Secrets(), iter(()), stack)
    assert not found and notes == ["1 more calls are not listened to; name one with --call"]


def test_a_stream_that_is_too_long_is_said_to_be_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dissectors.media.track.MAX_SAMPLES", 20_000)
    path = captures.story(tmp_path / "in.pcap", dialogue(voice(6), voice(1, seed=2)))
    report = offline.analyze([path], verify=False)
    with ExitStack() as stack:
        records = merge([stack.enter_context(open_capture(path))])
        _, notes = listening.listen(report, Secrets(), records, stack)
    assert [note for note in notes if "too long" in note] == ["stream 1: it is too long to be listened to"]


def test_what_comes_too_late_for_a_jitter_buffer_counts_in_the_score(tmp_path: Path) -> None:
    story = dialogue(voice(6), voice(6, seed=2))
    ours = [number for number, one in enumerate(story) if one[3][0] == 0x80 and one[3][8:12] == b"\0\0\0M"]
    held = {number for number in ours[100:150]}
    late = [(time + 70 * (number in held), *rest) for number, (time, *rest) in enumerate(story)]
    before, _ = listened(tmp_path, story)
    report, found = listened(tmp_path, late)
    assert not found
    one, two = ((each.quality, each.heard) for each in report.streams)
    assert before.streams[0].heard is not None and before.streams[0].heard.late == 0
    assert one[1] is not None and one[1].late == 50 and one[1].late_runs == 4
    assert one[0] is not None and one[0].mos is not None and before.streams[0].quality is not None
    assert one[0].mos < 2 < 4 < (before.streams[0].quality.mos or 0)
    assert "50 packets too late for a jitter buffer of 60 ms, 16.67 % loss" in one[0].basis
    assert two[0] == before.streams[1].quality and two[1] is not None and two[1].late == 0
