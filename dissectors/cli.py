"""The command line: arguments in, exit status out.

0 done · 1 done, and `--fail-on` found something · 2 wrong usage or unreadable input, with one line on standard error ·
130 interrupted · 141 the reader of a live session closed the pipe. All other commands end without a message when their
reader stops (`| head`).
"""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn, Protocol

from dissectors.commands import inputs, misuse
from dissectors.commands.inputs import Refused
from dissectors.version import __version__
from dissectors.wire.errors import CaptureError

DONE, UNUSABLE, INTERRUPTED = 0, 2, 130
SPELLED = {"anonymize": "anonymise", "normalize": "normalise"}
"""Commands as they are spelled elsewhere."""

OWN_OPTIONS = ("-h", "--help", "--version")
"""Options of muxshark itself."""

DESCRIPTION = """\
Shows the calls in a capture: how each ended, what was heard, what went wrong,
and what to do about it."""
EPILOG = """\
examples:
  muxshark call.pcap                        the report
  muxshark call.pcap --call 3               one call
  muxshark call.pcap -Y outcome==failed     the calls that failed
  muxshark call.pcap --time 14:03..14:05    what happened at that time
  muxshark show call.pcap 17                the message in frame 17
  muxshark analyze --each FOLDER --brief    many captures
  sudo muxshark live -i eth0                a running network

muxshark COMMAND --help shows the options of a command. Exit status: 0 done, 1
--fail-on found something, 2 wrong usage or unreadable input, 130 interrupted,
141 the reader of a live session closed the pipe."""

LACKING = "muxshark.lacking"
USUAL_COLUMNS = 80


class Command(Protocol):
    """The contents of a module of `dissectors.commands`."""

    HELP: str
    DESCRIPTION: str

    @property
    def arguments(self) -> Callable[[argparse.ArgumentParser], None]: ...

    @property
    def run(self) -> Callable[[argparse.Namespace], int]: ...


COMMANDS: dict[str, str] = {
    name: f"dissectors.commands.{'listing' if name == 'list' else name}"
    for name in (
        "analyze", "live", "browse", "list", "show", "sdp", "explain", "inflate", "diff", "findings", "media", "export",
        "sql", "split", "normalise", "anonymise", "plugin", "verify", "doctor", "completion",
    )
}
"""The module of each command, by its name. One that is not asked for is not imported."""

ANALYZE = "analyze"
"""The command that is meant where files alone are named."""


class Help(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal. argparse makes one of these for each argument, and would import shutil for it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=width_of_help() - 2)


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        needed = message.partition("arguments are required: ")[2]
        if needed and self.wants:
            raise Refused(f"{needed} is missing; write {self.prog} {self.wants}")
        option, _, lacks = message.removeprefix("argument ").partition(": ")
        if lacks == "expected one argument":
            raise Refused(f"{option} needs a value: {self._with_value(option)} ({self.prog} --help)")
        if lacks.startswith("ignored explicit argument"):
            raise Refused(f"{option} takes no value; write {option} alone ({self.prog} --help)")
        if lacks.startswith("not allowed with"):
            lacks += "; write one of the two"
        raise Refused(f"{f'{option}: {lacks}' if lacks else message} ({self.prog} --help)")

    def _with_value(self, option: str) -> str:
        """An option as it is written with its value."""
        name = option.split("/")[0]
        action = self._option_string_actions[name]
        return f"{name} {action.metavar or '|'.join(map(str, action.choices or ())) or action.dest.upper()}"

    @property
    def wants(self) -> str:
        """The words that a command needs, as in its usage."""
        return " ".join(str(each.metavar) for each in self._get_positional_actions() if isinstance(each.metavar, str))

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or usage; unlike argparse, raise OSError when the disk is full."""
        (file or sys.stderr).write(message)


class Version(argparse.Action):
    """Print the version, the scan that runs, and the Python."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        import platform

        from dissectors.offline import scanner_class

        python = f"{platform.python_implementation()} {platform.python_version()}"
        print(f"muxshark {__version__} (scan: {scanner_class().build}, {python})")
        parser.exit()


def main(words: Sequence[str] | None = None, made: list[object] | None = None) -> int:
    """Run one command and return its exit status; what is large and was made for it goes to `made`."""
    words = sys.argv[1:] if words is None else words
    status = DONE
    try:
        status = _run(list(words), [] if made is None else made)
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except BrokenPipeError:
        _forget_output()
        return status
    except KeyboardInterrupt:
        _forget_output()
        return INTERRUPTED
    except (Refused, CaptureError) as error:
        return _complain(misuse.with_near_file(str(error)), *getattr(error, "below", ()))
    except OSError as error:
        _forget_output()
        # A command that failed has already printed why.
        return status or _complain(f"{error.filename or 'output'}: {(error.strerror or str(error)).lower()}")


def parser(wanted: str | None = None) -> Parser:
    """The parser of the whole command line, or of the one command that is `wanted`."""
    # What argparse says is read in `Parser.error`, so that it is in English; and to look for translations takes time.
    argparse._ = str  # type: ignore[attr-defined]  # only the library's own names are typed
    whole = Parser(
        prog="muxshark",
        usage="%(prog)s FILE… | %(prog)s COMMAND …",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Help,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action=Version, nargs=0, help="show the version, the scan's build, the Python")
    commands = whole.add_subparsers(
        title="commands", prog=whole.prog, dest="command", metavar="COMMAND", parser_class=Parser
    )
    for name in COMMANDS if wanted is None else (wanted,):
        command: Command = import_module(COMMANDS[name])
        one = commands.add_parser(
            name, help=command.HELP, description=command.DESCRIPTION, formatter_class=Help, allow_abbrev=False
        )
        command.arguments(one)
        one.set_defaults(run=command.run, parser=parser)
    return whole


def width_of_help() -> int:
    """How wide the terminal is, as `shutil.get_terminal_size` finds it."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or USUAL_COLUMNS  # type: ignore[union-attr]  # None is caught
    except (AttributeError, ValueError, OSError):
        return USUAL_COLUMNS


def _run(words: list[str], made: list[object]) -> int:
    """Parse and run; characters that the output's encoding lacks become ASCII or escapes."""
    if sys.stdout is None:
        raise Refused("there is no standard output")
    codecs.register_error(LACKING, _lacking)
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors=LACKING)
    if not words:
        parser().print_help(sys.stderr)
        return UNUSABLE
    if strange := misuse.instead_of_word(words):
        raise Refused(strange)
    names = list(COMMANDS)
    words = misuse.joined(_meant(words, names))
    if not words[0].startswith("-") and words[0] not in names:
        raise Refused(misuse.instead_of_command(words[0], names))
    whole = parser(words[0] if words[0] in names else None)
    try:
        options, left = whole.parse_known_args(words)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else DONE
    if left:
        raise Refused(_left_over(left[0], whole, options))
    options.words, options.made = words, made
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


def _meant(words: list[str], names: list[str]) -> list[str]:
    """What is meant by a file or by options alone (analyze), and by the words of other tools for help and version."""
    first = words[0]
    if first in ("-V", "version"):
        return ["--version"]
    if first in SPELLED:
        words = [SPELLED[first], *words[1:]]
        first = words[0]
    if first in ("-h", "--help") and words[1:2] and words[1] in names:
        return [words[1], "--help"]
    if words[1:] == ["help"] and first in names and not os.path.exists("help"):
        return [first, "--help"]
    if first in ("help", "-?", "/?"):
        for word in words[1:2]:
            if word not in names:
                raise Refused(misuse.instead_of_command(word, names))
        return [*words[1:2], "--help"]
    if first in OWN_OPTIONS or first in names:
        return words
    if first.startswith("-") and (command := next((word for word in words if word in names), "")):
        rest = " ".join(word for word in words if word != command)
        raise Refused(f"options come behind the command: muxshark {command} {rest}")
    if first.startswith("-") and len(words) == 1 and first in _options(parser(ANALYZE), ANALYZE):
        raise Refused(f"no capture named; write muxshark FILE {first}, or - in place of FILE for a pipe")
    looks_like_file = os.path.exists(first) or os.sep in first or "." in first
    alone = not any(word in names or word in OWN_OPTIONS for word in words)
    if looks_like_file or first.startswith("-") and alone and len(words) > 1 or first == inputs.STANDARD_INPUT:
        return [ANALYZE, *words]
    return words


def _left_over(word: str, whole: Parser, options: argparse.Namespace) -> str:
    """What is wrong with a word that no argument of the command takes."""
    if word.startswith("-"):
        return misuse.instead_of_option(word, _options(whole, options.command), options.command)
    if f"--{word}" in _options(whole, options.command):
        return f"{word!r} is an option here: muxshark {options.command} --{word}"
    return f"{word!r} is one word too many; see muxshark {options.command} --help"


def _options(whole: Parser, command: str | None) -> list[str]:
    from dissectors.outputs.completion import options_of

    return options_of(whole, command)


def _lacking(error: UnicodeError) -> tuple[str, int]:
    """Replace a character that the encoding lacks; the import waits until there is one."""
    from dissectors.outputs.escape import lacking

    return lacking(error)


def _complain(text: str, *below: str) -> int:
    """Print one line on standard error, if it is open, and what shows the place under it."""
    from dissectors.outputs.escape import visible

    if sys.stderr is None:
        return UNUSABLE
    try:
        print(f"muxshark: {visible(text)}", *below, sep="\n", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _forget_output()
    return UNUSABLE


def _forget_output() -> None:
    """Discard the buffered output, so that closing standard output cannot fail at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        # Standard output is no file here, so nothing is flushed at exit either.
        return
