"""A Wireshark below a root folder of its own, or the installed one: what its programs say of a capture."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from dissectors.wireshark.plugin import render
from dissectors.wireshark.tshark import parse_version
from tools.interop.sessions.network import Missing

NOBODY = 65534
TIMEOUT_SECONDS = 600.0
FIRST_WITH_LOWER_COLUMNS = (4, 4)
"""From this version on, the names of columns' fields are in lower case."""

FIRST_WITH_JSON_RPC = (3, 6)
"""Before it, sharkd has a protocol of its own."""


class Wireshark(NamedTuple):
    """One Wireshark: the root of its file system, a folder in it for everybody, and its version."""

    root: Path
    folder: Path
    version: tuple[int, int, int]

    @property
    def name(self) -> str:
        """Its version as people write it."""
        return ".".join(map(str, self.version))

    @property
    def protocol_column(self) -> str:
        """The field of the column Protocol."""
        return "_ws.col.protocol" if self.version >= FIRST_WITH_LOWER_COLUMNS else "_ws.col.Protocol"

    def seen(self, path: Path) -> str:
        """A path below the root, as a program there names it."""
        return f"/{path.relative_to(self.root)}"

    def put(self, capture: Path) -> Path:
        """The capture in the folder, where everybody may read it."""
        place = self.folder / capture.name
        if place != capture:
            shutil.copyfile(capture, place)
        place.chmod(0o644)
        return place

    def run(self, program: str, *words: str, said: str = "") -> tuple[list[str], list[str]]:
        """Its lines and its complaints; `said` comes to its standard input."""
        home = self.seen(self.folder)
        clean = ["/usr/bin/env", "-i", f"HOME={home}", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", program, *words]
        below = ["chroot", f"--userspec={NOBODY}:{NOBODY}", str(self.root)] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*below, *clean], check=False, capture_output=True, input=said.encode(), timeout=TIMEOUT_SECONDS
        )
        lines, complaints = (octets.decode("utf-8", "replace").splitlines() for octets in (done.stdout, done.stderr))
        return lines, complaints

    def fields(
        self, capture: Path, names: Sequence[str], preferences: Mapping[str, str] | None = None
    ) -> list[list[str]]:
        """Fields of each frame, without the plugin, or with it and these preferences of its own."""
        words = [word for name in names for word in ("-e", name)]
        if preferences is not None:
            words += ["-X", f"lua_script:{self.seen(self.folder / 'mux.lua')}"]
            words += [word for name, value in preferences.items() for word in ("-o", f"mux.{name}:{value}")]
        options = ("-E", "occurrence=f", "-T", "fields")
        lines, complaints = self.run("tshark", "-n", "-r", self.seen(self.put(capture)), *options, *words)
        if failed := [line for line in complaints if "Lua:" in line or "aren't valid" in line]:
            raise Missing(f"{self.name}: {failed[0]}")
        return [line.split("\t") for line in lines]

    def sharkd(self, capture: Path, wanted: str) -> int | None:
        """How many frames its sharkd finds by a filter, with the plugin installed; None where there is no sharkd."""
        if self.version < FIRST_WITH_JSON_RPC or not (self.root / "usr/bin/sharkd").exists():
            return None
        asked = (
            ("load", {"file": self.seen(self.put(capture))}),
            ("frames", {"filter": wanted, "limit": 100_000}),
        )
        said = [
            json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": words})
            for number, (method, words) in enumerate(asked, 1)
        ]
        with self.installed():
            lines, _ = self.run("sharkd", "-", said="".join(f"{line}\n" for line in said))
        answers = [json.loads(line) for line in lines if line.startswith("{")]
        found = next((one["result"] for one in answers if one.get("id") == len(asked) and "result" in one), None)
        if found is None or any("error" in one for one in answers):
            raise Missing(f"{self.name}: sharkd says {lines[-1:]}")
        return len(found)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The plugin in the personal folder, for a program that takes no script."""
        place = self.folder / ".local/lib/wireshark/plugins"
        place.mkdir(parents=True)
        for folder in (place, *place.parents[:3]):
            folder.chmod(0o755)
        shutil.copyfile(self.folder / "mux.lua", place / "mux.lua")
        (place / "mux.lua").chmod(0o644)
        try:
            yield
        finally:
            shutil.rmtree(self.folder / ".local")


@contextmanager
def below(root: Path) -> Iterator[Wireshark]:
    """The Wireshark of a root folder, with a folder for captures and the plugin as it is generated now."""
    if not (root / "usr/bin/tshark").exists():
        raise Missing(f"no tshark below {root}")
    with tempfile.TemporaryDirectory(prefix="muxshark-", dir=root / "tmp") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        script = folder / "mux.lua"
        script.write_text(render(), encoding="utf-8", newline="\n")
        script.chmod(0o644)
        lines, complaints = Wireshark(root, folder, (0, 0, 0)).run("tshark", "--version")
        version = parse_version(lines)
        if version is None:
            raise Missing(f"the tshark below {root} does not run: {complaints[-1:]}")
        yield Wireshark(root, folder, version)
