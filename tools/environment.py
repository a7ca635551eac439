"""A virtual environment for the checkout: made once, repaired when it is not whole, renewed when its terms change.

The stamp is the law: it is written last and taken away first, so an environment without it was interrupted and is made
anew. Where the checkout cannot be written to, the environment lives in the user's cache folder.
"""
from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.pip_wheel import Unavailable, fetch_pip

TERMS = ("setup.cfg", "pyproject.toml", "setup.py", "dissectors/**/*.pyx", "dissectors/**/*.pxi")
"""A change in one of these files makes the next run install again; compiled modules are built then."""

SIGNS = {
    "No space left on device": "the disk is full",
    "connection broken by": "the package index cannot be reached; PIP_INDEX_URL and PIP_PROXY can say how",
}
"""What pip says when it gives up, and what that means."""

STEPS = {
    r"Installing build dependencies": "fetching what the build needs",
    r"Collecting ([\w.-]+)": "fetching {0}",
    r"Building (?:editable|wheel) for muxshark": "building muxshark",
    r"Building (?:editable|wheel) for ([\w.-]+)": "building {0}",
    r"Installing collected packages: (.+)": "installing {0:.60}",
}
"""What pip says while it works, and what that means."""

PURE, COMPILERS = "MUXSHARK_PURE", ("cc", "gcc", "clang")
SCAN, LATER, TRIED = "scan", "later", "tried"
"""In the stamp: whether the compiled scan is still to be built, or was tried."""

OURS = "made-by-run.py"
STAMP = "ready.json"


class SetupError(Exception):
    """The environment cannot be had; one line for people that says what is missing and how to get it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A ready environment and the checkout that it serves."""

    folder: Path
    checkout: Path

    @property
    def programs(self) -> Path:
        """The folder of its programs."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def program(self, name: str) -> Path:
        """The path of one of its programs."""
        return self.programs / (f"{name}.exe" if os.name == "nt" else name)


def say(text: str) -> None:
    """One line on standard error."""
    print(f"run.py: {text}", file=sys.stderr, flush=True)


def prepare(checkout: Path, extras: tuple[str, ...], compiled: bool = False) -> Environment:
    """The checkout's environment with `extras` of setup.cfg installed; raises SetupError.

    Takes no more than reading a stamp when everything is in place. Unless the `compiled` scan has to be there, it is
    left for `finish`: the first answer does not wait for the compiler.
    """
    environment = Environment(place(checkout), checkout)
    if not is_ready(environment, extras, compiled):
        with alone(environment.folder):
            if not is_ready(environment, extras, compiled):
                build(environment, extras, compiled)
    return environment


def is_unfinished(environment: Environment) -> bool:
    """Whether the compiled scan is still to be built."""
    return stamp(environment).get(SCAN) == LATER


def finish(environment: Environment) -> None:
    """Build the compiled scan, in the foreground and under the lock; once, whatever becomes of it."""
    with alone(environment.folder):
        if not is_unfinished(environment):
            return
        say("building the compiled scan, once: the same results, many times faster. Ctrl-C leaves it for the next time")
        install(environment, (), pure=False, only_itself=True)
        write_stamp(environment, {**stamp(environment), SCAN: TRIED})


def place(checkout: Path) -> Path:
    """`.venv` in the checkout, or a cache folder when that is not to be had."""
    folder = checkout / ".venv"
    if folder.exists():
        if (folder / OURS).exists() and os.access(folder, os.W_OK):
            return folder
        reason = "another tool made .venv here" if not (folder / OURS).exists() else ".venv cannot be written to"
    elif os.access(checkout, os.W_OK):
        return folder
    else:
        reason = "the checkout cannot be written to"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "muxshark" / hashlib.sha256(os.fsencode(checkout)).hexdigest()[:12]
    say(f"{reason}: the environment is {folder}")
    return folder


def terms(environment: Environment) -> dict[str, str]:
    """What an environment depends on: where it is, which Python made it, what it was to hold."""
    content = hashlib.sha256()
    for name in TERMS:
        content.update(b"-")
        for path in sorted(environment.checkout.glob(name), key=str):
            content.update(path.read_bytes())
    if not os.access(environment.checkout, os.W_OK):
        for path in sorted((environment.checkout / "dissectors").rglob("*.*"), key=str):
            if path.is_file() and "__pycache__" not in path.parts:
                content.update(path.read_bytes())
    return {
        "folder": str(environment.folder),
        "checkout": str(environment.checkout),
        "python": f"{sys.implementation.cache_tag} {sys.base_prefix}",
        "content": content.hexdigest(),
    }


def stamp(environment: Environment) -> dict[str, object]:
    """What the environment says it holds; empty when it was never finished."""
    try:
        found = json.loads((environment.folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and environment.program("python").exists() else {}


def is_ready(environment: Environment, extras: tuple[str, ...], compiled: bool = False) -> bool:
    """Whether nothing needs to be done before a program of the environment can run."""
    found = stamp(environment)
    held, scan = found.pop("extras", ()), found.pop(SCAN, TRIED)
    whole = found == terms(environment) and isinstance(held, list) and set(extras) <= set(held)
    return whole and not (compiled and scan == LATER)


def build(environment: Environment, extras: tuple[str, ...], compiled: bool) -> None:
    """Make the environment, or bring a whole one up to date."""
    found, wanted = stamp(environment), terms(environment)
    reusable = all(found.get(key) == wanted[key] for key in ("folder", "checkout", "python"))
    held = found.get("extras") if reusable else None
    extras = tuple(sorted({*extras, *(held if isinstance(held, list) else ())}))
    (environment.folder / STAMP).unlink(missing_ok=True)
    if not reusable:
        say(f"setting up {environment.folder}, once: about ten packages from the package index")
        create(environment)
    later = not compiled and has_compiler()
    # Without a compiler there is nothing to translate for it either, which takes longer than all the rest.
    install(environment, extras, pure=later or not has_compiler())
    write_stamp(environment, {**wanted, "extras": list(extras), SCAN: LATER if later else TRIED})


def write_stamp(environment: Environment, text: dict[str, object]) -> None:
    """Say what the environment holds: the last step of every set-up."""
    (environment.folder / STAMP).write_text(json.dumps(text, indent=1), encoding="utf-8")


def has_compiler() -> bool:
    """Whether a compiler is here and may be used; without one, nothing is left for later.

    On Windows only the build knows where it is.
    """
    if os.environ.get(PURE, "") not in ("", "0"):
        return False
    if os.name == "nt":
        return True
    return any(shutil.which(name) for name in (os.environ.get("CC", "").split() or COMPILERS)[:3])


def create(environment: Environment) -> None:
    """An empty environment with pip in it, in the place of whatever was there."""
    if not importlib.util.find_spec("venv"):
        raise SetupError("this Python has no venv module; on Debian and Ubuntu: apt-get install python3-venv")
    folder = environment.folder
    for path in folder.iterdir():
        if path.name not in (OURS, "lock"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    bundled = importlib.util.find_spec("ensurepip") is not None
    run(environment, sys.executable, "-m", "venv", *(() if bundled else ("--without-pip",)), folder)
    if bundled:
        return
    say("this Python comes without pip: fetching it from the package index")
    try:
        wheel = fetch_pip(folder)
    except Unavailable as error:
        raise SetupError(f"{error}; on Debian and Ubuntu, apt-get install python3-venv helps too") from None
    run(environment, environment.program("python"), wheel / "pip", "install", "--no-index", wheel)
    wheel.unlink()


def install(
    environment: Environment, extras: tuple[str, ...], pure: bool = False, only_itself: bool = False
) -> None:
    """The package and its dependencies: as a link to the checkout, or as a copy where that cannot be written to.

    With `pure` nothing is compiled; with `only_itself` the dependencies are there.
    """
    if not only_itself:
        how = "" if pure or not has_compiler() else ", compiling its scan (a minute or so)"
        say("installing muxshark" + (" and what its tests need" if extras else "") + how)
    own = ("--no-deps",) if only_itself else ()
    pip = (environment.program("python"), "-m", "pip", "install", *own)
    suffix = f"[{','.join(extras)}]" if extras else ""
    settings = {PURE: "1"} if pure else {}
    if os.access(environment.checkout, os.W_OK):
        run(environment, *pip, "--editable", f"{environment.checkout}{suffix}", **settings)
        return
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "muxshark"
        shutil.copytree(environment.checkout, copy, ignore=shutil.ignore_patterns(".git", ".venv", "build"))
        for path in (copy, *copy.rglob("*")):
            path.chmod(path.stat().st_mode | 0o200)
        run(environment, *pip, "--force-reinstall", "--no-deps", str(copy), **settings)
        if not only_itself:
            run(environment, *pip, f"{copy}{suffix}", **settings)


def run(environment: Environment, *words: str | Path, **variables: str) -> None:
    """Run one step of the set-up, its words to the log; raises SetupError with what tells most of a failure.

    On a terminal one line shows what it is at.
    """
    settings = {
        **os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", **variables,
    }
    output = ""
    log = environment.folder / "setup.log"
    # The step inherits the lock: when this process is killed, the next set-up waits for what it left running.
    with subprocess.Popen(
        words,
        env=settings,
        close_fds=os.name != "posix",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process, log.open("a", encoding="utf-8") as file:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                output += line
                file.write(line)
                show(step_of(line))
        except KeyboardInterrupt:
            process.terminate()
            raise
        finally:
            show(None, done=True)
    if process.returncode:
        raise SetupError(f"the set-up failed: {telling(output)} (everything it said: {log})")


def step_of(line: str) -> str | None:
    """What pip is at, by a line of its output; None for a line that says nothing of it."""
    for sign, meaning in STEPS.items():
        if found := re.match(sign, line.strip()):
            return meaning.format(*found.groups())
    return None


def show(step: str | None, done: bool = False) -> None:
    """One line on a terminal that changes as the set-up goes on, and goes away at its end."""
    if sys.stderr.isatty() and (step or done):
        sys.stderr.write(f"\r\x1b[K{f'run.py: {step}' if step else ''}")
        sys.stderr.flush()


def telling(output: str) -> str:
    """The line of a failed step's output that helps a person most, in plain words where we have them."""
    for sign, meaning in SIGNS.items():
        if sign in output:
            return meaning
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["without a word"]
    return next((line for line in reversed(lines) if line.lower().startswith("error")), lines[-1])


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make the folder and hold it against another set-up at the same time, where the system has such a lock."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / OURS).touch()
    with (folder / "lock").open("w") as lock:
        if os.name == "posix":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
            os.set_inheritable(lock.fileno(), True)
        yield
