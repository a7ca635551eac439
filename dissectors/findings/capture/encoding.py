"""Rules about compressed bodies and compact headers: what was found, what it saved, where it fails."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rule import AT_ONCE, Facts, Found, of, rule
from dissectors.findings.traits import COMPACT, ENCODED, MISENCODED, PLAIN, WHOLE, Trait
from dissectors.report import Body, Message

ALIASES = {"deflate": "zlib"}
AGENTS = {
    "viceroy": "FaceTime", "kamailio": "Kamailio gzcompress", "opensips": "OpenSIPS mc_compress",
    "freeswitch": "FreeSWITCH (sofia-sip)",
}
"""Who says in User-Agent or Server who it is."""


def bodies(facts: Facts) -> list[tuple[int, Message, Body]]:
    """Every body that is more than plain text, retransmissions left out, with the position of its call."""
    return facts.once(_bodies)


def _bodies(facts: Facts) -> list[tuple[int, Message, Body]]:
    return _of_calls(facts, ENCODED)


def _odd_bodies(facts: Facts) -> list[tuple[int, Message, Body]]:
    return _of_calls(facts, MISENCODED)


def _of_calls(facts: Facts, trait: Trait) -> list[tuple[int, Message, Body]]:
    return [
        (number, message, body)
        for number, call in facts.having(trait) for message in call.messages
        if (body := message.body) is not None and body.status != PLAIN and not message.retransmission
    ]


def _ended(facts: Facts, status: str) -> Iterator[Found]:
    for number, message, body in facts.once(_odd_bodies):
        if body.status == status:
            size = f"{body.compressed_length:,} bytes of {body.encoding}"
            what = f"{of(message)}: {size}, {status} after {body.inflated_length:,}"
            yield Found(what, (message.place,), number)


@rule(
    "body-truncated", "error", "A compressed body ends too early",
    confirm_seconds=AT_ONCE,
    why="The compressed body stops before its end: the receiver cannot read the whole body.",
    fix="Compare Content-Length with what was sent. Look for a path that cuts datagrams, or a snaplen that is too "
    "short.",
)
def body_truncated(facts: Facts) -> Iterator[Found]:
    return _ended(facts, "truncated")


@rule(
    "body-corrupt", "error", "A compressed body cannot be inflated",
    confirm_seconds=AT_ONCE,
    why="The receiver sees no SDP.",
    fix="Look for a device on the path that rewrites SIP bodies without inflating them first.",
)
def body_corrupt(facts: Facts) -> Iterator[Found]:
    return _ended(facts, "corrupt")


@rule(
    "body-over-limit", "error", "A body inflates to far more than a message needs",
    confirm_seconds=AT_ONCE,
    why="An inflate bomb, or a broken sender: a receiver without bounds runs out of memory.",
    fix="Do not forward it; raise --max-inflated and --max-ratio only if you trust the sender.",
)
def body_over_limit(facts: Facts) -> Iterator[Found]:
    for number, message, body in facts.once(_odd_bodies):
        if body.status == "over limit":
            what = f"{of(message)}: {body.compressed_length:,} bytes of {body.encoding} hold more than"
            yield Found(f"{what} {body.inflated_length:,}; inflating stopped there", (message.place,), number)


@rule(
    "body-label-wrong", "warning", "Content-Encoding says something else than the body is",
    confirm_seconds=AT_ONCE,
    why="Receivers that trust the label cannot inflate this body.",
    fix="Let the sender name what it sends: deflate for zlib data (RFC 1950), gzip for gzip data.",
)
def body_label_wrong(facts: Facts) -> Iterator[Found]:
    for number, message, body in facts.once(_odd_bodies):
        if body.status == WHOLE and body.label and body.deviations and not truthful(body):
            really = "bare deflate (RFC 1951)" if body.encoding == "deflate" else body.encoding
            yield Found(f"{of(message)}: labelled {body.label}, really {really}", (message.place,), number)


def truthful(body: Body) -> bool:
    """Whether a label says what was found; `deflate` in SIP means zlib data (RFC 9110 section 8.4.1.2)."""
    said = [word.strip().lower().removeprefix("x-") for word in (body.label or "").split(",")]
    return [ALIASES.get(word, word) for word in said] == [word.strip() for word in body.encoding.split(",")]


@rule(
    "body-unlabelled", "warning", "A compressed body without Content-Encoding",
    confirm_seconds=AT_ONCE,
    why="A receiver takes the compressed bytes for the SDP itself.",
    fix="Let the sender add Content-Encoding: deflate (compact form: e).",
)
def body_unlabelled(facts: Facts) -> Iterator[Found]:
    for number, message, body in facts.once(_odd_bodies):
        if body.status == WHOLE and not body.label:
            size = f"{body.compressed_length:,} bytes of {body.encoding}"
            yield Found(f"{of(message)}: {size} without Content-Encoding", (message.place,), number)


@rule(
    "body-compressed", "note", "Bodies are compressed",
    scope="capture", confirm_seconds=AT_ONCE,
    why="Smaller messages get through more paths; tools and proxies that cannot inflate see no SDP.",
    fix="Nothing, if the endpoints know each other. If not, let the sender leave the bodies uncompressed.",
)
def body_compressed(facts: Facts) -> Iterator[Found]:
    found = [each for each in bodies(facts) if each[2].status == WHOLE]
    by_sender: dict[str, list[tuple[Message, Body]]] = {}
    for _, message, body in found:
        by_sender.setdefault(fingerprint(message, body), []).append((message, body))
    for sender, sent in by_sender.items():
        wire, text = sum(b.compressed_length for _, b in sent), sum(b.inflated_length for _, b in sent)
        count = f"{len(sent)} bod{'y' if len(sent) == 1 else 'ies'}"
        what = f"{count}, {wire:,} bytes for {text:,} ({wire - text:+,}), as {sender} sends them"
        yield Found(what, [message.place for message, _ in sent], certainty="high")


def fingerprint(message: Message, body: Body) -> str:
    """Who sends bodies like this one, by the form of the stream, its label and what stands around it."""
    label, names = (body.label or "").strip().lower(), message.headers
    agent = (message.user_agent or "").lower()
    for word, sender in AGENTS.items():
        if word in agent:
            return sender
    if "e" in names and "l" in names:
        return "FaceTime"
    if "base64" in label or any(each.kind == "headers compressed" for each in message.deviations):
        return "OpenSIPS mc_compress"
    if label == "gzip" and body.encoding == "zlib":
        return "FreeSWITCH (sofia-sip) or an early Kamailio"
    if label == "deflate" and body.encoding == "zlib" and names[-1:] == ("Content-Encoding",):
        return "Kamailio gzcompress"
    return "no sender that is known here"


@rule(
    "headers-compact", "note", "Headers are written by their compact names",
    scope="capture",
    why="One letter instead of a name saves about sixty bytes per message. Some tools miss bodies behind c: and l:.",
    fix="Nothing.",
)
def headers_compact(facts: Facts) -> Iterator[Found]:
    messages = [m for _, call in facts.having(COMPACT) for m in call.messages if m.sizes and m.sizes.compact]
    if messages:
        saved = sum(m.sizes.long - m.sizes.inflated for m in messages if m.sizes)
        what = f"{len(messages)} message{'s' * (len(messages) > 1)}, {saved:,} bytes saved"
        yield Found(what, [message.place for message in messages])


RULES = (
    body_truncated, body_corrupt, body_over_limit, body_label_wrong, body_unlabelled, body_compressed, headers_compact,
)
