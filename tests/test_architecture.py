"""The house: floors import down only, each dependency has one door, the lower floors touch nothing of the world."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "dissectors"
MODULES = sorted(PACKAGE.rglob("*.py"))

MAY_IMPORT = {
    "wire": {"wire"},
    "protocols": {"wire", "protocols"},
    "mux": {"wire", "protocols", "mux"},
    "analysis": {"wire", "protocols", "mux", "analysis"},
    "sources": {"wire", "sources"},
    "outputs": {"wire", "mux", "analysis", "outputs"},
    "wireshark": {"wire", "mux", "protocols", "sources", "offline", "wireshark"},
    "layers": {"wire", "protocols", "mux", "layers"},
    "offline": {"wire", "mux", "analysis", "sources"},
    "online": {"wire", "mux", "analysis", "sources", "offline"},
}
"""What each floor may import of the house; the commands stand on top and may import everything below."""

DOORS = {
    "scapy": ("layers", "sources/live"),
    "rich": ("outputs/",),
    "dpkt": ("outputs/rewrite",),
    "pyshark": ("wireshark/verify",),
    "msgspec": ("wire/values", "outputs/export"),
}
WORLD = {
    "asyncio", "datetime", "http", "io", "logging", "mmap", "multiprocessing", "os", "pathlib", "random", "select",
    "shutil", "signal", "socket", "ssl", "subprocess", "tempfile", "threading", "time", "urllib",
}  # fmt: skip


def place(path: Path) -> str:
    return str(path.relative_to(PACKAGE).with_suffix(""))


def floor(path: Path) -> str:
    return place(path).split("/")[0]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(path)} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_floors_import_down_only(path: Path) -> None:
    if floor(path) not in MAY_IMPORT:
        return
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("dissectors.")}
    floors = {part for part in ours if (PACKAGE / part).exists() or (PACKAGE / f"{part}.py").exists()}
    assert floors <= MAY_IMPORT[floor(path)], place(path)


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_each_dependency_has_one_door(path: Path) -> None:
    used = {name.split(".")[0] for name in imports(path)}
    for dependency, doors in DOORS.items():
        assert dependency not in used or place(path).startswith(doors), (
            f"{place(path)} opens a second door to {dependency}"
        )
    assert not {name for name in used if name not in sys.stdlib_module_names} - {*DOORS, "dissectors"}, place(path)


@pytest.mark.parametrize(
    "path", [p for p in MODULES if floor(p) in ("wire", "protocols", "mux", "analysis")], ids=place
)
def test_the_lower_floors_have_no_clock_file_socket_logger_or_thread(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & WORLD, place(path)
    names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    assert not names & {"open", "print", "input", "globals"}, place(path)


@pytest.mark.parametrize("path", [p for p in MODULES if floor(p) == "protocols"], ids=place)
def test_protocols_never_import_one_another(path: Path) -> None:
    """A protocol split by noun shares its name: sip_headers belongs to sip."""
    families = {"sip", "sdp", "stun", "turn", "dtls", "zrtp", "quic", "rtp", "rtcp", "keepalive", "payload_types"}

    def family(name: str) -> str:
        return name if name in families else name.split("_")[0]

    others = {name.split(".")[2] for name in imports(path) if name.startswith("dissectors.protocols.")}
    own = family(path.stem)
    assert {family(name) for name in others} <= {own}, place(path)


@pytest.mark.parametrize("path", [p for p in MODULES if floor(p) == "outputs"], ids=place)
def test_a_renderer_never_imports_a_protocol(path: Path) -> None:
    assert not any(name.startswith("dissectors.protocols") for name in imports(path)), place(path)


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_nothing_catches_every_exception_and_only_the_top_prints(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
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


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_every_module_can_be_imported_first(path: Path) -> None:
    """No import cycle hides behind the order in which others import."""
    name = "dissectors." + place(path).replace("/", ".").removesuffix(".__init__")
    name = "dissectors" if place(path) == "__init__" else name
    subprocess.run([sys.executable, "-c", f"import {name}"], check=True, cwd=ROOT, capture_output=True)
