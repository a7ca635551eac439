"""Keys are told apart by their content, and kept by the random of their ClientHello."""

from __future__ import annotations

import pytest

from dissectors.crypto import secrets
from dissectors.crypto.secrets import MASTER, Secrets
from tests.protected import inline, master
from tests.secured import identity

RANDOM, OTHER = "ab" * 32, "cd" * 32
LINE = f"CLIENT_RANDOM {RANDOM} {'12' * 48}\n".encode()
NEWER = f"CLIENT_TRAFFIC_SECRET_0 {OTHER} {'34' * 32}\r\nSERVER_TRAFFIC_SECRET_0 {OTHER} {'56' * 32}\r\n".encode()


def test_a_key_log_gives_its_secrets_by_label() -> None:
    known = Secrets()
    assert known.add(b"# a comment\n" + LINE + b"junk\n" + NEWER, "log") == 3
    assert known.of(bytes.fromhex(RANDOM)) == {MASTER: b"\x12" * 48}
    assert set(known.of(bytes.fromhex(OTHER))) == {"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"}
    assert len(known) == 2 and known.sources == {("log", "file"): 3} and known.changes == 1
    assert not known.of(b"other")


def test_a_private_key_is_known_by_its_content() -> None:
    known = Secrets()
    assert known.add(identity("rsa")[1].read_bytes()) == 1
    assert len(known.private_keys) == 1 and len(known) == 1


@pytest.mark.parametrize("octets", [b"", b"CLIENT_RANDOM\n", b"CLIENT_RANDOM zz 0\n", b"CLIENT_RANDOM abc 12\n", b"{}"])
def test_other_content_holds_no_keys(octets: bytes) -> None:
    known = Secrets()
    assert known.add(octets) == 0 and not len(known) and not known.changes


def test_a_line_of_an_old_log_is_known_by_its_session() -> None:
    known = Secrets()
    assert known.add(f"RSA Session-ID:{RANDOM} Master-Key:{'12' * 48}\n".encode()) == 1
    assert known.of(bytes.fromhex(RANDOM)) == {secrets.SESSION: b"\x12" * 48}


def test_a_copy_does_not_learn_what_its_original_learns() -> None:
    known = Secrets()
    known.add(LINE)
    other = known.copy()
    known.add(NEWER)
    assert other.of(bytes.fromhex(RANDOM)) and not other.of(bytes.fromhex(OTHER))


def test_the_secrets_that_were_told_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "MAX_SECRETS", 1)
    known = Secrets()
    known.add(LINE + NEWER)
    assert not known.of(bytes.fromhex(RANDOM)) and known.of(bytes.fromhex(OTHER))


def test_keys_of_srtp_that_a_capture_gives_are_bounded_and_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "MAX_LEARNED", 2)
    monkeypatch.setattr(secrets, "MAX_KEYS_OF_ONE", 1)
    known, other = Secrets(), Secrets()
    for number in range(3):
        known.announce(str(number), f"a=crypto:1 {inline(master(first=number))}\r\n{inline(master(first=9))}".encode())
        known.export(("192.0.2.1", number, "192.0.2.2", 1), master(first=number))
    assert known.announced == {"1": {master(first=1): None}, "2": {master(first=2): None}}
    assert [port for _, port, *_ in known.exported] == [1, 2]
    other.learn(known)
    assert (other.announced, other.exported) == (known.announced, known.exported)
