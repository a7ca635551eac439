"""The manual pages say what the command line says, in what man reads."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from dissectors.cli import COMMANDS, parser
from dissectors.outputs.completion import options_of
from dissectors.outputs.manual import pages

PAGES = pages(parser(), "1.2.3")


def plain(text: str) -> str:
    """A page without its font changes and escapes."""
    return re.sub(r"\\f[BRI]", "", text).replace("\\-", "-").replace("\\&", "")


def test_there_is_a_page_per_command_and_one_that_names_them_all() -> None:
    assert set(PAGES) == {"muxshark.1", *(f"muxshark-{command}.1" for command in COMMANDS)}
    assert all(f"muxshark-{command}" in plain(PAGES["muxshark.1"]) for command in COMMANDS)
    assert all("muxshark 1.2.3" in text for text in PAGES.values())


@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_page_has_every_option_with_its_text(command: str) -> None:
    text = plain(PAGES[f"muxshark-{command}.1"])
    lines = text.splitlines()
    for option in options_of(parser(), command):
        assert any(option in re.split(r"[ ,]+", line) for line in lines), option
    assert "EXIT STATUS" in text and "SEE ALSO" in text


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
@pytest.mark.parametrize("name", PAGES)
def test_groff_has_nothing_to_say_against_a_page(name: str) -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-K", "utf8"], input=PAGES[name], capture_output=True, text=True, check=True
    )
    assert done.stderr == "" and "muxshark 1.2.3" in done.stdout
