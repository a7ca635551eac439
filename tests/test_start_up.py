"""Nothing heavy is imported before it is needed: what a quick answer costs, in modules and never in seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from shutil import get_terminal_size

import pytest

from dissectors.cli import COMMANDS, width_of_help
from dissectors.findings.index import FILES

ROOT = Path(__file__).parent.parent
CALL = str(ROOT / "pcaps" / "facetime-2013.pcap")
HEAVY = {"rich", "scapy", "dpkt", "pyshark"}


def imported(*words: str) -> set[str]:
    """Every module that a command has loaded; what an editable install loads by itself is none of these."""
    code = (
        "import sys\nbefore = set(sys.modules)\nimport json, io\n"
        "from dissectors.cli import main\n"
        "sys.stdout = io.StringIO()\n"
        "try: main(sys.argv[1:])\n"
        "finally: sys.__stdout__.write(json.dumps(list(set(sys.modules) - before)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=ROOT)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "words",
    [
        ("--help",), ("--version",), ("analyze", "--help"), ("analyze", "--json", CALL), ("analyze", "--schema"),
        ("list", CALL), ("list", "--ndjson", CALL), ("explain", CALL, "5"), ("completion", "bash"),
    ],
    ids=" ".join,
)
def test_a_dependency_is_imported_only_by_what_needs_it(words: tuple[str, ...]) -> None:
    assert not imported(*words) & HEAVY


def test_a_report_for_programs_imports_nothing_that_only_other_commands_need() -> None:
    loaded = imported("analyze", "--json", CALL)
    assert not loaded & {"tempfile", "statistics", "shutil", "gzip", "ipaddress", "dissectors.queries.selection"}
    assert loaded & set(COMMANDS.values()) == {COMMANDS["analyze"]}


def test_a_report_for_programs_has_no_tuple_made_by_typing_which_compiles_each_annotation() -> None:
    ours = {name for name in imported("analyze", "--json", CALL) if name.startswith("dissectors.")}
    sources = {name: ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in ours - {"dissectors.wire.values"}}
    lines = [(name, each) for name, path in sources.items() if path.exists() for each in path.read_text().splitlines()]
    assert lines and not [name for name, each in lines if each.startswith("from typing import") and "NamedT" in each]


def test_no_expression_is_compiled_before_a_message_asks_for_it() -> None:
    code = (
        "import re, sys, dissectors.offline\n"
        "ours = [(name, vars(module)) for name, module in sys.modules.items() if name.startswith('dissectors.')]\n"
        "print(len(ours), *(name for name, held in ours for each in held.values() if isinstance(each, re.Pattern)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    modules, *found = done.stdout.split()
    assert int(modules) > 100 and not found


def test_a_capture_that_lets_nothing_go_and_joins_nothing_loads_nothing_that_does() -> None:
    rooms = {
        "dissectors.engine.belongings", "dissectors.analysis.connectivity.sessions", "dissectors.analysis.calls.verto",
        "dissectors.analysis.connectivity.handshakes", "dissectors.analysis.connectivity.channels",
        "dissectors.protocols.dtls_handshake", "dissectors.protocols.dtls_bodies", "dissectors.wire.tls_hello",
    }
    assert not imported("analyze", "--json", str(ROOT / "pcaps" / "encodings.pcap")) & rooms


def test_rules_are_loaded_only_where_there_is_what_they_look_at() -> None:
    loaded = {name.removeprefix("dissectors.findings.") for name in imported("analyze", "--json", CALL)}
    files = {file: wanted for files in FILES.values() for file, wanted in files.items()}
    always = {file for file, wanted in files.items() if not wanted}
    rare = {"security.tls", "signalling.acknowledgements", "signalling.scans"}
    assert always < files.keys() & loaded < files.keys() - rare


def test_the_command_keeps_msgspec_from_importing_what_costs_a_tenth_of_a_start_and_gives_it_back() -> None:
    code = f"import sys, dissectors.__main__ as program\nsys.argv = ['muxshark', 'analyze', '--json', {CALL!r}]\n" + (
        "program.os._exit = lambda status: None\nprogram.main()\n"
        "print(*{'typing_extensions', 'decimal', 'uuid', 'textwrap'} & {*sys.modules}, file=sys.stderr)\n"
        "import decimal, uuid, msgspec.inspect\n"
        "print(decimal.Decimal(1) + 1, uuid.UUID(int=3).int, msgspec.inspect.IntType.__name__, file=sys.stderr)\n"
        "import typing_extensions as given\nprint(given.Self, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    said = done.stderr.splitlines()
    assert json.loads(done.stdout)["totals"]["calls"] == 1 and said[:2] == ["", "2 3 IntType"]
    assert "Self" in done.stderr or "No module named 'typing_extensions'" in done.stderr


def test_the_command_keeps_argparse_from_importing_translations_and_gives_them_back() -> None:
    code = (
        "import sys, dissectors.__main__ as program\nsys.argv = ['muxshark', 'analyze', '--json', '--call']\n"
        "program.os._exit = lambda status: print(status, 'gettext' in sys.modules)\nprogram.main()\n"
        "import gettext\nprint(gettext.ngettext('one', 'many', 2), gettext.GNUTranslations.__name__)\n"
        "import argparse\nprint(argparse.ngettext('one', 'many', 1), argparse.ngettext('one', 'many', 2))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["2", "False", "many", "GNUTranslations", "one", "many"]
    assert "--call needs a value" in done.stderr


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there it may not be that these can be of a class")
def test_the_command_keeps_msgspec_from_making_the_grammar_of_python_and_gives_that_back_too() -> None:
    code = (
        "import sys, typing\nmade = []\nfirst = typing.ForwardRef\n"
        "class Watched(first, _root=True):\n    def __init__(self, *words, **_): made.append(words)\n"
        "typing.ForwardRef = Watched\nimport dissectors.__main__ as program\n"
        f"sys.argv = ['muxshark', 'analyze', '--json', {CALL!r}]\n"
        "program.os._exit = lambda status: None\nprogram.main()\n"
        "import msgspec\nprint(made, typing.ForwardRef is Watched, file=sys.stderr)\ntyping.ForwardRef = first\n"
        "print(msgspec.convert({'x': 1}, msgspec.defstruct('Point', [('x', 'int')])), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.splitlines() == ["[] True", "Point(x=1)"]


def test_a_program_that_knows_no_command_finds_all_modules_of_python_while_values_are_loaded() -> None:
    code = (
        "import sys, uuid, dissectors.wire.values\n"
        "print(sys.modules['uuid'] is uuid, sys.modules['decimal'].Clamped)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "True <class 'decimal.Clamped'>\n"


def test_a_version_of_msgspec_that_wants_more_gets_all() -> None:
    code = (
        "import sys, types\nsys.modules['typing_extensions'] = None\n"
        "types.SimpleNamespace = lambda **_: types.ModuleType('')\n"
        "from dissectors.wire.values import Struct\nclass Point(Struct, frozen=True):\n    x: int\n"
        "print(Point(3), 'Decimal' in vars(sys.modules['decimal']), 'typing_extensions' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "Point(x=3) True False\n", done.stderr


def test_what_the_command_line_says_is_looked_up_in_no_catalogue_of_translations() -> None:
    assert "locale" not in imported("analyze", "--json", CALL)


def test_help_is_as_wide_as_the_library_would_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in ("97", "0", "wide", ""):
        monkeypatch.setenv("COLUMNS", columns)
        assert width_of_help() == get_terminal_size().columns


@pytest.mark.parametrize("name", ["dissectors", "muxshark"])
def test_the_door_for_programs_imports_two_rooms_and_next_to_nothing(name: str) -> None:
    code = f"import sys; before = set(sys.modules); import {name}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    others = set(done.stdout.split()) - {"__future__"}
    ours = {"dissectors", "dissectors.version", "dissectors.wire", "dissectors.wire.errors"}
    assert others == ours | {name}


def test_the_report_for_people_needs_rich_alone() -> None:
    assert imported("analyze", CALL) & HEAVY == {"rich"}


def test_help_imports_next_to_nothing_of_the_house() -> None:
    """Beyond the commands only what their options choose from: lists of names, which import nothing."""
    ours = {name for name in imported("--help") if name.startswith("dissectors.")}
    rooms = {name for name in ours if name.split(".")[1] not in ("cli", "commands", "version")}
    assert rooms == {
        "dissectors.outputs", "dissectors.outputs.formats", "dissectors.sources", "dissectors.sources.interface",
        "dissectors.sources.interface.backends", "dissectors.wire", "dissectors.wire.errors",
    }
