"""Rules about keys that offer and answer agree on: a=crypto (RFC 4568), and a=fingerprint with a=setup (RFC 5763)."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.agreements import Agreement, agreements
from dissectors.findings.media_traits import INTRICATE
from dissectors.findings.rule import AT_ONCE, Facts, Found, counted, rule
from dissectors.report import Call, Description, Key, Media

KEY_OCTETS = {
    "AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30, "F8_128_HMAC_SHA1_80": 30, "F8_128_HMAC_SHA1_32": 30,
    "AES_192_CM_HMAC_SHA1_80": 38, "AES_192_CM_HMAC_SHA1_32": 38,
    "AES_256_CM_HMAC_SHA1_80": 46, "AES_256_CM_HMAC_SHA1_32": 46,
    "AEAD_AES_128_GCM": 28, "AEAD_AES_256_GCM": 44, "AEAD_AES_128_GCM_8": 28, "AEAD_AES_256_GCM_8": 44,
    "SEED_CTR_128_HMAC_SHA1_80": 30, "SEED_128_CCM_80": 28, "SEED_128_GCM_96": 28,
}
"""What key and salt of a suite have together (RFC 4568 section 6.2, RFC 6188, RFC 7714 section 12, RFC 5669)."""

MIN_KEY_OCTETS = 12
"""What is shorter is no key: somebody wrote another word in its place before the capture was given away."""

POTENTIAL = ("a=acfg:", "a=pcfg:")
"""With these (RFC 5939) an answer may take another profile than the one that stands in the offer."""


def family(suite: str) -> str:
    """A suite by one name: many write AES_CM_256 for the AES_256_CM of RFC 6188."""
    name = suite.upper()
    for bits in ("192", "256"):
        name = name.replace(f"AES_CM_{bits}_", f"AES_{bits}_CM_")
    return name


def secure(line: Media) -> bool:
    """Whether the profile of a media line is one of SRTP."""
    return "SAVP" in line.profile.upper()


def keyed(described: Description, line: Media) -> bool:
    """Whether a media line has keys: its own, or those of the line with which it shares a port (RFC 8843)."""
    return any(each.encryption for each in described.media if each is line or each.port == line.port)


@rule(
    "crypto-mismatch", "error", "Offer and answer do not agree on keys",
    confirm_seconds=AT_ONCE,
    why="The answer must take one of the offer's a=crypto lines by its tag and suite, with a key of the right "
    "length, or show a fingerprint and one of the two DTLS roles. If not, the two sides have no keys in common: "
    "people hear nothing or noise, or the call is not encrypted.",
    fix="Compare suites and profile (RTP/AVP, RTP/SAVP) in the settings of both sides. Look for a proxy or gateway "
    "that changes or removes a=crypto or a=fingerprint.",
)
def crypto_mismatch(facts: Facts) -> Iterator[Found]:
    for number, _ in facts.having(INTRICATE):
        for each in agreements(facts)[number]:
            wrong = dict.fromkeys(_wrong(facts.calls[number], each))
            for what in wrong if wrong and on_one_hop(facts.calls[number], each) else ():
                yield Found(what, (each.offer.place, each.answer.place), number, time=each.answer.time)


def _wrong(call: Call, agreed: Agreement) -> Iterator[str]:
    """What does not fit in the media lines that an answer took."""
    offer, answer = agreed.offer, agreed.answer
    for ours, theirs in zip(offer.media, answer.media, strict=False):
        if not ours.port or not theirs.port:
            continue
        if secure(ours) != secure(theirs):
            if secure(ours) or not (ours.encryption or potential(call, agreed)):
                yield f"{ours.kind}: {ours.profile} was offered, {theirs.profile} was answered"
        elif ours.keys and theirs.keys:
            yield from (f"{ours.kind}: {wrong}" for wrong in _lines(ours.keys, theirs.keys))
        elif theirs.keys and not keyed(offer, ours):
            yield f"{ours.kind}: the answer has a=crypto {_named(theirs.keys)}, and the offer has none"
        elif secure(theirs) and (odd := _ways_apart(ours, theirs)):
            yield f"{ours.kind}: {odd}"
        elif secure(theirs) and keyed(offer, ours) and not keyed(answer, theirs):
            yield f"{ours.kind}: {theirs.profile} was answered without {_missing(ours)}, which the offer has"
        elif "DTLS" in (ours.encryption, theirs.encryption) and (wrong := _roles(ours, theirs)):
            yield f"{ours.kind}: {wrong}"


def _ways_apart(offered: Media, answered: Media) -> str | None:
    """Whether one side shows a certificate alone and the other one brings keys alone."""
    if offered.fingerprint and not offered.keys and answered.keys and not answered.fingerprint:
        return f"a=fingerprint (DTLS) was offered, and a=crypto {_named(answered.keys)} answered"
    if offered.keys and not offered.fingerprint and answered.fingerprint and not answered.keys:
        return f"a=crypto {_named(offered.keys)} was offered, and a=fingerprint (DTLS) answered"
    return None


def on_one_hop(call: Call, agreed: Agreement) -> bool:
    """Whether an answer came from where its offer went, or went to where that came from.

    A gateway that has other keys, or none, on its other side is no fault of the two ends.
    """
    places = (agreed.offer.place, agreed.answer.place)
    hosts = {message.place: (message.src, message.dst) for message in call.messages if message.place in places}
    if len(hosts) < len(places):
        return False
    (src, dst), (back, to) = hosts[places[0]], hosts[places[1]]
    return back == dst or to == src


def potential(call: Call, agreed: Agreement) -> bool:
    """Whether the two negotiate further profiles beside the one in their media lines."""
    places = (agreed.offer.place, agreed.answer.place)
    bodies = [message.body.text for message in call.messages if message.body and message.place in places]
    return any(word in body for body in bodies for word in POTENTIAL)


def _lines(offered: tuple[Key, ...], answered: tuple[Key, ...]) -> Iterator[str]:
    """What is wrong with the a=crypto lines of an answer; one that fits is enough."""
    taken = {(each.tag, family(each.suite)): each for each in offered}
    fits = [each for each in answered if (each.tag, family(each.suite)) in taken]
    if not fits:
        tags = {each.tag: each.suite for each in offered}
        first = answered[0]
        told = f"the answer takes a=crypto {first.tag} {first.suite}"
        if first.tag in tags:
            yield f"{told}, tag {first.tag} of the offer is {tags[first.tag]}"
        else:
            yield f"{told}, the offer has {_named(offered)}"
        return
    for whose, key in (("offer", taken[fits[0].tag, family(fits[0].suite)]), ("answer", fits[0])):
        wanted = KEY_OCTETS.get(family(key.suite))
        if wanted and key.octets is not None and key.octets != wanted and key.octets >= MIN_KEY_OCTETS:
            has = f"{counted(key.octets, 'byte')}, {key.suite} needs {wanted}"
            yield f"the key of a=crypto {key.tag} in the {whose} has {has}"


def _named(keys: tuple[Key, ...]) -> str:
    return ", ".join(f"{each.tag} {each.suite}" for each in keys)


def _missing(offered: Media) -> str:
    return "a=crypto" if offered.keys and not offered.fingerprint else "a=fingerprint"


def _roles(offered: Media, answered: Media) -> str | None:
    """What is wrong with the roles of DTLS in an answer (RFC 5763 section 5)."""
    ours, theirs = ((line.setup or "").strip().lower() for line in (offered, answered))
    if theirs == "actpass":
        return "the answer says a=setup:actpass, and nobody has to begin DTLS"
    if ours == theirs and ours in ("active", "passive"):
        who = "begins" if ours == "active" else "waits"
        return f"both sides say a=setup:{ours}, so that each of them {who}"
    return None


RULES = (crypto_mismatch,)
