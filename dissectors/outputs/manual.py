"""Manual pages, made from the texts of the command line, so that both say the same."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

SECTION = 1
STATUSES = (
    ("0", "done"), ("1", "done, and something was found that --fail-on names"),
    ("2", "wrong usage or unreadable input; one line on standard error says why"), ("130", "interrupted"),
    ("141", "the reader of a live session closed the pipe"),
)
VARIABLES = (
    ("MUXSHARK_PAGER, PAGER", "the pager for long reports on a terminal; an empty one means none"),
    ("NO_COLOR", "no colours, unless --color=always asks for them"),
    ("MUXSHARK_PURE", "scan interpreted, also where the compiled scan is there"),
)


def pages(parser: argparse.ArgumentParser, version: str) -> dict[str, str]:
    """Each page by the name of its file: `muxshark.1`, and one per command."""
    commands = _commands(parser)
    helps = {name: text for name, text, _ in commands}
    made = {f"{parser.prog}.{SECTION}": "\n".join(_whole(parser, helps, version)) + "\n"}
    for name, text, command in commands:
        file = f"{parser.prog}-{name}.{SECTION}"
        made[file] = "\n".join(_command(parser.prog, name, text, command, version)) + "\n"
    return made


def _commands(parser: argparse.ArgumentParser) -> list[tuple[str, str, argparse.ArgumentParser]]:
    found: list[tuple[str, str, argparse.ArgumentParser]] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            found += [(name, helps.get(name, ""), command) for name, command in action.choices.items()]
    return found


def _whole(parser: argparse.ArgumentParser, helps: dict[str, str], version: str) -> Iterator[str]:
    program, description = parser.prog, " ".join((parser.description or "").split())
    yield from _head(program, version, description)
    yield ".SH SYNOPSIS"
    yield f".B {program}\n.I FILE…\n.br\n.B {program}\n.I COMMAND\n[options]"
    yield ".SH DESCRIPTION"
    yield _text(f"{description} A file alone is analysed.")
    yield ".SH COMMANDS"
    for name, text in helps.items():
        yield f".TP\n.BR {program}-{_text(name)} ({SECTION})\n{_text(text)}"
    yield ".SH OPTIONS"
    yield from _options(parser)
    yield from _foot()


def _command(program: str, name: str, text: str, command: argparse.ArgumentParser, version: str) -> Iterator[str]:
    yield from _head(f"{program}-{name}", version, text)
    yield ".SH SYNOPSIS"
    usage = re.sub(r"\s+", " ", command.format_usage().removeprefix("usage: ")).strip()
    yield f".B {_text(usage)}"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(command.description or "")
    yield ".SH OPTIONS"
    yield from _options(command)
    yield from _foot()
    yield f".SH SEE ALSO\n.BR {program} ({SECTION})"


def _head(title: str, version: str, text: str) -> Iterator[str]:
    yield f'.TH {title.upper()} {SECTION} "" "muxshark {version}" "muxshark"'
    yield f".SH NAME\n{_text(title)} \\- {_text(text)}"


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        names = ", ".join(f"\\fB{_text(name)}\\fR" for name in action.option_strings)
        value = action.metavar if isinstance(action.metavar, str) else None
        if action.option_strings and action.nargs != 0:
            chosen = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
            value = value or chosen or action.dest.upper()
            names += f" \\fI{_text(value)}\\fR"
        said = _text((action.help or "").replace("%%", "%"))
        alone = "\\fI" + _text(value or action.dest) + "\\fR"
        yield f".TP\n{names or alone}\n{said}"


def _foot() -> Iterator[str]:
    for title, rows in (("EXIT STATUS", STATUSES), ("ENVIRONMENT", VARIABLES)):
        yield f".SH {title}"
        for name, meaning in rows:
            yield f".TP\n.B {_text(name)}\n{_text(meaning)}"


def _paragraphs(text: str) -> Iterator[str]:
    """Running text filled by the reader, and indented lines as they stand."""
    literal = False
    for line in text.splitlines():
        if line.startswith("  ") != literal:
            literal = not literal
            yield ".nf" if literal else ".fi"
        yield _text(line) if line else ".PP"
    if literal:
        yield ".fi"


def _text(text: str) -> str:
    """Text without a meaning for roff: no escape, no request at the beginning of a line, hyphens that can be copied."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
