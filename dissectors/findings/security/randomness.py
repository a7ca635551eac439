"""Rules about what payloads themselves say of encryption: where they were read (`--encryption`), or opened (`--keys`).
"""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rule import Facts, Found, both_ends, name_of, rule


@rule(
    "payload-in-clear", "error", "A stream is announced as encrypted and its payload is not",
    scope="stream",
    why="SRTP or DTLS was agreed, so both sides believe that nobody can listen. The payloads are no random bytes, as "
    "encrypted ones are: whoever is on the path can listen.",
    fix="Look at the side that sends it: a NULL cipher, a key that was never set, or a gateway that passes RTP on.",
)
def payload_in_clear(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        told = stream.randomness
        if stream.encrypted and told is not None and told.verdict == "not encrypted":
            yield Found(f"{name_of(stream)}: {told.why}", both_ends(stream), stream.call, number, certainty="high")


@rule(
    "keystream-reused", "error", "One keystream protects two different packets",
    scope="stream",
    why="Two packets of one source have the same SSRC, the same index and the same key, and hold different things. "
    "Whoever sees both can take the encryption off both without any key, and with AES-GCM can forge others.",
    fix="Let the sender take a new key or a new SSRC whenever it begins anew, after a restart or a transfer (RFC 3711 "
    "section 9.1), and keep its sequence numbers and its rollover counter where it goes on.",
)
def keystream_reused(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        told = stream.decrypted
        if told is not None and told.reused:
            packets = f"{told.reused:,} packet{'s have' if told.reused > 1 else ' has'}"
            yield Found(f"{name_of(stream)}: {packets} an index that protected something else under the same key",
                        both_ends(stream), stream.call, number)


OF_PAYLOADS = (payload_in_clear,)
OF_KEYS = (keystream_reused,)
RULES = (*OF_PAYLOADS, *OF_KEYS)
