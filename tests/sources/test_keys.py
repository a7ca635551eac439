"""Files of keys: refused where they hold none, followed while they grow."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors.crypto.secrets import Secrets
from dissectors.sources.keys import ENVIRONMENT, Following, KeyLog, NoKeys, read
from tests.crypto.test_secrets import LINE, NEWER, OTHER, RANDOM
from tests.secured import identity


def write(path: Path, octets: bytes) -> str:
    path.write_bytes(octets)
    return str(path)


def test_files_are_told_apart_by_content(tmp_path: Path) -> None:
    log, key = write(tmp_path / "a", LINE), str(identity("rsa")[1])
    both = read([log, key])
    assert both is not None and len(both) == 2 and not both.growing
    assert read([]) is None
    named = read([], [key])
    assert named is not None and len(named.private_keys) == 1


@pytest.mark.parametrize(
    ("octets", "private", "said"),
    [
        (b"", False, "holds no keys"), (LINE, True, "holds no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAA\n", False, "not a private key of RSA"),
    ],
)
def test_a_file_without_keys_is_refused(tmp_path: Path, octets: bytes, private: bool, said: str) -> None:
    name = write(tmp_path / "a", octets)
    with pytest.raises(NoKeys, match=said):
        read([] if private else [name], [name] if private else [])
    with pytest.raises(NoKeys, match="no such file"):
        read([str(tmp_path / "none")])


def test_a_log_that_grows_is_followed(tmp_path: Path) -> None:
    path, secrets = tmp_path / "log", Secrets()
    log = KeyLog(str(path))
    log.poll(secrets)
    assert not len(secrets)
    path.write_bytes(LINE[:40])
    log.poll(secrets)
    assert not len(secrets)
    path.write_bytes(LINE + NEWER[:20])
    log.poll(secrets)
    assert secrets.of(bytes.fromhex(RANDOM)) and not secrets.of(bytes.fromhex(OTHER))
    path.write_bytes(LINE + NEWER)
    log.poll(secrets)
    assert secrets.of(bytes.fromhex(OTHER))
    log.close()


def test_a_log_that_begins_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    path, secrets = tmp_path / "log", Secrets()
    log = KeyLog(write(path, LINE + LINE))
    log.poll(secrets)
    path.write_bytes(NEWER)
    log.poll(secrets)
    assert secrets.of(bytes.fromhex(OTHER))
    log.close()


def test_the_environment_names_a_log_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert Following([]).secrets is None
    name = write(tmp_path / "log", LINE)
    monkeypatch.setenv(ENVIRONMENT, name)
    following = Following([])
    assert following.secrets is not None and following.secrets.growing
    assert following.secrets.sources == {(name, ENVIRONMENT): 1}
    following.close()
    twice = Following([name])
    assert twice.secrets is not None and twice.secrets.sources == {(name, "file"): 1}
    twice.close()
