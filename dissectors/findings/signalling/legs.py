"""Which calls are legs of one: by what headers say, else by media, else by numbers and time.

A B2BUA has a Call-ID of its own towards each side. Headers join any number of legs. Media and numbers are no proof:
they join a pair alone, and only where no third call comes into question at that time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from dissectors.findings.agreements import agreements, rtp_lines, wants_rtp
from dissectors.findings.outlines import CallOutline
from dissectors.findings.rule import Facts, Found, call_outlines, rule
from dissectors.report import Call, Certainty, Legs, Media, Message, Severity
from dissectors.wire.values import Struct, field

WINDOW_SECONDS = 5.0
"""The second leg begins within this time of the first."""

DURATIONS_DIFFER_SECONDS = 2.0
LEFT_UP_SECONDS = 10.0
"""Media of a leg that goes on for so long shows that its BYE did not come: one that is repeated has arrived by then."""

PASS_ON = "A B2BUA passes the BYE of one leg on to the other: see why it did not, and hang up what is left."

NIL_SESSION = {"0" * 32, ""}

Key = Callable[[Call, Message], Hashable]


class Joined(Struct):
    """What has been joined so far: the group of each call, and by what each group was joined."""

    group: dict[int, int] = field(default_factory=dict)
    members: dict[int, list[int]] = field(default_factory=dict)
    by: dict[int, tuple[str, Certainty]] = field(default_factory=dict)

    def join(self, one: int, other: int, by: str, certainty: Certainty) -> None:
        """Make two calls one, with all that each was joined with."""
        first, second = self.group.setdefault(one, one), self.group.setdefault(other, other)
        self.members.setdefault(first, [one])
        self.members.setdefault(second, [other])
        if first == second:
            return
        if len(self.members[first]) < len(self.members[second]):
            first, second = second, first
        for number in self.members.pop(second):
            self.group[number] = first
            self.members[first].append(number)
        self.by.setdefault(first, self.by.pop(second, (by, certainty)))


def legs(facts: Facts) -> tuple[Legs, ...]:
    """The groups of calls that are legs of one, in order of their first."""
    return facts.once(_legs)


def _legs(facts: Facts) -> tuple[Legs, ...]:
    headers: tuple[tuple[str, Key], ...] = (("Session-ID", _session), ("P-Charging-Vector", _charging))
    goes_on = _any_goes_on(facts)
    if not goes_on and not facts.having("X-CID", *[name for name, _ in headers]):
        return ()
    begun = {number: invite for number, call in facts.having("call") if (invite := _invite(call)) is not None}
    joined = Joined()
    if facts.having("X-CID"):
        _by_call_id(facts, begun, joined)
    for name, key in headers:
        for numbers in _alike(facts, begun, key).values() if facts.having(name) else ():
            for other in numbers[1:]:
                joined.join(numbers[0], other, name, "certain")
    pairs: tuple[tuple[str, Certainty, Key], ...] = (
        ("media", "high", _media), ("numbers and time", "medium", _people), ("numbers and time", "low", _callee),
        ("numbers and time", "low", _caller),
    )
    for name, certainty, key in pairs if goes_on else ():
        alone = {number: invite for number, invite in begun.items() if number not in joined.group} if joined.group \
            else begun
        for one, other in _pairs(facts, alone, key):
            joined.join(one, other, name, certainty)
    groups = [tuple(sorted(members, key=lambda number: facts.calls[number].start)) for members in
              joined.members.values() if len(members) > 1]
    return tuple(
        Legs(group, *joined.by[joined.group[group[0]]], _differences(facts, group)) for group in sorted(groups)
    )


def _invite(call: Call) -> Message | None:
    """The request that began a call; None of what is no call."""
    if call.kind != "call":
        return None
    for message in call.messages:
        if message.method == "INVITE" and message.status is None and message.to_tag is None:
            return message
    return None


def _by_call_id(facts: Facts, begun: dict[int, Message], joined: Joined) -> None:
    """Join a leg with the one whose Call-ID its X-CID names."""
    named: dict[str | None, int] = {facts.calls[number].call_id: number for number in begun}
    for number, invite in begun.items():
        # One without a Call-ID has an empty one, which nobody names.
        other = named.get(invite.header("X-CID") or None)
        if other is not None and other != number:
            joined.join(other, number, "X-CID", "certain")


def _alike(facts: Facts, begun: dict[int, Message], key: Key) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = {}
    for number, invite in begun.items():
        value = key(facts.calls[number], invite)
        if value is not None:
            found.setdefault(value, []).append(number)
    return found


def _pairs(facts: Facts, begun: dict[int, Message], key: Key) -> Iterator[tuple[int, int]]:
    """Two calls that are alike, with no third one like them about that time; the second comes from where one went."""
    calls = facts.calls
    for numbers in _alike(facts, begun, key).values():
        if len(numbers) < 2:
            continue
        numbers.sort(key=lambda number: calls[number].start)
        close = [
            calls[after].start - calls[before].start <= WINDOW_SECONDS
            for before, after in zip(numbers, numbers[1:], strict=False)
        ]
        for place, near in enumerate(close):
            if not near or place and close[place - 1] or place + 1 < len(close) and close[place + 1]:
                continue
            one, other = numbers[place], numbers[place + 1]
            if _goes_on(begun[one], begun[other]):
                yield one, other


def _goes_on(one: Message, other: Message) -> bool:
    """Whether the second request comes from where the first went, and does not go back; on one host, by the ports."""
    if one.dst != other.src or one.src != other.dst:
        return one.dst == other.src
    return one.dport == other.sport and one.sport != other.dport


def _any_goes_on(facts: Facts) -> bool:
    """Whether any request comes from where another one went: calls between phones alone have no legs."""
    begun = [call if isinstance(call, CallOutline) else _invite(call) for call in call_outlines(facts)]
    hosts = {invite.dst for invite in begun if invite is not None}
    return any([invite.src in hosts for invite in begun if invite is not None])


def _session(call: Call, invite: Message) -> Hashable:
    """The UUID that the caller gave the session (RFC 7989), or nothing."""
    value = (invite.header("Session-ID") or "").partition(";")[0].strip().lower()
    return None if value in NIL_SESSION else value


def _charging(call: Call, invite: Message) -> Hashable:
    """The charging identity of IMS (RFC 7315 section 5.6), or nothing."""
    for part in (invite.header("P-Charging-Vector") or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name.lower() == "icid-value" and value.strip('"'):
            return value.strip('"')
    return None


def _media(call: Call, invite: Message) -> Hashable:
    """Where the caller wants to receive."""
    for described in call.descriptions:
        if described.place == invite.place:
            line = next(iter(rtp_lines(described)), None)
            return (line.address, line.port) if line and line.address else None
    return None


def _people(call: Call, invite: Message) -> Hashable:
    """Who calls whom, by the users alone."""
    two = _user(call.caller), _user(call.callee)
    return two if all(two) else None


def _callee(call: Call, invite: Message) -> Hashable:
    """Who is called: the other leg may have hidden who calls."""
    return _user(call.callee) or None


def _caller(call: Call, invite: Message) -> Hashable:
    """Who calls: the other leg may have another number or name of who is called."""
    return _user(call.caller) or None


def _user(who: str | None) -> str:
    """The user of a URI, without the plus sign of a number."""
    user, at, _ = (who or "").partition(":")[2].partition("@")
    return user.lower().removeprefix("+") if at else ""


def _differences(facts: Facts, group: tuple[int, ...]) -> tuple[str, ...]:
    """What legs do not have in common, in words."""
    calls = [facts.calls[number] for number in group]
    columns = (
        ("outcome", [f"{call.outcome} {call.status or ''}".strip() for call in calls]),
        ("codec", [_codec(facts, number) for number in group]),
        ("keys", [_keys(facts, number) for number in group]),
    )
    found = [
        f"{name}: {' / '.join(values)}"
        for name, values in columns
        if all(values) and len(set(values)) > 1
    ]
    talked = [call.ended - call.answered for call in calls if call.ended is not None and call.answered is not None]
    if len(talked) == len(calls) and max(talked) - min(talked) > DURATIONS_DIFFER_SECONDS:
        found.append("talked: " + " / ".join(f"{seconds:.1f} s" for seconds in talked))
    return tuple(found)


def _latest(facts: Facts, number: int) -> Iterator[Media]:
    """The answers' lines that want RTP, of what was agreed last first."""
    for agreed in reversed(agreements(facts)[number]):
        for _, theirs in agreed.lines(agreed.offer.side):
            if wants_rtp(theirs):
                yield theirs


def _codec(facts: Facts, number: int) -> str:
    """The first codec of what was agreed last."""
    first = next((line.formats[0] for line in _latest(facts, number) if line.formats), None)
    return "" if first is None else first.codec or f"payload type {first.payload_type}"


def _keys(facts: Facts, number: int) -> str:
    """How keys for media were agreed last."""
    line = next(_latest(facts, number), None)
    return "" if line is None else line.encryption or "none"


@rule(
    "legs-differ", "note", "Two legs of one call differ",
    why="A B2BUA between the legs writes one from the other: it converts codecs or keys. One side may be told "
    "something else than the other side said.",
    fix="Nothing, if the B2BUA should do this. If not, compare the legs: each is right about the side that it leads "
    "to.",
)
def legs_differ(facts: Facts) -> Iterator[Found]:
    for each in legs(facts):
        if each.differ:
            numbers = " and ".join(str(facts.calls[number].number) for number in each.calls[:4])
            first = facts.calls[each.calls[0]]
            what = f"calls {numbers}, joined by {each.joined_by}: {'; '.join(each.differ)}"
            places = [facts.calls[number].messages[0].place for number in each.calls]
            still, fix = _left_up(facts, each), ""
            severity: Severity | None = None
            if still:
                what, severity, fix = f"{what}; {still}", "warning", PASS_ON
            yield Found(
                what, places, each.calls[0], certainty=each.certainty, time=first.start, severity=severity, fix=fix
            )


def _left_up(facts: Facts, each: Legs) -> str:
    """What says that one of two legs hung up and the other is still up, and its media goes on.

    A leg that was transferred, or is asked for something later, may be connected to somebody else.
    """
    if len(each.calls) != 2:
        return ""
    over, up = sorted((facts.calls[number] for number in each.calls), key=lambda call: call.ended is None)
    if over.ended is None or over.ended_by is None or up.ended is not None or up.answered is None:
        return ""
    moved = any(
        message.method in ("REFER", "NOTIFY") or message.time > over.ended and message.method in ("INVITE", "UPDATE")
        for call in (over, up) for message in call.messages
    )
    lasted = max((stream.last for stream in facts.of(up)), default=0.0) - over.ended
    if moved or lasted < LEFT_UP_SECONDS:
        return ""
    return (
        f"call {over.number} was hung up by the {over.ended_by}, and no BYE of call {up.number} came in "
        f"{facts.end - over.ended:.0f} s: its media went on for {lasted:.0f} s"
    )


RULES = (legs_differ,)
