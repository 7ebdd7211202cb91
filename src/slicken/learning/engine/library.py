"""The library: the native engine's machine code, if it was built when slicken was installed."""

import ctypes
import os
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ABI = 2
"""The version of the functions that the library exports; ``native/engine.cpp`` says the same."""

VARIABLE = "SLICKEN_ENGINE_LIBRARY"
"""Names another build of the library, such as one with a sanitizer."""

NAME = f"libslicken_engine.{'dylib' if sys.platform == 'darwin' else 'so'}"
REASON = "not-built.txt"
"""Where an install that built no library leaves the reason."""

REMEDY = (
    "install a C++ compiler (g++ or clang++), then slicken once more: make install in a checkout, "
    "pip install --force-reinstall --no-deps . elsewhere"
)
"""What leads to a library, whatever the reason that there is none."""


@dataclass(frozen=True)
class Library:
    """The library, or why there is none.

    Attributes:
        path: Path of the library; None where there is none.
        handle: Loaded library; None where there is none, or it cannot be loaded.
        problem: Reason why it is not loaded, in words that continue "the native engine is ...".
    """

    path: Path | None
    handle: ctypes.CDLL | None
    problem: str = ""

    @property
    def broken(self) -> bool:
        """Whether there should be a library, but it cannot be used."""
        return self.path is not None and self.handle is None

    @property
    def instruction_set(self) -> str:
        """The one in use: ``avx512``, ``avx2``, ``baseline`` or ``neon``; empty without library."""
        if self.handle is None:
            return ""
        ask = self.handle.slicken_instruction_set
        ask.restype = ctypes.c_char_p
        return str(ask().decode())


def engine_library() -> Library:
    """The library of this install, or the one that SLICKEN_ENGINE_LIBRARY names; loaded once."""
    named = os.environ.get(VARIABLE)
    return load_named(Path(named)) if named else load_installed(_folders())


def _folders() -> tuple[Path, ...]:
    """Where an install puts the library: here, but for a checkout among the installed packages."""
    here = Path(__file__).parent
    try:
        installed = Path(str(distribution("slicken").locate_file("slicken/learning/engine")))
    except PackageNotFoundError:
        return (here,)
    return here, installed


@cache
def load_named(path: Path) -> Library:
    """The library in this file."""
    if not path.is_file():
        return Library(path, None, f"not there: {VARIABLE} names {path}, which is no file")
    return _load(path)


@cache
def load_installed(folders: tuple[Path, ...]) -> Library:
    """The library in the first of these folders that has one."""
    for folder in folders:
        if (folder / NAME).is_file():
            return _load(folder / NAME)
    for folder in folders:
        if (folder / REASON).is_file():
            reason = (folder / REASON).read_text(encoding="utf-8").strip()
            return Library(None, None, f"not built: {reason}")
    return Library(None, None, "not built: these are slicken's sources, never installed")


def _load(path: Path) -> Library:
    try:
        handle = ctypes.CDLL(str(path))
    except OSError as error:
        return Library(path, None, f"built, but cannot be loaded: {error}")
    try:
        abi = handle.slicken_abi()
    except AttributeError:
        return Library(path, None, f"built, but {path} is not a library of slicken")
    if abi != ABI:
        problem = f"built, but from other sources: {path} has interface {abi}, not {ABI}"
        return Library(path, None, problem)
    return Library(path, handle)
