"""Who listens to a session beside its reader: metrics over HTTP and in a file, and a command for each event."""

from __future__ import annotations

import json
import socket
import stat
import sys
import urllib.request
from pathlib import Path

import pytest

from dissectors.commands.inputs import Refused
from dissectors.commands.live_listeners import Runner
from dissectors.commands.live_metrics import MetricsServer, endpoint
from dissectors.live.events import DropEvent
from dissectors.live.metrics import CONTENT_TYPE, Metrics
from tests.sessions import CALL, run


@pytest.mark.parametrize(
    ("text", "found"),
    [("9100", ("127.0.0.1", 9100)), (":9100", ("127.0.0.1", 9100)), ("0.0.0.0:80", ("0.0.0.0", 80)),
     ("[::1]:9100", ("::1", 9100)), ("localhost:0", ("localhost", 0))],
)
def test_metrics_are_for_the_loopback_unless_a_host_is_named(text: str, found: tuple[str, int]) -> None:
    assert endpoint(text) == found


@pytest.mark.parametrize("text", ["", "host", "host:", "host:http", "host:70000"])
def test_what_is_no_address_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(Refused, match="the form is HOST:PORT"):
        endpoint(text)


def test_the_page_is_served_to_who_asks_and_also_after_who_asks_nothing() -> None:
    server = MetricsServer(":0", Metrics())
    try:
        with socket.create_connection(("127.0.0.1", server.port)), urllib.request.urlopen(
            f"http://127.0.0.1:{server.port}/metrics", timeout=20
        ) as answer:
            text = answer.read().decode()
            assert answer.headers["Content-Type"] == CONTENT_TYPE
        assert "muxshark_calls_active 0\n" in text
        with pytest.raises(Refused, match="in use"):
            MetricsServer(f":{server.port}", Metrics())
    finally:
        server.close()


def test_a_command_has_each_event_on_its_standard_input(tmp_path: Path) -> None:
    script, out = tmp_path / "take", tmp_path / "out; touch x"
    script.write_text(f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'a').write(sys.stdin.read())\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    done = run("-", "--ndjson", "--min-severity", "error", "--exec", f"{script} '{out}'", octets=CALL.read_bytes())
    assert done.returncode == 0
    passed = [json.loads(line) for line in out.read_text().splitlines()]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert passed == told and told[-1]["event"] == "end"
    assert not [event for event in told if event["event"] == "finding" and event["severity"] != "error"]


def test_events_that_a_slow_command_leaves_no_room_for_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dissectors.commands.live_listeners.COMMAND_SECONDS", 0.3)
    runner = Runner(f"{sys.executable} -c 'import time; time.sleep(60)'")
    for number in range(150):
        runner.take(DropEvent("drop", 0.0, number, 0))
    assert 45 <= runner.dropped <= 50
    runner.close()
    assert runner.failed >= 1 and runner.dropped + runner.failed == 150


@pytest.mark.parametrize(("words", "said"), [
    (("--exec", "'"), "--exec \"'\": No closing quotation"),
    (("--exec", " "), "--exec: the command is empty"),
    (("--metrics-file", "/nowhere/at/all"), "--metrics-file /nowhere/at/all: no such file or directory"),
])
def test_what_cannot_be_listened_to_is_refused_in_one_line(words: tuple[str, ...], said: str) -> None:
    done = run("-", *words, octets=CALL.read_bytes())
    assert (done.returncode, done.stdout) == (2, b"") and done.stderr.decode() == f"muxshark: {said}\n"
