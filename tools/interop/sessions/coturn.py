"""coturn: allocations, permissions, channels, their end, and what it refuses, as a client of ours asks for it."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dissectors.protocols import stun
from dissectors.protocols.stun_attributes import Address, ErrorCode
from tools.interop.sessions.network import HERE, ROOT, THERE, Cable, cable, faults, need, report, stop
from tools.interop.sessions.results import Row, facts

PORT, PEER_PORT = 3478, 5000
USER, REALM, PASSWORD = "someone", "example.org", "secret"
UDP = b"\x11\0\0\0"
PATIENCE_SECONDS = 2.0
SHORT_SECONDS = 4
"""How long an allocation lasts whose end is waited for."""


class Client:
    """Asks a TURN server, keeps what it was told, and counts what was refused."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect((THERE, PORT))
        self.key = hashlib.md5(f"{USER}:{REALM}:{password}".encode(), usedforsecurity=False).digest()
        self.nonce = b""
        self.codes: list[int] = []
        self.sent = 0

    def ask(self, method: str, *attributes: tuple[str, Any]) -> stun.Message:
        """One request and its answer; a challenge, or a stale nonce, is met once."""
        answer = self._once(method, attributes)
        code = _code(answer)
        if code in (401, 438):
            self.nonce = next(each.value for each in answer.attributes if each.name == "NONCE")
            answer = self._once(method, attributes)
            code = _code(answer)
        if code:
            self.codes.append(code)
        return answer

    def _once(self, method: str, attributes: tuple[tuple[str, Any], ...]) -> stun.Message:
        if self.nonce:
            attributes = (*attributes, ("USERNAME", USER), ("REALM", REALM), ("NONCE", self.nonce))
        octets = stun.build(method, "request", os.urandom(12), attributes, key=self.key if self.nonce else None)
        self.socket.send(octets)
        while True:
            answer = self.socket.recv(2048)
            if answer[0] < 2:
                return stun.parse(answer)

    def allocate(self, seconds: int = 600) -> stun.Message:
        return self.ask("Allocate", ("REQUESTED-TRANSPORT", UDP), ("LIFETIME", seconds))

    def permit(self, host: str) -> stun.Message:
        return self.ask("CreatePermission", ("XOR-PEER-ADDRESS", Address(host, PEER_PORT)))

    def bind(self, host: str) -> stun.Message:
        peer = ("XOR-PEER-ADDRESS", Address(host, PEER_PORT))
        return self.ask("ChannelBind", ("CHANNEL-NUMBER", b"\x40\0\0\0"), peer)

    def refresh(self, seconds: int) -> stun.Message:
        return self.ask("Refresh", ("LIFETIME", seconds))

    def send(self, seconds: float) -> None:
        """Media over the channel, fifty datagrams a second."""
        for n in range(self.sent, self.sent + int(50 * seconds)):
            media = b"\x80\0" + n.to_bytes(2, "big") + (160 * n).to_bytes(4, "big") + b"\x5a\xa5\x12\x34" + bytes(160)
            self.socket.send(b"\x40\0" + len(media).to_bytes(2, "big") + media)
            time.sleep(0.02)
        self.sent += int(50 * seconds)


def _code(answer: stun.Message) -> int:
    refused = answer.get("ERROR-CODE")
    return refused.code if isinstance(refused, ErrorCode) else 0


def relayed() -> list[int]:
    """A session as it should be."""
    client = Client()
    client.allocate()
    client.permit(HERE)
    client.bind(HERE)
    client.send(3)
    client.refresh(600)
    client.send(1)
    client.refresh(0)
    return client.codes


def wrong_password() -> list[int]:
    """A password that the server does not know."""
    client = Client("wrong")
    client.allocate()
    return client.codes


def denied_peer() -> list[int]:
    """A peer that the server does not relay to."""
    client = Client()
    client.allocate()
    client.permit("10.77.0.9")
    return client.codes


def beyond_quota() -> list[int]:
    """More allocations than a user may have."""
    first, second = Client(), Client()
    first.allocate()
    second.allocate()
    first.refresh(0)
    return second.codes


def expired() -> list[int]:
    """A relay that is used on after its end."""
    client = Client()
    client.allocate(SHORT_SECONDS)
    client.permit(HERE)
    client.bind(HERE)
    client.send(SHORT_SECONDS + 9)
    client.refresh(600)
    return client.codes


def stale() -> list[int]:
    """A nonce that grows old, and is renewed as it should be."""
    client = Client()
    client.allocate()
    client.permit(HERE)
    client.bind(HERE)
    for _ in range(3):
        client.send(2)
        client.refresh(600)
    client.refresh(0)
    return client.codes


Scene = tuple[Callable[[], list[int]], tuple[str, ...], list[int], str]
SCENES: dict[str, Scene] = {
    "a relay": (relayed, (), [], "none"),
    "wrong password": (wrong_password, (), [401], "turn-allocation-failed"),
    "peer denied": (denied_peer, ("--denied-peer-ip=10.77.0.9",), [403], "turn-refused"),
    "beyond the quota": (beyond_quota, ("--user-quota=1",), [486], "turn-allocation-failed"),
    "relay expired": (expired, (f"--max-allocate-lifetime={SHORT_SECONDS}",), [437], "turn-expired, turn-refused"),
    "nonce renewed": (stale, ("--stale-nonce=3",), [], "none"),
}
"""What the client does, options of the server, the codes that it is left with, and the faults to be told."""


def run(folder: Path, _: str) -> list[Row]:
    """Every scene, each with a server and a capture of its own."""
    need("turnserver")
    rows = []
    for name, (scene, options, codes, fault) in SCENES.items():
        path = folder / f"coturn-{name.replace(' ', '-')}.pcap"
        with cable("t") as made, served(made, *options), made.captured(path):
            program = made.start(
                made.near, sys.executable, "-m", "tools.interop.sessions.coturn", scene.__name__, stdout=-1, stderr=-1,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            out, err = program.communicate(timeout=60)
        told = report(path)
        rows.append(facts(f"{name}: codes", f"{codes}", out.strip() or err.strip()[-60:]))
        rows.append(facts(f"{name}: faults", fault, faults(told)))
    return rows


@contextmanager
def served(made: Cable, *options: str) -> Any:
    """coturn at the far end of a cable."""
    server = made.start(
        made.far, "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp", "-L", THERE, "-E", THERE,
        "-a", "-u", f"{USER}:{PASSWORD}", "-r", REALM, "--pidfile", f"/tmp/{made.far}.pid", "--log-file", "/dev/null",
        "--simple-log", *options,
    )
    time.sleep(1.5)
    try:
        yield
    finally:
        stop(server)


if __name__ == "__main__":
    print({scene.__name__: scene for scene, *_ in SCENES.values()}[sys.argv[1]]())
