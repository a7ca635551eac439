"""What ESP carries in the clear, under other names: read as before, with lengths and padding that fit."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dissectors import offline
from tests import captures
from tests.ip_frames import ethernet, ipv4, ipv6, udp
from tests.rewriting.anonymous.test_capture import done
from tests.rewriting.anonymous.test_carriers import SAID, written
from tests.wire.link.test_esp import esp, tcp


@pytest.mark.parametrize("integrity", [12, 16, 0])
@pytest.mark.parametrize("wrap", [lambda octets: ipv4(octets, 50), lambda octets: ipv6(octets, 50),
                                  lambda octets: ipv4(udp(octets, dport=4500)),
                                  lambda octets: ipv4(udp(b"\x30\xff" + struct.pack(
                                      "!HI", 20 + len(octets), 1) + ipv4(octets, 50), dport=2152))])
def test_messages_in_esp_are_others_and_still_read(tmp_path: Path, wrap: object, integrity: int) -> None:
    assert callable(wrap)
    packet = wrap(esp(udp(SAID), integrity=integrity))
    path = written(tmp_path / "in", 1, ethernet(packet, 0x0800 if packet[0] >> 4 == 4 else 0x86DD))
    tally = done(path, tmp_path / "out")
    report = offline.analyze([str(tmp_path / "out")])
    assert not tally.left and [each.name for each in report.capture.protocols if each.name == "SIP"] == ["SIP"]
    (after,) = captures.frames(tmp_path / "out")
    assert SAID[:60] not in after and (not integrity or esp(udp(SAID), integrity=integrity)[-integrity:] not in after)


def test_messages_over_tcp_in_esp_are_others_and_still_read(tmp_path: Path) -> None:
    path = written(tmp_path / "in", 1, ethernet(ipv4(esp(tcp(SAID), 6), 50)))
    done(path, tmp_path / "out")
    report = offline.analyze([str(tmp_path / "out")])
    assert report.capture.messages == offline.analyze([path]).capture.messages == 1
    assert SAID[:60] not in captures.frames(tmp_path / "out")[0]
