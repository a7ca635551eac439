"""Completion in shells knows every command and option."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dissectors.cli import COMMANDS, parser
from dissectors.outputs.completion import script
from tests.command_line import ROOT


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("muxshark an", {"analyze", "anonymise"}),
        ("muxshark --v", {"--version"}),
        ("muxshark analyze --js", {"--json"}),
        ("muxshark analyze --clock ", {"relative", "local", "utc"}),
        ("muxshark list --", {"--help", "--call", "--time", "--clock", "--ndjson", "--secrets", "--max-inflated",
                              "--max-ratio", "--keys", "--rsa-key"}),
        ("muxshark completion ", {"bash", "zsh", "fish"}),
        ("muxshark analyze setup.c", {"setup.cfg"}),
        ("muxshark explain --layer 1 setup.c", {"setup.cfg"}),
        ("muxshark analyze -r setup.c", {"setup.cfg"}),
        ("muxshark analyze -d setup.c", set()),
        ("muxshark inflate --label setup.c", set()),
    ],
)
def test_bash_completes_commands_options_choices_and_files(typed: str, offered: set[str]) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    words = typed.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    code = f"""{script("bash", parser())}
COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
_muxshark; printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run([bash, "--norc", "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == "" and set(done.stdout.split()) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_names_every_command_and_option(shell: str) -> None:
    text = script(shell, parser())
    assert all(command in text for command in COMMANDS)
    assert all(option in text for option in ("ndjson", "max-inflated", "layer", "label"))
    if path := shutil.which(shell):
        subprocess.run([path, "-n", "/dev/stdin"], input=text, text=True, check=True)


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes_where_its_completion_had_not_begun(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(script("zsh", parser()) + "print ${_comps[muxshark]}\n", encoding="utf-8")
    environment = {**os.environ, "HOME": str(tmp_path), "ZDOTDIR": str(tmp_path)}
    done = subprocess.run(
        ["zsh", "-f", str(tmp_path / "script")], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.stdout == "_muxshark\n" and done.stderr == ""
