"""What is compiled and what is not write the same octets of every capture, and leave little to Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.rewriting.anonymous import capture
from dissectors.rewriting.anonymous.capture import anonymise
from dissectors.rewriting.anonymous.messages import Wanted
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.copying import Tally
from dissectors.wire.errors import CaptureError
from tests import capture_octets, captures, ip_frames, tcp_frames
from tests.command_line import ROOT
from tests.made import channel_data, frame
from tests.mutations import bases, mutation
from tests.stories import (
    GOOD,
    OFFER,
    A,
    B,
    Told,
    address,
    asked,
    attribute,
    request,
    sender_report,
    srtcp,
    stun,
    talk,
)

DATA = ROOT / "tests" / "data"
CAPTURES = [
    path for folder in (ROOT / "pcaps", DATA) for path in sorted(folder.rglob("*.pcap*"))
    if path.suffix in (".pcap", ".pcapng")
]
BASES = bases([*CAPTURES, *sorted((DATA / "captures").iterdir())])
SDES = b"\x81\xca\0\5" + (77).to_bytes(4, "big") + b"\x01\x0aalice@host" + bytes(4)
COMPILED = pytest.mark.skipif(not offline.is_compiled(), reason="nothing is compiled")


def both(
    path: str, folder: Path, monkeypatch: pytest.MonkeyPatch, wanted: Wanted | None = None, ports: bool = False
) -> bytes:
    """What is written of a capture, by what is compiled and by what is not."""
    wanted = Wanted(agents=True) if wanted is None else wanted
    said: list[tuple[Tally, bytes]] = []
    for pure in ("", "1"):
        monkeypatch.setenv("MUXSHARK_PURE", pure)
        tally = anonymise(path, str(folder / "out"), Pseudonyms(b"one key", ports=ports), wanted, force=True)
        said.append((tally, (folder / "out").read_bytes()))
    monkeypatch.delenv("MUXSHARK_PURE")
    (one, octets), (two, others) = said
    assert octets == others and (one.left, one.frames, one.merged) == (two.left, two.frames, two.merged)
    return octets


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_what_is_compiled_and_what_is_not_write_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    both(str(path), tmp_path, monkeypatch, ports=True)
    both(str(path), tmp_path, monkeypatch, Wanted())


@pytest.mark.parametrize("first", range(0, 160, 20))
def test_mutations_are_written_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    for seed in range(first, first + 20):
        (tmp_path / "in").write_bytes(mutation(seed, BASES))
        try:
            both(str(tmp_path / "in"), tmp_path, monkeypatch, ports=seed % 2 == 0)
        except CaptureError:
            continue


def every_kind() -> list[Told]:
    """Datagrams of every kind that is regular, and of some that are not."""
    body = OFFER + b"a=ice-ufrag:them\r\na=ice-pwd:passwordofthem1234567\r\n"
    user, seal = attribute(6, b"them:us"), attribute(8, bytes(20))
    plain = attribute(0x0001, b"\0\1\x40\x12" + bytes((192, 0, 2, 9)))
    mixed = (
        user, attribute(0x24, bytes(4)), attribute(0x8022, b"Agent 007"), attribute(9, b"\0\0\4\1Alice"), plain,
        address(0x0020, "192.0.2.9", 16402), attribute(0x0012, b"\0\2" + bytes(range(18))), attribute(0x7777, b"odd"),
        attribute(0x0020, b"short"), attribute(0x13, sender_report(0)[3]), seal, attribute(0x8028, b"1234"),
    )
    sound = talk()[0][3]
    kinds = [
        request(700, "OPTIONS", body=body)[3], *(each[3] for each in asked(900, *mixed)), stun(0, 0x101, user, seal)[3],
        stun(0, 1, user, attribute(0x8028, bytes(4)))[3], stun(0, 1)[3] + b"x", sender_report(0)[3],
        sender_report(0)[3] + SDES, SDES[:4] + b"\0\0\0", srtcp(0)[3], channel_data(sound), channel_data(SDES),
        channel_data(sound[:1] + b"\x7f" + sound[2:]), channel_data(sound) + b"\0\0", channel_data(sound) + b"\0\1",
        sender_report(0)[3] + b"\x81\xcc\0\3" + b"name" * 3, b"\x80\xc8\0\x08" + bytes(24) + b"leakedup",
        sender_report(0)[3] + b"\x80\xcf\0\4\0\0\0\1\xc8\0\0\2leakedup", b"\r\n\r\n", b"nothing that is known",
    ]
    return [*GOOD, *((800.0 + n, *(ends), payload) for ends in ((A, B), (B, A)) for n, payload in enumerate(kinds))]


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda octets: octets,
    "a tag": lambda octets: octets[:12] + b"\x81\0\0\5" + octets[12:],
    "trailing octets": lambda octets: octets + b"leaked",
    "options": lambda octets: octets[:14] + b"\x46" + octets[15:34] + b"\1\1\1\1" + octets[34:],
    "no sum": lambda octets: octets[:40] + b"\0\0" + octets[42:],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_datagrams_of_every_kind_are_written_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, order: str
) -> None:
    frames = [FORMS[form](frame(*each)) for _, *each in sorted(every_kind(), key=lambda one: one[0])]
    (tmp_path / "in").write_bytes(capture_octets.pcap(frames, order))
    made = [both(str(tmp_path / "in"), tmp_path, monkeypatch, ports=True)]
    blocks = [capture_octets.section(order), capture_octets.interface(1, order=order)]
    blocks += [capture_octets.enhanced(each, number, order=order) for number, each in enumerate(frames)]
    (tmp_path / "in").write_bytes(b"".join(blocks))
    made.append(both(str(tmp_path / "in"), tmp_path, monkeypatch))
    assert not [octets for octets in made if b"leaked" in octets or b"alice@host" in octets]


def test_segments_of_tcp_are_cut_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    six = (bytes(15) + b"\1", 40_000), (bytes(15) + b"\2", 80)
    told = [tcp_frames.frame(each) for ends in ((tcp_frames.A, (b"\xc0\0\2\2", 80)), six) for each in
            tcp_frames.conversation([(ends[0], b"GET / HTTP/1.1\r\n\r\n")], ends)]
    told += [told[0] + bytes(6), told[3][:-3], told[0][:50] + b"\xff\xff" + told[0][52:]]
    for options in (b"\1\1\x08\x0a" + bytes(8), b"\x02\4\5\xb4", b"\x07\4ab", b"\0\0\0\0", b"\1\1\1\x08"):
        size = 20 + len(options)
        tcp = told[0][34:46] + bytes((size << 2,)) + told[0][47:54] + options
        told += [ip_frames.ethernet(ip_frames.ipv4(tcp + more, 6)) for more in (b"", b"octets")]
    both(captures.pcap(tmp_path / "in", list(enumerate(told))), tmp_path, monkeypatch, ports=True)


@COMPILED
def test_frames_without_surprises_never_become_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    make = capture._Frames.make
    monkeypatch.setattr(capture._Frames, "make", lambda *each: seen.append(each[1].octets) or make(*each))
    path = captures.story(tmp_path / "in", every_kind())
    anonymise(path, str(tmp_path / "out"), Pseudonyms(b"one key"), Wanted())
    # What is left is damaged, or lies across two chunks.
    assert len(seen) < 8, [octets[42:60] for octets in seen]


def test_media_in_frames_of_every_form_are_written_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [*GOOD, *talk(("2001:db8::1", 5004), ("2001:db8::2", 5004), 99)]
    whole = [(time, frame(src, dst, payload)) for time, src, dst, payload in sorted(told, key=lambda one: one[0])]
    forms = {
        "a tag": lambda octets: octets[:12] + b"\x81\0\0\5" + octets[12:], "padding": lambda octets: octets + b"leaked",
        "options": lambda octets: octets[:14] + b"\x46" + octets[15:34] + b"\1\1\1\1" + octets[34:],
        "an extension": lambda octets: octets[:42] + bytes((octets[42] | 0x10,)) + octets[43:54] + b"\xbe\xde\0\0"
        + octets[58:], "RTP's padding": lambda octets: octets[:42] + bytes((octets[42] | 0x20,)) + octets[43:-8]
        + b"leaked!\x08", "more that fits": lambda octets: octets[:42] + b"\x8f" + octets[43:],
    }
    for place, (time, octets) in enumerate(whole):
        form = list(forms.values())[place % 20] if place % 20 < len(forms) else None
        if form is not None and octets[42] == 0x80 and octets[12:14] == b"\x08\0":
            whole[place] = time, form(octets)
    octets = both(captures.pcap(tmp_path / "in", whole), tmp_path, monkeypatch)
    assert b"leaked" not in octets and octets.count(b"\xff" * 140) > 800
    blocks = [capture_octets.section(), capture_octets.interface(1)]
    blocks += [capture_octets.enhanced(each, int(time * 1000)) for time, each in whole]
    (tmp_path / "blocks").write_bytes(b"".join(blocks))
    assert b"leaked" not in both(str(tmp_path / "blocks"), tmp_path, monkeypatch)
