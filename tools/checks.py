"""Lint, types and tests of the checkout, in its environment, and the site of its pages."""
from __future__ import annotations

import configparser
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tools.environment import Environment, SetupError, run, say

PROGRAMS = {"tshark": "tshark", "lua5.2": "lua5.2", "lua5.4": "lua5.4", "luacheck": "lua-check"}
"""Programs that some tests compare with, and the Debian packages that bring them."""

IN_PARALLEL = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")
"""A process of tests for each processor, each of which begins with tests that stand together, and one more: many tests
wait for a program or for the clock."""


def check(environment: Environment, arguments: list[str]) -> int:
    """Run ruff, mypy and pytest with `arguments`; without any, build the site, too. 0 when all are content, else 1.

    mypy and the site take one processor, and work beside the tests; what mypy says comes when these are through.
    """
    want_programs()
    variables = settings(environment)

    def done(name: str, *options: str, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
        words = [str(environment.program(name)), *options]
        return subprocess.run(words, check=False, cwd=environment.checkout, env=variables, stdout=stdout, text=True)

    passed = {"ruff": done("ruff", "check", ".").returncode == 0}
    with ThreadPoolExecutor() as beside:
        types = beside.submit(done, "mypy", stdout=subprocess.PIPE)
        built = None if arguments else beside.submit(site, environment)
        tests = done("pytest", *(arguments or IN_PARALLEL))
        print(types.result().stdout, end="", flush=True)
    passed |= {"mypy": types.result().returncode == 0, "pytest": tests.returncode == 0}
    if built is not None and (whole := built.result()) is not None:
        passed["site"] = whole
    say(" · ".join(f"{name} {'passed' if ok else 'FAILED'}" for name, ok in passed.items()))
    return 0 if all(passed.values()) else 1


def site(environment: Environment) -> bool | None:
    """Build the site of docs/ strictly; None, and a line for people, where the programs for it cannot be had.

    They go into a folder of their own, so that no test finds packages that muxshark does not ask for.
    """
    setup = configparser.ConfigParser()
    setup.read(environment.checkout / "setup.cfg", encoding="utf-8")
    needs = setup["options.extras_require"]["docs"].replace(" ", "").split()
    packages = environment.folder / "for-the-site"
    python = str(environment.program("python"))
    if not (packages / "mkdocs").exists():
        try:
            run(environment, python, "-m", "pip", "install", "--quiet", "--target", packages, *needs)
        except SetupError as error:
            say(f"the site is not built, for {', '.join(needs)} cannot be installed here: {error}")
            return None
    variables = {**settings(environment), "PYTHONPATH": str(packages), "NO_MKDOCS_2_WARNING": "1"}
    words = ("-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(environment.folder / "site"))
    return subprocess.run([python, *words], check=False, cwd=environment.checkout, env=variables).returncode == 0


def settings(environment: Environment) -> dict[str, str]:
    """Environment variables for the checks, with every cache beside the environment where the checkout is read-only."""
    given = {**os.environ, "PATH": os.pathsep.join((str(environment.programs), os.environ.get("PATH", os.defpath)))}
    # Tests start some thousand processes, each of which would compile the package again.
    given.pop("PYTHONDONTWRITEBYTECODE", None)
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


def want_programs() -> None:
    """Install the programs that tests compare with where that needs nobody's consent; else say what is skipped."""
    if not missing():
        return
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [PROGRAMS[name] for name in missing()]
        say(f"installing {', '.join(packages)} with apt-get: some tests compare with them")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        # One by one: a package that this system does not know shall not keep the others away.
        for words in (["update"], *(["install", "--yes", "--no-install-recommends", name] for name in packages)):
            subprocess.run(["apt-get", "-q", *words], check=False, env=quiet, capture_output=True)
    if missing():
        say(f"not installed: {', '.join(missing())}; the tests that compare with them are skipped")


def missing() -> list[str]:
    """Those of PROGRAMS that are not on the path."""
    return [name for name in PROGRAMS if not shutil.which(name)]
