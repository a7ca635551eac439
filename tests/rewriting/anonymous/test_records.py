"""TLS over TCP under other names: the same handshakes, in which nobody is named."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.records import Handshakes
from tests.rewriting.anonymous.test_capture import done
from tests.rewriting.test_courses import written
from tests.secured import secured, suite
from tests.tcp_frames import conversation

NAMES = Pseudonyms(b"one key")


def hello(body: bytes, kind: int = 0x16) -> bytes:
    return bytes((kind, 3, 3)) + len(body).to_bytes(2, "big") + body


@pytest.mark.parametrize("size", [100, 1400])
@pytest.mark.parametrize(("kind", "name"), [("rsa", "sip.example.com"), ("weak", "other.example.com")])
def test_a_handshake_is_told_as_before_and_names_nobody(tmp_path: Path, kind: str, name: str, size: int) -> None:
    sent = secured([(True, b"alicewonder")], suite("AES128-SHA"), kind=kind, name=name).sent
    path = written(tmp_path / "in", conversation(sent, size=size))
    done(path, tmp_path / "out")
    before, after = offline.analyze([path]), offline.analyze([str(tmp_path / "out")])
    assert Counter(each.id for each in after.findings) == Counter(each.id for each in before.findings)
    ((one,), (two,)) = before.tls, after.tls
    assert (two.outcome, two.version, two.cipher_suite) == (one.outcome, one.version, one.cipher_suite)
    assert two.server_name == NAMES.text(name) and one.certificate is not None
    octets = (tmp_path / "out").read_bytes()
    assert b"example" not in octets and b"sip" not in octets


def test_a_message_that_goes_on_in_the_next_record_waits_for_it() -> None:
    message = b"\x0e\0\0\0" + b"\x0c\0\0\6public"
    one, two = hello(message[:9]), hello(message[9:])
    held = Handshakes()
    assert held.take(one, NAMES) == [] and held.take(two, NAMES) == [one, two]
    # What is never whole is not understood.
    assert held.take(one, NAMES) == [] and held.take(hello(b"\1", 0x14), NAMES) == [hello(b"\1", 0x14)]
    # Behind the change everything is encrypted.
    assert held.take(two, NAMES)[0] != two and held.take(hello(b"\2\x28", 0x15), NAMES) == [hello(b"\2\x28", 0x15)]
    assert held.take(hello(b"alicewonder", 0x17), NAMES)[0][:5] == hello(b"alicewonder", 0x17)[:5]
