"""Modules that are compiled from plain Python say the same as it; `MUXSHARK_PURE=1` asks for the plain one."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MUTATIONS = 3000


def modules(listed: str) -> list[str]:
    """What `setup.py` compiles, by the name of its list."""
    for node in ast.parse((ROOT / "setup.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == listed:
            return [name.replace("/", ".") for name in ast.literal_eval(node.value)]
    raise AssertionError(f"setup.py has no list {listed}")


def source(name: str) -> Path:
    """Where the plain Python of a module stands, if it has any."""
    return ROOT / f"{name.replace('.', '/')}.py"


def plain_modules() -> list[str]:
    """What is compiled and stands there as plain Python, too: nearly always the same source, else a twin beside it."""
    return modules("PLAIN") + [name for name in modules("TWINS") if source(name).exists()]


def compiled(name: str) -> bool:
    """Whether a module was compiled here."""
    found = find_spec(name)
    return found is not None and not str(found.origin).endswith(".py")


def python(*words: str, pure: bool) -> list[str]:
    """The lines that a Python writes that prefers sources, or takes what is compiled."""
    environment = {**os.environ, "MUXSHARK_PURE": "1" if pure else ""}
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=900
    )
    return done.stdout.splitlines()


def test_what_is_compiled_is_plain_python() -> None:
    assert modules("PLAIN") and set(modules("PLAIN")) < set(plain_modules())
    for name in modules("PLAIN"):
        assert source(name).exists(), name
    typed = {path.relative_to(ROOT).with_suffix("") for path in (ROOT / "dissectors").rglob("*.pxd")}
    # What looks at messages that stay unread is there only where it was compiled.
    typed.remove(Path("dissectors/protocols/sip_usual"))
    assert typed == {Path(name.replace(".", "/")) for name in plain_modules()}


def test_the_command_runs_plain_python_where_it_is_asked_to() -> None:
    words = "import sys\nfrom dissectors import __main__\nfrom dissectors import cli\n"
    words += "cli.main = lambda made: print(sys.modules['dissectors.plain']) or 0\n__main__.main()"
    assert "dissectors/plain.py" in python("-c", words, pure=True)[0].replace(os.sep, "/")


def test_the_plain_one_runs_where_it_is_asked_for() -> None:
    code = (
        "import importlib, sys\nfrom dissectors.plain import prefer_sources\nprefer_sources()\n"
        "for name in sys.argv[1:]: print(importlib.import_module(name).__file__)"
    )
    assert all(line.endswith(".py") for line in python("-c", code, *plain_modules(), pure=True))


def test_both_builds_say_the_same_of_captures_and_of_mutated_messages() -> None:
    if not all(map(compiled, plain_modules())):
        pytest.skip("nothing was compiled here")
    ours, theirs = (python("-m", "tests.both_builds", str(MUTATIONS), "pcaps", pure=pure) for pure in (False, True))
    assert ours[0] != theirs[0], "one build was compared with itself"
    assert len(ours) > 2 and ours[1:] == theirs[1:]
