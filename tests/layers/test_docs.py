"""Every snippet of docs/scapy.md runs by itself and prints what stands below it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.snippets import printed_by, snippets

SNIPPETS = snippets("scapy.md")
LOOPBACK_UP = 'ip link set lo up && exec "$@"'
IN_ITS_OWN_NETWORK = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", LOOPBACK_UP, "sh"]
FILTER = "from scapy.arch.common import compile_filter; compile_filter('udp port 9', linktype=1)"


def may_capture() -> bool:
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
    except (AttributeError, PermissionError):
        return False
    return True


def capturing() -> list[str] | None:
    """What to put before a command that captures on loopback; None where that cannot be had."""
    if subprocess.run([sys.executable, "-c", FILTER], capture_output=True).returncode:
        return None
    if may_capture():
        return []
    if shutil.which("unshare") and not subprocess.run([*IN_ITS_OWN_NETWORK, "true"], capture_output=True).returncode:
        return IN_ITS_OWN_NETWORK
    return None


@pytest.mark.parametrize(("code", "printed"), SNIPPETS, ids=[str(number) for number in range(1, len(SNIPPETS) + 1)])
def test_a_snippet_prints_what_the_page_says(code: str, printed: str, tmp_path: Path) -> None:
    before: list[str] | None = []
    if "sniff" in code.lower():
        before = capturing()
        if before is None:
            pytest.skip("no libpcap, or neither the right to capture nor a network namespace of one's own")
    assert printed_by(code, tmp_path, before or ()) == printed


def test_the_page_has_a_snippet_for_each_problem() -> None:
    assert len(SNIPPETS) == 13 and all(printed for _, printed in SNIPPETS)
