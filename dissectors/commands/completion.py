"""`muxshark completion`: a script that teaches a shell to complete the command line."""

from __future__ import annotations

import argparse
import sys

NAME = "completion"
HELP = "a completion script for bash, zsh or fish"
DESCRIPTION = """\
Print a completion script. To use it:
  bash   eval "$(muxshark completion bash)"
  zsh    source <(muxshark completion zsh)
  fish   muxshark completion fish | source"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell that will read it")


def run(options: argparse.Namespace) -> int:
    """Print the script for the parser that is running."""
    from dissectors.outputs.completion import script

    sys.stdout.write(script(options.shell, options.parser))
    return 0
