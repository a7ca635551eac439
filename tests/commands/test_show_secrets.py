"""Secrets in every output: masked at the same length, unless they are asked for."""

from __future__ import annotations

import io
import json
import struct
import zlib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from dissectors.cli import main
from dissectors.outputs.formats import FORMATS
from tests import made, verto_calls
from tests.tcp_frames import A, B, Sent, conversation, records

DIGEST, KEY = "6629fae49393a05397450978507c4ef1", "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
ICE, PASSWORD = "asd88fgpdd777uzj", "hunter22"
SECRETS = (DIGEST, KEY, ICE, PASSWORD, verto_calls.PASSWORD)
WEB = (A[0], 50_000), (B[0], 8081)


class Ran(NamedTuple):
    """What came of a command."""

    status: int
    stdout: bytes
    stderr: str


def run(*words: str) -> Ran:
    """The command, in this process: it is asked for many times."""
    octets, errors = io.BytesIO(), io.StringIO()
    with io.TextIOWrapper(octets, encoding="utf-8") as out, redirect_stdout(out), redirect_stderr(errors):
        status = main([*words])
        out.flush()
        return Ran(status, octets.getvalue(), errors.getvalue())


def description(key: str = KEY) -> bytes:
    return (
        "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n"
        f"a=ice-ufrag:abcd\r\na=ice-pwd:{ICE}\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^20\r\n"
    ).encode()


def invite(call: str, *headers: str, body: bytes) -> bytes:
    uri = f"sip:bob:{PASSWORD}@example.com"
    return made.sip(
        f"INVITE {uri} SIP/2.0", f"From: <sip:ann:{PASSWORD}@example.com>;tag=1", f"To: <{uri}>", f"Call-ID: {call}",
        "CSeq: 1 INVITE", "Via: SIP/2.0/TCP a;branch=z9hG4bK1", f"Contact: <sip:ann:{PASSWORD}@192.0.2.1>",
        "Content-Type: application/sdp", *headers, body=body,
    )


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> str:
    """SIP with secrets in headers, in a body and in a compressed one, and a login of Verto with a call."""
    digest = f'Authorization: Digest username="ann", nonce="n", response="{DIGEST}"'
    sip: list[Sent] = [
        (A, invite("plain", digest, body=description())),
        (A, invite("squeezed", "Content-Encoding: deflate", body=zlib.compress(description()))),
    ]
    verto = [(WEB[0] if src == A else WEB[1], octets) for src, octets in verto_calls.over_websocket(
        [*verto_calls.login(), *verto_calls.attempt()]
    )]
    found = [record for _, record in [*records(conversation(sip)), *records(conversation(verto, WEB), first=100)]]
    path = tmp_path_factory.mktemp("secrets") / "secrets.pcap"
    octets = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for number, record in enumerate(found):
        octets += struct.pack("<IIII", 1000 + number, 0, len(record.octets), len(record.octets)) + record.octets
    Path(path).write_bytes(octets)
    return str(path)


def frames(capture: str) -> list[str]:
    lines = run("list", "--ndjson", capture).stdout.splitlines()
    return [str(each["frame"]) for each in map(json.loads, lines) if each["protocol"] in ("SIP", "VERTO")]


def test_no_output_has_a_secret_unless_it_is_asked_for(capture: str) -> None:
    known = frames(capture)
    assert len(known) == 9
    commands: list[tuple[str, ...]] = [
        *(("analyze", "--all", f"--format={name}", capture) for name in FORMATS), ("list", capture),
        ("list", "--ndjson", capture), ("diff", capture, capture), ("show", "--sdp", capture, known[0]),
        ("show", capture, known[1]), ("show", "--body", capture, known[1]),
        *(("show", how, capture, frame) for frame in known[:3] for how in ("--raw", "--hex")),
        *(("explain", capture, frame) for frame in known[:3]),
    ]
    told = 0
    for command in commands:
        hidden, bare = run(*command), run(*command[:1], "--secrets", *command[1:])
        assert hidden.status == bare.status == 0, hidden.stderr
        assert not any(secret.encode() in hidden.stdout for secret in SECRETS), command
        assert not any(_dumped(secret) in hidden.stdout for secret in SECRETS), command
        told += any(secret.encode() in bare.stdout or _dumped(secret) in bare.stdout for secret in SECRETS)
        if "--raw" in command:
            assert len(hidden.stdout) == len(bare.stdout) and b"*" * 8 in hidden.stdout
    assert told >= 10


def _dumped(secret: str) -> bytes:
    """The first octets of a secret as a dump of a whole line may have them."""
    return secret.encode()[:8].hex(" ").encode()


def test_masked_texts_are_as_long_as_the_secrets_and_say_the_rest(capture: str) -> None:
    plain, squeezed, _ = json.loads(run("analyze", "--json", capture).stdout)["calls"]
    for call in (plain, squeezed):
        text = call["messages"][0]["body"]["text"]
        assert text == description("*" * len(KEY)).decode().replace(ICE, "*" * len(ICE))
        assert call["caller"] == f"sip:ann:{'*' * len(PASSWORD)}@example.com"
        assert call["descriptions"][0]["media"][0]["keys"][0]["octets"] == 30


def test_the_octets_of_a_compressed_body_with_a_secret_are_masked_whole(capture: str) -> None:
    raw = run("show", "--raw", capture, frames(capture)[1]).stdout
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"Content-Encoding: deflate" in head
    assert body == b"*" * len(zlib.compress(description()))


def test_the_description_of_verto_is_shown(capture: str) -> None:
    for frame in frames(capture):
        shown = run("show", "--sdp", capture, frame)
        if b"m=audio 40100" in shown.stdout:
            assert b"a=ice-pwd:**********************" in shown.stdout
            return
    raise AssertionError("no frame has it")
