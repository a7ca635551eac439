"""The plain Python of modules that were compiled: `MUXSHARK_PURE=1` asks for it, and so for the interpreted scan."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGE = "dissectors."


class Sources(MetaPathFinder):
    """Finds the source of a module where something compiled stands beside it and would be taken first."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The source of a module of this package that was compiled; None for any other."""
        if not fullname.startswith(PACKAGE):
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is None or not isinstance(found.loader, ExtensionFileLoader) or found.origin is None:
            return None
        source = Path(found.origin).with_name(f"{fullname.rpartition('.')[2]}.py")
        return spec_from_file_location(fullname, source) if source.exists() else None


def prefer_sources() -> None:
    """Take sources from now on."""
    sys.meta_path.insert(0, Sources())
