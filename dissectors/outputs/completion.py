"""Completion scripts for shells, generated from the parser, so that both have the same options."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from dissectors.wire.values import Struct

FILES = ("FILE", "CAPTURE")
"""The metavars for file names."""


class Option(Struct, frozen=True):
    """An option: its names, its help, whether it takes a value, its choices, and whether the value is a file name."""

    names: tuple[str, ...]
    help: str
    takes: bool
    choices: tuple[str, ...]
    file: bool


class Command(Struct, frozen=True):
    """A subcommand: its options, its positional words, and whether it takes file names."""

    name: str
    help: str
    options: tuple[Option, ...]
    words: tuple[str, ...]
    files: bool


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script with which `shell` (bash, zsh or fish) completes the options of `parser` and its subcommands."""
    return "\n".join(SHELLS[shell](parser.prog, _options(parser), tuple(_commands(parser)))) + "\n"


def options_of(parser: argparse.ArgumentParser, command: str | None) -> list[str]:
    """Every option of `command`, or the options before any command if it is None."""
    for each in _commands(parser):
        if each.name == command:
            return [name for option in each.options for name in option.names]
    return [name for option in _options(parser) for name in option.names]


def _commands(parser: argparse.ArgumentParser) -> Iterator[Command]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, command in action.choices.items():
                alone = [each for each in command._actions if not each.option_strings]
                words = tuple(str(choice) for each in alone for choice in each.choices or ())
                files = any(each.metavar in FILES for each in alone)
                yield Command(name, helps.get(name, ""), _options(command), words, files)


def _options(parser: argparse.ArgumentParser) -> tuple[Option, ...]:
    return tuple(
        Option(
            names=tuple(action.option_strings),
            help=(action.help or "").replace("%%", "%"),
            takes=action.nargs != 0,
            choices=tuple(str(choice) for choice in action.choices or ()),
            file=action.metavar in FILES,
        )
        for action in parser._actions
        if action.option_strings
    )


def _bash(program: str, options: tuple[Option, ...], commands: tuple[Command, ...]) -> Iterator[str]:
    names = " ".join(command.name for command in commands)
    every = " ".join(name for option in options for name in option.names)
    yield f"_{program}() {{"
    yield '    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" command="" i'
    yield "    for ((i = 1; i < COMP_CWORD; i++)); do"
    yield '        [[ ${COMP_WORDS[i]} != -* ]] && { command="${COMP_WORDS[i]}"; break; }'
    yield "    done"
    yield "    COMPREPLY=()"
    yield '    case "$command" in'
    yield f'        "") COMPREPLY=($(compgen -W "{names} {every}" -- "$word")) ;;'
    for command in commands:
        yield f"        {command.name})"
        yield from _bash_command(command)
        yield "            ;;"
    yield "    esac"
    yield "}"
    yield f"complete -o filenames -F _{program} {program}"


def _bash_command(command: Command) -> Iterator[str]:
    yield '            case "$before" in'
    for option in command.options:
        if option.choices:
            chosen = f'$(compgen -W "{" ".join(option.choices)}" -- "$word")'
            yield f"                {'|'.join(option.names)}) COMPREPLY=({chosen}); return ;;"
    for file, offer in ((True, 'COMPREPLY=($(compgen -f -- "$word")); '), (False, "")):
        free = [option for option in command.options if option.takes and not option.choices and option.file == file]
        if names := "|".join(name for option in free for name in option.names):
            yield f"                {names}) {offer}return ;;"
    yield "                *) ;;"
    yield "            esac"
    every = " ".join(name for option in command.options for name in option.names)
    alone = [f'-W "{" ".join(command.words)}"'] if command.words else []
    alone += ["-f"] if command.files else []
    yield "            if [[ $word == -* ]]; then"
    yield f'                COMPREPLY=($(compgen -W "{every}" -- "$word"))'
    if alone:
        yield "            else"
        yield f'                COMPREPLY=($(compgen {" ".join(alone)} -- "$word"))'
    yield "            fi"


def _zsh(program: str, options: tuple[Option, ...], commands: tuple[Command, ...]) -> Iterator[str]:
    yield f"#compdef {program}"
    # A shell that has not begun its completion yet does so here; its own set-up stays as it is.
    yield "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }"
    yield f"_{program}() {{"
    yield "    local -a commands"
    yield "    commands=("
    for command in commands:
        yield f"        {_quoted(f'{command.name}:{command.help}')}"
    yield "    )"
    yield "    if (( CURRENT == 2 )); then"
    yield "        _describe command commands"
    yield f"        _values option {' '.join(_quoted(name) for option in options for name in option.names)}"
    yield "        return"
    yield "    fi"
    yield '    case "${words[2]}" in'
    for command in commands:
        yield f"        {command.name})"
        yield "            shift words; (( CURRENT-- ))"
        yield f"            _arguments {' '.join(_zsh_arguments(command))} ;;"
    yield "    esac"
    yield "}"
    yield f"compdef _{program} {program}"


def _zsh_arguments(command: Command) -> Iterator[str]:
    for option in command.options:
        value = ""
        if option.takes:
            chosen = f"({' '.join(option.choices)})" if option.choices else "_files" if option.file else " "
            value = f":value:{chosen}"
        text = option.help.replace("[", "(").replace("]", ")").replace(":", " ")
        for name in option.names:
            yield _quoted(f"*{name}[{text}]{value}")
    if command.words:
        yield _quoted(f"1:word:({' '.join(command.words)})")
    elif command.files:
        yield _quoted("*:file:_files")


def _fish(program: str, options: tuple[Option, ...], commands: tuple[Command, ...]) -> Iterator[str]:
    first = "__fish_use_subcommand"
    yield f"complete -c {program} -f"
    for option in options:
        yield f"complete -c {program} -n {first} {_fish_names(option)} -d {_quoted(option.help)}"
    for command in commands:
        yield f"complete -c {program} -n {first} -a {command.name} -d {_quoted(command.help)}"
        within = _quoted(f"__fish_seen_subcommand_from {command.name}")
        for option in command.options:
            value = "" if not option.takes else " -r -F" if option.file else " -x"
            value += f" -a {_quoted(' '.join(option.choices))}" if option.choices else ""
            yield f"complete -c {program} -n {within} {_fish_names(option)}{value} -d {_quoted(option.help)}"
        if command.words:
            yield f"complete -c {program} -n {within} -a {_quoted(' '.join(command.words))}"
        if command.files:
            yield f"complete -c {program} -n {within} -F"


def _fish_names(option: Option) -> str:
    return " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)


def _quoted(text: str) -> str:
    """Text as one word of any of the three shells."""
    return "'" + text.replace("'", "’") + "'"


SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
