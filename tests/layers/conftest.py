"""Bugs in layers show as what they are."""

from __future__ import annotations

import pytest
from scapy.all import conf


@pytest.fixture(autouse=True)
def bugs_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scapy turns an exception in a layer into Raw, unless it is told not to."""
    monkeypatch.setattr(conf, "debug_dissector", True)
