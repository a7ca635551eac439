"""Lint, types and tests of the checkout, in its environment."""
from __future__ import annotations

import os
import shutil
import subprocess

from tools.environment import Environment, say


def check(environment: Environment, arguments: list[str]) -> int:
    """Run ruff, mypy and pytest, which gets `arguments`; 0 when all three are content, else 1."""
    want_tshark()
    variables = settings(environment)
    passed: dict[str, bool] = {}
    for name, options in (("ruff", ["check", "."]), ("mypy", []), ("pytest", arguments or ["-n", "auto"])):
        words = [str(environment.program(name)), *options]
        passed[name] = subprocess.run(words, check=False, cwd=environment.checkout, env=variables).returncode == 0
    say(" · ".join(f"{name} {'passed' if ok else 'FAILED'}" for name, ok in passed.items()))
    return 0 if all(passed.values()) else 1


def settings(environment: Environment) -> dict[str, str]:
    """Environment variables for the checks, with every cache beside the environment where the checkout is read-only."""
    given = {**os.environ, "PATH": os.pathsep.join((str(environment.programs), os.environ.get("PATH", os.defpath)))}
    if os.access(environment.checkout, os.W_OK):
        return given
    caches = environment.folder / "caches"
    return {
        **given,
        "PYTHONDONTWRITEBYTECODE": "1",
        "RUFF_CACHE_DIR": str(caches / "ruff"),
        "MYPY_CACHE_DIR": str(caches / "mypy"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(caches / "hypothesis"),
        "PYTEST_ADDOPTS": f"{os.environ.get('PYTEST_ADDOPTS', '')} -o cache_dir='{caches / 'pytest'}'",
    }


def want_tshark() -> None:
    """Install tshark where that is possible without asking anybody; else say what its absence costs."""
    if shutil.which("tshark"):
        return
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing tshark with apt-get: some tests compare with it")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "--yes", "--no-install-recommends", "tshark"]):
            subprocess.run(["apt-get", "-q", *words], check=False, env=quiet, capture_output=True)
    if not shutil.which("tshark"):
        say("tshark is not installed: the tests that compare with it are skipped")
