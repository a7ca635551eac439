"""Quality of streams with known impairments: loss, runs, order, jitter, drift, silence, clocks, MOS."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dissectors.analysis.streams.emodel import CODECS, G711_CONCEALED, burst_ratio, delay_impairment, mos, r_factor
from dissectors.findings.delivery import verdict
from dissectors.report import Stream
from tests.stories import A, B, Story, Told, description, dialled, receiver_report, report, rtp, sender_report, talk


def impaired(
    seed: int, loss: float = 0.0, *, jitter: float = 0.0, seconds: float = 60, first: int = 65_000,
    origin: int = 0xFFFF_0000, fast: float = 0.0, step: int = 160, payload_type: int = 0,
) -> tuple[Story, int]:
    """A stream whose sequence and timestamp wrap, with losses and delays by chance, and how many were lost."""
    dice = random.Random(seed)
    story = talk(
        seconds=seconds, first=first, origin=origin, fast=fast, step=step, payload_type=payload_type,
        delay=lambda n: abs(dice.gauss(0, jitter)) if jitter else 0.0,
    )
    kept = [told for place, told in enumerate(story) if place in (0, len(story) - 1) or dice.random() >= loss]
    return kept, len(story) - len(kept)


def only(story: Story) -> Stream:
    (stream,) = report(story).streams
    return stream


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


@pytest.mark.parametrize("fast", [-200, -50, 0, 50, 200])
@pytest.mark.parametrize("jitter", [0, 2, 4])
def test_drift_is_measured_within_five_parts_in_a_million(fast: float, jitter: float) -> None:
    story, _ = impaired(3, 0.05, jitter=jitter, fast=fast)
    timing = only(story).timing
    assert timing is not None and timing.drift_ppm is not None and timing.error_ppm is not None
    assert timing.drift_ppm == pytest.approx(fast, abs=5)
    assert timing.error_ppm < 10


@pytest.mark.parametrize("fast", [-200, 0, 37, 200])
@pytest.mark.parametrize(("payload_type", "step", "every"), [(0, 160, 20), (111, 960, 20), (106, 480, 30)])
@pytest.mark.parametrize(("jitter", "loss", "late"), [(8, 0.3, 0.0), (3, 0.1, 0.05), (15, 0.05, 0.0)])
def test_drift_is_seen_through_jitter_that_only_ever_delays(
    fast: float, payload_type: int, step: int, every: float, jitter: float, loss: float, late: float
) -> None:
    dice = random.Random(11)
    story = talk(
        payload_type=payload_type, step=step, every=every, seconds=60, fast=fast, first=65_000, origin=0xFFFF_0000,
        lost=lambda n: n > 3 and dice.random() < loss,
        delay=lambda n: abs(dice.gauss(0, jitter)) + 30 * (dice.random() < late),
    )
    timing = only(story).timing
    assert timing is not None and timing.drift_ppm == pytest.approx(fast, abs=5)
    assert timing.error_ppm is not None and timing.error_ppm < 5


def test_a_queue_that_delays_for_seconds_bends_no_drift() -> None:
    story = talk(seconds=60, fast=100, delay=lambda n: 80.0 if 2000 <= n < 2400 else 0.0)
    timing = only(story).timing
    assert timing is not None and timing.drift_ppm == pytest.approx(100, abs=5)


def test_drift_of_a_long_stream_is_kept_in_few_points() -> None:
    timing = only(talk(seconds=400, fast=-60, delay=lambda n: (n * 7919 % 97) / 8)).timing
    assert timing is not None and timing.drift_ppm == pytest.approx(-60, abs=2)


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


CLOCKS = [
    (0, 160, 20, 8000), (9, 160, 20, 8000), (111, 960, 20, 48000), (104, 480, 20, 24000), (106, 480, 30, 16000),
    (96, 3000, 1000 / 30, 90000),
]


@pytest.mark.parametrize(("payload_type", "step", "every", "clock"), CLOCKS)
@pytest.mark.parametrize("impairment", ["none", "loss", "jitter", "short"])
def test_the_clock_is_read_off_the_wire(
    payload_type: int, step: int, every: float, clock: int, impairment: str
) -> None:
    dice = random.Random(payload_type)
    story = talk(
        payload_type=payload_type, step=step, every=every, seconds=3 if impairment == "short" else 20,
        lost=lambda n: impairment == "loss" and n > 5 and dice.random() < 0.2,
        delay=lambda n: abs(dice.gauss(0, 5)) if impairment == "jitter" else 0.0,
    )
    stream = only(story)
    assert stream.clock == clock
    assert stream.timing is not None and stream.timing.real_time
    assert stream.timing.frame == step


RARER = [
    (111, 120, 2.5, 48000), (111, 240, 5, 48000), (111, 480, 10, 48000), (111, 2880, 60, 48000),
    (111, 5760, 120, 48000), (97, 800, 100, 8000), (98, 480, 60, 8000), (98, 960, 60, 16000),
    (105, 480, 480 / 22.05, 22050), (105, 1024, 1024 / 44.1, 44100), (100, 640, 20, 32000),
]


@pytest.mark.parametrize(("payload_type", "step", "every", "clock"), [*CLOCKS, *RARER])
@pytest.mark.parametrize("seed", range(2))
def test_ten_per_cent_of_loss_and_reordering_hide_no_clock(
    payload_type: int, step: int, every: float, clock: int, seed: int
) -> None:
    dice = random.Random(seed)
    stream = only(
        talk(
            payload_type=payload_type, step=step, every=every, seconds=max(6.0, every * 0.06),
            lost=lambda n: n > 5 and dice.random() < 0.1,
            delay=lambda n: 1.5 * every if dice.random() < 0.05 else 0.0,
        )
    )
    assert (stream.clock, stream.timing and stream.timing.frame) == (clock, step)
    assert stream.reordered and stream.lost


def pictures(seed: int, rate: float, kind: str) -> Story:
    """Eight seconds of video: pictures of several datagrams, now and then a large one, told as `kind` has it."""
    dice = random.Random(seed)
    order = list(range(int(rate * 8)))
    if kind == "out of order":  # as with B-frames: 0 3 1 2 6 4 5
        order = [0, *(n + k for n in range(0, len(order) - 3, 3) for k in (3, 1, 2))]
    story: Story = []
    sequence = 0
    for place, picture in enumerate(order):
        if kind == "skipping" and dice.random() < 0.3:
            continue
        parts = dice.randint(8, 20) if place % 30 == 0 else dice.randint(1, 4)
        gap = 0.8 * 1000 / rate / parts if kind == "paced" else 0.05
        at = 1000 + place * 1000 / rate + (abs(dice.gauss(0, 6)) if kind == "jittery" else 0)
        for part in range(parts):
            sequence += 1
            if kind != "lossy" or sequence < 6 or dice.random() > 0.1:
                octets = rtp(sequence, 77, 96, round(picture * 90000 / rate), bytes(1000), part == parts - 1)
                story.append((at + part * gap, A, B, octets))
    return story


@pytest.mark.parametrize("rate", [12.5, 15, 23.976, 25, 29.97, 30, 50, 59.94])
@pytest.mark.parametrize("kind", ["even", "out of order", "skipping", "paced", "jittery", "lossy"])
def test_the_clock_of_video_is_read_at_any_rate_of_pictures(rate: float, kind: str) -> None:
    made = report(pictures(int(rate), rate, kind))
    (stream,) = made.streams
    assert stream.clock == 90000
    assert not {each.id for each in made.findings} & {"stream-jitter", "clock-drift", "time-not-real", "timestamp-jump"}


def test_a_dozen_datagrams_tell_no_clock_and_say_so() -> None:
    stream = only(talk(payload_type=97, seconds=0.24))
    assert stream.clock is None and "too little" in stream.source and stream.packets == 12


@pytest.mark.parametrize("speed", [1.25, 4, 5, 8, 10])
@pytest.mark.parametrize(
    ("clock", "step"),
    [(8000, 160), (16000, 320), (16000, 480), (24000, 480), (48000, 960), (44100, 1024), (90000, 3750)],
)
def test_at_another_speed_the_true_clock_is_among_those_named(clock: int, step: int, speed: float) -> None:
    stream = only(talk(payload_type=98, step=step, every=1000 * step / clock / speed, seconds=8 / speed))
    assert stream.clock is None and f"if the clock is {clock:,} Hz" in stream.source
    assert f"{speed:.3g} times" in stream.source and "faster than real time" in stream.source
    assert stream.timing is not None and stream.timing.real_time is False


def test_a_slope_near_a_usual_clock_is_taken_for_it_with_less_certainty() -> None:
    stream = only(talk(payload_type=98, step=320, every=20 * 1.035, seconds=8))
    assert (stream.clock, stream.certainty) == (16000, "low") and "near enough" in stream.source


def test_a_capture_that_was_slowed_down_gets_no_clock_either() -> None:
    stream = only(talk(payload_type=98, step=160, every=40, seconds=8))
    assert stream.clock is None and "slower than real time (0.5 times, if the clock is 8,000 Hz)" in stream.source


def test_a_frame_that_could_be_another_s_at_twice_the_speed_is_said_to_be_unsure() -> None:
    stream = only(talk(payload_type=97, step=160, every=10, seconds=4))
    assert (stream.clock, stream.certainty) == (16000, "low")
    assert "2 times, if the clock is 8,000 Hz" in stream.source


def test_silence_does_not_bend_the_clock() -> None:
    story = [
        told
        for n in range(20)
        for told in talk(
            payload_type=111, step=960, seconds=0.6, start=1000 + n * 1400, first=n * 30, origin=n * 1400 * 48
        )
    ]
    stream = only(story)
    assert stream.timing is not None
    assert stream.clock == 48000 and stream.timing.silence == pytest.approx(1 - 0.6 / 1.4, abs=0.03)
    assert stream.lost == 0


@pytest.mark.parametrize(("payload_type", "step"), [(97, 960), (96, 3600), (98, 160)])
def test_what_was_captured_faster_than_real_time_gets_no_wrong_clock(payload_type: int, step: int) -> None:
    real = 75.0 if step == 3600 else 20
    stream = only(talk(payload_type=payload_type, step=step, every=(40 if step == 3600 else 20) / 4, seconds=3))
    assert stream.clock is None and "faster than real time" in stream.source, (stream.source, real)
    assert stream.jitter_ms is None
    assert stream.timing is not None and stream.timing.real_time is False


def test_a_known_clock_at_another_speed_says_so_and_gives_no_score() -> None:
    stream = only(talk(every=5, seconds=3))
    assert stream.timing is not None and stream.quality is not None
    assert stream.timing.real_time is False and "4 times faster" in stream.timing.evidence
    assert stream.quality.mos is None and stream.timing.drift_ppm is None


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


@pytest.mark.parametrize("share", [0, 20, 10, 5])
def test_the_score_is_the_formulas_for_the_loss_and_the_assumed_delay(share: int) -> None:
    stream = only(talk(lost=lambda n: bool(share) and n % share == 3))
    quality = stream.quality
    assert quality is not None and quality.mos is not None
    loss, ratio = 100 * stream.lost_fraction, max(1.0, 1 - stream.lost_fraction)
    effective = 95 * loss / (loss / ratio + 4.3)
    r = 93.2 - 0.024 * 100 - effective
    expected = 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r) if r > 0 else 1
    assert quality.mos == pytest.approx(expected, abs=0.001)
    assert "100 ms (assumed)" in quality.basis and quality.delay_ms == 100


def test_a_long_round_trip_costs_quality() -> None:
    talked: list[Told] = [*talk(), sender_report(5000), receiver_report(6000, 77, lsr=0x10000, dlsr=0.4)]
    (stream,) = report(talked).streams
    assert stream.quality is not None and stream.quality.delay_ms == pytest.approx(300, abs=1)
    assert stream.quality.mos is not None and stream.quality.mos < 4.1 and "round trip" in stream.quality.basis


@pytest.mark.parametrize(
    ("theirs", "ours", "packets", "where"),
    [
        (0, 0, 1000, None),
        (4, 0, 100, None),
        (6, 0, 100, "behind"),
        (40, 0, 5000, None),
        (60, 0, 5000, "behind"),
        (110, 100, 1000, "before"),
        (130, 100, 1000, "behind"),
        (70, 100, 1000, "in"),
        (0, 6, 100, "in"),
        (20, 60, 5000, None),
        (-3, 6, 100, "in"),
    ],
)
def test_two_counts_of_loss_say_where_it_happened(theirs: int, ours: int, packets: int, where: str | None) -> None:
    assert verdict(theirs, ours, packets) == where


def test_what_was_lost_before_the_capture_began_is_not_lost_behind_it() -> None:
    late = [*talk(), *(receiver_report(t, 77, lost=900) for t in (2000, 10_900))]
    (stream,) = report(late).streams
    assert stream.rtcp is not None and (stream.rtcp.cumulative_lost, stream.rtcp.lost_at_first) == (900, 900)
    assert not [each.id for each in report(late).findings if each.id.startswith("loss-")]


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


def test_one_lost_of_five_is_told_without_alarm() -> None:
    (loss,) = (each for each in report(talk(seconds=0.12, lost=lambda n: n == 3)).findings if each.id == "stream-loss")
    assert loss.severity == "note" and "1 of 6 lost" in loss.what


def test_the_model_keeps_its_marks() -> None:
    assert delay_impairment(100) == pytest.approx(2.4) and delay_impairment(277.3) == pytest.approx(6.6552 + 11)
    assert mos(-5) == 1 and mos(120) == 4.5 and mos(93.2) == pytest.approx(4.409, abs=0.001)
    assert r_factor(CODECS["G729"], 0, 1, 0) == pytest.approx(82.2)
    assert burst_ratio(0, 100, 0) == 1 and burst_ratio(20, 1000, 5) == pytest.approx(3.92)


@pytest.mark.parametrize(
    ("encoding", "octets", "every", "r"),
    [
        ("GSM", 33, 20, 70.8),
        ("GSM-EFR", 31, 20, 85.8),
        ("G728", 40, 20, 83.8),
        ("G726-32", 80, 20, 83.8),
        ("G729", 20, 20, 79.8),
        ("G723", 24, 30, 75.8),
        ("G723", 48, 60, 75.8),
        ("G723", 20, 30, 71.8),
        ("iLBC", 38, 20, None),
        ("speex", 38, 20, None),
    ],
)
def test_a_codec_costs_what_is_published_for_it(encoding: str, octets: int, every: int, r: float | None) -> None:
    ends = (description(*end, f"a=rtpmap:98 {encoding}/8000", media="RTP/AVP 98") for end in (A, B))
    told = talk(payload_type=98, size=octets, every=every, step=8 * every)
    (stream,) = report([*dialled(*ends), *told]).streams
    assert stream.quality is not None and stream.quality.r_factor == (None if r is None else pytest.approx(r))
    assert ("not defined" in stream.quality.basis) == (r is None)


def test_a_codec_that_costs_much_is_no_fault_of_the_path() -> None:
    ends = [description(*end, "a=rtpmap:98 G726-16/8000", media="RTP/AVP 98") for end in (A, B)]
    (poor,) = (
        each
        for each in report([*dialled(*ends), *talk(payload_type=98, size=40)]).findings
        if each.id == "quality-poor"
    )
    assert poor.severity == "note" and "G.726 at 16 kbit/s" in poor.what


@pytest.mark.parametrize(("encoding", "octets", "scored"), [("GSM", 33, False), ("GSM-EFR", 31, True)])
def test_loss_is_scored_only_where_its_cost_is_published(encoding: str, octets: int, scored: bool) -> None:
    ends = (description(*end, f"a=rtpmap:98 {encoding}/8000", media="RTP/AVP 98") for end in (A, B))
    (stream,) = report([*dialled(*ends), *talk(payload_type=98, size=octets, lost=lambda n: n % 50 == 9)]).streams
    assert stream.quality is not None and (stream.quality.mos is not None) == scored
    assert scored or "no Bpl is published" in stream.quality.basis
    with pytest.raises(ValueError, match="no Bpl"):
        r_factor(CODECS["GSM"], 1, 1, 100)


def test_the_score_with_concealment_stands_beside() -> None:
    quality = only(talk(lost=lambda n: n % 50 == 9)).quality
    assert quality is not None and quality.mos is not None
    concealed = mos(r_factor(G711_CONCEALED, 2.02, 1, 100))
    assert concealed > quality.mos + 0.5 and f"{concealed:.2f} if the receiver conceals" in quality.basis


def test_codecs_without_values_get_no_score() -> None:
    quality = only(talk(payload_type=104, step=480)).quality
    assert quality is not None and quality.mos is None and "not defined" in quality.basis


def test_the_timeline_is_bounded_and_adds_up() -> None:
    stream = only(talk(seconds=300, lost=lambda n: n % 10 == 5))
    assert 15 <= len(stream.timeline) <= 32
    times = [moment.time for moment in stream.timeline]
    assert times == sorted(times) and stream.timeline[-1].packets <= stream.packets
    assert all(one.lost <= two.lost for one, two in zip(stream.timeline, stream.timeline[1:], strict=False))
    assert all(moment.jitter_ms is not None for moment in stream.timeline)


def test_digits_are_read_with_and_without_a_name() -> None:
    def event(n: int, digit: int, at: float, stamp: int, end: bool) -> Told:
        return at, A, B, rtp(n, 77, 101, stamp, bytes([digit, 0x80 * end, n % 3, 80]))

    keys: Story = []
    for place, digit in enumerate((1, 11, 5)):
        start, stamp = 3000 + place * 400, 16_000 + place * 3200
        keys += [event(200 + place * 6 + n, digit, start + n * 20, stamp, n > 3) for n in range(6)]
    stream = only([*talk(seconds=1.9), *keys, *talk(start=4500, first=300, origin=27_600, seconds=2)])
    assert "".join(each.digit for each in stream.digits) == "1#5"
    assert {each.certainty for each in stream.digits} == {"medium"}


def interrupted(seconds: float, numbers: int, ticks: int) -> Story:
    """A talk in which nothing is captured for a while, after which number and timestamp have moved by so much."""
    before = talk(seconds=20, first=1000, origin=5000)
    after = talk(start=21_020 + 1000 * seconds, seconds=20, first=2000 + numbers, origin=165_000 + ticks)
    return [*before, *after]


def test_a_sender_that_went_on_unseen_did_not_begin_anew() -> None:
    away = 1302.0
    stream = only(interrupted(away, int(away * 50), int(away * 8000)))
    (gap,) = stream.gaps
    assert (stream.restarts, stream.lost, stream.reordered) == (0, 0, 0)
    assert gap.seconds == pytest.approx(away + 0.02, abs=0.05) and gap.missing == pytest.approx(away * 50, abs=2)
    told = {finding.id: finding.what for finding in report(interrupted(away, 65_100, 1302 * 8000)).findings}
    assert "sequence-restart" not in told and "21 min 42 s" in told["media-gap"]


@pytest.mark.parametrize(("numbers", "ticks"), [(40_000, 1302 * 8000), (65_100, 99_000_000), (30_000, 2_000_000_000)])
def test_a_sender_whose_numbers_went_elsewhere_began_anew(numbers: int, ticks: int) -> None:
    stream = only(interrupted(1302, numbers, ticks))
    assert (stream.restarts, stream.gaps) == (1, ())


def test_what_wrapped_while_nobody_looked_is_counted_too() -> None:
    away = 7200.0
    (gap,) = only(interrupted(away, int(away * 50), int(away * 8000))).gaps
    assert gap.missing == pytest.approx(away * 50, abs=2)
