"""`muxshark completion`: a script with which a shell completes the command line."""

from __future__ import annotations

import argparse
import sys

HELP = "print a completion script for bash, zsh or fish"
DESCRIPTION = """\
Print a completion script. To use it:
  bash   eval "$(muxshark completion bash)"
  zsh    source <(muxshark completion zsh)
  fish   muxshark completion fish | source"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    shells = ("bash", "zsh", "fish")
    parser.add_argument("shell", metavar="|".join(shells), choices=shells, help="the shell to use it in")


def run(options: argparse.Namespace) -> int:
    """Print the script for the current parser."""
    from dissectors.outputs.completion import script

    sys.stdout.write(script(options.shell, options.parser()))
    return 0
