"""For each finding a story in which it is there, and a near miss in which it must not be; a file a subject."""

from __future__ import annotations

from tests.finding_cases import plain, presence
from tests.finding_cases.plain import IN_FILES, Case

__all__ = ["CASES", "IN_FILES"]

SUBJECTS = (plain, presence)

CASES: dict[str, Case] = {id: case for subject in SUBJECTS for id, case in subject.CASES.items()}
