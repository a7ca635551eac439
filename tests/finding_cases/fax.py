"""Stories of fax over UDPTL: agreed, agreed wrongly, and heard by one side alone."""

from __future__ import annotations

from tests.finding_cases.plain import FAX, Case, reinvited
from tests.stories import A, B, Endpoint, Story, conversation, description, dialled, hung_up

THEIR_FAX = description(*B, kind="image", media="udptl t38")
NO_SIGNAL = bytes((1, 0, 0, 0))
PAGE = bytes((37, 0xC0, 0x01, 0x80, 0x00, 0x1F)) + bytes(range(0x40, 0x60)) + bytes(2)
"""Nothing to be heard, and 32 octets of V.21, without any redundancy: what follows the number of a datagram."""


def udptl(src: Endpoint, dst: Endpoint, datagrams: int, body: bytes = PAGE, start: float = 3100) -> Story:
    """So many datagrams of a fax."""
    return [(start + 30 * n, src, dst, n.to_bytes(2, "big") + body) for n in range(datagrams)]


def fax(ours: int, theirs: int, offer: bytes = FAX, answer: bytes = THEIR_FAX) -> Story:
    """A call that goes over to fax at three seconds, with so many datagrams from each side."""
    sound = [told for told in conversation() if told[0] < 3000]
    sent = [*udptl(A, B, ours), *udptl(B, A, theirs, NO_SIGNAL)]
    return [*dialled(), *sound, *reinvited(offer, answer), *sent, *hung_up()]


def imaged(media: str, kind: str = "image") -> Story:
    """A call that goes over to this kind of medium with this profile."""
    return fax(0, 0, description(kind=kind, media=media), description(*B, kind=kind, media=media))


def said(offered: str, answered: str, *versions: int) -> Story:
    """A call that goes over to fax, with these ways to test the line, and versions."""
    lines = [
        [f"a=T38FaxRateManagement:{way}", *(f"a=T38FaxVersion:{version}" for version in versions[n : n + 1])]
        for n, way in enumerate((offered, answered))
    ]
    ends = [description(*end, *own, kind="image", media="udptl t38") for end, own in zip((A, B), lines, strict=True)]
    return fax(200, 200, *ends)


CASES: dict[str, Case] = {
    "call-became-fax": (
        [*dialled(), *reinvited(FAX, description(*B, kind="image", media="udptl t38"))],
        [*dialled(), *reinvited(FAX, description(B[0], 0, kind="image", media="udptl t38"))],
    ),
    "fax-one-way": (fax(200, 3), fax(200, 20)),
    "fax-parameters-differ": (said("transferredTCF", "localTCF"), said("transferredTCF", "TransferredTCF", 3, 0)),
    "fax-profile-wrong": (imaged("RTP/AVP t38"), imaged("udptl t38")),
}
