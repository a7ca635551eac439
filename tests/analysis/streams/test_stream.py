"""What a stream lost, doubled and delayed, counted exactly, and its course over time."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stories import A, B, Story, impaired, only, report, rtp, talk


@pytest.mark.parametrize("loss", [0, 0.01, 0.05, 0.1, 0.2, 0.3])
def test_loss_is_counted_exactly_over_wraps(loss: float) -> None:
    story, lost = impaired(7, loss)
    stream = only(story)
    assert (stream.packets, stream.lost, stream.duplicates) == (len(story), lost, 0)
    assert stream.lost_fraction == pytest.approx(lost / (lost + len(story)))


@pytest.mark.parametrize("seed", range(5))
def test_runs_of_losses_are_counted_exactly_whatever_the_order(seed: int) -> None:
    dice = random.Random(seed)
    story = talk(seconds=40)
    gone: set[int] = set()
    for _ in range(25):
        start = dice.randrange(5, len(story) - 60)
        gone |= set(range(start, start + dice.randrange(1, 12)))
    runs = [n for n in sorted(gone) if n - 1 not in gone]
    longest = max(next(k for k in range(1, 100) if n + k not in gone) for n in runs)
    kept = [told for n, told in enumerate(story) if n not in gone]
    mixed: Story = []
    late = 0
    for told in kept:
        swap = bool(mixed) and len(mixed) > 3 and dice.random() < 0.05 and late < len(mixed) - 2
        mixed.append(told)
        if swap:
            mixed[-1], mixed[-2] = mixed[-2], mixed[-1]
            late = len(mixed)
    ordered = [(kept[n][0], *told[1:]) for n, told in enumerate(mixed)]
    stream = only(ordered)
    assert stream.quality is not None
    assert (stream.lost, stream.quality.loss_runs, stream.quality.longest_loss_run) == (len(gone), len(runs), longest)


def test_reordered_and_duplicate_datagrams_are_counted_and_not_lost() -> None:
    story = talk(seconds=20)
    late = [(told[0] + 45, *told[1:]) if n % 100 == 50 else told for n, told in enumerate(story)]
    twice = [(told[0] + 1, *told[1:]) for n, told in enumerate(story) if n % 100 == 10]
    stream = only([*late, *twice])
    assert (stream.lost, stream.reordered, stream.duplicates) == (0, 10, 10)


@pytest.mark.parametrize("seed", range(8))
def test_losses_copies_and_late_datagrams_are_counted_exactly_together(seed: int) -> None:
    dice = random.Random(seed)
    share = dice.choice([0.0, 0.05, 0.15, 0.3])
    sent = talk(seconds=40, first=65_000, origin=0xFFFF_0000)
    kept = [told for n, told in enumerate(sent) if n in (0, len(sent) - 1) or dice.random() >= share]
    waits = [dice.choice([0, 0, 0, 0, 50, 110]) * (0 < n < len(kept) - 9) for n in range(len(kept))]
    late = [(told[0] + wait, *told[1:]) for told, wait in zip(kept, waits, strict=True)]
    copies = [(told[0] + 0.5, *told[1:]) for told in late if dice.random() < 0.03]
    arrived = sorted([*late, *copies], key=lambda told: told[0])
    highest, behind, seen = -1, 0, set()
    for _, _, _, octets in arrived:
        number = (int.from_bytes(octets[2:4], "big") - 65_000) % 65_536
        behind += number < highest and number not in seen
        seen.add(number)
        highest = max(highest, number)
    stream = only(arrived)
    told = (stream.packets, stream.lost, stream.duplicates, stream.reordered)
    assert told == (len(arrived), len(sent) - len(kept), len(copies), behind)


def test_a_change_of_ssrc_makes_two_streams_and_no_loss() -> None:
    story = [*talk(seconds=10), *talk(ssrc=99, start=11_020, first=30_000, origin=5, seconds=10)]
    assert [(stream.packets, stream.lost, stream.jitter_ms) for stream in report(story).streams] == [(500, 0, 0.0)] * 2


def test_jitter_is_what_tshark_says(tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    from pcaps.writer import Endpoint, Sent, write

    story, _ = impaired(5, 0.02, jitter=8, seconds=20, first=100, origin=0)
    path = tmp_path / "jitter.pcap"
    write(path, [Sent(int(t * 1000), Endpoint(*src), Endpoint(*dst), octets, "RTP") for t, src, dst, octets in story])
    ours = only([(int(t * 1000) / 1000, *rest) for t, *rest in story])
    done = subprocess.run(
        ["tshark", "-n", "-r", str(path), "-d", "udp.port==16402,rtp", "-q", "-z", "rtp,streams"],
        capture_output=True, text=True, check=True,
    )
    (row,) = [line.split() for line in done.stdout.splitlines() if "0x0000004D" in line]
    assert ours.jitter_ms is not None and ours.maximum_jitter_ms is not None
    numbers = [float(word) for word in row if re.fullmatch(r"\d+\.\d+", word)]
    assert any(abs(number - ours.maximum_jitter_ms) < 0.02 for number in numbers), (row, ours.maximum_jitter_ms)


def test_a_jump_of_the_timestamps_is_no_jitter() -> None:
    story = [*talk(seconds=4), *talk(start=5020, first=300, origin=2_000_000_000, seconds=4)]
    made = report(story)
    assert (made.streams[0].jitter_ms, made.streams[0].maximum_jitter_ms) == (0.0, 0.0)
    assert "timestamp-jump" in {each.id for each in made.findings}


def test_timestamps_that_follow_no_clock_have_no_jitter() -> None:
    dice = random.Random(2)
    good, count = talk(seconds=1, first=0), enumerate(talk(seconds=4, start=2020), 50)
    made = report([*good, *((told[0], A, B, rtp(n, 77, 0, dice.randrange(2**32))) for n, told in count)])
    assert made.streams[0].packets == 250
    assert made.streams[0].jitter_ms is None and made.streams[0].maximum_jitter_ms is None
    assert "stream-jitter" not in {each.id for each in made.findings}


def test_the_timeline_is_bounded_and_adds_up() -> None:
    stream = only(talk(seconds=300, lost=lambda n: n % 10 == 5))
    assert 15 <= len(stream.timeline) <= 32
    times = [moment.time for moment in stream.timeline]
    assert times == sorted(times) and stream.timeline[-1].packets <= stream.packets
    assert all(one.lost <= two.lost for one, two in zip(stream.timeline, stream.timeline[1:], strict=False))
    assert all(moment.jitter_ms is not None for moment in stream.timeline)
