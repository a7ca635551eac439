"""Examples may take as long as a busy machine lets them: no test asserts on the clock."""

import gc
import os
import re
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

# All that collecting makes stays: looking through it again and again takes a third of the time.
gc.disable()

PACKAGE = Path(__file__).resolve().parent.parent / "dissectors"


def pytest_configure() -> None:
    """Refuse to test what was compiled from another source than the one that stands beside it."""
    for built in (*PACKAGE.rglob("*.so"), *PACKAGE.rglob("*.pyd")):
        name = built.name.partition(".")[0]
        twin = built.with_name(f"{name}.pyx")
        sources = [twin if twin.exists() else built.with_name(f"{name}.py"), built.with_name(f"{name}.pxd")]
        for source in (twin, sources[1]):
            if source.exists():
                parts = re.findall(r'^include "(.+)"', source.read_text(encoding="utf-8"), re.MULTILINE)
                sources += map(built.with_name, parts)
        if any(path.exists() and path.stat().st_mtime > built.stat().st_mtime for path in sources):
            pytest.exit(f"{built.name} is older than its source: python setup.py build_ext --inplace", 4)


def pytest_collection_finish() -> None:
    """Look for cycles in what tests make, and no more in the tests, whose stories are millions of objects."""
    gc.enable()
    gc.collect()
    gc.freeze()
