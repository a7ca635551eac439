"""BLAKE2: the one of `hashlib`, without what that loads besides."""

from __future__ import annotations

import subprocess
import sys
from hashlib import blake2b

from dissectors.limits import digest


def test_it_is_the_one_of_the_library() -> None:
    assert digest.blake2b(b"name", digest_size=8).digest() == blake2b(b"name", digest_size=8).digest()


def test_who_remembers_names_loads_no_openssl() -> None:
    code = (
        "import sys\nfrom dissectors.limits.budget import Bounds\n"
        "from dissectors.limits.retired import RecentlyRetired\n"
        "from dissectors.limits.texts import MAX_NAME_LENGTH, shortened\n"
        "known = RecentlyRetired('calls', Bounds())\nknown.add('one', 3)\n"
        "print(known.number('one'), len(shortened('a' * 9999)) == MAX_NAME_LENGTH, '_hashlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "True", "False"]
