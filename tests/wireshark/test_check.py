"""The check loads the plugin into tshark and says what is in order."""

from __future__ import annotations

import shutil

import pytest

from dissectors.wireshark.check import check
from dissectors.wireshark.tshark import Tshark

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def test_the_check_finds_everything_in_order(tshark: Tshark) -> None:
    lines = list(check(tshark))
    assert not [line for line in lines if line.good is False]
    assert sum(line.good is True for line in lines) >= 6


def test_the_check_finds_a_plugin_that_does_not_load(tshark: Tshark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dissectors.wireshark.check.render", lambda defaults: "error('no such thing', 0)")
    lines = list(check(tshark))
    assert [line.text for line in lines if line.good is False][0].startswith("the plugin does not load: ")
