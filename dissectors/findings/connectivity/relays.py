"""A rule about relays, permissions and channels that ended while they were used."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.connectivity.turn import MIN_TRIES, RELAYING, REPAIR_SECONDS, between
from dissectors.findings.rule import Facts, Found, rule
from dissectors.report import Certainty, Check, Flow, Grant, Place
from dissectors.wire.datagram import host_of

Way = tuple[str, int, str, int]

MARGIN_SECONDS = 5.0
PERMISSION_SECONDS = 300.0
"""A permission lasts so long (RFC 8656 section 9); a relay and a permission may end so much later than that says."""

HEARD_SECONDS = 10.0
"""A peer that was heard so shortly before fell silent because of it."""

CHANNEL_SECONDS = 600.0
"""A channel lasts so long (RFC 8656 section 12)."""


def way(each: Check | Flow) -> Way:
    """From where to where."""
    return each.src, each.sport, each.dst, each.dport


@rule(
    "turn-expired", "error", "A relay ended while it was used",
    scope="path", absence="answer",
    why="The server forgets a relay that is not refreshed in time, a permission after five minutes, "
    "and a channel after ten. From then on it drops everything, in both directions.",
    fix="See why the request that keeps it was refused or not sent. 438 asks for the same request with a new nonce; "
    "437 means that the server no longer knows the relay.",
)
def turn_expired(facts: Facts) -> Iterator[Found]:
    if not any(check.kind in ("allocate", "refresh", *RELAYING) for check in facts.checks):
        return
    asked: dict[Way, dict[str, Check]] = {}
    for check in facts.checks:
        if check.kind in ("allocate", *RELAYING) and not check.inside:
            asked.setdefault(way(check), {})[check.kind] = check
    relayed: dict[Way, list[Flow]] = {}
    for flow in facts.recognised:
        if flow.inside:
            relayed.setdefault(way(flow), []).append(flow)
    for (src, sport, dst, dport), kinds in asked.items():
        sent, got = relayed.get((src, sport, dst, dport), []), relayed.get((dst, dport, src, sport), [])
        yield from [*_allocation(kinds, sent, got)] or [*_permissions(kinds, sent, got)] or _channels(kinds, sent, got)


def _allocation(kinds: dict[str, Check], sent: list[Flow], got: list[Flow]) -> Iterator[Found]:
    """A relay that was used after its end, or whose refresh was refused."""
    granted = [kinds[kind] for kind in ("allocate", "refresh") if kind in kinds and kinds[kind].succeeded]
    if not granted or not sent:
        return
    latest = max(granted, key=lambda each: each.succeeded.last if each.succeeded else 0.0)
    last = max(flow.last for flow in sent)
    heard = max((flow.last for flow in got), default=0.0)
    if latest.expires is None or latest.closed or latest.succeeded is None:
        return
    refresh = kinds.get("refresh")
    what, places = between([latest]), [latest.succeeded.last_place]
    refused = refresh if refresh is not None and refresh.refused_in_a_row else None
    if refused is not None:
        after = (refused.refused_since or 0.0) - latest.succeeded.last
        what += f": the refresh after {after:.0f} s got {refused.refused_with} and none succeeded after it"
        places.append(refused.refused_place or refused.place)
    elif refresh is not None and refresh.silent >= MIN_TRIES:
        what += f": {refresh.silent} refreshes were not answered"
        places.append(refresh.place)
    else:
        what += ": it was not refreshed"
    lifetime = latest.expires - latest.succeeded.last
    if last >= latest.expires + MARGIN_SECONDS and heard <= latest.expires + MARGIN_SECONDS:
        what += f"; the relay ended after its {lifetime:.0f} s"
        yield Found(f"{what}, and {last - latest.expires:.0f} s more were sent to it", places, time=latest.expires)
    elif refused is not None and last >= (until := refused.refused_until or 0.0) + REPAIR_SECONDS:
        if (refused.refused_with or "").startswith("437") and heard <= until + MARGIN_SECONDS:
            yield Found(f"{what}; the server does not know the relay any more", places, time=refused.refused_since)
        elif last <= latest.expires + MARGIN_SECONDS:
            what += f"; the relay ends after its {lifetime:.0f} s"
            yield Found(what, places, severity="warning", certainty="high", time=refused.refused_since)


def _permissions(kinds: dict[str, Check], sent: list[Flow], got: list[Flow]) -> Iterator[Found]:
    """A peer that is not heard after its permission ended, although the client goes on."""
    granted: dict[str, Grant] = {}
    refused: dict[str, Grant] = {}
    for kind in ("createpermission", "channelbind"):
        for grant in kinds[kind].peers if kind in kinds else ():
            host = grant.peer if kind == "createpermission" else host_of(grant.peer)
            if grant.granted is not None and (host not in granted or (granted[host].granted or 0.0) < grant.granted):
                granted[host] = grant
            if grant.refused:
                refused[host] = grant
    back = {flow.inside: flow for flow in got}
    for flow in sent if granted else ():
        host = host_of(flow.inside.removeprefix("peer "))
        permission = granted.get(host)
        if permission is None or permission.granted is None:
            continue
        why = f"was refused with {refused[host].error}" if host in refused else "was not renewed"
        what = f"{between([next(iter(kinds.values()))])}: the permission for {host} {why} and ended after 300 s"
        places = [each.place for each in (permission, refused.get(host)) if each is not None]
        yield from _outlived(what, places, flow, back.get(flow.inside), permission.granted + PERMISSION_SECONDS)


def _outlived(what: str, places: list[Place], sent: Flow, got: Flow | None, ends: float) -> Iterator[Found]:
    """What was sent to a peer after its permission or channel ended, unless the peer is still heard."""
    if sent.last < ends + REPAIR_SECONDS or got is None or got.last > ends + MARGIN_SECONDS:
        return
    quiet = ends - got.last
    before = f"; the peer had been silent for {quiet:.0f} s" if quiet > HEARD_SECONDS else ""
    what += f"; {sent.last - ends:.0f} s more were sent to it{before}"
    sure: Certainty = "medium" if before else "high"
    yield Found(what, places, severity="warning", certainty=sure, time=ends)


def _channels(kinds: dict[str, Check], sent: list[Flow], got: list[Flow]) -> Iterator[Found]:
    """A peer that is not heard after its channel ended, although the client goes on."""
    bound = {f"peer {grant.peer}": grant for grant in kinds["channelbind"].peers} if "channelbind" in kinds else {}
    back = {flow.inside: flow for flow in got}
    given_back = min([check.expires or 0.0 for check in kinds.values() if check.closed], default=float("inf"))
    for flow in sent if bound else ():
        channel = bound.get(flow.inside)
        if channel is None or channel.granted is None:
            continue
        if given_back < channel.granted + CHANNEL_SECONDS + REPAIR_SECONDS:
            continue
        why = f"was refused with {channel.error}" if channel.refused else "was not renewed"
        what = f"{between([kinds['channelbind']])}: the channel for {channel.peer} {why} and ended after 600 s"
        yield from _outlived(what, [channel.place], flow, back.get(flow.inside), channel.granted + CHANNEL_SECONDS)


RULES = (turn_expired,)
