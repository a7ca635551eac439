"""A story to choose from, and what a filter keeps of it."""

from __future__ import annotations

from dissectors.queries.filters import wanted
from dissectors.queries.selection import select
from dissectors.report import Report
from tests.stories import GOOD, OFFER, SERVER, A, C, asked, mapped, report, request, response, talk

REFUSED = [
    request(20_000, "INVITE", body=OFFER, call="two"),
    response(20_100, 486, "Busy Here", call="two"),
]
STORY = [
    *GOOD,
    *REFUSED,
    *talk(C, SERVER, 0xABC, start=30_000),
    *asked(40_000, dst=SERVER, answer=(0x0101, mapped(*A))),
]
TOLD = report(STORY)


def kept(text: str) -> Report:
    return select(TOLD, wanted(text))
