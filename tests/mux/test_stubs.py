"""The stubs of the compiled modules against the modules: what a type checker believes is what is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dissectors.mux import scan as interpreted

ROOT = Path(__file__).resolve().parents[2]
compiled = pytest.importorskip("dissectors.mux.compiled.scan", reason="no compiled scan was built here")
MODULES = (
    "dissectors.mux.compiled.scan", "dissectors.protocols.sip_usual", "dissectors.sources.blocks",
)


def concerns(complaint: str) -> bool:
    """Whether a stub is wrong, or leaves out a member of a class; what a module keeps to itself may be left out."""
    name = next(complaint.removeprefix(f"{module}.") for module in MODULES if complaint.startswith(module))
    return not complaint.endswith("is not present in stub") or "." in name and "_cython__" not in name


def test_the_stubs_say_what_is_there() -> None:
    pytest.importorskip("mypy.stubtest", reason="the type checker is of the lint extra")
    command = [sys.executable, "-m", "mypy.stubtest", "--concise", *MODULES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    complaints = [line for line in done.stdout.splitlines() if line.startswith(MODULES)]
    assert complaints, done.stdout + done.stderr
    assert not [complaint for complaint in complaints if concerns(complaint)]


def test_the_compiled_scan_is_a_class_of_its_own() -> None:
    assert compiled.Scanner.__mro__ == (compiled.Scanner, object)
    members = {name for name in vars(interpreted.Scanner) if not name.startswith("_")}
    assert members | {"bounds", "frames", "flows"} <= {*vars(compiled.Scanner)}
