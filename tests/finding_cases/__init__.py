"""For each finding a story in which it is there, and a near miss in which it must not be; a file a subject."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.finding_cases.plain import IN_FILES, Case

__all__ = ["CASES", "IN_FILES"]

SUBJECTS = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]

CASES: dict[str, Case] = {id: case for subject in SUBJECTS for id, case in subject.CASES.items()}
