"""The installed Wireshark, through tshark: where it is, which version, what it makes of a capture."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from dissectors.wire.values import Struct

PLACES = (
    "/Applications/Wireshark.app/Contents/MacOS/tshark",
    r"C:\Program Files\Wireshark\tshark.exe",
)
"""Where tshark is when Wireshark was installed without putting it on the PATH."""

TIMEOUT_SECONDS = 300.0
FIRST_THAT_REFUSES_ROOT = (4, 2)
NOBODY = 65534
CUT = "cut short in the middle of a packet"
_VERSION = re.compile(r"TShark \(Wireshark\) (\d+)\.(\d+)\.(\d+)")
_FOLDER = re.compile(r"([A-Za-z ]+):\s+(.+)")


class NoWireshark(Exception):
    """Wireshark cannot be asked: one line for people."""


class Answer(Struct, frozen=True):
    """What a run of tshark said: its exit status, its lines and its complaints."""

    status: int
    lines: tuple[str, ...]
    complaints: tuple[str, ...]

    @property
    def lua_errors(self) -> tuple[str, ...]:
        """Complaints about a Lua script. Their exit status is 0: only the words tell."""
        errors = [place for place, line in enumerate(self.complaints) if ": Lua: " in line]
        return tuple(" ".join(self.complaints[place : place + 2]) for place in errors)


class Tshark(Struct, frozen=True):
    """One tshark: its path and its version."""

    path: str
    version: tuple[int, int, int]

    @property
    def silent_as_root(self) -> bool:
        """Whether this process, being root, would see its Lua scripts skipped without a word."""
        return is_root() and self.version[:2] >= FIRST_THAT_REFUSES_ROOT

    def ask(self, *words: str | Path, home: Path | None = None, octets: BinaryIO | None = None) -> Answer:
        """Run it, with `octets` on its standard input; raises NoWireshark when it does not come to an end.

        With `home`, the user's own settings and plugins are left out; there, root runs it as nobody.
        """
        settings = {**os.environ, "LC_ALL": "C.UTF-8"}
        if home is not None:
            settings |= {"HOME": str(home), "APPDATA": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
        nobody = NOBODY if home is not None and is_root() else None
        try:
            done = subprocess.run(
                [self.path, *words], check=False, capture_output=True, stdin=octets or subprocess.DEVNULL,
                timeout=TIMEOUT_SECONDS, env=settings, user=nobody, group=nobody,
                extra_groups=None if nobody is None else [],
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoWireshark(f"{self.path} does not run: {error}") from None
        lines, complaints = (tuple(text.decode("utf-8", "replace").splitlines()) for text in (done.stdout, done.stderr))
        return Answer(done.returncode, lines, complaints)

    def fields(
        self, capture: str | Path, names: Sequence[str], *options: str | Path, home: Path
    ) -> Iterator[list[str]]:
        """Fields of each frame, with the user's own settings left out; raises NoWireshark when tshark fails."""
        wanted = [word for name in names for word in ("-e", name)]
        with ExitStack() as stack:
            octets = None
            if is_root() and "-2" not in options:
                # Nobody may not open what is in root's own folders, but may read what is open. Two passes need a file.
                with suppress(OSError):
                    octets, capture = stack.enter_context(open(capture, "rb")), "-"
            answer = self.ask(*options, "-r", capture, "-T", "fields", *wanted, home=home, octets=octets)
        # A capture that ends within a packet is read up to there.
        is_cut = answer.lines and any(CUT in line for line in answer.complaints)
        if answer.status and not is_cut or answer.lua_errors:
            said = answer.lua_errors or answer.complaints or ("without a word",)
            raise NoWireshark(f"tshark failed: {said[-1]}")
        return (line.split("\t") for line in answer.lines)

    def protocols(self) -> dict[str, str]:
        """What each protocol calls itself, by its short name and by its filter name, in lower case."""
        rows = (line.split("\t") for line in self.ask("-G", "protocols").lines)
        return {name.lower(): row[0] for row in rows if len(row) >= 3 for name in row[1:3]}

    def folders(self) -> dict[str, Path]:
        """The folders that it names (Help, About Wireshark, Folders), by their names."""
        found = (_FOLDER.fullmatch(line) for line in self.ask("-G", "folders").lines)
        return {match[1]: Path(match[2]) for match in found if match}


def find() -> Tshark:
    """The installed tshark; raises NoWireshark when there is none."""
    path = shutil.which("tshark") or next((place for place in PLACES if Path(place).exists()), None)
    if path is None:
        raise NoWireshark("tshark is not installed (it comes with Wireshark; on Debian and Ubuntu: apt install tshark)")
    # A script of the user's own may print before tshark says who it is.
    lines = Tshark(path, (0, 0, 0)).ask("--version").lines
    version = parse_version(lines)
    if version is None:
        raise NoWireshark(f"{path} does not say its version")
    return Tshark(path, version)


def parse_version(lines: Iterable[str]) -> tuple[int, int, int] | None:
    """The version in what `tshark --version` says; None where it does not say one."""
    version = next(filter(None, map(_VERSION.search, lines)), None)
    return (int(version[1]), int(version[2]), int(version[3])) if version else None


def is_root() -> bool:
    """Whether this process is root, on systems that have one."""
    return os.name == "posix" and os.geteuid() == 0
