"""Is a call state of the art? What its signalling, its media and their keys are protected with, in one sentence.

Laws of this file:
1. What is not in the capture is not judged, and is said to be missing.
2. A chain is as strong as its weakest link: of several connections, handshakes or streams the worst one counts.
3. The limits are those of RFC 9325 (TLS), RFC 8996 (versions that are forbidden), RFC 8827 and RFC 7714 (SRTP).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from dissectors.findings.rule import Facts
from dissectors.report import Call, Handshake, Security, Stream, Tls
from dissectors.wire.datagram import TLS, WSS
from dissectors.wire.values import NamedTuple

Grade = Literal["state of the art", "sound", "weak", "open", "unknown"]
WORST: tuple[Grade, ...] = ("open", "weak", "unknown", "sound", "state of the art")

EPHEMERAL = ("_ECDHE_", "_DHE_")
AEAD = ("_GCM", "_CCM", "CHACHA20")
OLD = ("SSL 3.0", "TLS 1.0", "TLS 1.1", "DTLS 1.0")
NEW = ("TLS 1.3", "DTLS 1.3")
SHORT_TAGS = ("_SHA1_32", "_32")
ZRTP = "ZRTP"
MIN_PACKETS = 10
"""A stream of fewer datagrams decides nothing."""

Ends = tuple[str, int, str, int]


class Part(NamedTuple):
    """One link: how good it is, its name for people, what it falls short of, and whether it has forward secrecy."""

    grade: Grade
    name: str
    short_of: str = ""
    forward: bool | None = None


def assessed(facts: Facts) -> tuple[Security, ...]:
    """A verdict for each call, and each session without one, in which anything is protected or announced to be."""
    shaken = _by_ends(facts.handshakes)
    connected = _by_ends(facts.tls)
    found = [
        _judged(number, None, _signalling(call, connected), *_media(facts, call, call.streams, shaken))
        for number, call in enumerate(facts.calls) if _protected(facts, call)
    ]
    found += [
        _judged(None, number, None, *_media(facts, None, session.streams, shaken))
        for number, session in enumerate(facts.sessions)
        if session.call is None and any(_encrypted(facts.streams[each]) for each in session.streams)
    ]
    return tuple(found)


def _by_ends(several: Iterable[Handshake] | Iterable[Tls]) -> dict[Ends, list]:  # type: ignore[type-arg]
    """Handshakes by both directions of their 5-tuples."""
    found: dict[Ends, list] = {}  # type: ignore[type-arg]
    for each in several:
        found.setdefault((each.src, each.sport, each.dst, each.dport), []).append(each)
        found.setdefault((each.dst, each.dport, each.src, each.sport), []).append(each)
    return found


def _protected(facts: Facts, call: Call) -> bool:
    """Whether anything of a call is protected or announced to be."""
    return bool(call.streams) and (
        any(_encrypted(facts.streams[each]) for each in call.streams)
        or any(message.transport in (TLS, WSS) for message in call.messages)
        or any(line.encryption for described in call.descriptions for line in described.media)
    )


def _encrypted(stream: Stream) -> bool:
    """Whether a stream is announced as encrypted, or keys opened it."""
    return stream.encrypted or stream.decrypted is not None and stream.decrypted.verified > 0


def _signalling(call: Call, connected: Mapping[Ends, Sequence[Tls]]) -> Part | None:
    """How the messages of a call were protected, on the worst of their ways."""
    parts: dict[str, Part] = {}
    for message in call.messages:
        if message.transport not in (TLS, WSS):
            parts["clear"] = Part("weak", "in the clear", "the signalling is in the clear: whoever changes it can put "
                                  "himself between the two sides", False)
            continue
        ends = message.src, message.sport, message.dst, message.dport
        for tls in connected.get(ends, ()):
            part = of_tls(tls.version, tls.cipher_suite, tls.certificate.weak if tls.certificate else ())
            parts[part.name] = _worst((part, parts.get(part.name, part))) or part
    return _worst(parts.values())


def of_tls(version: str | None, suite: str | None, weak: Sequence[str] = ()) -> Part:
    """How good TLS or DTLS is, by its version, its suite, and what is weak of its certificate."""
    part = _agreed(version, suite)
    if not weak or part.grade == "weak":
        return part
    return Part("weak", part.name, f"the certificate of {part.name} has {' and '.join(weak)}", part.forward)


def _agreed(version: str | None, suite: str | None) -> Part:
    """How good a version and a suite are."""
    name = f"{version or 'TLS'}{f' ({_short(suite)})' if suite else ''}"
    forward = version in NEW or suite is not None and any(each in suite for each in EPHEMERAL)
    if version is None:
        return Part("unknown", name, f"the handshake of {name} is not in the capture", None)
    if version in OLD:
        return Part("weak", name, f"{version} is forbidden since RFC 8996", forward)
    if version in NEW:
        return Part("state of the art", name, "", True)
    if suite is None:
        return Part("unknown", name, f"the suite of {version} is not in the capture", None)
    if not forward:
        return Part("weak", name, f"{_short(suite)} has no forward secrecy", False)
    if not any(each in suite for each in AEAD):
        return Part("sound", name, f"{_short(suite)} is no AEAD", True)
    return Part("state of the art", name, "", True)


def _short(suite: str) -> str:
    return suite.removeprefix("TLS_")


def of_srtp(suite: str | None) -> Part:
    """How good a suite of SRTP is."""
    if suite is None:
        return Part("unknown", "SRTP", "the suite of SRTP is not in the capture")
    name = suite.removeprefix("SRTP_")
    if "NULL" in name or "UNENCRYPTED" in name:
        return Part("open", name, f"{name} does not encrypt")
    if "GCM" in name or "CCM" in name:
        return Part("state of the art", name)
    if name.endswith(SHORT_TAGS):
        return Part("weak", name, f"the tags of {name} have only 32 bits")
    return Part("sound", name, f"{name} is no AEAD such as AES-GCM")


def _media(
    facts: Facts, call: Call | None, positions: Sequence[int], shaken: Mapping[Ends, Sequence[Handshake]]
) -> tuple[Part | None, Part | None]:
    """How the media and the exchange of their keys are protected, by the worst of the streams."""
    media: dict[str, Part] = {}
    keys: dict[str, Part] = {}
    for position in positions:
        stream = facts.streams[position]
        if stream.packets < MIN_PACKETS:
            continue
        if not _encrypted(stream):
            media["clear"] = Part("open", "in the clear", "media are in the clear: whoever is on the path can listen")
            continue
        suite, exchange = _of_stream(facts, call, stream, shaken)
        if stream.decrypted is not None and stream.decrypted.suites:
            # What keys opened needs no announcement.
            suite = _worst(map(of_srtp, stream.decrypted.suites)) or suite
        media.setdefault(suite.name, suite)
        keys.setdefault(exchange.name, exchange)
    return _worst(media.values()), _worst(keys.values())


def _of_stream(
    facts: Facts, call: Call | None, stream: Stream, shaken: Mapping[Ends, Sequence[Handshake]]
) -> tuple[Part, Part]:
    """The suite of a stream and the exchange of its keys."""
    flows = [facts.flows[number] for number in stream.flows]
    for flow in flows:
        for each in shaken.get((flow.src, flow.sport, flow.dst, flow.dport), ()):
            part = of_tls(each.version, each.cipher_suite)
            return of_srtp(each.srtp_profile or _only(each.offered_profiles)), part
    if any(seen.name == "ZRTP" for flow in flows for seen in flow.protocols):
        return of_srtp(None), Part("state of the art", ZRTP, "", True)
    if call is not None:
        lines = [(described, line) for described in call.descriptions for line in described.media if line.keys]
        answered = [line.keys[0].suite for described, line in lines if described.role == "answer"]
        suites = answered or [line.keys[0].suite for _, line in lines]
        if suites:
            return _worst(map(of_srtp, suites)) or of_srtp(None), _sdes(call)
    return of_srtp(None), Part("unknown", "", "the exchange of the keys is not in the capture")


def _only(profiles: Sequence[str]) -> str | None:
    """The suite where only one was offered."""
    return profiles[0] if len(profiles) == 1 else None


def _sdes(call: Call) -> Part:
    """Keys that stand in SDP."""
    hidden = {message.place for message in call.messages if message.transport in (TLS, WSS)}
    if any(described.place not in hidden for described in call.descriptions if any(m.keys for m in described.media)):
        return Part("open", "SDES in the clear", "the keys of SRTP stand in SDP that went in the clear: whoever saw it "
                    "can listen", False)
    return Part("sound", "SDES over TLS", "every proxy on the way can read the keys, which stand in the SDP", False)


def _worst(parts: Iterable[Part]) -> Part | None:
    return min(parts, key=lambda part: WORST.index(part.grade), default=None)


def _judged(
    call: int | None, session: int | None, signalling: Part | None, media: Part | None, keys: Part | None
) -> Security:
    if signalling is not None and signalling.grade == "weak" and keys is not None and keys.name == ZRTP:
        # What ZRTP agrees on, the two people can compare themselves.
        signalling = Part("sound", signalling.name, "the signalling is in the clear: who calls whom can be read")
    if media is None:
        media = Part("unknown", "", "too little of the media is in the capture")
    parts = [part for part in (signalling, media, keys) if part is not None]
    worst = _worst(parts)
    verdict: Grade = worst.grade if worst is not None else "unknown"
    # The keys are only as safe as the words that vouch for them.
    forward = None if keys is None else keys.forward
    short_of = tuple(dict.fromkeys(
        part.short_of for part in sorted(parts, key=lambda part: WORST.index(part.grade)) if part.short_of
    ))
    return Security(
        call, session, verdict, _sentence(verdict, short_of, [*_named(signalling, media, keys, session)]),
        signalling.name if signalling else None, media.name or None, keys.name or None if keys else None, forward,
        short_of,
    )


def _named(
    signalling: Part | None, media: Part | None, keys: Part | None, session: int | None
) -> Iterator[str]:
    if signalling is not None:
        yield f"signalling {'' if signalling.name == 'in the clear' else 'over '}{signalling.name}"
    else:
        yield "no signalling in the capture" if session is not None else "no handshake of TLS in the capture"
    if media is not None and media.name:
        yield f"media {'' if media.name == 'in the clear' else 'under '}{media.name}"
    if keys is not None and keys.name:
        secrecy = {True: ", with forward secrecy", False: ", without forward secrecy", None: ""}[keys.forward]
        yield f"keys by {keys.name}{secrecy}"


def _sentence(verdict: Grade, short_of: Sequence[str], named: Sequence[str]) -> str:
    """The answer: yes or no, what was used, and what it falls short of."""
    answer = {
        "state of the art": "State of the art", "sound": "Sound, but not state of the art", "weak": "Not state of the "
        "art, weak", "open": "Not state of the art, open to who listens on the path",
        "unknown": "Whether it is state of the art is not in the capture",
    }[verdict]
    return f"{answer}: {'; '.join(named)}.{''.join(f' {each[0].upper()}{each[1:]}.' for each in short_of[:2])}"
