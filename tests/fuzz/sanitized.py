"""The compiled modules with AddressSanitizer in them, built beside the tree, and what a process needs to load them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.fuzz.children import ROOT, Surroundings

CHECKS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1 -g"
"""Also what C leaves undefined: an addition that overflows, a shift too far."""

RUNTIME = "libasan.so"
SOURCES = ("dissectors", "setup.py", "setup.cfg", "pyproject.toml", "README.md")
BUILT = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
RESIDENT = 6144
"""MiB that a process may hold with the sanitizer, which keeps what was freed for a while."""

MODEST = "quarantine_size_mb=64:malloc_context_size=12"
"""What keeps that from growing for hours."""


class Impossible(Exception):
    """Nothing can be built with the sanitizer here: one line that says why."""


def compiler(folder: Path) -> Path:
    """A compiler that puts the checks in, whatever else it is told: a script in `folder`. Raises Impossible."""
    words = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    if sys.platform != "linux":
        raise Impossible("it can be loaded into Python on Linux alone")
    if shutil.which(words[0]) is None:
        raise Impossible(f"there is no compiler ({words[0]})")
    script = folder / "cc"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@" {CHECKS}\n')
    script.chmod(0o755)
    trial = folder / "trial.c"
    trial.write_text("int main(void) { return 0; }\n")
    done = subprocess.run([script, trial, "-o", folder / "trial"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Impossible(f"{words[0]} has no AddressSanitizer ({done.stderr.strip().splitlines()[-1]})")
    return script


def variables(script: Path) -> dict[str, str]:
    """The environment of a process that loads what this compiler made. Raises Impossible where the runtime is missing.

    Python's own allocator would hide the end of each object from the sanitizer.
    """
    done = subprocess.run([script, f"-print-file-name={RUNTIME}"], capture_output=True, text=True, check=False)
    path = done.stdout.strip()
    if not os.path.isabs(path):
        raise Impossible(f"{RUNTIME} is not installed")
    return {
        "LD_PRELOAD": path,
        "ASAN_OPTIONS": f"detect_leaks=0:hard_rss_limit_mb={RESIDENT}:allocator_may_return_null=1:{MODEST}",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
    }


def build(folder: Path) -> Surroundings:
    """Build the compiled modules with the sanitizer in a copy of the package within `folder`. Raises Impossible."""
    script = compiler(folder)
    around = variables(script)
    copy = folder / "source"
    for name in SOURCES:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, copy / name, ignore=BUILT)
        else:
            copy.mkdir(exist_ok=True)
            shutil.copy(path, copy / name)
    words = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    environment = {**os.environ, "CC": str(script), "MUXSHARK_REQUIRE_EXTENSION": "1", "MUXSHARK_PURE": ""}
    done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Impossible(f"the compiled modules were not built ({(done.stderr.strip() or '?').splitlines()[-1]})")
    # The package comes from the copy, where the process runs; the tests come from here.
    return Surroundings(copy, {**around, "PYTHONPATH": str(ROOT)})
