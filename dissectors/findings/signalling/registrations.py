"""Rules about registrations: refused, or given up after a challenge (RFC 3261 sections 10 and 22)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dissectors.analysis.calls.outcomes import CHALLENGES
from dissectors.findings.rule import AT_ONCE, UNANSWERED_SECONDS, Facts, Found, counted, rule
from dissectors.findings.statuses import explained, setting
from dissectors.findings.traits import REFUSED
from dissectors.report import Call, Certainty, Message, Severity
from dissectors.wire.patterns import pattern
from dissectors.wire.values import Struct

MIN_WAIT_SECONDS, TIMER_F_SECONDS = 2.0, 32.0
"""Seconds after a challenge: a phone would have followed it by then, and it has surely given up."""

REALM = pattern(r'realm\s*=\s*"([^"]*)"', re.IGNORECASE)
MIN_STALE = 3
"""So many nonces in a row that the server calls too old: the phone does not take the new ones."""


class Turn(Struct):
    """A REGISTER, if it was captured, with its final response; further hops say nothing new."""

    asked: Message | None
    final: Message

    @property
    def status(self) -> int:
        return self.final.status or 0

    @property
    def challenged(self) -> bool:
        return self.status in CHALLENGES

    @property
    def credentials(self) -> bool | None:
        """Whether the request carried an answer to a challenge, None if it was not captured."""
        return None if self.asked is None else self.asked.credentials

    @property
    def begins(self) -> bool:
        """Whether it is how a registration begins: a challenge to a request without credentials."""
        return self.challenged and self.credentials is False

    @property
    def stale(self) -> bool:
        """Whether the challenge says that nothing was wrong but the age of the nonce."""
        values = (self.final.header("WWW-Authenticate"), self.final.header("Proxy-Authenticate"))
        said = [value.lower().replace('"', "").replace(" ", "") for value in values if value] if self.challenged else ()
        return any("stale=true" in value for value in said)


def _realm(turn: Turn) -> tuple[int, str]:
    """Who asked for credentials: a proxy (407) and a registrar (401) ask one after the other, and so do two realms."""
    values = (turn.final.header("WWW-Authenticate"), turn.final.header("Proxy-Authenticate"))
    found = REALM().search(" ".join(filter(None, values)))
    return turn.status, found[1] if found else ""


def _registrations(facts: Facts) -> list[tuple[int, Call, list[Turn]]]:
    """The registrations of which not all went in good order: accepted at once, or behind one challenge."""
    return facts.once(_out_of_order)


def _out_of_order(facts: Facts) -> list[tuple[int, Call, list[Turn]]]:
    return [
        (number, call, turns) for number, call in facts.having(REFUSED)
        if call.kind == "registration" and (turns := _turns(call)) and not _in_order(turns)
    ]


def _in_order(turns: list[Turn]) -> bool:
    *before, last = turns
    return last.status < 300 and (not before or len(before) == 1 and before[0].begins)


def _turns(call: Call) -> list[Turn]:
    asked: dict[tuple[str | None, int | None], Message] = {}
    found: dict[tuple[str | None, int | None, int], Turn] = {}
    for message in call.messages:
        key = (message.from_tag, message.cseq)
        if message.method != "REGISTER":
            continue
        if message.status is None:
            asked.setdefault(key, message)
        elif message.status >= 200:
            found.setdefault((*key, message.status), Turn(asked.get(key), message))
    return list(found.values())


def _unheeded(call: Call, turns: list[Turn]) -> list[Turn]:
    """The challenges since the last success, if several came and no REGISTER ever carried credentials."""
    accepted = max((n for n, turn in enumerate(turns) if turn.status < 300), default=-1)
    challenges = [turn for turn in turns[accepted + 1 :] if turn.challenged and turn.asked is not None]
    ever = any(message.credentials for message in call.messages if message.method == "REGISTER")
    return challenges if len(challenges) > 1 and not ever else []


def _stale(turns: list[Turn]) -> list[Turn]:
    """The last answers, if they all say that the nonce is stale."""
    other = max((n for n, turn in enumerate(turns) if not (turn.stale and turn.credentials)), default=-1)
    return turns[other + 1 :]


@rule(
    "registration-refused", "warning", "A registration was refused",
    confirm_seconds=AT_ONCE,
    why="A phone that is not registered cannot be called.",
    fix="401 and 407: wrong user name, password or realm, or none set in the phone; 403: not allowed; 423: the expiry "
    "is shorter than Min-Expires.",
)
def registration_refused(facts: Facts) -> Iterator[Found]:
    for number, call, turns in _registrations(facts):
        if challenges := _unheeded(call, turns):
            last = challenges[-1].final
            what = (
                f"the REGISTER was answered {explained(last)} {counted(len(challenges), 'time')}, no credentials were "
                "ever sent"
            )
            yield Found(what, [turn.final.place for turn in challenges], number, fix=setting(last))
        if len(old := _stale(turns)) >= MIN_STALE:
            what = (
                f"the REGISTER was answered {explained(old[-1].final)} with stale=true "
                f"{counted(len(old), 'time')} in a row: the nonce of its credentials is too old each time"
            )
            yield Found(what, [turn.final.place for turn in old], number)
        accepted = max((n for n, turn in enumerate(turns) if turn.status < 300), default=-1)
        for n, turn in enumerate(turns):
            if sure := _refusal(turns, n):
                later = ", and accepted later" if n < accepted else ""
                what = f"the REGISTER was answered {explained(turn.final)}{_credentials(turn)}{later}"
                severity: Severity | None = "note" if later else None
                place, fix = turn.final.place, setting(turn.final)
                yield Found(what, (place,), number, certainty=sure, severity=severity, fix=fix)


def _refusal(turns: list[Turn], n: int) -> Certainty | None:
    """How sure it is that a response refused; None for success and for challenges as they come in good order.

    A challenge is how an attempt begins, also with credentials of old. One that answers credentials for the challenge
    before it says that they are wrong, and so does one that stays the last word.
    """
    turn = turns[n]
    if turn.status < 300:
        return None
    if not turn.challenged:
        return "certain"
    again = n > 0 and turns[n - 1].challenged and _realm(turns[n - 1]) == _realm(turn)
    if turn.stale or turn.credentials is False:
        return None
    if turn.credentials is None:
        return "medium" if again else None
    return "medium" if again or n == len(turns) - 1 else None


def _credentials(turn: Turn) -> str:
    return ", although it carried credentials" if turn.challenged and turn.credentials else ""


@rule(
    "registration-abandoned", "warning", "A registration was given up after the server asked for credentials",
    confirm_seconds=UNANSWERED_SECONDS, absence="answer",
    why="The server asked who registers, as it does at the beginning of every registration, and nobody answered: the "
    "phone is not registered and cannot be called.",
    fix="See whether the phone has a user name and a password for that realm, whether it knows the algorithm that the "
    "challenge names, and whether the challenge reaches it.",
)
def registration_abandoned(facts: Facts) -> Iterator[Found]:
    for number, call, turns in _registrations(facts):
        last = turns[-1]
        if not last.challenged or (last.credentials is not False and not last.stale) or _unheeded(call, turns):
            continue
        if len(_stale(turns)) >= MIN_STALE:
            continue
        asked_again = any(
            message.method == "REGISTER" and message.status is None and message.time > last.final.time
            for message in call.messages
        )
        if asked_again or facts.once(_followed).get(call.caller, 0.0) > last.final.time:
            continue
        waited = facts.end - last.final.time
        none = "; no credentials were ever sent" if len(turns) == 1 else ""
        what = f"{explained(last.final)} was the last response, no REGISTER came in the {waited:.1f} s after it{none}"
        known = waited >= MIN_WAIT_SECONDS
        sure: Certainty = "high" if waited >= TIMER_F_SECONDS else "medium" if known else "low"
        places = [message.place for message in (last.asked, last.final) if message is not None]
        severity: Severity | None = None if known else "note"
        yield Found(what, places, number, certainty=sure, severity=severity, fix=setting(last.final))


def _followed(facts: Facts) -> dict[str | None, float]:
    """When each address registered with credentials last, under whatever Call-ID."""
    found: dict[str | None, float] = {}
    for _, call in facts.having("registration"):
        times = [m.time for m in call.messages if m.credentials and m.method == "REGISTER"]
        if times:
            found[call.caller] = max(*times, found.get(call.caller, 0.0))
    return found


RULES = (registration_refused, registration_abandoned)
