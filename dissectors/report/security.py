"""Whether a call was protected as well as is usual today: a verdict, why, and what it rests on."""

from __future__ import annotations

from typing import Literal

from dissectors.wire.values import Struct


class Security(Struct, frozen=True):
    """The answer for a call, or for a session without signalling, by their positions.

    `verdict` is `state of the art` (TLS 1.3, or 1.2 with ephemeral keys and AEAD; AES-GCM; keys by DTLS or ZRTP with
    forward secrecy), `sound` (nothing of it is known to be broken, but there is better), `weak`, `open` (somebody on
    the path can listen) or `unknown` (what decides is not in the capture). `sentence` says why. `signalling`, `media`
    and `keys` name what was used, None where that was not seen; `forward_secrecy` says whether keys that are stolen
    later open nothing of it. `short_of` is what is missing to the best verdict, each as a phrase.
    """

    call: int | None
    session: int | None
    verdict: Literal["state of the art", "sound", "weak", "open", "unknown"]
    sentence: str
    signalling: str | None
    media: str | None
    keys: str | None
    forward_secrecy: bool | None
    short_of: tuple[str, ...] = ()
