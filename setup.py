"""The compiled modules, the twin of the scan first of all, and the manual pages; everything else is in setup.cfg.

Without a C compiler the package installs all the same and scans interpreted, and says so; with
MUXSHARK_REQUIRE_EXTENSION=1 in the environment that is an error, and with MUXSHARK_PURE=1 nothing is compiled.
"""
from __future__ import annotations

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CompileError, LinkError

MODULES = tuple(map(Path, ("dissectors/mux/compiled/scan", "dissectors/sources/blocks", "dissectors/sources/mapped")))
DIRECTIVES = {
    "language_level": 3, "boundscheck": True, "wraparound": False, "cdivision": True, "initializedcheck": False,
}
REQUIRED = os.environ.get("MUXSHARK_REQUIRE_EXTENSION", "") not in ("", "0")
PURE = os.environ.get("MUXSHARK_PURE", "") not in ("", "0")


class BuildExtensions(build_ext):
    """Compiles all or nothing; a failure is an error only where the compiled scan is required."""

    def run(self) -> None:
        try:
            super().run()
        except (BaseError, CompileError, LinkError, OSError) as error:
            if REQUIRED:
                raise
            self.forget(error)

    def build_extension(self, ext: Extension) -> None:
        if self.compiler.compiler_type != "msvc":
            # A fused multiply-add would round once where the interpreted scan rounds twice. What is marked inline are
            # a few instructions each, and compilers stop taking them in long before the whole pass is one function.
            ext.extra_compile_args = ["-O3", "-g0", "-ffp-contract=off"]
            ext.define_macros = [("CYTHON_INLINE", "inline __attribute__((always_inline))")]
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
        generated = [module.with_suffix(".c") for module in MODULES]
        if not all(path.exists() for path in generated):
            if REQUIRED:
                raise SystemExit("muxshark: the compiled scan needs Cython to be built from these sources") from None
            print("muxshark: without Cython the compiled scan is not built", file=sys.stderr)
            return []
        return [extension(path) for path in generated]
    modules = [extension(module.with_suffix(".pyx")) for module in MODULES]
    compiled: list[Extension] = cythonize(modules, compiler_directives=DIRECTIVES)
    return compiled


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


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildExtensions}, data_files=manual())
