"""What is advised to whom may not capture can be typed."""

from __future__ import annotations

import sys

import pytest

from dissectors.sources.interface import opening


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["/usr/bin/muxshark", "live", "-f", "udp port 5060"], "/usr/bin/muxshark live -f 'udp port 5060'"),
        (["/x/dissectors/__main__.py", "live"], f"{sys.executable} -m dissectors live"),
    ],
)
def test_a_command_that_is_advised_can_be_typed_into_a_shell(
    words: list[str], typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", words)
    assert opening.command() == typed
    assert opening.command(("live", "-i", "IFACE")).endswith(" live -i IFACE")
