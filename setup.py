"""The compiled modules, the twin of the scan first of all, and the manual pages; everything else is in setup.cfg.

The scan has a twin in Cython. What is slow besides is plain Python, and the same source is compiled; the `.pxd` beside
such a module says the types of what is counted there.

Without a C compiler the package installs all the same and runs interpreted, and says so; with
MUXSHARK_REQUIRE_EXTENSION=1 in the environment that is an error, and with MUXSHARK_PURE=1 nothing is compiled.
"""
from __future__ import annotations

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CompileError, LinkError

TWINS = (
    "dissectors/mux/compiled/masker", "dissectors/mux/compiled/scan", "dissectors/mux/compiled/sieve",
    "dissectors/protocols/sdp_usual", "dissectors/protocols/sip_head", "dissectors/protocols/sip_usual",
    "dissectors/sources/blocks",
)
PLAIN = (
    "dissectors/analysis/calls/call", "dissectors/analysis/calls/carried", "dissectors/analysis/calls/described",
    "dissectors/analysis/calls/descriptions",
    "dissectors/analysis/calls/dialogs", "dissectors/analysis/calls/exchange", "dissectors/analysis/calls/hops",
    "dissectors/analysis/calls/media_lines",
    "dissectors/analysis/calls/messages", "dissectors/analysis/calls/negotiation", "dissectors/analysis/calls/outcomes",
    "dissectors/analysis/calls/offers", "dissectors/analysis/calls/repeats", "dissectors/analysis/calls/table",
    "dissectors/analysis/calls/talk", "dissectors/analysis/calls/unread",
    "dissectors/analysis/connectivity/asked", "dissectors/analysis/connectivity/checks",
    "dissectors/analysis/connectivity/joining", "dissectors/analysis/connectivity/said",
    "dissectors/analysis/connectivity/sessions", "dissectors/analysis/connectivity/sides",
    "dissectors/analysis/streams/clock", "dissectors/analysis/streams/directory", "dissectors/analysis/streams/emodel",
    "dissectors/analysis/streams/levels", "dissectors/analysis/streams/marks",
    "dissectors/analysis/streams/quality", "dissectors/analysis/streams/rtcp",
    "dissectors/analysis/streams/sender_clock", "dissectors/analysis/streams/silence",
    "dissectors/analysis/streams/stream", "dissectors/engine/apart", "dissectors/engine/belongings",
    "dissectors/engine/facts", "dissectors/engine/members", "dissectors/engine/reading",
    "dissectors/engine/retirement", "dissectors/engine/sent", "dissectors/engine/talks",
    "dissectors/findings/media_traits", "dissectors/findings/plain", "dissectors/findings/traits",
    "dissectors/limits/budget", "dissectors/limits/pending", "dissectors/limits/remembered",
    "dissectors/limits/retired", "dissectors/limits/table", "dissectors/limits/texts", "dissectors/mux/entry",
    "dissectors/mux/streams",
    "dissectors/protocols/rtcp", "dissectors/protocols/rtcp_reports", "dissectors/protocols/sdp",
    "dissectors/protocols/sdp_attributes", "dissectors/protocols/sdp_lines", "dissectors/protocols/sdp_media",
    "dissectors/protocols/sdp_sections", "dissectors/protocols/sip", "dissectors/protocols/sip_headers",
    "dissectors/protocols/sip_message", "dissectors/protocols/sip_parts", "dissectors/protocols/sip_start_line",
    "dissectors/protocols/stun", "dissectors/wire/addresses", "dissectors/wire/datagram", "dissectors/wire/masking",
)
"""Modules in Cython, and modules in plain Python whose time it is worth to compile them, too.

A twin that has plain Python beside it, under the same name, is taken in its place where it was built.
"""

DIRECTIVES = {
    "language_level": 3, "boundscheck": True, "wraparound": False, "cdivision": True, "initializedcheck": False,
    "binding": False, "auto_pickle": False,
}
PLAIN_DIRECTIVES = {"language_level": 3, "annotation_typing": False, "binding": False, "auto_pickle": False}
"""What is plain Python means the same when it is compiled: its annotations are no C types.

With `binding` each start would make an object of every function, for who asks for its parameters, and with
`auto_pickle` two of every class, for who pickles one; the few that may be pickled say themselves how.
"""

SCAN = "dissectors.mux.compiled.scan"
ONE_FUNCTION = [
    "--param=large-function-growth=100000", "--param=large-unit-insns=1000000", "--param=max-inline-insns-single=1000",
]
"""What GCC needs to hear before it makes one function of the whole pass of the scan. Other compilers put in everything
that Cython marks as inline, which takes longer and is no faster in the end.
"""

REQUIRED = os.environ.get("MUXSHARK_REQUIRE_EXTENSION", "") not in ("", "0")
PURE = os.environ.get("MUXSHARK_PURE", "") not in ("", "0")


MOST_COMPILERS = 4
COMPILERS = min(MOST_COMPILERS, os.cpu_count() or 1)
"""So many run at once where there are processors: a compiler takes some hundred MiB."""


class BuildExtensions(build_ext):
    """Compiles all or nothing; a failure is an error only where the compiled scan is required."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or COMPILERS

    def run(self) -> None:
        try:
            super().run()
        except (BaseError, CompileError, LinkError, OSError) as error:
            if REQUIRED:
                raise
            self.forget(error)

    def build_extension(self, ext: Extension) -> None:
        if self.compiler.compiler_type != "msvc":
            # A fused multiply-add would round once where the interpreted scan rounds twice.
            twin, how = ext.name.replace(".", "/") in TWINS, []
            if ext.name == SCAN and sys.platform == "linux" and "clang" not in " ".join(self.compiler.compiler):
                how = ONE_FUNCTION
            elif twin:
                ext.define_macros = [("CYTHON_INLINE", "inline __attribute__((always_inline))")]
            ext.extra_compile_args = ["-O3" if twin else "-O1", *how, "-g0", "-w", "-ffp-contract=off"]
        super().build_extension(ext)

    def forget(self, error: Exception) -> None:
        """Go on without the compiled scan, and say so."""
        for extension in self.extensions:
            Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)
        self.extensions = []
        print(
            f"muxshark: the compiled scan was not built ({str(error).splitlines()[0]}); the interpreted one gives the "
            "same results, slower. MUXSHARK_REQUIRE_EXTENSION=1 makes this an error.",
            file=sys.stderr,
        )


def extension(source: Path) -> Extension:
    """The module that a source becomes."""
    return Extension(".".join(source.with_suffix("").parts), [source.as_posix()])


def extensions() -> list[Extension]:
    """The compiled modules: from Cython where it is installed, else from the C that came with the sources."""
    if PURE:
        return []
    try:
        from Cython.Build import cythonize
    except ImportError:
        generated = [Path(f"{module}.c") for module in (*TWINS, *PLAIN)]
        if not all(path.exists() for path in generated):
            if REQUIRED:
                raise SystemExit("muxshark: the compiled scan needs Cython to be built from these sources") from None
            print("muxshark: without Cython the compiled scan is not built", file=sys.stderr)
            return []
        return [extension(path) for path in generated]
    twins, plain = [Path(f"{module}.pyx") for module in TWINS], [Path(f"{module}.py") for module in PLAIN]
    processes = COMPILERS if COMPILERS > 1 else 0
    compiled: list[Extension] = cythonize([*map(extension, twins)], nthreads=processes, compiler_directives=DIRECTIVES)
    return compiled + cythonize([*map(extension, plain)], nthreads=processes, compiler_directives=PLAIN_DIRECTIVES)


def manual() -> list[tuple[str, list[str]]]:
    """The manual pages, made from the texts of the command line; none where it cannot be read."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    try:
        from tools.manual import write
    except ImportError as error:
        print(f"muxshark: no manual pages ({error})", file=sys.stderr)
        return []
    finally:
        sys.path.pop(0)
    return [("share/man/man1", [path.as_posix() for path in write(Path("build", "manual"))])]


if __name__ == "__main__":
    # Where processes are not forked, those of Cython import this file.
    setup(ext_modules=extensions(), cmdclass={"build_ext": BuildExtensions}, data_files=manual())
