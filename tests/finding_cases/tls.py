"""Stories of TLS: what its handshakes say, and keys that are of no use."""

from __future__ import annotations

import sys
from io import BytesIO
from unittest.mock import patch

from dissectors import offline
from dissectors.report import Report
from tests.capture_octets import block, enhanced, interface, section
from tests.finding_cases.plain import Case
from tests.mux.test_framings import OPTIONS
from tests.secured import Made, secured
from tests.tcp_frames import conversation, frame

MADE = secured([(True, OPTIONS)])


def pcapng(made: Made, keys: bool = True) -> bytes:
    """A capture that holds the keys of what it captured."""
    secrets = b"KSLT" + len(made.keys).to_bytes(4, "little") + made.keys + bytes(-len(made.keys) % 4)
    frames = [enhanced(frame(one), number * 1000) for number, one in enumerate(conversation(made.sent))]
    return b"".join([section(), interface(), *([block(10, secrets)] if keys else []), *frames])


def without_library(octets: bytes) -> Report:
    """The report where the package is not installed."""
    with patch.dict(sys.modules, {"cryptography": None}):
        return offline.analyze([BytesIO(octets)])


CASES: dict[str, Case] = {
    "keys-unused": (
        lambda: without_library(pcapng(MADE)),
        lambda: offline.analyze([BytesIO(pcapng(MADE))]),
    ),
}
