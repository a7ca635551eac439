"""The streams that `muxshark media` writes: their keys, and their datagrams out of a second reading of the capture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets
    from dissectors.crypto.srtp_keys import MasterKey
    from dissectors.queries.payloads import Taken
    from dissectors.report import Report


class Asked(NamedTuple):
    """What is asked for: the report, the position of a call in it, the keys, the capture, and what is open meanwhile.
    """

    report: Report
    call: int | None
    given: Secrets
    path: str
    stack: ExitStack

    def keys(self, encrypted: Iterable[int]) -> dict[int, list[MasterKey]]:
        """The master keys that may open streams, by their positions; raises Refused where none has one."""
        from dissectors.crypto import primitives
        from dissectors.media.choice import name
        from dissectors.queries import decrypted

        keys = {position: decrypted.keys_of(self.report, position, self.given) for position in encrypted}
        lacking = [self.report.streams[position] for position, found in keys.items() if not found]
        if lacking and len(lacking) == len(keys):
            raise inputs.Refused(f"{name(lacking[0])} is encrypted, and there is no key: name a file with --keys")
        try:
            primitives.require() if keys else None
        except primitives.NoCryptography as missing:
            raise inputs.Refused(str(missing)) from None
        return keys

    def taken(self, positions: Sequence[int]) -> Iterator[Taken]:
        """The datagrams of these streams."""
        from dissectors.queries.payloads import of_streams
        from dissectors.sources.capture import merge, open_capture

        records = merge([self.stack.enter_context(open_capture(self.path))])
        return of_streams(self.report, positions, records)

    def zero(self, positions: Iterable[int]) -> int:
        """When the first of these streams begins, in nanoseconds."""
        return min(int(self.report.streams[position].first * 1e9) for position in positions)
