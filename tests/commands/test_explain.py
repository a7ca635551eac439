"""`muxshark explain`: the rules, the winner and the message."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.command_line import CALL, ROOT, run
from tests.made import frame, sip


def fragmented(payload: bytes) -> list[bytes]:
    """An Ethernet frame's IPv4 datagram in fragments of 1,480 octets."""
    octets = frame(("192.0.2.1", 5060), ("192.0.2.2", 5060), payload)
    ethernet, header, inside = octets[:14], octets[14:34], octets[34:]
    pieces = []
    for at in range(0, len(inside), 1480):
        piece = inside[at : at + 1480]
        more = 0x2000 if at + 1480 < len(inside) else 0
        fields = struct.pack("!HHH", 20 + len(piece), 7, more | at // 8)
        pieces.append(ethernet + header[:2] + fields + header[8:] + piece)
    return pieces


def pcap(frames: list[bytes]) -> bytes:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(struct.pack("<IIII", 1, 0, len(each), len(each)) + each for each in frames)


def test_explain_names_the_rules_the_winner_and_the_message() -> None:
    text = run("explain", CALL, "5").stdout.decode()
    assert text.startswith("Frame 5: SIP, certain\n")
    assert "  winner     SIP by start line of SIP/2.0" in text
    assert "| m=audio 16402 RTP/AVP 104 105 106 9 0 124 122 121" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("999999",), "frame 999999: the capture has 2,242 frames"),
        (("5", "--layer", "3"), "frame 5 holds no UDP datagram and ends no message of TCP in layer 3"),
    ],
)
def test_explain_says_when_there_is_no_such_datagram(words: tuple[str, ...], said: str) -> None:
    done = run("explain", CALL, *words)
    assert done.returncode == 2 and done.stdout == b""
    assert done.stderr.decode() == f"muxshark: {CALL}: {said}\n"


@pytest.mark.parametrize(
    ("kept", "asked", "said"),
    [
        ((0, 1, 2), 1, "a fragment; frame 3 completes its datagram"),
        ((0, 1, 2), 2, "a fragment; frame 3 completes its datagram"),
        ((0, 2), 2, "a fragment of a datagram that is incomplete here"),
    ],
)
def test_explain_says_what_became_of_a_fragment(
    kept: tuple[int, ...], asked: int, said: str, tmp_path: Path
) -> None:
    pieces = fragmented(sip("INVITE sip:bob@192.0.2.2 SIP/2.0", "Call-ID: " + "x" * 3000))
    path = tmp_path / "fragments.pcap"
    path.write_bytes(pcap([pieces[i] for i in kept]))
    done = run("explain", str(path), str(asked))
    assert done.returncode == 2 and done.stderr.decode() == f"muxshark: {path}: frame {asked} is {said}\n"


def test_a_port_that_is_forced_says_so_instead_of_contradicting_itself() -> None:
    text = run("explain", "-d", "udp.port==16402,QUIC", CALL, "5").stdout.decode()
    assert "  because    -d takes every datagram of this port for QUIC\n" in text
    assert "  the table  says SIP by start line of SIP/2.0 (certain)\n" in text
    assert "winner" not in text and "runner-up" not in text


def test_the_message_comes_before_the_rules_and_each_thing_once() -> None:
    text = run("explain", "--clock", "utc", CALL, "5").stdout.decode()
    assert text.index("  | INVITE sip:user@") < text.index("  because    ") < text.index("Every row of the table")
    assert text.count("Call-ID") + text.count("  | i: ") == 1 and text.count("m=audio") == 1
    assert ", at 0.151156 s, 2013-09-12 15:33:20.153 UTC\n" in text


SECURED, KEYS = (str(ROOT / "tests" / "data" / "tls" / f"tls12_ecdhe_gcm.{ending}") for ending in ("pcap", "keys"))


def test_a_frame_of_tls_is_explained_with_the_message_that_keys_open() -> None:
    text = run("explain", "--keys", KEYS, SECURED, "12").stdout.decode()
    assert text.startswith("Frame 12: SIP, certain\n") and "(tls)" in text and "  | INVITE sip:" in text


@pytest.mark.parametrize("command", ["explain", "show"])
@pytest.mark.parametrize(
    ("frame", "keys", "said"),
    [
        ("12", (), "is of TLS, and its keys would open it (--keys FILE)"),
        ("4", ("--keys", KEYS), "ends no message of TCP; the next one of its direction ends in frame 12"),
        ("1", ("--keys", KEYS), "holds no UDP datagram and ends no message of TCP"),
    ],
)
def test_a_segment_that_ends_no_message_says_what_became_of_it(
    command: str, frame: str, keys: tuple[str, ...], said: str
) -> None:
    done = run(command, *keys, SECURED, frame)
    assert done.returncode == 2 and done.stderr.decode() == f"muxshark: {SECURED}: frame {frame} {said}\n"
