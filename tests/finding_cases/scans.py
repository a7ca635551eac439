"""Stories of who tries many users, and of who only has much to do."""

from __future__ import annotations

from tests.finding_cases.plain import Case
from tests.stories import Story, Told, request, response


def _to(told: Told, user: int) -> Told:
    """The same message about another user."""
    return (*told[:3], told[3].replace(b"sip:b@x", b"sip:%d@x" % user).replace(b"sip:a@x", b"sip:%d@x" % user))


def tried(method: str, status: int, *headers: str, count: int = 40, every: float = 100) -> Story:
    """One user after the other, each refused (or accepted) in the same way."""
    story = []
    for number in range(count):
        time, call = number * every, f"try{number}"
        story += [
            _to(request(time, method, *headers, call=call), 100 + number),
            _to(response(time + 20, status, "No", method, call=call), 100 + number),
        ]
    return story


CASES: dict[str, Case] = {
    "scan-detected": (tried("REGISTER", 404), tried("REGISTER", 200)),
}
