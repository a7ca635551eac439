"""The pages: every command runs and prints what stands below it, every option exists, every link leads somewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from dissectors.cli import COMMANDS, OWN_OPTIONS, parser
from dissectors.outputs.completion import options_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
MIN_RECIPES = 20

STAND_INS = {
    "sudo": 'exec "$@"', "ssh": "exec cat pcaps/bad-day.pcap", "tcpdump": "exec cat pcaps/bad-day.pcap",
}
"""Programs that the pages name and that no test should run."""

posix = pytest.mark.skipif(os.name != "posix" or not shutil.which("bash"), reason="the recipes are for a shell")


def ran(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A command in a folder that has the captures, with `muxshark` and `STAND_INS` on its path."""
    (folder / "pcaps").symlink_to(ROOT / "pcaps")
    (folder / "bin").mkdir()
    scripts = {"muxshark": f'exec "{sys.executable}" -m dissectors "$@"', **STAND_INS}
    for name, script in scripts.items():
        program = folder / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
    environment = {
        **os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8", "HOME": str(folder),
    }
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=120)


def printed(words: list[str], folder: Path) -> str:
    """What a command prints that has nothing to say on standard error."""
    done = ran(words, folder)
    assert done.stderr == ""
    return done.stdout.rstrip("\n")


@posix
@pytest.mark.parametrize(("command", "output"), SHELL, ids=[command.split("\n")[0] for command, _ in SHELL])
def test_a_recipe_prints_what_stands_below_it(command: str, output: str, tmp_path: Path) -> None:
    if "jq " in command and not shutil.which("jq"):
        pytest.skip("jq is not installed")
    assert printed(["bash", "-c", command], tmp_path) == output.rstrip("\n")


@posix
@pytest.mark.parametrize(("code", "output"), PYTHON)
def test_a_recipe_in_python_prints_what_stands_below_it(code: str, output: str, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    assert printed([sys.executable, "-c", code], tmp_path) == output.rstrip("\n")


def test_there_are_twenty_recipes_and_each_command_has_its_output() -> None:
    assert len(re.findall(r"^## ", PAGE, re.MULTILINE)) >= MIN_RECIPES
    assert len(SHELL) == PAGE.count("```sh\n") and len(PYTHON) == PAGE.count("```python\n")

README = (ROOT / "README.md").read_text(encoding="utf-8")
FILTERS = (ROOT / "docs" / "filters.md").read_text(encoding="utf-8")
EXAMPLES = [
    line for page in (README.partition("## Use\n")[2], FILTERS)
    for line in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)[0].splitlines()
]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
INSTALLS = ("python3 run.py", "python3 -m venv", "pip install", "pipx install")
"""What begins the commands that install muxshark: tests/test_packaging.py does what they do."""

NEEDS = (
    ("muxshark sql", "duckdb"), ("parquet", "duckdb"), (".html", "jinja2"), ("--keys", "cryptography"),
    ("--verify", "tshark"), ("plugin --install", "tshark"), ("plugin --check", "tshark"), ("tshark -X", "tshark"),
    ("--uninstall", "tshark"),
)
"""Commands that need a package or a program that may be missing here."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$(\n\n```text)?", re.DOTALL | re.MULTILINE)
"""A fenced block: its kind, its lines, and the beginning of its output if that follows."""

TLS = ROOT / "tests" / "data" / "tls"


def blocks() -> Iterator[tuple[str, list[str]]]:
    """The commands of the pages that stand without their output, block by block, with the name of the page."""
    for page in PAGES:
        for kind, block, output in FENCE.findall(page.read_text(encoding="utf-8")):
            lines = [line for line in block.splitlines() if not line.startswith(INSTALLS)]
            if kind in ("sh", "console") and lines and not output:
                yield page.name, lines


def is_lacking(line: str) -> bool:
    """Whether a command needs what is not installed here."""
    return any(part in line and not shutil.which(need) and not find_spec(need) for part, need in NEEDS)


def muxshark(line: str) -> list[str] | None:
    """The words of a command of muxshark, from its name on; None for another program's."""
    found = re.search(r"(?:^|\| |sudo )muxshark (.*)", line)
    return shlex.split(found[1], comments=True) if found else None


@posix
@pytest.mark.parametrize("lines", [pytest.param(lines, id=f"{page}: {lines[0]}") for page, lines in blocks()])
def test_the_commands_of_a_page_run(lines: list[str], tmp_path: Path) -> None:
    for name, source in (
        ("call.pcap", ROOT / "pcaps" / "facetime-2013.pcap"), ("call.pcapng", TLS / "tls12_ecdhe_gcm.pcap"),
        ("sslkeys.log", TLS / "tls12_ecdhe_gcm.keys"),
    ):
        shutil.copy(source, tmp_path / name)
    (tmp_path / "keys.json").write_text('{"key": "' + "00" * 16 + '", "salt": "' + "00" * 14 + '"}', encoding="utf-8")
    script = []
    for line in lines:
        words = muxshark(line)
        if words and ("-i" in words or words[0] == "browse"):  # No such interface, no terminal: words are understood.
            parser().parse_args(words)
        elif not is_lacking(line):
            script.append(line)
    done = ran(["bash", "-e", "-c", "\n".join(script)], tmp_path)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr


SHOWN = [
    pytest.param(*session, id=f"{page.name}: {session[0]}") for page in PAGES
    for _, block, _ in FENCE.findall(page.read_text(encoding="utf-8"))
    for session in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]


@posix
@pytest.mark.parametrize(("command", "output"), SHOWN)
def test_a_command_behind_a_prompt_prints_the_lines_that_stand_below_it(
    command: str, output: str, tmp_path: Path
) -> None:
    program = shutil.which("tshark")
    if "verify" in command and not (program and "4.0.17" in ran([program, "--version"], tmp_path).stdout):
        pytest.skip("what stands there is of tshark 4.0.17")
    folder = tmp_path / "here"
    folder.mkdir()
    lines = ran(["bash", "-c", command], folder).stdout.splitlines()
    wanted = [line for line in output.splitlines() if line.strip() not in ("", "…")]
    assert wanted and [line for line in wanted if line not in lines] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_options_that_a_page_names_exist(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    names = list(COMMANDS)
    for code in re.findall(r"`(?:sudo )?muxshark ([^`]*)`", text):
        words = re.split(r"[\s=|]+", re.sub(r"\| .*", "", code.replace("\n", " ")))
        command = words[0] if words[0] in names else "analyze"
        known = {*options_of(parser(), command), *OWN_OPTIONS}
        assert [word for word in words if re.match(r"-[-\w]", word) and word not in known] == [], code


@posix
@pytest.mark.parametrize("command", EXAMPLES)
def test_an_example_of_the_readme_or_of_filters_finds_what_it_asks_for(command: str, tmp_path: Path) -> None:
    text = printed(["bash", "-c", command], tmp_path)
    assert text and "nothing" not in text.splitlines()[0]


def test_the_readme_opens_with_the_problem_and_a_picture() -> None:
    opening = README.partition("```")[0]
    assert opening.startswith("# muxshark\n\nA call failed") and "](docs/pictures/report.svg)" in opening


def test_the_readme_begins_with_its_two_commands() -> None:
    blocks = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
    assert blocks[:2] == [("sh", "python3 run.py analyze pcaps/facetime-2013.pcap\n"), ("sh", "python3 run.py tests\n")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_links_to_what_is_there(page: Path) -> None:
    whole = page.read_text(encoding="utf-8")
    named = set(re.findall(r"\bdocs/[\w/-]+\.(?:md|json|svg|png)", whole))
    assert [name for name in named if not (ROOT / name).exists()] == []
    text = re.sub(r"```.*?```|`[^`\n]*`", "", whole, flags=re.DOTALL)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []


def test_the_site_has_every_page_once() -> None:
    listed = re.findall(r"^ +- (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == [page.name for page in PAGES[1:]]
