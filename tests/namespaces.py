"""Two network namespaces and a virtual cable between them, for tests that capture: nothing else is touched."""
from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MUXSHARK = (sys.executable, "-c", "import sys; from dissectors.cli import main; sys.exit(main(sys.argv[1:]))")
SEND = """
import socket, sys, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("10.9.8.1", int(sys.argv[1])))
for line in sys.stdin:
    wait, text = line.split()
    time.sleep(float(wait))
    one.sendto(bytes.fromhex(text), ("10.9.8.2", int(sys.argv[1])))
"""


def missing() -> str:
    """Why such namespaces cannot be made here; nothing when they can."""
    if sys.platform != "linux" or not hasattr(socket, "AF_PACKET"):
        return "packet sockets are Linux's"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    done = subprocess.run(["ip", "netns", "add", probe := f"mx{os.getpid()}p"], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "delete", probe], capture_output=True, check=False)
    return "" if done.returncode == 0 else "network namespaces are not allowed here"


@dataclass(frozen=True, slots=True)
class Cable:
    """`near` (10.9.8.1, interface tx0) sends, `far` (10.9.8.2, interface rx0) listens."""

    near: str
    far: str

    def connect(self) -> None:
        """Lay the cable; also anew, once one of its ends was deleted."""
        ip(f"-n {self.near} link add tx0 type veth peer name rx0 netns {self.far}")
        for end, name, address in ((self.near, "tx0", "10.9.8.1/24"), (self.far, "rx0", "10.9.8.2/24")):
            ip(f"-n {end} addr add {address} dev {name}")
            ip(f"-n {end} link set {name} up")

    def run(self, end: str, *words: str) -> str:
        """What a program prints that runs at one end; raises when it fails."""
        return subprocess.run(
            ["ip", "netns", "exec", end, *words], check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def start(self, end: str, *words: str, **options: object) -> subprocess.Popen[str]:
        """A program that runs at one end until it is stopped."""
        return subprocess.Popen(
            ["ip", "netns", "exec", end, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=ROOT, **options,
        )  # type: ignore[call-overload, no-any-return]

    def live(self, *words: str, interface: str = "rx0") -> subprocess.Popen[str]:
        """`muxshark live` at the far end, once it watches."""
        process = self.start(self.far, *MUXSHARK, "live", "-i", interface, *words)
        assert process.stderr is not None
        for line in process.stderr:
            if "watching" in line:
                return process
        raise AssertionError(f"it did not begin: {process.communicate()}")

    def send(self, payloads: list[bytes], every: float = 0.001, port: int = 16402) -> None:
        """UDP from the near end to the far one, paced."""
        text = "".join(f"{every} {payload.hex()}\n" for payload in payloads)
        subprocess.run(
            ["ip", "netns", "exec", self.near, sys.executable, "-c", SEND, str(port)],
            input=text, text=True, check=True, timeout=60,
        )


def ip(command: str) -> None:
    """Run ip(8) with these words."""
    subprocess.run(["ip", *command.split()], check=True, capture_output=True)


@contextmanager
def cable() -> Iterator[Cable]:
    """Make the namespaces, and take them away whatever happens."""
    made = Cable(f"mx{os.getpid()}a", f"mx{os.getpid()}b")
    try:
        ip(f"netns add {made.near}")
        ip(f"netns add {made.far}")
        ip(f"-n {made.far} link set lo up")
        made.connect()
        yield made
    finally:
        for name in (made.near, made.far):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
