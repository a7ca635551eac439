"""Data channels are opened with the keys of their DTLS, as two programs used them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors import offline
from dissectors.analysis.connectivity import channels
from dissectors.report import DataChannel
from dissectors.sources.keys import read
from tests.pages import piped

CAPTURE = Path(__file__).resolve().parents[2] / "data" / "tls" / "dtls_data_channels.pcap"
KEYS = str(CAPTURE.with_suffix(".keys"))


def told(keys: bool = True) -> tuple[DataChannel, ...]:
    return offline.analyze([str(CAPTURE)], keys=read([KEYS] if keys else [])).data_channels


def test_channels_have_their_labels_messages_and_octets() -> None:
    chat, files = told()
    assert (chat.label, chat.protocol, chat.ordered) == ("chat", "text", True)
    assert (chat.reliability, chat.limit) == ("reliable", None)
    assert (chat.server_messages, chat.server_octets, chat.client_messages, chat.client_octets) == (5, 35, 5, 55)
    assert (files.label, files.protocol, files.ordered) == ("files", "", False)
    assert (files.reliability, files.limit) == ("retransmissions", 3)
    assert (files.server_messages, files.server_octets, files.client_messages) == (1, 20_000, 0)
    for each in (chat, files):
        assert each.opened_by == "server" and each.acknowledged and each.opened == each.first


def test_channels_of_dtls_1_3_with_interleaved_messages_are_told_as_a_browser_used_them() -> None:
    firefox = CAPTURE.with_name("dtls13_firefox.pcap")
    chat, files = offline.analyze([str(firefox)], keys=read([str(firefox.with_suffix(".keys"))])).data_channels
    assert (chat.label, chat.protocol, chat.ordered, chat.reliability) == ("chat", "text", True, "reliable")
    assert (chat.client_messages, chat.client_octets, chat.server_messages, chat.server_octets) == (5, 75, 5, 35)
    assert (files.label, files.ordered, files.reliability, files.limit) == ("files", False, "retransmissions", 3)
    assert (files.client_messages, files.server_messages, files.server_octets) == (0, 1, 20_000)
    assert chat.opened_by == files.opened_by == "server"


def test_without_keys_nothing_is_told() -> None:
    assert told(keys=False) == ()


def test_the_page_names_them() -> None:
    page = piped(offline.analyze([str(CAPTURE)], keys=read([KEYS])))
    (row,) = [each for each in page.splitlines() if "files" in each]
    assert "in any order, at most 3 retransmissions" in row and "20,000" in row


def test_channels_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "MAX_CHANNELS", 1)
    report = offline.analyze([str(CAPTURE)], keys=read([KEYS]))
    assert len(report.data_channels) == 1
    assert any("data channels" in each.what for each in report.findings if each.id == "bound-hit")
