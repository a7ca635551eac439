"""What keys open of each stream is counted: with keys of DTLS, of SDP, and given ones; nothing without keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors import offline
from dissectors.queries import decrypted
from dissectors.report import Decrypted
from dissectors.sources.keys import read
from tests import captures
from tests.protected import inline, master, protect
from tests.sounds import call, tone
from tests.stories import A, B, Story, description, dialled, hung_up, rtp

TLS = Path(__file__).resolve().parents[1] / "data" / "tls"
KEYS = master("AES_CM_128_HMAC_SHA1_32", 1), master("AES_CM_128_HMAC_SHA1_32", 2)
SUITE = KEYS[0].suite.name


def told(path: Path | str, *keys: Path | str) -> list[Decrypted | None]:
    report = offline.analyze([str(path)], keys=read([str(each) for each in keys]))
    return [stream.decrypted for stream in report.streams]


def of_story(tmp_path: Path, story: Story, *lines: str) -> list[Decrypted | None]:
    (tmp_path / "keys").write_text("\n".join(lines) + "\n")
    return told(captures.story(tmp_path / "in.pcap", story), tmp_path / "keys")


@pytest.mark.parametrize(
    ("name", "suite"),
    [("dtls_srtp_cm", "AES_CM_128_HMAC_SHA1_80"), ("dtls_srtp_gcm", "AEAD_AES_256_GCM")],
)
def test_keys_of_dtls_verify_every_datagram_of_both_sides(name: str, suite: str) -> None:
    capture = TLS / f"{name}.pcap"
    report = offline.analyze([str(capture)], keys=read([str(capture.with_suffix(".keys"))]))
    assert len(report.streams) == 2
    for stream in report.streams:
        assert stream.decrypted == Decrypted(stream.packets, 0, 0, (suite,)) and stream.packets > 50


def test_the_exporter_of_dtls_1_3_gives_the_keys_of_the_profile_that_was_chosen() -> None:
    capture = TLS / "dtls13_firefox.pcap"
    assert told(capture, capture.with_suffix(".keys")) == [Decrypted(81, 0, 0, ("AEAD_AES_128_GCM",))]


def test_without_keys_nothing_is_told_nor_where_none_may_fit() -> None:
    capture, other = TLS / "dtls_srtp_cm.pcap", TLS / "dtls_srtp_gcm.keys"
    assert told(capture) == [None, None] == told(capture, other)


def test_a_wrong_master_secret_verifies_nothing(tmp_path: Path) -> None:
    label, random, secret = (TLS / "dtls_srtp_cm.keys").read_text().splitlines()[0].split()
    (tmp_path / "wrong").write_text(f"{label} {random} {secret[::-1]}\n")
    for each in told(TLS / "dtls_srtp_cm.pcap", tmp_path / "wrong"):
        assert each is not None and each.verified == 0 and each.failed > 50 and each.suites == ()


def test_keys_of_sdp_are_tried_beside_those_that_are_given(tmp_path: Path) -> None:
    other = inline(master(first=99))
    assert of_story(tmp_path, call(KEYS), other) == [Decrypted(90, 0, 0, (SUITE,)), Decrypted(75, 0, 0, (SUITE,))]


def test_keys_of_sdp_stay_masked(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(inline(master(first=99)))
    report = offline.analyze([captures.story(tmp_path / "in.pcap", call(KEYS))], keys=read([str(tmp_path / "keys")]))
    texts = [message.body.text for each in report.calls for message in each.messages if message.body]
    assert texts and not any(inline(key).split()[1] in text for key in KEYS for text in texts)


def test_a_stream_in_the_clear_is_not_spoken_of(tmp_path: Path) -> None:
    assert of_story(tmp_path, call(), inline(KEYS[0])) == [None, None]


def changed(octets: bytes) -> bytes:
    return octets[:-1] + bytes([octets[-1] ^ 1])


def hidden(octets: bytes) -> bytes:
    return bytes([octets[0] | 0x10]) + octets[1:12] + b"\xc0\xde\0\0" + octets[12:]


def test_a_datagram_that_was_changed_fails_and_one_with_a_hidden_header_is_not_read(tmp_path: Path) -> None:
    story = tone(key=KEYS[0])
    for number, change in ((20, changed), (21, hidden)):
        time, src, dst, octets = story[number]
        story[number] = time, src, dst, change(octets)
    assert of_story(tmp_path, story, inline(KEYS[0])) == [Decrypted(98, 1, 1, (SUITE,))]


def test_a_stream_that_no_key_opens_is_tried_less_often_and_still_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decrypted, "PATIENT_TRIES", 10)
    story = [*tone(key=KEYS[1], count=40, first=100), *tone(key=KEYS[0], start=1820, count=60, first=140)]
    (found,) = of_story(tmp_path, story, inline(KEYS[0]))
    # The first one that is tried again is number 48: it opens, and so do all behind it.
    assert found == Decrypted(53, 47, 0, (SUITE,))


def test_an_index_that_protects_two_things_is_told_and_a_copy_is_not(tmp_path: Path) -> None:
    def found(story: Story) -> tuple[list[int], list[str]]:
        (tmp_path / "keys").write_text(inline(KEYS[0]) + "\n" + inline(KEYS[1]))
        report = offline.analyze([captures.story(tmp_path / "in.pcap", story)], keys=read([str(tmp_path / "keys")]))
        return [each.decrypted.reused for each in report.streams if each.decrypted], [
            each.what for each in report.findings if each.id == "keystream-reused"
        ]

    once = tone(count=60, first=100, key=KEYS[0])
    assert found([*once, *((time + 0.01, src, dst, octets) for time, src, dst, octets in once[:9])]) == ([0], [])
    # It begins anew with its old numbers, and says something else.
    again = tone(count=60, first=100, key=KEYS[0], start=3000, payload_type=8)
    other = [(time, src, dst, protect(KEYS[0], rtp(100 + number, 77, 0, 160 * number, bytes(160))))
             for number, (time, src, dst, _) in enumerate(again)]
    counts, said = found([*once, *other])
    assert sum(counts) == 60 and "60 packets have an index that protected something else under the same key" in said[0]
    # With a new key it may.
    counts, said = found([*once, *tone(count=60, first=100, key=KEYS[1], start=3000)])
    assert sum(counts) == 0 and not said


def test_the_suite_that_opened_a_stream_answers_whether_it_is_state_of_the_art(tmp_path: Path) -> None:
    key = master("AEAD_AES_256_GCM", 7)
    (tmp_path / "keys").write_text(inline(key))
    bodies = [description(*side, media="RTP/SAVP 0") for side in (A, B)]
    path = captures.story(tmp_path / "in.pcap", [*dialled(*bodies), *tone(key=key), *hung_up(4000)])
    assert offline.analyze([path]).security == ()
    (told,) = offline.analyze([path], keys=read([str(tmp_path / "keys")])).security
    assert told.media == "AEAD_AES_256_GCM" and "media under AEAD_AES_256_GCM" in told.sentence


def test_what_keys_open_is_not_in_the_clear_though_nobody_announced_it(tmp_path: Path) -> None:
    key = master("AES_CM_128_HMAC_SHA1_80", 7)
    (tmp_path / "keys").write_text(inline(key))
    lines = f"a=crypto:1 {inline(master(first=3))}",
    bodies = description(*A, *lines, media="RTP/SAVP 0"), description(*B, media="RTP/AVP 0")
    path = captures.story(tmp_path / "in.pcap", [*dialled(*bodies), *tone(key=key), *hung_up(4000)])
    (told,) = offline.analyze([path], keys=read([str(tmp_path / "keys")])).security
    assert told.media == "AES_CM_128_HMAC_SHA1_80" and "media are in the clear" not in told.sentence
