"""Master keys are read from SDP and from files of any form; what is no key is none."""

from __future__ import annotations

import base64
import json

import pytest

from dissectors.crypto import srtp_keys
from dissectors.crypto.secrets import Secrets
from dissectors.crypto.srtp_keys import MasterKey, of_dtls, of_sdp, read
from dissectors.crypto.srtp_suites import SUITES
from dissectors.wire.tls_names import TLS_1_2
from tests.protected import inline, master

ONE, TWO = master(first=1), master("AEAD_AES_256_GCM", first=9)


def material(key: MasterKey) -> bytes:
    return key.key + key.salt


def test_lines_of_sdp_give_their_keys_with_suite_and_name() -> None:
    text = f"v=0\r\na=crypto:1 {inline(ONE)}|2^20|1:4\r\na=crypto:2 {inline(TWO)}|2^31 UNENCRYPTED_SRTCP\r\n"
    assert of_sdp(["v=0\r\n", text]) == (ONE._replace(mki=b"\0\0\0\1"), TWO._replace(clear_rtcp=True))
    assert read(text.encode()) == of_sdp([text])


def test_one_line_may_have_several_keys() -> None:
    more = base64.b64encode(material(master(first=5))).decode()
    text = f"{inline(ONE)}|2^20|1:1;inline:{more}|2^20|2:1"
    assert read(text.encode()) == (ONE._replace(mki=b"\1"), master(first=5, mki=b"\2"))


def test_a_line_without_a_suite_is_a_key_of_each_that_it_fits() -> None:
    text = "inline:" + base64.b64encode(material(ONE)).decode()
    assert {key.suite.name for key in read(text.encode())} == {"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: str(suite.name))
@pytest.mark.parametrize(
    "form",
    [
        lambda key: {key.suite.name: {"key_hex": material(key).hex(), "ssrc": 7}},
        lambda key: [{"suite": key.suite.name, "master_key": key.key.hex(), "master_salt": key.salt.hex(), "t": 1.5}],
        lambda key: {"calls": [{"profile": f"SRTP_{key.suite.name}", "key": base64.b64encode(material(key)).decode()}]},
        lambda key: {"sdes": "a=crypto:1 " + inline(key)},
    ],
    ids=["named above", "key and salt", "base64", "SDES"],
)
def test_json_of_several_forms_gives_each_key_once(suite: object, form: object) -> None:
    key = master(suite.name)  # type: ignore[attr-defined]  # one of SUITES
    found = read(json.dumps(form(key)).encode())  # type: ignore[operator]  # one of the functions above
    assert found == (key,)


def test_a_profile_is_known_by_its_number() -> None:
    assert read(json.dumps([{"key": material(TWO).hex(), "profile": 8, "ssrc_type": 2}]).encode()) == (TWO,)


@pytest.mark.parametrize(
    "row",
    [
        f'"0xcafebabe","AES_CM_128_HMAC_SHA1_80","{material(ONE).hex()}"',
        f'"","SRTP_AES128_CM_HMAC_SHA1_80","{ONE.key.hex()}","{ONE.salt.hex()}"',
        f'"10.0.0.1","5004","{base64.b64encode(material(ONE)).decode()}","AES_CM_128_HMAC_SHA1_80"',
    ],
)
def test_rows_of_quoted_fields_give_their_keys(row: str) -> None:
    assert read(f"# made by a program\n{row}\n".encode()) == (ONE,)


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[", "[" * 100_000, "inline:", "inline:!!!!", '"', '"a","b"', "a=crypto:1 F8_128_HMAC_SHA1_80 inline:"
        + base64.b64encode(material(ONE)).decode(), f"{inline(ONE)} UNAUTHENTICATED_SRTP", f"{inline(ONE)} KDR=1",
        json.dumps({"AEAD_AES_256_GCM": material(ONE).hex()}), material(ONE).hex(),
    ],
    ids=lambda text: text[:24],
)
def test_what_is_no_key_gives_none(text: str) -> None:
    assert read(text.encode()) == ()


def test_many_keys_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srtp_keys, "MAX_MEDIA_KEYS", 3)
    text = "\n".join(inline(master(first=number)) for number in range(9))
    known = Secrets()
    assert len(read(text.encode())) == 3 and known.add(text.encode()) == 3 == len(known)
    assert known.add(inline(TWO).encode()) == 0


def test_keys_of_srtp_come_by_the_same_door_as_a_key_log() -> None:
    known = Secrets()
    log = f"CLIENT_RANDOM {'ab' * 32} {'12' * 48}\n{inline(ONE)}\n".encode()
    assert known.add(log, "both") == 2 and list(known.media_keys) == [ONE]
    assert known.of(b"\xab" * 32) and known.copy().media_keys == known.media_keys


def test_keys_of_dtls_are_those_that_openssl_exports() -> None:
    client = "dbb2f352dc0c4065d56b804eaf3266285178860a5675bd06cc77270c258e0e18"
    server = "058b000f864bc33efff218626dfa10494c5e819e03baf7b097fe73f092c13d10"
    secret = "2092ccccd71a914442c2a10b0ffb8b0242f5cf46e618104735cef3dba6c088302638f86940d3987f80a323c34bc9a92a"
    # What `openssl s_client -dtls1_2 -use_srtp … -keymatexport EXTRACTOR-dtls_srtp -keymatexportlen 60` says.
    exported = bytes.fromhex(
        "E8029E3812EAED940AF67085501F21E94A588249FD609634FCEA9740AB4D4EA81AAB5C2610772E75324A23A135CC9919"
        "ABB1E4FC9184A2F8DE1BF3EE"
    )
    one, two = of_dtls(
        SUITES[0], TLS_1_2, "sha384", bytes.fromhex(secret), bytes.fromhex(client), bytes.fromhex(server)
    )
    assert one.key + two.key + one.salt + two.salt == exported and (len(one.key), len(one.salt)) == (16, 14)
