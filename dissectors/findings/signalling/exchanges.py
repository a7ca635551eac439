"""Rules about requests that nothing answered, or only late: each hop is judged by itself.

Who repeats a request over UDP got no answer that ends the repeats (RFC 3261 section 17.1): for an INVITE any response
does, for another request only a final one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dissectors.findings.hosts import loopback, private
from dissectors.findings.rule import UNANSWERED_SECONDS, Facts, Found, rule
from dissectors.findings.signalling.targets import contact_of, target
from dissectors.findings.traits import REPEATED, UNANSWERED
from dissectors.findings.transactions import Hop, Transaction, transactions
from dissectors.report import Call, Message
from dissectors.wire.datagram import UDP
from dissectors.wire.values import replace

MIN_WAIT_SECONDS, TIMER_F_SECONDS = 2.0, 32.0
"""Seconds: without any response, and until a SIP transaction gives up (RFC 3261 section 17.1)."""

OUTBOUND = (
    "A NAT lets through to the port that the REGISTER came from: the server should send there (RFC 5626), or what "
    "rewrites Contact has to leave its port alone."
)

SHORT_WAIT_SECONDS = 3.0
"""A capture that ends so soon after an INVITE, with two repeats in it, does not show that nobody answers."""

RPORT = (
    "Answers go to the port that the Via names (RFC 3261 section 18.2.2), which a NAT does not let through: the sender "
    "must put rport into its Via (RFC 3581), or the server has to answer to where the request came from."
)

MIN_REPEATS = 2
"""So many repeats show that no answer came: one may have crossed it."""


def unheard(what: str, again: int, messages: Sequence[Message], number: int, stopped: bool = False) -> Found:
    """What nothing answers; who does not repeat it over UDP got what it waits for (RFC 3261 section 17): a note.

    `stopped` says that the repeats came to an end before their time, which says the same. Over anything but UDP nobody
    repeats a request.
    """
    first = messages[0]
    places = [message.place for message in messages]
    if again and not stopped:
        return Found(f"{what}, sent {again + 1} times", places, number)
    if first.status is None and first.transport != UDP:
        return Found(f"{what}, over {first.transport.upper()}", places, number, certainty="low", severity="warning")
    but = f"sent {again + 1} times and then no more" if again else "which was not sent again"
    said = f"{what}, {but}: the answer may have come another way"
    return Found(said, places, number, certainty="low", severity="note")


@rule(
    "invite-no-response", "error", "Nothing answered the INVITE, not even 100 Trying",
    confirm_seconds=UNANSWERED_SECONDS, absence="answer",
    why="The request, or every answer to it, is lost: the sender waits and gives up after 32 seconds.",
    fix="Capture at that address. If the INVITE does not arrive, look at address, firewall and message size. If it "
    "arrives, look at the way back.",
)
def invite_no_response(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(UNANSWERED):
        begun = transactions(facts)[number] if call.kind == "call" else ()
        # What is asked within a call is another story: see `reinvite-unanswered`.
        asked = [each for each in begun if each.method == "INVITE" and each.requests[0].to_tag is None]
        heard = _heard(call) if asked else set()
        for each in asked:
            for hop in _last([hop for hop in each.hops if not hop.responses]):
                sent, alone = hop.first, not each.responses
                if (sent.cseq, sent.src, sent.dst) in heard or (alone and (sent.cseq, sent.src, "") in heard):
                    continue
                waited = facts.end - sent.time
                if hop.repeated >= MIN_REPEATS or (alone and waited >= MIN_WAIT_SECONDS):
                    found = unheard(f"no response from {hop.to} to the INVITE", hop.repeated, hop.requests, number)
                    if waited < SHORT_WAIT_SECONDS and found.severity is None:
                        # The other side may be slow, and nobody can have given up.
                        what = f"{found.what}; the capture ends {waited:.1f} s after the first"
                        found = replace(found, what=what, severity="warning")
                    if port := _registered(facts, hop):
                        what = f"{found.what}; {hop.first.dst} registered from port {port}, with port "
                        found = replace(found, what=f"{what}{hop.first.dport} in its Contact", fix=OUTBOUND)
                    another = not alone and call.answered is not None
                    yield replace(found, severity="warning") if another else found


def _registered(facts: Facts, hop: Hop) -> int | None:
    """The port from which a host registered a Contact with the port that was called, if it never sent from there."""
    called = hop.first.dst, hop.first.dport
    ports = facts.once(_registrations).get(called)
    return None if not ports or called[1] in ports else min(ports)


def _registrations(facts: Facts) -> dict[tuple[str, int], set[int]]:
    """By the host and the port of Contacts that their own host registered, the ports that it did so from."""
    found: dict[tuple[str, int], set[int]] = {}
    for _, call in facts.having("registration"):
        for each in call.messages:
            if each.status is None and each.method == "REGISTER" and each.transport == UDP:
                to = target(contact_of(each) or "")
                if to is not None and to[1] == each.src:
                    found.setdefault(to[1:], set()).add(each.sport)
    return found


def _heard(call: Call) -> set[tuple[int | None, str, str]]:
    """The INVITEs whose final response must have come, since it was acknowledged: their CSeq, and between which hosts.

    "" is any other host. Where no response at all was captured, a request within the dialog says that one came.
    """
    none = not any(each.method == "INVITE" and each.status for each in call.messages)
    found: set[tuple[int | None, str, str]] = set()
    first = next((each.cseq for each in call.messages if each.method == "INVITE"), None)
    for each in call.messages:
        if each.status is None and each.method == "ACK":
            found |= {(each.cseq, each.src, each.dst), (each.cseq, each.src, "")}
        elif each.status is None and none and each.to_tag and each.method != "INVITE":
            found.add((first, each.src, ""))
    return found


def _last(silent: Sequence[Hop]) -> Sequence[Hop]:
    """Of hops that follow one another the last: who never got an answer could not pass one on."""
    onward = {hop.first.src for hop in silent}
    return [hop for hop in silent if hop.first.dst not in onward or hop.first.dst == hop.first.src] or silent[-1:]


@rule(
    "request-repeated", "warning", "A request had to be sent several times until it was answered",
    why="The request or its answer was lost, or the other side takes longer than half a second. An answer that is here "
    "before the repeats did not reach the sender.",
    fix="See whether the repeats reach the other side. If all of them do, the other side is slow, or its answers are "
    "lost on their way to the sender; if not, the path loses datagrams.",
)
def request_repeated(facts: Facts) -> Iterator[Found]:
    for number, each in _repeated(facts):
        answered = [hop for hop in each.hops if (hop.responses if each.method == "INVITE" else hop.final)]
        most = max(answered, key=lambda hop: hop.repeated, default=None)
        if most is not None and most.repeated >= MIN_REPEATS:
            although, port = _although(most), _other_port(most)
            what, fix = f"{each.method} was sent {most.repeated + 1} times {although}", ""
            if port is not None and although.startswith("although"):
                what += f"; it came from port {most.first.sport}, and each answer went to port {port}"
                fix = RPORT
            yield Found(what, [message.place for message in most.requests], number, fix=fix)


def _other_port(hop: Hop) -> int | None:
    """The one port that all answers went to, if the request came from another one of that host.

    That is the port in the Via, unless it has rport (RFC 3261 section 18.2.2, RFC 3581).
    """
    ends = {(message.dst, message.dport) for message in hop.responses}
    (host, port), *others = ends
    asked = {message.sport for message in hop.requests}
    return port if not others and host == hop.first.src and port not in asked else None


def _although(hop: Hop) -> str:
    """What answered a request before it was sent again, and so must be lost behind the place of the capture."""
    again = next((each.time for each in hop.requests if each.retransmission), hop.first.time)
    first = next((each for each in hop.responses if each.time < again and (each.status or 0) >= 200), None)
    if first is None:
        return "before an answer came"
    return f"although {first.summary} came {(first.time - hop.first.time) * 1000:.0f} ms after the first"


def _repeated(facts: Facts) -> Iterator[tuple[int, Transaction]]:
    """The transactions whose request may have been repeated, each with the number of its call."""
    for number, _ in facts.having(REPEATED):
        yield from ((number, each) for each in transactions(facts)[number] if len(each.requests) > MIN_REPEATS)


@rule(
    "bye-unanswered", "warning", "The BYE got no answer",
    confirm_seconds=UNANSWERED_SECONDS, absence="answer",
    why="The other side may believe that the call goes on: it keeps sending media, and the call is still charged.",
    fix="Look at the route of the dialog (Record-Route, Contact): requests within a call take another way than the "
    "INVITE.",
)
def bye_unanswered(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(UNANSWERED):
        for each in transactions(facts)[number]:
            if each.method != "BYE" or each.is_answered:
                continue
            for hop in _last([hop for hop in each.hops if hop.final is None]):
                given_up = each.final is None and facts.end - hop.first.time >= TIMER_F_SECONDS
                if hop.repeated >= MIN_REPEATS or given_up:
                    what = f"{_nothing(hop)} from {hop.to} to the BYE"
                    found = unheard(what, hop.repeated, (*hop.requests, *hop.responses), number)
                    known = unreachable(call, (hop.first.dst,), hop.first.side)
                    yield replace(found, what=f"{found.what}; {known}") if known else found


def unreachable(call: Call, hosts: Iterable[str], side: str) -> str:
    """What is wrong with the host of a Contact, if it is good only within a network, and its side sends from outside.

    `side` is the one that sends to it.
    """
    others = dict.fromkeys(each.src for each in call.messages if each.side != side)
    for host in hosts:
        own = any(
            (to := target(contact_of(each) or "")) and to[1] == host for each in call.messages if each.side != side
        )
        inside = "a private address" if private(host) else "a loopback address" if loopback(host) else ""
        if own and inside and others and not any(private(other) or loopback(other) for other in others):
            return f"{host} is {inside} in the Contact of a side that sends from {', '.join(others)}"
    return ""


def _nothing(hop: Hop) -> str:
    """What is not an answer: nothing, or provisional responses, which end no repeats but those of an INVITE."""
    return f"only {hop.responses[-1].summary}" if hop.responses else "no response"


@rule(
    "request-unanswered", "warning", "A request got no answer",
    confirm_seconds=UNANSWERED_SECONDS, absence="answer",
    why="If nobody answers registrations and probes, they do not reach the server, or its answers do not come back.",
    fix="Look at address, port and firewall; see whether the server's answers leave for another address.",
)
def request_unanswered(facts: Facts) -> Iterator[Found]:
    for number, each in _repeated(facts):
        if each.method in ("INVITE", "ACK", "BYE") or each.method == "CANCEL" and facts.calls[number].kind == "call":
            continue  # There are rules of their own about these.
        for hop in _last([hop for hop in each.hops if hop.final is None]):
            if hop.repeated >= MIN_REPEATS:
                came = f"only {hop.responses[-1].summary} came back" if hop.responses else "nothing came back"
                what = f"{each.method} was sent {hop.repeated + 1} times to {hop.to}, {came}"
                yield Found(what, [message.place for message in (*hop.requests, *hop.responses)], number)


RULES = (invite_no_response, request_repeated, bye_unanswered, request_unanswered)
