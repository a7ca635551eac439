"""Tshark itself, and a home for it in which the plugin is installed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dissectors.wireshark.plugin import render
from dissectors.wireshark.tshark import Tshark, find


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that everybody may read, for root runs tshark as nobody."""
    with tempfile.TemporaryDirectory(prefix="muxshark-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "mux.lua").write_text(render(), encoding="utf-8")
        yield place


@pytest.fixture(scope="module")
def tshark() -> Tshark:
    return find()
