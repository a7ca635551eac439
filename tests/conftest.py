"""Examples may take as long as a busy machine lets them: no test asserts on the clock."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("muxshark", deadline=None)
settings.load_profile("muxshark")

if os.environ.get("MUXSHARK_PURE", "") not in ("", "0"):
    from dissectors.plain import prefer_sources

    prefer_sources()

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell that starts us in the background ignores interrupts, and so would every command that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

PACKAGE = Path(__file__).resolve().parent.parent / "dissectors"


def pytest_configure() -> None:
    """Refuse to test what was compiled from another source than the one that stands beside it."""
    for built in (*PACKAGE.rglob("*.so"), *PACKAGE.rglob("*.pyd")):
        name = built.name.partition(".")[0]
        sources = [path for suffix in (".py", ".pxd") if (path := built.with_name(name + suffix)).exists()]
        if any(path.stat().st_mtime > built.stat().st_mtime for path in sources):
            pytest.exit(f"{built.name} is older than its source: python setup.py build_ext --inplace", 4)
