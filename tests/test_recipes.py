"""The pages: every command of docs/recipes.md prints what stands below it, and every link leads somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
MIN_RECIPES = 20

posix = pytest.mark.skipif(os.name != "posix" or not shutil.which("bash"), reason="the recipes are for a shell")


def printed(words: list[str], folder: Path) -> str:
    """What a command prints in a folder that has the captures, with `muxshark` on its path."""
    (folder / "pcaps").symlink_to(ROOT / "pcaps")
    (folder / "bin").mkdir()
    program = folder / "bin" / "muxshark"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dissectors "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {
        **os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=120)
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


@posix
@pytest.mark.parametrize("command", EXAMPLES)
def test_an_example_of_the_readme_or_of_filters_finds_what_it_asks_for(command: str, tmp_path: Path) -> None:
    text = printed(["bash", "-c", command], tmp_path)
    assert text and "nothing" not in text.splitlines()[0]


@posix
def test_the_readme_shows_what_the_command_prints(tmp_path: Path) -> None:
    picture = re.search(r"```text\n\$ (.*?)\n(.*?)\n```", README, re.DOTALL)
    assert picture is not None and printed(["bash", "-c", picture[1]], tmp_path).startswith(picture[2] + "\n")


def test_the_readme_begins_with_its_two_commands() -> None:
    blocks = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
    assert blocks[:2] == [("sh", "python3 run.py analyze pcaps/facetime-2013.pcap\n"), ("sh", "python3 run.py tests\n")]


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_links_to_what_is_there(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []


def test_the_site_has_every_page_once() -> None:
    listed = re.findall(r"^ +- (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == [page.name for page in PAGES[1:]]
