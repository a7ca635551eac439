"""The house: floors import down only, each dependency has one door, the lower floors touch nothing of the world."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "dissectors"
MODULES = sorted(PACKAGE.rglob("*.py"))

FLOORS = (
    ("version", "plain"),
    ("limits",),
    ("wire",),
    ("crypto",),
    ("protocols",),
    ("mux",),
    ("report",),
    ("analysis",),
    ("findings",),
    ("engine",),
    ("queries",),
    ("offline",),
    ("library",),
    ("live",),
    ("outputs", "rewriting", "media", "layers", "wireshark"),
    ("screens",),
    ("commands",),
    ("cli",),
    ("__init__", "__main__"),
)
"""From the ground up: a room may import itself and the floors below, and no other room of its own floor."""

SOURCES_USERS = {"sources", "offline", "live", "rewriting", "wireshark", "commands"}
"""`sources` stands beside the floors: it imports `wire`, `limits` and `crypto`, and these alone import it."""

WITHOUT_THE_WORLD = (
    "wire", "limits", "crypto", "protocols", "mux", "report", "analysis", "findings", "engine", "queries",
)

DOORS = {
    "scapy": ("layers", "sources/interface/sniffer"),
    "rich": ("outputs/", "screens/"),
    "dpkt": ("rewriting/",),
    "duckdb": ("outputs/tables/duck",),
    "pyshark": ("wireshark/verify",),
    "msgspec": ("wire/values", "outputs/export"),
    "cryptography": ("crypto/primitives",),
    "av": ("media/worker",),
    "PIL": ("media/picture/raster",),
    "jinja2": ("outputs/html/page",),
    "markupsafe": ("outputs/html/page",),
    "textual": ("screens/browser/",),
}
WORLD = {
    "asyncio", "datetime", "http", "io", "logging", "mmap", "multiprocessing", "os", "pathlib", "random", "select",
    "shutil", "signal", "socket", "ssl", "subprocess", "tempfile", "threading", "time", "urllib",
}

TESTS = ROOT / "tests"
TESTED_WHOLE = (
    "architecture", "contributing", "fuzz", "packaging", "pcaps", "shapes", "start_up",  # the repository and the house
    "recipes",  # the commands of docs/recipes.md
    "verdicts",  # streams of known kind, and the verdict on each
    "usual",  # the usual captures of the benchmark
    "commands/elsewhere",  # what commands do on systems that this one is not
    "engine/bounds",  # every bound, by its name
    "layers/docs", "library/docs",  # the snippets of the pages
    "library/door",  # what programs import
    "mux/mutations",  # damaged captures through everything
    "mux/stubs",  # the stubs of what is compiled
    "sources/interface/network",  # interfaces that are real, in namespaces
    "tools/interop", "tools/interop_captures", "tools/interop_wireshark",  # what compares with real programs
    "tools/checks", "tools/screens",  # what builds the site, and the pictures of the pages
    "wireshark/against_tshark", "wireshark/in_wireshark",  # Wireshark itself as the judge
)
"""Tests of more than one module; every other file mirrors a module."""

TESTED_ELSEWHERE = (
    ("__main__", "tests/test_cli.py runs it"),
    ("analysis/calls/offers", "test_talk.py beside it has it look at descriptions of all kinds"),
    ("analysis/calls/unread", "test_exchange.py and test_talk.py beside it hold it against what is read"),
    ("commands/doctor", "what it says is of the machine; tests/commands/test_elsewhere.py runs it"),
    ("commands/summary", "it is what tests/commands/test_each.py reads"),
    ("commands/frames", "tests/commands/test_explain.py and test_show.py ask it"),
    ("commands/gather", "tests/commands/test_each.py hands it folders and patterns"),
    ("commands/verify", "its work is tests/wireshark/test_verify.py"),
    ("engine/", "whole stories go through all of it in tests/engine/test_engine.py and test_retirement.py"),
    ("findings/", "each finding has its case and its near miss in tests/finding_cases/"),
    ("library/", "tests/library/test_door.py comes in by the door"),
    ("media/apart", "tests/media/test_decoders.py and video/test_container.py let it die, and take too long"),
    ("media/choice", "tests/commands/test_media.py asks for one call, one source, all of them"),
    ("media/echo", "tests/media/test_listening.py has voices come back, and others that do not"),
    ("media/loudness", "tests/media/test_listening.py holds it to voices of known loudness"),
    ("media/picture/shapes", "tests/media/picture/test_draw.py draws with them"),
    ("media/sound", "what tests/commands/test_media.py hears, sample by sample"),
    ("media/sounds", "tests/commands/test_media.py hears codecs by what SDP says of them"),
    ("media/video/choice", "tests/commands/test_media.py asks for the picture of calls"),
    ("media/video/seeing", "what tests/commands/test_media.py sees, frame by frame"),
    ("media/worker", "tests/media/test_decoders.py asks it, where PyAV is there"),
    ("media/worker_container", "tests/media/video/test_container.py has files written by it"),
    ("offline", "everything that reads a file goes through it; tests/engine/test_engine.py holds it to truths"),
    ("outputs/terminal/comparison", "it is what tests/commands/test_diff.py reads"),
    ("report/", "values without a will of their own; tests/outputs/test_schema.py holds them to the schema"),
    ("rewriting/anonymous/words", "words that tests/rewriting/anonymous/test_texts.py meets in headers and SDP"),
    ("screens/browser/", "the pilot of tests/screens/browser/test_app.py goes about in all of it"),
    ("sources/interface/source", "it opens what is real: tests/sources/interface/test_network.py"),
    ("sources/pcapng_blocks", "what tests/sources/test_keeper.py keeps and reads back"),
    ("wire/deflate", "the streams within tests/wire/test_inflate.py"),
    ("wire/link/headers", "the readers that tests/wire/link/test_links.py asks"),
    ("wire/spec", "the words of the rows in tests/mux/test_classify.py and test_explain.py"),
)
"""Modules, or rooms by their slash, of which no file of tests has the name, and why."""

MAX_LINES_UNTESTED = 60

DOOR = "dissectors"
"""What programs import: for those without, and for `__main__`. No room goes through it to another."""

ROOMS = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
"""The modules and packages that stand at the top of the house."""


def place(path: Path) -> str:
    return str(path.relative_to(PACKAGE).with_suffix(""))


def floor(path: Path) -> str:
    return place(path).split("/")[0]


def modules_of(*rooms: str) -> list[Path]:
    """The modules of some rooms, which there are."""
    found = [path for path in MODULES if floor(path) in rooms]
    assert {floor(path) for path in found} == set(rooms)
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> frozenset[str]:
    """Every name that is imported anywhere in a module, in functions and for type checkers, too.

    `from dissectors import offline` asks for a room, and for nothing that stands in the door itself.
    """
    return frozenset(imported(path))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(path)} imports relatively"
            if node.module != DOOR or not {name.name for name in node.names} <= ROOMS:
                yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def module(path: Path) -> str:
    return ("dissectors." + place(path).replace("/", ".")).removesuffix(".__init__")


def rooms_below() -> dict[str, set[str]]:
    below: set[str] = set()
    allowed = {}
    for rooms in FLOORS:
        allowed.update({room: below | {room} for room in rooms})
        below |= set(rooms)
    allowed["sources"] = {"wire", "limits", "crypto", "sources"}
    return {room: names | ({"sources"} if room in SOURCES_USERS else set()) for room, names in allowed.items()}


def test_floors_import_down_only() -> None:
    below = rooms_below()
    for path in MODULES:
        ours = {name.split(".")[1] for name in imports(path) if name.startswith("dissectors.")}
        assert ours & ROOMS <= below[floor(path)], place(path)


def test_no_room_goes_through_the_door() -> None:
    assert not {place(path) for path in MODULES if DOOR in imports(path)} - {"__init__", "__main__"}


def test_no_room_is_called_like_what_the_door_offers() -> None:
    """A submodule that is imported becomes an attribute of its package, in the place of what was there."""
    offered = {node.name for node in tree(PACKAGE / "__init__.py").body if isinstance(node, ast.FunctionDef)}
    assert offered and not offered & ROOMS


def test_every_room_has_its_floor_and_says_what_lives_there() -> None:
    named = {room for rooms in FLOORS for room in rooms} | {"sources"}
    assert {floor(path) for path in MODULES} == named
    for folder in {path.parent for path in MODULES} - {PACKAGE}:
        assert ast.get_docstring(tree(folder / "__init__.py")), folder


def test_no_circle_of_imports() -> None:
    """A circle is one wherever it is closed: at the top, within a function, or for a type checker."""
    names = {module(path): path for path in MODULES}
    edges = {name: {other for other in imports(path) if other in names} - {name} for name, path in names.items()}
    done: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " → ".join((*above[above.index(name) :], name))
        if name not in done:
            for other in sorted(edges[name]):
                walk(other, (*above, name))
            done.add(name)

    for name in sorted(names):
        walk(name, ())


def test_each_dependency_has_one_door() -> None:
    for path in MODULES:
        used = {name.split(".")[0] for name in imports(path)}
        for dependency in used & DOORS.keys():
            assert place(path).startswith(DOORS[dependency]), f"{place(path)} opens a second door to {dependency}"
        assert used <= {*sys.stdlib_module_names, *DOORS, "dissectors"}, place(path)


def test_the_lower_floors_have_no_clock_file_socket_logger_or_thread() -> None:
    for path in modules_of(*WITHOUT_THE_WORLD):
        assert not {name.split(".")[0] for name in imports(path)} & WORLD, place(path)
        names = {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}
        assert not names & {"open", "print", "input", "globals"}, place(path)


def test_protocols_never_import_one_another() -> None:
    """A protocol split by noun shares its name: sip_headers belongs to sip."""

    def family(name: str) -> str:
        return name if name == "payload_types" else name.split("_")[0]

    for path in modules_of("protocols"):
        others = {name.split(".")[2] for name in imports(path) if name.startswith("dissectors.protocols.")}
        assert {family(name) for name in others} <= {family(path.stem)}, place(path)


def test_a_renderer_never_imports_a_protocol() -> None:
    for path in modules_of("outputs", "screens"):
        assert not any(name.startswith("dissectors.protocols") for name in imports(path)), place(path)


def test_nothing_catches_every_exception_and_only_the_top_prints() -> None:
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler):
                caught = node.type.id if isinstance(node.type, ast.Name) else None
                assert node.type is not None and caught not in ("Exception", "BaseException"), place(path)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                assert floor(path) in ("cli", "commands"), place(path)


@pytest.mark.parametrize("module", ["dissectors", "dissectors.offline", "dissectors.mux.scan", "dissectors.cli"])
def test_importing_the_core_imports_no_dependency_but_the_values(module: str) -> None:
    others = sorted({*DOORS} - {"msgspec"})
    code = f"import sys, {module}; print([n for n in {others!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("room", sorted({floor(path) for path in MODULES} - {"__main__", "__init__"}))
def test_every_room_can_be_entered_first(room: str) -> None:
    """What is imported first has a process of its own; the order within a room is free where there is no circle."""
    names = [module(path) for path in MODULES if floor(path) == room]
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    subprocess.run([sys.executable, "-c", code, *reversed(names)], check=True, cwd=ROOT, capture_output=True)


def family(name: str) -> set[str]:
    """A place and what it is a part of by its name: `protocols/sip_headers` is of `protocols/sip`."""
    folder, _, words = name.rpartition("/")
    parts = words.split("_") if words.strip("_") == words else [words]
    return {f"{folder}/{'_'.join(parts[:count])}".lstrip("/") for count in range(1, len(parts) + 1)}


def places_tested() -> set[str]:
    """The places of which there are tests, each as its file's name says."""
    return {
        str(path.relative_to(TESTS).with_name(path.stem.removeprefix("test_"))) for path in TESTS.rglob("test_*.py")
    }


def test_every_file_of_tests_mirrors_a_module() -> None:
    """A file may be of one side of a module: `mux/test_scan_twins.py` is of `mux/scan`."""
    modules = {place(path) for path in MODULES}
    assert {name for name in places_tested() if not family(name) & modules} == set(TESTED_WHOLE)


def test_every_module_of_some_length_has_its_tests_or_a_reason() -> None:
    files = places_tested()
    without = {
        place(path) for path in MODULES
        if path.stem != "__init__" and len(path.read_text(encoding="utf-8").splitlines()) > MAX_LINES_UNTESTED
        and not family(place(path)) & files
    }
    excused = {name: {lacks for lacks in without if lacks == name or name.endswith("/") and lacks.startswith(name)}
               for name, _ in TESTED_ELSEWHERE}
    assert not [name for name, lacking in excused.items() if not lacking], "has its file by now"
    assert without == set().union(*excused.values())
