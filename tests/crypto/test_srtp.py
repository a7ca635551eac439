"""SRTP opens as RFC 3711, 6188 and 7714 and as libsrtp have it; what does not fit is counted and not handed on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dissectors.crypto import srtp
from dissectors.crypto.srtp import Control, Opener, SessionKeys, Source, derive
from dissectors.crypto.srtp_keys import MasterKey, read
from dissectors.crypto.srtp_suites import SUITES, named
from tests.protected import master, protect, protect_rtcp, rtp

NAMES = [suite.name for suite in SUITES]
BY_LIBSRTP = json.loads((Path(__file__).parents[1] / "data" / "srtp_by_libsrtp.json").read_text())
REPORT = bytes.fromhex("80c90001") + b"\0\0\xca\xfe"
h = bytes.fromhex


def of(name: str, key: str, salt: str) -> MasterKey:
    suite = named(name)
    assert suite is not None
    return MasterKey(suite, h(key), h(salt))


@pytest.mark.parametrize(
    ("key", "cipher", "salt", "authentication"),
    [
        (
            of("AES_CM_128_HMAC_SHA1_80", "E1F97A0D3E018BE0D64FA32C06DE4139", "0EC675AD498AFEEBB6960B3AABE6"),
            "C61E7A93744F39EE10734AFE3FF7A087", "30CBBC08863D8C85D49DB34A9AE1",
            "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4",
        ),
        (
            of("AES_192_CM_HMAC_SHA1_80", "73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1",
               "c8522f3acd4ce86d5add78edbb11"),
            "31874736a8f1143870c26e4857d8a5b2c4a354407faadabb", "2372b82d639b6d8503a47adc0a6c",
            "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb",
        ),
        (
            of("AES_256_CM_HMAC_SHA1_80", "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6",
               "3b04803de51ee7c96423ab5b78d2"),
            "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4", "fa31791685ca444a9e07c6c64e93",
            "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05",
        ),
    ],
    ids=["RFC 3711 B.3", "RFC 6188 7.4", "RFC 6188 7.2"],
)
def test_keys_are_derived_as_in_the_vectors(key: MasterKey, cipher: str, salt: str, authentication: str) -> None:
    assert derive(key, 0, key.suite.key) == h(cipher)
    assert derive(key, 1, 20) == h(authentication)
    assert derive(key, 2, 14) == h(salt)


@pytest.mark.parametrize(
    ("name", "key", "stream"),
    [
        ("AES_CM_128_HMAC_SHA1_80", "2B7E151628AED2A6ABF7158809CF4F3C",
         "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0"),
        ("AES_192_CM_HMAC_SHA1_80", "eab234764e517b2d3d160d587d8c86219740f65f99b6bcf7",
         "35096cba4610028dc1b57503804ce37c5de986291dcce161d5165ec4568f5c9a474a40c77894bc17180202272a4c264d"),
        ("AES_256_CM_HMAC_SHA1_80", "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
         "92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac63c4868b7096d88421b563b8c94c9a31"),
    ],
    ids=["RFC 3711 B.2", "RFC 6188 7.3", "RFC 6188 7.1"],
)
def test_counter_mode_runs_as_in_the_vectors(name: str, key: str, stream: str) -> None:
    suite = named(name)
    assert suite is not None
    keys = SessionKeys(suite, h(key), bytes(20), h("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"), suite.tag)
    assert keys.counted(0, 0, bytes(48)) == h(stream)


GALLIA = h("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
SENDER = h("81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61" + "deadbeef" * 5)


@pytest.mark.parametrize(
    ("name", "sealed"),
    [
        ("AEAD_AES_128_GCM",
         "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
         "899d7f27beb16a9152cf765ee4390cce"),
        ("AEAD_AES_256_GCM",
         "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
         "7aa3db36dfffd6b0f9bb7878d7a76c13"),
    ],
    ids=["RFC 7714 16.1.2", "RFC 7714 16.2.2"],
)
def test_sealed_rtp_opens_as_in_the_vectors(name: str, sealed: str) -> None:
    suite = named(name)
    assert suite is not None
    keys = SessionKeys(suite, bytes(range(suite.key)), b"", b"Quid pro quo", suite.tag)
    opener = Opener(master(name), rtp=keys)
    assert opener.rtp(GALLIA[:12] + h(sealed), (0,)) == (0, GALLIA)
    assert opener.rtp(GALLIA[:12] + h(sealed), (1,)) is None


def test_sealed_rtcp_opens_as_in_the_vector_of_rfc_7714() -> None:
    sealed = h(
        "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b46"
        "86303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"
    )
    suite = named("AEAD_AES_128_GCM")
    assert suite is not None
    opener = Opener(master(suite.name), rtcp=SessionKeys(suite, bytes(range(16)), b"", b"Quid pro quo", 16))
    assert opener.rtcp(sealed) == SENDER
    assert opener.rtcp(sealed[:-1] + b"\0") is None


@pytest.mark.parametrize("name", sorted(BY_LIBSRTP))
def test_what_libsrtp_made_opens_also_after_the_rollover(name: str) -> None:
    made = BY_LIBSRTP[name]
    openers = [Opener(key) for key in read(made["sdes"].encode())]
    for text in made["rtp"]:
        source = Source(openers)
        inner = source.open(h(text))
        assert inner is not None and inner[:12] == h(text)[:12] and len(inner) == 12 + 160
        assert sum(source.verified.values()) == 1 and not source.failed
    control = Control(openers)
    inner = control.open(h(made["rtcp"][0]))
    assert inner is not None and len(inner) == 4 + 4 * int.from_bytes(inner[2:4], "big")


@pytest.mark.parametrize("mki", [b"", b"\0\0\0\x07"], ids=["plain", "MKI"])
@pytest.mark.parametrize("name", NAMES)
def test_every_suite_opens_what_it_protects_and_nothing_that_was_changed(name: str, mki: bytes) -> None:
    key = master(name, mki=mki)
    source, control = Source([Opener(key)]), Control([Opener(key)])
    extended = b"\x91" + rtp(9)[1:] + b"\0\0\0\1" + h("bede0001") + b"\x10\xff\0\0" + b"more"
    for octets in (rtp(7), rtp(8, payload=b""), extended):
        sent = protect(key, octets)
        assert source.open(sent) == octets
        for at in (1, 11, len(sent) - 1, len(sent) - len(mki) - 1):
            assert source.open(sent[:at] + bytes((sent[at] ^ 1,)) + sent[at + 1 :]) is None
        assert source.open(sent[:-1]) is None
    for encrypted in (True, False):
        sent = protect_rtcp(key, REPORT, encrypted=encrypted)
        assert control.open(sent) == REPORT
        for at in range(len(sent)):
            assert control.open(sent[:at]) is None
            assert control.open(sent[:at] + bytes((sent[at] ^ 1,)) + sent[at + 1 :]) is None
    assert source.verified == {key: 3} and source.failed == 15
    assert control.verified == {key: 2} and control.failed > 50


def test_a_late_start_is_found_and_reordered_datagrams_around_a_rollover_too() -> None:
    key = master()
    source = Source([Opener(key)])
    order = [(65533, 700), (65535, 700), (1, 701), (65534, 700), (2, 701), (40000, 701), (30000, 702), (0, 701)]
    for sequence, rollover in order:
        assert source.open(protect(key, rtp(sequence), rollover)) == rtp(sequence)
    assert source.verified == {key: len(order)} and not source.failed


def test_sources_under_one_key_have_counters_of_their_own() -> None:
    key = master("AEAD_AES_256_GCM")
    openers = [Opener(key)]
    one, two = Source(openers), Source(openers)
    for sequence in (5, 6):
        assert one.open(protect(key, rtp(sequence, 1), 9)) and two.open(protect(key, rtp(sequence, 2), 0))
    assert not one.failed and not two.failed


def test_the_key_is_used_whose_tags_fit_when_it_changes_within_a_call() -> None:
    keys = [master(first=1), master(first=2), master("AES_CM_128_HMAC_SHA1_32", first=1), master(first=3)]
    source = Source([Opener(key) for key in keys])
    for number, key in enumerate((keys[0], keys[0], keys[1], keys[1], keys[0], keys[2])):
        assert source.open(protect(key, rtp(number))) == rtp(number)
    assert source.verified == {keys[0]: 3, keys[1]: 2, keys[2]: 1}


def test_a_wrong_key_is_counted_and_searched_for_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0
    begun = SessionKeys.authentic

    def counted(self: SessionKeys, octets: bytes, tag: bytes, ends: object) -> object:
        nonlocal tried
        given = list(ends)  # type: ignore[call-overload]  # an iterable of octets, as the real one takes
        tried += len(given)
        return begun(self, octets, tag, given)

    monkeypatch.setattr(SessionKeys, "authentic", counted)
    source = Source([Opener(master(first=1))])
    assert all(source.open(protect(master(first=2), rtp(number))) is None for number in range(500))
    assert source.failed == 500 and not source.verified
    assert tried < 500 * 5 + 10 * srtp.MAX_ROLLOVERS


def test_without_keys_everything_fails_and_nothing_is_handed_on() -> None:
    source = Source([])
    assert source.open(rtp(1)) is None and source.failed == 1
    for octets in (b"", b"\x80", b"\x9f" + bytes(20), b"\x90" + bytes(11) + b"\0\0\xff\xff"):
        assert Source([Opener(master())]).open(octets) is None


def test_payloads_that_are_only_signed_are_handed_on_as_they_are() -> None:
    key = master()._replace(clear=True)
    assert Source([Opener(key)]).open(protect(key, rtp(1))) == rtp(1)


def test_a_header_that_is_encrypted_itself_is_named_and_not_handed_on() -> None:
    key = master()
    octets = b"\x90" + rtp(1)[1:12] + h("c0de0001") + b"\x10\xff\0\0media"
    source = Source([Opener(key)])
    assert source.open(protect(key, octets)) is None and source.cryptex == 1 and not source.failed
