"""Rules about what payloads themselves say of encryption; they are asked where the payloads were read (`--encryption`).
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
    for number, stream in enumerate(facts.streams):
        told = stream.randomness
        if stream.encrypted and told is not None and told.verdict == "not encrypted":
            yield Found(f"{name_of(stream)}: {told.why}", both_ends(stream), stream.call, number, certainty="high")


RULES = (payload_in_clear,)
