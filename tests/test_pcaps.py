"""The captures in `pcaps/` are what their README says, and what the generator makes."""
from __future__ import annotations

import re
import struct
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path

import dpkt
import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "pcaps"
NAMES = ("facetime-2013.pcap", "facetime-2013-plain.pcap", "rfc7983.pcap", "encodings.pcap", "bad-day.pcap")
PROTOCOLS = {"SIP", "KEEPALIVE", "STUN", "ZRTP", "DTLS", "TURN", "RTCP", "RTP", "QUIC", "UNKNOWN"}
CALLER_SSRC, CALLEE_SSRC = 3189937293, 3770747611


def frames(name: str) -> list[tuple[int, bytes]]:
    """Time in microseconds and octets of every frame."""
    with (FOLDER / name).open("rb") as file:
        return [(round(time * 1_000_000), octets) for time, octets in dpkt.pcap.Reader(file)]


def payloads(name: str) -> list[tuple[str, str, bytes]]:
    """Class, source address and UDP payload of every frame."""
    return [
        (truth, ".".join(map(str, octets[26:30])), octets[42:])
        for truth, (_, octets) in zip(truths(name), frames(name), strict=True)
    ]


def truths(name: str) -> list[str]:
    lines = (FOLDER / f"{name}.truth").read_text(encoding="ascii").splitlines()
    numbers, classes = zip(*(line.split("\t") for line in lines), strict=True)
    assert numbers == tuple(str(number) for number in range(1, len(lines) + 1))
    return list(classes)


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071): 0 over octets that carry their own."""
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the captures made anew."""
    folder = tmp_path_factory.mktemp("pcaps")
    subprocess.run([sys.executable, "-m", "pcaps.make", str(folder)], check=True, cwd=ROOT)
    return folder


@pytest.mark.parametrize("name", [*NAMES, *(f"{name}.truth" for name in NAMES)])
def test_the_generator_makes_the_committed_octets(made: Path, name: str) -> None:
    assert (made / name).read_bytes() == (FOLDER / name).read_bytes()


def test_the_generator_makes_nothing_else(made: Path) -> None:
    assert {path.name for path in made.iterdir()} == {*NAMES, *(f"{name}.truth" for name in NAMES)}
    assert {path.name for path in FOLDER.glob("*.pcap")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_class_is_one_of_the_tables(name: str) -> None:
    assert set(truths(name)) <= PROTOCOLS


@pytest.mark.parametrize("name", NAMES)
def test_every_frame_has_valid_lengths_and_checksums(name: str) -> None:
    for _, octets in frames(name):
        ip, udp = octets[14:34], octets[34:]
        assert struct.unpack_from(">H", ip, 2) == (len(octets) - 14,)
        assert struct.unpack_from(">H", udp, 4) == (len(udp),)
        pseudo = ip[12:20] + b"\0\x11" + udp[4:6]
        assert checksum(ip) == 0
        assert checksum(pseudo + udp) == 0


@pytest.mark.parametrize("name", NAMES)
def test_time_never_runs_backwards(name: str) -> None:
    times = [time for time, _ in frames(name)]
    assert times == sorted(times)


def test_rfc7983_holds_every_class() -> None:
    assert set(truths("rfc7983.pcap")) == PROTOCOLS


def test_the_facetime_invite_is_a_frame_of_714_octets_with_the_real_body() -> None:
    (invite,) = (octets for _, octets in frames("facetime-2013.pcap") if octets[42:].startswith(b"INVITE"))
    head, _, body = invite[42:].partition(b"\r\n\r\n")
    assert len(invite) == 714
    assert body == (FOLDER / "parts/invite-sdp.zlib").read_bytes()
    assert b"\r\nUser-Agent: Viceroy 1.5.0/GK\r\n" in head
    assert {b"e: deflate", b"l: 280"} <= set(head.split(b"\r\n"))
    assert zlib.decompress(body) == (FOLDER / "parts/invite.sdp").read_bytes()


def test_the_plain_twin_differs_in_its_bodies_alone() -> None:
    compressed, plain = (payloads(name) for name in NAMES[:2])
    assert len(compressed) == len(plain)
    for (truth, source, ours), (other_truth, other_source, theirs) in zip(compressed, plain, strict=True):
        assert (truth, source) == (other_truth, other_source)
        if truth != "SIP":
            assert ours == theirs
            continue
        head, _, body = ours.partition(b"\r\n\r\n")
        other_head, _, other_body = theirs.partition(b"\r\n\r\n")
        assert (zlib.decompress(body) if body else b"") == other_body
        lines, other_lines = set(head.split(b"\r\n")), set(other_head.split(b"\r\n"))
        assert {line[:2] for line in lines ^ other_lines} <= {b"e:", b"l:"}


def test_the_facetime_media_is_as_its_readme_says() -> None:
    sequences: dict[int, list[int]] = {CALLER_SSRC: [], CALLEE_SSRC: []}
    for truth, _, payload in payloads("facetime-2013.pcap"):
        if truth == "RTP":
            _, second, sequence, _, ssrc = struct.unpack_from(">BBHII", payload)
            assert second & 0x7F == 104
            sequences[ssrc].append(sequence)
    ours, theirs = sequences[CALLER_SSRC], [number + (number < 32768) * 65536 for number in sequences[CALLEE_SSRC]]
    assert ours == list(range(ours[0], ours[0] + 1107))
    assert len(theirs) == 1102
    assert len(set(range(min(theirs), max(theirs) + 1)) - set(theirs)) == 5
    assert [number for number, count in Counter(theirs).items() if count > 1] == [min(theirs) + 533]
    behind = [number for before, number in zip(theirs, theirs[1:], strict=False) if number < before]
    assert behind == [min(theirs) + 300, min(theirs) + 871]


def test_the_reports_of_the_caller_count_what_is_in_the_capture() -> None:
    arrived: list[int] = []
    sent = octets = 0
    for truth, source, payload in payloads("facetime-2013.pcap"):
        ours = source == "192.168.231.118"
        if truth == "RTP" and ours:
            sent, octets = sent + 1, octets + len(payload) - 12
        elif truth == "RTP":
            sequence = struct.unpack_from(">H", payload, 2)[0]
            arrived.append(sequence + (sequence < 32768) * 65536)
        elif truth == "RTCP" and ours:
            counts = struct.unpack_from(">II", payload, 20)
            reported, loss, highest = struct.unpack_from(">III", payload, 28)
            assert counts == (sent, octets)
            assert (reported, highest) == (CALLEE_SSRC, max(arrived))
            assert loss & 0xFFFFFF == max(arrived) - arrived[0] + 1 - len(arrived)
    assert arrived


def test_the_reports_of_the_callee_tell_the_losses_behind_the_point_of_capture() -> None:
    reports = [
        struct.unpack_from(">I", payload, 32)[0] & 0xFFFFFF
        for truth, source, payload in payloads("facetime-2013.pcap")
        if truth == "RTCP" and source == "192.168.231.100"
    ]
    assert reports == [0, 1, 1, 2]


def test_the_round_trip_that_the_reports_give_is_a_few_milliseconds() -> None:
    last: dict[str, tuple[int, int]] = {}
    trips = []
    for (time, octets), truth in zip(frames("facetime-2013.pcap"), truths("facetime-2013.pcap"), strict=True):
        if truth != "RTCP":
            continue
        source, payload = ".".join(map(str, octets[26:30])), octets[42:]
        lsr, dlsr = struct.unpack_from(">II", payload, 44)
        if source == "192.168.231.100":
            middle, when = last["192.168.231.118"]
            assert lsr == middle
            trips.append((time - when) / 1_000_000 - dlsr / 65536)
        last[source] = (struct.unpack_from(">I", payload, 10)[0], time)
    assert len(trips) == 4
    assert all(0.013 < trip < 0.023 for trip in trips)


def test_the_readme_names_the_form_of_every_frame_of_the_encodings() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = [int(number) for pair in re.findall(r"^\| (\d+), (\d+) \| .+ \|$", readme, re.MULTILINE) for number in pair]
    assert [*named, 41] == list(range(1, len(frames("encodings.pcap")) + 1))


def test_the_parts_hold_the_texts() -> None:
    parts, answer = FOLDER / "parts", (FOLDER / "parts/answer.sdp").read_bytes()
    assert zlib.decompress((parts / "answer-sdp.zlib").read_bytes()) == answer
    assert zlib.decompress((parts / "answer-sdp.gzip").read_bytes(), 31) == answer
    assert zlib.decompress((parts / "answer-sdp.deflate").read_bytes(), -15) == answer
    assert zlib.decompress((parts / "crlf-answer-sdp.zlib").read_bytes()) == b"\r\n" + answer
    assert zlib.decompress((parts / "message.zlib").read_bytes()) == (parts / "message.txt").read_bytes()


def test_the_captures_stay_small() -> None:
    assert all((FOLDER / name).stat().st_size < 600_000 for name in NAMES)
