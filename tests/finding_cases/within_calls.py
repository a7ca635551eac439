"""Stories of requests within a call, of what ends it, and of registrations."""

from __future__ import annotations

from tests.finding_cases.plain import INVITE, NOTHING, RINGING, Case
from tests.stories import ANSWER, OFFER, A, Story, dialled, hung_up, request, response

TALKING = dialled()
EXPIRES = "Session-Expires: 90;refresher=uac"
TIMED = [
    request(0, "INVITE", EXPIRES, body=OFFER), response(1000, 200, "OK", "INVITE", EXPIRES, body=ANSWER),
    request(1010, "ACK", tag="2"),
]
TIMEOUT = 'Reason: SIP;cause=408;text="session timeout"'
CREDENTIALS = "Authorization: Digest username=a"
FRAG = "Content-Type: message/sipfrag"


def refer(*said: bytes, status: int = 202) -> Story:
    """The callee wants the caller to call somebody else; `said` are the status lines that it hears of that."""
    story = [
        *TALKING, request(5000, "REFER", "Refer-To: <sip:c@x?Replaces=1>", number=7, tag="2", back=True),
        response(5010, status, "Said", "REFER", number=7, back=True),
    ]
    for n, line in enumerate(said):
        story += [request(5100 + 100 * n, "NOTIFY", FRAG, body=line, number=2 + n, tag="2"),
                  response(5110 + 100 * n, 200, "OK", "NOTIFY", number=2 + n)]
    return story


def changed(status: int, *headers: str, method: str = "INVITE", number: int = 2, time: float = 3000) -> Story:
    """A request of the caller within the call, and what it was answered."""
    return [request(time, method, tag="2", number=number),
            response(time + 20, status, "Said", method, *headers, number=number)]


def bound(seconds: int, *, wanted: int = 3600, time: float = 0, number: int = 1) -> Story:
    """A REGISTER that asks for a time, and the 200 that grants another one."""
    contact = f"Contact: <sip:a@{A[0]}>;expires="
    return [request(time, "REGISTER", f"{contact}{wanted}", number=number),
            response(time + 20, 200, "OK", "REGISTER", f"{contact}{seconds}", number=number)]


CASES: dict[str, Case] = {
    "request-refused": ([*TALKING, *changed(488)], [*TALKING, *changed(200)]),
    "reinvite-unanswered": (
        [*TALKING, *(request(3000 + n, "INVITE", body=OFFER, tag="2", number=2) for n in (0, 500, 1500))],
        [*TALKING, request(3000, "INVITE", body=OFFER, tag="2", number=2), response(3020, 100, "Trying", number=2)],
    ),
    "cancel-refused": (
        [INVITE, RINGING, request(5000, "CANCEL"), response(5020, 481, "Unknown", "CANCEL"),
         response(30_000, 480, "Temporarily Unavailable")],
        [INVITE, RINGING, request(5000, "CANCEL"), response(5010, 486, "Busy Here"),
         response(5020, 481, "Unknown", "CANCEL")],
    ),
    "transfer-failed": (
        refer(b"SIP/2.0 100 Trying\r\n", b"SIP/2.0 404 Not found\r\n"),
        refer(b"SIP/2.0 100 Trying\r\n", b"SIP/2.0 200 OK\r\n"),
    ),
    "transfer-unknown": (
        [*refer(), *NOTHING],
        [*refer(b"SIP/2.0 100 Trying\r\n", b"SIP/2.0 200 OK\r\n"), *NOTHING],
    ),
    "session-expired": (
        [*TIMED, request(91_000, "BYE", TIMEOUT, number=2, tag="2", back=True)],
        [*TIMED, *changed(200, EXPIRES, method="UPDATE", time=45_000), *hung_up(91_000)],
    ),
    "call-ended-reason": (
        [*TALKING, request(9000, "BYE", 'Reason: SIP;cause=408;text="ACK Timeout"', number=2, tag="2")],
        [*TALKING, request(9000, "BYE", "Reason: Q.850;cause=16", number=2, tag="2")],
    ),
    "registration-expired": (
        [*bound(60), *bound(60, time=90_000, number=2)],
        [*bound(60), *bound(60, time=55_000, number=2)],
    ),
    "registration-abandoned": (
        [request(0, "REGISTER"), response(20, 401, "Unauthorized", "REGISTER"), *NOTHING],
        [request(0, "REGISTER"), response(20, 401, "Unauthorized", "REGISTER"),
         request(40, "REGISTER", CREDENTIALS, number=2), response(60, 200, "OK", "REGISTER", number=2), *NOTHING],
    ),
}
