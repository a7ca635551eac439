"""Rules about bindings: how long a registration lasts, and whether it was renewed in time (RFC 3261 section 10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator

from dissectors.findings.rule import UNANSWERED_SECONDS, Facts, Found, of, rule
from dissectors.findings.traits import RENEWED
from dissectors.protocols.sip_headers import address, number, parameter
from dissectors.report import Call, Message
from dissectors.wire.values import Struct

MARGIN_SECONDS = 10.0
"""A registrar keeps a binding a little longer than it said."""

AWAY = (404, 408, 410, 430, 480)
"""How those refuse a call who know no binding of the callee."""


class Binding(Struct):
    """A contact that was registered: the 2xx that says so, for how long, and when it was asked for again."""

    call: int
    owner: str
    contact: str
    said: Message
    seconds: int
    renewed: Message | None = None

    @property
    def end(self) -> float:
        return self.said.time + self.seconds


def bindings(facts: Facts, refused: Container[str]) -> dict[tuple[str, str], list[Binding]]:
    """The bindings of each address and contact, in order of time, of addresses that rules have to look at.

    What is registered once, and by nobody again, expires unseen unless a call to it was refused.
    """
    registered = facts.having("registration")
    times = Counter([call.caller or "" for _, call in registered])
    again = {call.caller or "" for _, call in facts.having(RENEWED)}
    found: dict[tuple[str, str], list[Binding]] = {}
    messages = [
        (message, position)
        for position, call in registered
        if times[owner := call.caller or ""] > 1 or owner in again or owner in refused
        for message in call.messages if message.method == "REGISTER"
    ]
    asked: dict[tuple[int, str | None, int | None], Message] = {}
    for message, position in sorted(messages, key=lambda each: each[0].time):
        call = facts.calls[position]
        key = (position, message.from_tag, message.cseq)
        if message.copy:
            continue
        if message.status is None:
            asked.setdefault(key, message)
            contact = address(message.header("Contact") or "").uri
            for last in found.get((call.caller or "", contact), ())[-1:]:
                last.renewed = last.renewed or message
        elif message.status < 300 and (request := asked.pop(key, None)) is not None:
            binding = _binding(position, call, request, message)
            if binding is not None:
                found.setdefault((binding.owner, binding.contact), []).append(binding)
    return found


def _binding(position: int, call: Call, request: Message, said: Message) -> Binding | None:
    """What a REGISTER bound; None where that was not said, or many contacts were."""
    wanted, granted = (address(message.header("Contact") or "") for message in (request, said))
    if not wanted.uri or wanted.uri == "*" or (granted.uri and granted.uri != wanted.uri):
        return None
    values = (
        parameter(granted.parameters, "expires"), said.header("Expires"), parameter(wanted.parameters, "expires"),
        request.header("Expires"),
    )
    seconds = _first(*values)
    return Binding(position, call.caller or "", wanted.uri, said, seconds) if seconds is not None else None


def _lasts(request: Message) -> int | None:
    """For how long a REGISTER wants its contact to be bound; 0 takes it away."""
    wanted = address(request.header("Contact") or "")
    return _first(parameter(wanted.parameters, "expires"), request.header("Expires"))


def _first(*values: str | None) -> int | None:
    """The first of these that is a number."""
    return next((found for value in values if value and (found := number(value.strip())) is not None), None)


@rule(
    "registration-expired", "warning", "A registration was not renewed in time",
    confirm_seconds=UNANSWERED_SECONDS, absence="answer",
    why="A registration lasts as long as the 2xx says, whatever the phone asked for. After that, calls to the phone "
    "are refused until it registers again.",
    fix="The phone must register again before that time is over (many do after half of it). See whether it reads "
    "expires of its own Contact in the 2xx, whether it sends the REGISTER, and whether that is answered.",
)
def registration_expired(facts: Facts) -> Iterator[Found]:
    if not facts.having("registration"):
        return
    refused = _refused(facts)
    known = bindings(facts, refused)
    owned: dict[str, int] = {}
    for owner, _ in known:
        owned[owner] = owned.get(owner, 0) + 1
    for each in (binding for found in known.values() for binding in found if binding.seconds):
        told = f"{of(each.said)} registered {each.contact} for {each.seconds} s"
        if each.renewed is not None:
            late = each.renewed.time - each.end
            if late > MARGIN_SECONDS and _lasts(each.renewed) != 0:
                what = f"{told}; it was asked for again {late:.1f} s after that time"
                yield Found(what, (each.said.place, each.renewed.place), each.call, time=each.end, certainty="high")
            continue
        call = next((one for one in refused.get(each.owner, ()) if one[0] > each.end + MARGIN_SECONDS), None)
        if call is not None and owned[each.owner] == 1:
            time, message = call
            what = f"{told} and nobody asked for it again; {time - each.end:.1f} s after that time {of(message)} came"
            yield Found(what, (each.said.place, message.place), each.call, time=each.end, certainty="high")


def _refused(facts: Facts) -> dict[str, list[tuple[float, Message]]]:
    """The calls to each address that were refused because nobody was there, with when."""
    found: dict[str, list[tuple[float, Message]]] = {}
    for _, call in facts.having(*AWAY):
        if call.kind != "call" or call.status not in AWAY:
            continue
        final = next((m for m in call.messages if m.method == "INVITE" and m.status == call.status), None)
        if final is not None:
            found.setdefault(call.callee or "", []).append((final.time, final))
    return found


RULES = (registration_expired,)
